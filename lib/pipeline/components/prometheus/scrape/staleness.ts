/** Keeps the series of a target's last scrape in the state store, so that an instance that did not see them can mark them stale. */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { messageOf } from "../../../delivery/errors.ts";
import type { Host } from "../../../graph/component.ts";
import type { Labels } from "../../../telemetry/labels.ts";
import type { PageReader } from "./page.ts";

/** Written only when the set of series changes; read at the first scrape, and in a function whenever another instance has written. */
export class StalenessState {
  readonly #host: Host;
  readonly #key: string;
  readonly #reader: PageReader;
  #version: string | undefined;
  #saved = 0;
  #loaded = false;

  constructor(host: Host, targetKey: string, reader: PageReader) {
    this.#host = host;
    this.#key = createHash("sha256").update(targetKey).digest("base64url");
    this.#reader = reader;
  }

  /** Takes over what the last scrape of this target left, wherever it ran. A store that fails costs markers, not samples. */
  async load(): Promise<void> {
    // a local process restarts with nothing to mark, as Prometheus does
    if (this.#host.mode === "local") return;
    try {
      const stored = await this.#host.state.get(this.#host.id, this.#key);
      if (this.#loaded && stored?.version === this.#version) return;
      this.#version = stored?.version;
      if (stored) this.#reader.restore(JSON.parse(gunzipSync(stored.value).toString()) as Labels[]); // written below
      // what is gone from the store must be written again
      this.#saved = stored ? this.#reader.revision : Number.NaN;
      this.#loaded = true;
    } catch (error) {
      this.#warn("series of the last scrape could not be read, those that vanished are not marked stale", error);
    }
  }

  async save(): Promise<void> {
    const { revision, tracked } = this.#reader;
    if (this.#host.mode === "local" || this.#saved === revision) return;
    try {
      const value = gzipSync(JSON.stringify(tracked), { level: 1 });
      this.#version = await this.#host.state.put(this.#host.id, this.#key, value);
      this.#saved = revision;
    } catch (error) {
      this.#warn("series of this scrape could not be stored, those that vanish may not be marked stale", error);
    }
  }

  #warn(message: string, error: unknown): void {
    this.#host.log.warn(message, { component: this.#host.id, error: messageOf(error) });
  }
}
