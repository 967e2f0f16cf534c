/** Puts spans, log records and data points into batches. */
import { DeliveryError } from "../../../delivery/errors.ts";
import { type Infer, object, optional } from "../../../eval/schema.ts";
import { duration, int, list, string } from "../../../eval/types.ts";
import { defineComponent, type Host, type Problem } from "../../../graph/component.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { countItems, type OtlpBatch } from "../../../graph/kinds.ts";
import { bySignal } from "../../../graph/otel-consumer.ts";
import { debugMetrics, output } from "../args.ts";
import { inputExports } from "../processor.ts";
import { Batcher } from "./batch/batcher.ts";

const args = object({
  timeout: optional(duration, "200ms", "Longest time that items wait; 0 is not at all."),
  send_batch_size: optional(int, 2000, "Items that are sent without waiting any longer."),
  send_batch_max_size: optional(int, 3000, "Most items of a batch; 0 is no limit."),
  metadata_keys: optional(list(string), [], "Request headers by whose values batches are kept apart."),
  metadata_cardinality_limit: optional(int, 1000, "Most combinations of these values."),
  output,
  debug_metrics: debugMetrics,
});
type Args = Infer<typeof args>;

export const otelcolProcessorBatch = defineComponent({
  name: "otelcol.processor.batch",
  summary: "Puts spans, log records and data points into batches.",
  stability: "generally-available",
  inFunctions: "Collects what one invocation brings; timeout has no meaning, nothing waits for a later invocation.",
  args,
  exports: inputExports,
  *check({ timeout, send_batch_size, send_batch_max_size, metadata_keys }): Iterable<Problem> {
    if (timeout < 0) yield { path: ["timeout"], message: "timeout must be greater or equal to 0" };
    if (send_batch_max_size > 0 && send_batch_max_size < send_batch_size)
      yield {
        path: ["send_batch_max_size"],
        message: "send_batch_max_size must be greater or equal to send_batch_size when not 0",
      };
    const seen = new Set<string>();
    for (const [i, key] of metadata_keys.entries()) {
      if (seen.has(key.toLowerCase()))
        yield {
          path: ["metadata_keys", i],
          message: `duplicate entry in metadata_keys: ${JSON.stringify(key)} (case-insensitive)`,
        };
      seen.add(key.toLowerCase());
    }
  },
  build(args, host) {
    const shards = new Shards(args, host);
    const input = {
      consume: (batch: OtlpBatch, invocation: Invocation) => shards.add(batch, invocation),
    };
    return { exports: { input }, close: () => shards.close() };
  },
});

interface Shard {
  readonly batcher: Batcher;
  timer: NodeJS.Timeout | undefined;
}

/** A batcher for each signal and each combination of metadata. */
class Shards {
  readonly #args: Args;
  readonly #local: boolean;
  readonly #host: Host;
  readonly #keys: readonly string[];
  readonly #next: ReturnType<typeof bySignal>;
  readonly #shards = new Map<string, Shard>();
  readonly #combinations = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop: () => void;

  constructor(args: Args, host: Host) {
    this.#args = args;
    this.#host = host;
    this.#local = host.mode === "local";
    this.#keys = args.metadata_keys.map(key => key.toLowerCase()).sort();
    this.#next = bySignal(args.output);
    this.#stop = host.flow.onOpen(() => this.#flushAll());
  }

  async add(batch: OtlpBatch, invocation: Invocation): Promise<void> {
    const metadata = this.#metadataOf(invocation);
    const combination = JSON.stringify([...metadata]);
    this.#admit(combination);
    const key = batch.signal + combination;
    const shard = this.#shards.get(key) ?? this.#open(key, batch.signal, metadata);
    const done = shard.batcher.add(batch.data.encode(), countItems(batch), invocation);
    this.#schedule(shard);
    await done;
  }

  #metadataOf({ metadata }: Invocation): ReadonlyMap<string, readonly string[]> {
    return new Map(
      this.#keys.flatMap(key => {
        const values = metadata?.get(key);
        return values?.length ? [[key, values] as const] : [];
      }),
    );
  }

  #admit(combination: string): void {
    if (!this.#keys.length || this.#combinations.has(combination)) return;
    const limit = this.#args.metadata_cardinality_limit;
    if (limit > 0 && this.#combinations.size >= limit)
      throw new DeliveryError("too many batcher metadata-value combinations", { kind: "reject" });
    this.#combinations.add(combination);
  }

  #open(key: string, signal: OtlpBatch["signal"], metadata: ReadonlyMap<string, readonly string[]>): Shard {
    const { send_batch_size, send_batch_max_size } = this.#args;
    const batcher = new Batcher({
      signal,
      size: send_batch_size,
      maxSize: send_batch_max_size,
      // several clients may stand behind a batch: of their headers only the chosen ones go on
      send: (batch, invocation) =>
        this.#track(this.#next.consume(batch, { ...invocation, metadata: this.#keys.length ? metadata : undefined })),
    });
    const shard = { batcher, timer: undefined };
    this.#shards.set(key, shard);
    return shard;
  }

  #track(sending: Promise<void>): Promise<void> {
    this.#underWay.add(sending);
    const forget = () => this.#underWay.delete(sending);
    sending.then(forget, forget);
    return sending;
  }

  #schedule(shard: Shard): void {
    const { timeout } = this.#args;
    if (this.#local ? timeout === 0 : this.#host.flow.open) {
      shard.batcher.flush();
      return;
    }
    if (!this.#local) return; // the flow opens when the invocation's last record is in
    if (shard.batcher.empty) {
      clearTimeout(shard.timer);
      shard.timer = undefined;
      return;
    }
    shard.timer ??= setTimeout(() => {
      shard.timer = undefined;
      shard.batcher.flush();
    }, timeout);
  }

  #flushAll(): void {
    for (const shard of this.#shards.values()) {
      clearTimeout(shard.timer);
      shard.timer = undefined;
      shard.batcher.flush();
    }
    if (this.#local) return;
    this.#shards.clear(); // nothing outlives an invocation
    this.#combinations.clear();
  }

  /** Sends what still waits, and waits until it has arrived. */
  async close(): Promise<void> {
    this.#stop();
    this.#flushAll();
    await Promise.allSettled(this.#underWay);
  }
}
