/**
 * What the `stage.limit` blocks of a component remember. In the local process that is memory, as in Alloy. In a function the
 * state store has it, for all instances together: read once an invocation, and told what was taken before the batch is
 * acknowledged. Instances that run at the same time may each let through what is left; the surplus is missing afterwards, so
 * that the rate holds over time.
 */
import { DeliveryError, messageOf } from "../../../delivery/errors.ts";
import { sleepFor } from "../../../delivery/retry.ts";
import type { Host } from "../../../graph/component.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { Bucket, type BucketOptions, giveBack, TokenBuckets } from "./token-buckets.ts";

interface Limit {
  /** Tells whether a limit of the next configuration is the same. */
  readonly identity: string;
  readonly buckets: TokenBuckets;
}

/** By key: tokens, and the time at which there were so many. Full buckets are left out. */
type Stored = Readonly<Record<string, readonly [tokens: number, at: number]>>;

const memoryKey = "limits";
const maxAttempts = 5;
/** About 300 KB: what every state store can hold under one key. The emptiest buckets are kept. */
const maxStored = 5000;

export class Limits {
  readonly #host: Host | undefined;
  readonly #known: readonly Limit[];
  readonly #limits: Limit[] = [];
  #loading: Promise<void> | undefined;
  #loadedAt = Number.NaN;
  #saving: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(host?: Host) {
    this.#host = host;
    this.#known = (host?.memory.get(memoryKey) as Limit[] | undefined) ?? []; // set below
  }

  /** Leaves the limits to the next configuration, once this one is known to work. */
  remember(): void {
    this.#host?.memory.set(memoryKey, this.#limits);
  }

  get none(): boolean {
    return this.#limits.length === 0;
  }

  /** Whether something is kept in the state store. */
  get stored(): boolean {
    return !this.none && this.#host?.mode === "function";
  }

  /** Buckets for the next limit; those of the last configuration where it is the same. */
  add(options: BucketOptions, identity: string): TokenBuckets {
    const known = this.#known[this.#limits.length];
    const limit = known?.identity === identity ? known : { identity, buckets: new TokenBuckets(options) };
    this.#limits.push(limit);
    return limit.buckets;
  }

  /** Takes over what other instances have left, once an invocation. */
  async load(now: number): Promise<void> {
    if (!this.stored || (this.#loadedAt === now && !this.#loading)) return;
    this.#loading ??= this.#sync(now).finally(() => {
      this.#loading = undefined;
      this.#loadedAt = now;
    });
    await this.#loading;
  }

  /** Tells the store what was taken. Those who call while it is being told wait for one more telling, together. */
  async save(now: number): Promise<void> {
    if (!this.stored) return;
    this.#queued ??= this.#saving.then(() => {
      this.#queued = undefined;
      this.#saving = this.#sync(now);
      return this.#saving;
    });
    await this.#queued;
  }

  /** A store that fails costs the exactness of the limit, not data. */
  async #sync(now: number): Promise<void> {
    const host = this.#host as Host; // only called where something is stored
    try {
      for (const [i, { buckets }] of this.#limits.entries()) await exchange(host, `limit/${i}`, buckets, now);
    } catch (error) {
      host.log.warn("what is left of the limit could not be exchanged, this instance counts by itself", {
        component: host.id,
        error: messageOf(error),
      });
    }
  }
}

async function exchange({ id, state }: Host, key: string, buckets: TokenBuckets, now: number): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const before = await state.get(id, key);
    const stored = before ? (JSON.parse(Buffer.from(before.value).toString()) as Stored) : {}; // written below
    const untold = new Map<string, number>();
    for (const [name, bucket] of buckets.entries()) if (bucket.untold !== 0) untold.set(name, bucket.untold);
    const left = merge(stored, untold, buckets, now);
    if (untold.size) {
      const value = Buffer.from(JSON.stringify(Object.fromEntries(left)));
      const options = { ifVersion: before?.version ?? null, expiresAt: fullAt(left, buckets.options) };
      if ((await state.put(id, key, value, options)) === undefined) continue;
    }
    adopt(buckets, left, untold);
    return;
  }
  throw new Error(`another instance should not have written at the same time, got that ${maxAttempts} times`);
}

function merge(
  stored: Stored,
  untold: ReadonlyMap<string, number>,
  buckets: TokenBuckets,
  now: number,
): Map<string, readonly [number, number]> {
  const { burst } = buckets.options;
  const left: [string, readonly [number, number]][] = [];
  for (const name of new Set([...Object.keys(stored), ...untold.keys()])) {
    const [before, at] = stored[name] ?? [burst, now];
    const tokens = Math.min(burst, buckets.filled(before, at, now) - (untold.get(name) ?? 0));
    if (tokens < burst) left.push([name, [tokens, Math.max(at, now)]]);
  }
  if (left.length > maxStored) left.sort(([, [a]], [, [b]]) => a - b).length = maxStored;
  return new Map(left);
}

/** Takes over what the store has now; what was taken while it was told stays taken. */
function adopt(
  buckets: TokenBuckets,
  left: ReadonlyMap<string, readonly [number, number]>,
  told: ReadonlyMap<string, number>,
): void {
  const known = buckets.entries();
  buckets.clear();
  for (const name of new Set([...left.keys(), ...known.keys()])) {
    const bucket = known.get(name) ?? new Bucket(0, 0);
    const since = bucket.untold - (told.get(name) ?? 0);
    const stored = left.get(name);
    if (!stored && since === 0) continue; // full
    const [tokens, at] = stored ?? [buckets.options.burst, bucket.at];
    bucket.tokens = tokens - since;
    bucket.at = at;
    bucket.untold = since;
    buckets.set(name, bucket); // the very object, since those who wait may give back to it
  }
}

/** When the last bucket is full again, and nothing needs to be kept. */
function fullAt(left: ReadonlyMap<string, readonly [number, number]>, { rate, burst }: BucketOptions): number {
  let last = 0;
  for (const [tokens, at] of left.values()) last = Math.max(last, at + ((burst - tokens) / rate) * 1000);
  return Math.ceil(last);
}

/** What one batch took from the buckets, and how long it is held up for that. */
export class Passage {
  readonly #taken = new Map<Bucket, number>();
  #waitMs = 0;

  took(bucket: Bucket): void {
    this.#taken.set(bucket, (this.#taken.get(bucket) ?? 0) + 1);
  }

  wait(ms: number): void {
    if (ms > this.#waitMs) this.#waitMs = ms;
  }

  /** Waits until all of the batch may pass; where the deadline is earlier, nothing was taken and the batch goes back. */
  async held({ now, deadline, signal }: Invocation, clock: () => number): Promise<void> {
    if (this.#waitMs === 0) return;
    const passesAt = now + this.#waitMs;
    if (passesAt < deadline) {
      await sleepFor(Math.max(0, Math.ceil(passesAt - clock())), signal);
      if (!signal?.aborted) return;
    }
    for (const [bucket, tokens] of this.#taken) giveBack(bucket, tokens);
    const message = signal?.aborted
      ? "stage.limit: lines should wait until the rate allows them, got the end of the invocation"
      : `stage.limit: lines should pass before the deadline in ${seconds(deadline - now)}, got ${seconds(this.#waitMs)} to wait at this rate`;
    throw new DeliveryError(message, { kind: "retry", retryAfterMs: Math.ceil(this.#waitMs) });
  }
}

const seconds = (ms: number): string => `${Math.ceil(ms) / 1000}s`;
