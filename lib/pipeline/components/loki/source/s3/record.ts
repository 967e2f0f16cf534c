/**
 * How far an object was read, in the state store. Who begins with what somebody may have begun before claims the record; who
 * finds that another has claimed it since stops, so that two events of one object don't read the same rest for long.
 */
import { DeliveryError } from "../../../../delivery/errors.ts";
import type { ObjectCreated, ObjectProgress } from "../../../../graph/trigger.ts";
import type { StateStore } from "../../../../state/store.ts";

/** As long as a queue can keep an event. */
const keptMs = 14 * 24 * 3600_000;

type Stored = { readonly progress: ObjectProgress } | { readonly done: true };

export class ObjectRecord {
  readonly #state: StateStore;
  readonly #namespace: string;
  readonly #key: string;
  readonly #now: () => number;
  readonly #name: string;
  /** `null`: there is none; `undefined`: nobody has looked. */
  #version: string | null | undefined;

  constructor(
    object: ObjectCreated,
    { state, namespace, now }: { readonly state: StateStore; readonly namespace: string; readonly now: () => number },
  ) {
    this.#state = state;
    this.#namespace = namespace;
    this.#key = keyOf(object);
    this.#now = now;
    this.#name = `s3://${object.bucket}/${object.key}`;
  }

  /** Whether the store knows of the object. */
  get isKept(): boolean {
    return this.#version !== undefined && this.#version !== null;
  }

  async load(): Promise<Stored | undefined> {
    const found = await this.#state.get(this.#namespace, this.#key);
    this.#version = found?.version ?? null;
    return found && (JSON.parse(Buffer.from(found.value).toString()) as Stored); // nobody else writes there
  }

  async save(stored: Stored): Promise<void> {
    const value = Buffer.from(JSON.stringify(stored));
    const version = await this.#state.put(this.#namespace, this.#key, value, {
      expiresAt: this.#now() + keptMs,
      ifVersion: this.#version ?? null,
    });
    if (version === undefined)
      throw new TakenOver(`${this.#name} is read by another call, which has begun since`, { kind: "retry" });
    this.#version = version;
  }
}

/** Another call reads the same object. */
export class TakenOver extends DeliveryError {}

/** Names one event of one version. Hashed, since keys of objects may be longer than those of stores. */
function keyOf({ bucket, key, versionId = "", sequencer = "" }: ObjectCreated): string {
  const { hash } = process.getBuiltinModule("node:crypto");
  return hash("sha256", JSON.stringify([bucket, key, versionId, sequencer]));
}
