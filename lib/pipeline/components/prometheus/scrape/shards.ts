/**
 * Splits targets over the invocations of a round, by what the last rounds cost. Consistent hashing: when the number of shards
 * changes, few targets move (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014).
 */
import type { Invocation, Shard } from "../../../graph/invocation.ts";
import type { StateStore } from "../../../state/store.ts";

/** Whether a target with that key belongs to a shard; of each number of shards it belongs to exactly one. */
export const inShard = (key: string, { index, count }: Shard): boolean => jump(fnv1a(key), count) === index;

function jump(hash: bigint, buckets: number): number {
  let key = hash;
  let bucket = -1;
  for (let next = 0; next < buckets; ) {
    bucket = next;
    key = BigInt.asUintN(64, key * 2862933555777941757n + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / Number((key >> 33n) + 1n)));
  }
  return bucket;
}

/** FNV-1a, 64 bits. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** Part of an interval that a round's work may take on one processor; the rest is for waiting, sending and growth. */
const share = 0.5;
export const maxShards = 100;

/** Invocations for a round. */
export function shardsFor(round: {
  readonly targets: number;
  readonly msPerTarget: number;
  readonly intervalMs: number;
}): number {
  const wanted = Math.ceil((round.targets * round.msPerTarget) / (round.intervalMs * share));
  return Math.min(Math.max(wanted, 1), maxShards, Math.max(round.targets, 1));
}

/** A change below that is not written down: every write costs. */
const changeWorthWriting = 0.2;

/** Milliseconds of processor time that a target takes, over all instances of a function. */
export class RoundCost {
  readonly #state: StateStore;
  readonly #namespace: string;
  readonly #key: string;

  constructor(state: StateStore, namespace: string, key: string) {
    this.#state = state;
    this.#namespace = namespace;
    this.#key = key;
  }

  /** 0 before the first round. */
  async read(): Promise<number> {
    const stored = await this.#state.get(this.#namespace, this.#key);
    const value = stored ? Number(Buffer.from(stored.value).toString()) : 0;
    return Number.isFinite(value) && value > 0 ? value : 0;
  }

  /** Adds a round; the last ones count most. */
  async add(msPerTarget: number): Promise<void> {
    const before = await this.read();
    const after = before === 0 ? msPerTarget : before * 0.7 + msPerTarget * 0.3;
    if (before > 0 && Math.abs(after - before) < before * changeWorthWriting) return;
    await this.#state.put(this.#namespace, this.#key, Buffer.from(String(after)));
  }
}

/** Runs the work of one shard and notes what it cost, which never fails the work. */
export async function measured<T>(
  cost: RoundCost,
  targets: number,
  { log }: Pick<Invocation, "log">,
  work: () => Promise<T>,
): Promise<T> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  if (targets > 0)
    await cost.add((user + system) / 1000 / targets).catch((error: unknown) => {
      log.warn("cost of a round was not written down", { error: String(error) });
    });
  return result;
}
