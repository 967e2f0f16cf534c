/** Keeps a share of traces and log records, decided by their trace ids, by a hash, or by an attribute. */
import { type Infer, object, optional } from "../../../eval/schema.ts";
import { bool, int, late, number, oneOf, string } from "../../../eval/types.ts";
import { EvaluationFailure } from "../../../ottl/error.ts";
import { parseFloatText } from "../../../ottl/params.ts";
import { setBytes } from "../../../telemetry/otlp/fields.ts";
import type { LogRecord, Logs } from "../../../telemetry/otlp/logs.ts";
import type { Span, Traces } from "../../../telemetry/otlp/traces.ts";
import { attributeKey, type Value } from "../../../telemetry/otlp/value.ts";
import { valueText } from "../../../telemetry/otlp/value-text.ts";
import { defineOtelProcessor } from "../processor.ts";
import { hashRange, randomnessOfHash } from "./probabilistic_sampler/hash.ts";
import { type HashSampler, makeSampler, type Sampler } from "./probabilistic_sampler/sampler.ts";
import {
  always,
  anyRandomness,
  type Bits56,
  isLess,
  never,
  passes,
  randomnessText,
  readRandomness,
  readThreshold,
  thresholdOf,
  thresholdText,
} from "./probabilistic_sampler/threshold.ts";
import { TraceState } from "./probabilistic_sampler/trace-state.ts";

const args = object({
  sampling_percentage: optional(number, 0, "Share that is kept, from 0 to 100."),
  hash_seed: optional(int, 0, "Seed of the hash; collectors of one tier have the same."),
  mode: optional(
    late(oneOf("sampler mode", ["hash_seed", "equalizing", "proportional", ""])),
    "",
    "How decisions are made: by a hash, or consistently by 56 bits of randomness.",
  ),
  fail_closed: optional(bool, true, "Drops what no decision can be made for."),
  sampling_precision: optional(int, 4, "Significant hex digits of thresholds."),
  attribute_source: optional(
    late(oneOf("attribute source", ["traceID", "record"])),
    "traceID",
    "What decides for log records: the trace id, or from_attribute.",
  ),
  from_attribute: optional(string, "", "Attribute of log records that decides where there is no trace id."),
  sampling_priority: optional(string, "", "Attribute of log records with a percentage of their own."),
});
type Args = Infer<typeof args>;

export const otelcolProcessorProbabilisticSampler = defineOtelProcessor<Args>({
  name: "otelcol.processor.probabilistic_sampler",
  summary: "Keeps a share of traces and log records.",
  stability: "generally-available",
  inFunctions: "Decisions follow from ids and attributes alone, so that all instances of the function decide alike.",
  args,
  *check({ sampling_percentage: share, sampling_precision: precision, hash_seed }) {
    if (share < 0) yield { path: ["sampling_percentage"], message: `sampling rate is negative: ${share}%` };
    else if (share > 0 && share / 100 < 2 ** -56)
      yield { path: ["sampling_percentage"], message: `sampling rate is too small: ${share}%` };
    if (precision < 1 || precision > 14)
      yield { path: ["sampling_precision"], message: `sampling_precision should be from 1 to 14, got ${precision}` };
    if (hash_seed < 0 || hash_seed > 0xffff_ffff)
      yield { path: ["hash_seed"], message: `hash_seed should be from 0 to 4294967295, got ${hash_seed}` };
  },
  build(args) {
    const sampler = makeSampler(args);
    const logSource = makeLogSource(args);
    return (batch, { dropped }) => {
      let gone = 0;
      if (batch.signal === "traces") gone = sampleTraces(batch.data, sampler, args.fail_closed);
      else if (batch.signal === "logs") gone = sampleLogs(batch.data, sampler, logSource, args);
      if (gone > 0) dropped("sampling", gone);
      return batch;
    };
  },
});

function sampleTraces({ resourceSpans }: Traces, sampler: Sampler, failClosed: boolean): number {
  let gone = 0;
  resourceSpans.removeIf(({ scopeSpans }) => {
    scopeSpans.removeIf(({ spans }) => {
      gone += spans.removeIf(span => !keepSpan(span, sampler, failClosed));
      return spans.length === 0;
    });
    return scopeSpans.length === 0;
  });
  return gone;
}

const traceIdTag = 0x0a;
const traceStateTag = 0x1a;

/** The hash of the trace id where it stands; `undefined` for an empty one. */
function hashOfTraceId({ node }: Span | LogRecord, tag: number, state: number): number | undefined {
  const entry = node.find(tag);
  if (entry < 0) return undefined;
  const bytes = node.bytesOf(entry);
  const start = node.entries[entry + 2] as number; // entries have four
  const end = node.entries[entry + 3] as number;
  let any = 0;
  for (let i = start; i < end; i++) any |= bytes[i] as number; // within the message
  return any === 0 ? undefined : hashRange(state, bytes, start, end);
}

function keepSpan(span: Span, sampler: Sampler, failClosed: boolean): boolean {
  const given = span.traceState;
  if (sampler.kind === "hash" && given === "") return keepPlainSpan(span, sampler, failClosed);
  const state = TraceState.read(given);
  const { randomness, failed, writable } = examineSpan(span, sampler, state);
  let threshold = failed ? (failClosed ? never : always) : sampler.decide(state?.threshold);
  threshold = priorityOf(span) ?? threshold;
  if (!passes(randomness, threshold)) return false;
  if (state && writable) {
    state.raiseThreshold(threshold);
    const text = state.toString();
    if (text !== given) span.traceState = text;
  }
  return true;
}

/** What nearly every span is under the hash: without a trace state. */
function keepPlainSpan(span: Span, sampler: HashSampler, failClosed: boolean): boolean {
  const hash = hashOfTraceId(span, traceIdTag, sampler.state);
  const randomness = hash === undefined ? anyRandomness : randomnessOfHash(hash);
  const threshold = priorityOf(span) ?? (hash === undefined ? (failClosed ? never : always) : sampler.threshold);
  if (!passes(randomness, threshold)) return false;
  if (threshold === sampler.threshold) setBytes(span.node, traceStateTag, sampler.ownState.with(randomness));
  else span.traceState = `ot=rv:${randomnessText(randomness)};th:${thresholdText(threshold)}`;
  return true;
}

interface Examined {
  readonly randomness: Bits56;
  /** No decision can be made. */
  readonly failed: boolean;
  /** The state may be written back. */
  readonly writable: boolean;
}

function examineSpan(span: Span, sampler: Sampler, state: TraceState | undefined): Examined {
  if (sampler.kind === "never") return { randomness: anyRandomness, failed: !state, writable: state !== undefined };
  if (sampler.kind === "hash") {
    const hash = hashOfTraceId(span, traceIdTag, sampler.state);
    const randomness = hash === undefined ? anyRandomness : randomnessOfHash(hash);
    // who samples consistently should not hash: what is there is left alone
    if (!state || state.randomness || state.threshold) return { randomness, failed: true, writable: false };
    state.setRandomness(randomness);
    return { randomness, failed: hash === undefined, writable: true };
  }
  if (!state) return { randomness: anyRandomness, failed: true, writable: false };
  return consistent(state.randomness ?? randomnessOfId(span.traceIdHex), state);
}

/** An item that carries a threshold which it would not have passed was not sampled consistently. */
function consistent(
  randomness: Bits56 | undefined,
  carrier: { threshold: Bits56 | undefined; clearThreshold(): void },
): Examined {
  if (!randomness) return { randomness: anyRandomness, failed: true, writable: true };
  if (carrier.threshold && !passes(randomness, carrier.threshold)) {
    carrier.clearThreshold();
    return { randomness, failed: true, writable: true };
  }
  return { randomness, failed: false, writable: true };
}

/** The last seven bytes of a trace id. */
const randomnessOfId = (hex: string): Bits56 | undefined =>
  hex === "" ? undefined : { high: Number.parseInt(hex.slice(18, 25), 16), low: Number.parseInt(hex.slice(25), 16) };

const priorityKey = attributeKey("sampling.priority");

/** OpenTracing's wish: 0 drops, what is above keeps; `undefined` where there is none. */
function priorityOf(span: Span): Bits56 | undefined {
  const value = span.attributes.get(priorityKey);
  if (value === undefined) return undefined;
  const priority = typeof value === "string" ? numberOf(value) : value;
  if (typeof priority !== "bigint" && typeof priority !== "number") return undefined;
  if (Number(priority) === 0) return never;
  return Number(priority) > 0 ? always : undefined;
}

function numberOf(text: string): number | undefined {
  try {
    return parseFloatText(text);
  } catch (error) {
    if (error instanceof EvaluationFailure) return undefined; // no number, no wish
    throw error;
  }
}

/** What decides for a log record. */
interface LogSource {
  readonly byTraceId: boolean;
  readonly attribute: ReturnType<typeof attributeKey> | undefined;
  readonly priority: ReturnType<typeof attributeKey> | undefined;
}

const makeLogSource = ({ attribute_source, from_attribute, sampling_priority }: Args): LogSource => ({
  byTraceId: attribute_source === "traceID",
  attribute: from_attribute === "" ? undefined : attributeKey(from_attribute),
  priority: sampling_priority === "" ? undefined : attributeKey(sampling_priority),
});

function sampleLogs({ resourceLogs }: Logs, sampler: Sampler, source: LogSource, args: Args): number {
  let gone = 0;
  resourceLogs.removeIf(({ scopeLogs }) => {
    scopeLogs.removeIf(({ logRecords }) => {
      gone += logRecords.removeIf(log => !keepLog(log, sampler, source, args));
      return logRecords.length === 0;
    });
    return scopeLogs.length === 0;
  });
  return gone;
}

const thresholdKey = attributeKey("sampling.threshold");
const randomnessKey = attributeKey("sampling.randomness");

function keepLog(log: LogRecord, sampler: Sampler, source: LogSource, args: Args): boolean {
  const carrier = LogCarrier.read(log);
  const { randomness, failed, writable } = examineLog(log, sampler, source, carrier);
  let threshold = failed ? (args.fail_closed ? never : always) : sampler.decide(carrier?.threshold);
  threshold = logPriority(log, source, args.sampling_precision) ?? threshold;
  if (!passes(randomness, threshold)) return false;
  if (carrier && writable) carrier.raiseThreshold(threshold);
  return true;
}

const logTraceIdTag = 0x4a;

function examineLog(log: LogRecord, sampler: Sampler, source: LogSource, carrier: LogCarrier | undefined): Examined {
  if (sampler.kind === "never") return { randomness: anyRandomness, failed: !carrier, writable: carrier !== undefined };
  if (sampler.kind === "hash") {
    const hash = hashOfLog(log, source, sampler.state);
    const randomness = hash === undefined ? anyRandomness : randomnessOfHash(hash);
    if (!carrier || carrier.randomness || carrier.threshold) return { randomness, failed: true, writable: false };
    if (hash !== undefined) carrier.setRandomness(randomness);
    return { randomness, failed: hash === undefined, writable: true };
  }
  if (!carrier) return { randomness: anyRandomness, failed: true, writable: false };
  return consistent(carrier.randomness ?? randomnessOfId(log.traceIdHex), carrier);
}

function hashOfLog(log: LogRecord, { byTraceId, attribute }: LogSource, state: number): number | undefined {
  const hash = byTraceId ? hashOfTraceId(log, logTraceIdTag, state) : undefined;
  if (hash !== undefined || !attribute) return hash;
  const bytes = bytesOf(log.attributes.get(attribute));
  return bytes.length ? hashRange(state, bytes, 0, bytes.length) : undefined;
}

const bytesOf = (value: Value): Uint8Array => (value instanceof Uint8Array ? value : Buffer.from(valueText(value)));

/** A record's own percentage; 0 is none. */
function logPriority(log: LogRecord, { priority }: LogSource, precision: number): Bits56 | undefined {
  if (!priority) return undefined;
  const value = log.attributes.get(priority);
  if (typeof value !== "bigint" && typeof value !== "number") return undefined;
  const share = Number(value) / 100;
  return share === 0 ? undefined : thresholdOf(share, precision);
}

/** Randomness and threshold of a log record, which are attributes. */
class LogCarrier {
  readonly #log: LogRecord;
  randomness: Bits56 | undefined;
  threshold: Bits56 | undefined;

  constructor(log: LogRecord, randomness: Bits56 | undefined, threshold: Bits56 | undefined) {
    this.#log = log;
    this.randomness = randomness;
    this.threshold = threshold;
  }

  /** `undefined` where one of the attributes can't be read. */
  static read(log: LogRecord): LogCarrier | undefined {
    const { attributes } = log;
    const thText = attributes.get(thresholdKey);
    const rvText = attributes.get(randomnessKey);
    const hasThreshold = typeof thText === "string" && thText !== "";
    const hasRandomness = typeof rvText === "string" && rvText !== "";
    const threshold = hasThreshold ? readThreshold(thText) : undefined;
    const randomness = hasRandomness ? readRandomness(rvText) : undefined;
    if ((hasThreshold && !threshold) || (hasRandomness && !randomness)) return undefined;
    return new LogCarrier(log, randomness, threshold);
  }

  setRandomness(randomness: Bits56): void {
    this.randomness = randomness;
    this.#log.attributes.set(randomnessKey, randomnessText(randomness));
  }

  clearThreshold(): void {
    this.threshold = undefined;
    this.#log.attributes.delete(thresholdKey);
  }

  raiseThreshold(threshold: Bits56): void {
    if (this.threshold && isLess(threshold, this.threshold)) return;
    this.#log.attributes.set(thresholdKey, thresholdText(threshold));
  }
}
