/** The last configuration of a place that loaded, in the state store: what a cold start runs when there is nothing better. */
import { createHash } from "node:crypto";
import type { StateStore } from "../../../lib/pipeline/state/store.ts";
import type { Files } from "./read.ts";

/** What is kept. */
export interface Good {
  /** Names the texts, as dead letters name them. */
  readonly hash: string;
  /** Milliseconds since the epoch when it loaded first. */
  readonly time: number;
  readonly files: Files;
}

/** All functions of a table read the same places: what one of them has loaded is good for all. */
const namespace = "amalgam.configuration";

export class LastGood {
  readonly #state: StateStore;
  readonly #key: string;

  /** `place` may hold a secret, which is no part of the key. */
  constructor(state: StateStore, place: string) {
    this.#state = state;
    this.#key = createHash("sha256").update(place).digest("hex").slice(0, 32);
  }

  async read(): Promise<Good | undefined> {
    const found = await this.#state.get(namespace, this.#key);
    if (!found) return undefined;
    const good = JSON.parse(Buffer.from(found.value).toString()) as Good; // as it is written below
    return Array.isArray(good.files) ? good : undefined;
  }

  async write(good: Good): Promise<void> {
    await this.#state.put(namespace, this.#key, Buffer.from(JSON.stringify(good)));
  }
}

/** The same for what a server of `remotecfg` sent, by the name of server and collector. */
export class LastSent {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  nameOf(key: string): string {
    return `AMALGAM_STATE: ${namespace} remotecfg/${key}`;
  }

  async read(key: string): Promise<string> {
    const found = await this.#state.get(namespace, `remotecfg/${key}`);
    if (!found) throw new Error("there is none");
    return Buffer.from(found.value).toString();
  }

  async write(key: string, content: string): Promise<void> {
    await this.#state.put(namespace, `remotecfg/${key}`, Buffer.from(content));
  }
}
