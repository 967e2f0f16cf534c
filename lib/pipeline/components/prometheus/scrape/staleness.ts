/** Keeps the series of a target's last scrape in the state store, so that an instance that did not see them can mark them stale. */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
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

  /** Takes over what the last scrape of this target left, wherever it ran. */
  async load(): Promise<void> {
    // a local process restarts with nothing to mark, as Prometheus does
    if (this.#host.mode === "local") return;
    const stored = await this.#host.state.get(this.#host.id, this.#key);
    if (this.#loaded && stored?.version === this.#version) return;
    this.#loaded = true;
    this.#version = stored?.version;
    if (stored) this.#reader.restore(JSON.parse(gunzipSync(stored.value).toString()) as Labels[]); // written below
    this.#saved = this.#reader.revision;
  }

  async save(): Promise<void> {
    if (this.#host.mode === "local" || this.#saved === this.#reader.revision) return;
    const value = gzipSync(JSON.stringify(this.#reader.tracked), { level: 1 });
    this.#version = await this.#host.state.put(this.#host.id, this.#key, value);
    this.#saved = this.#reader.revision;
  }
}
