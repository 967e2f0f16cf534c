/** What sources of records have in common: an entry for each record of a queue, a topic, a stream or a bus. */
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, capsule, list, map, string } from "../../../eval/types.ts";
import type { Host } from "../../../graph/component.ts";
import { fanOut } from "../../../graph/gate.ts";
import { logs } from "../../../graph/kinds.ts";
import { receiver } from "../../../graph/receiver.ts";
import type { RawRecord, RecordSource, RecordsTrigger } from "../../../graph/trigger.ts";
import { compileRules, type Relabel, type RelabelRule } from "../../../relabel/relabel.ts";
import { type Labels, labelsFrom, labelsFromMap } from "../../../telemetry/labels.ts";
import type { LogBatch, LogEntry } from "../../../telemetry/loki/model.ts";
import { withoutInternal } from "../internal-labels.ts";
import { rawOf, textOf } from "./raw-record.ts";

/** Arguments of every source of records; `job` is the value of its only label, `internal` what rules may make labels of. */
export const recordFields = (job: string, internal: string) => ({
  forward_to: required(list(receiver(logs)), "Where to send entries."),
  labels: optional(
    map(string),
    { job },
    "Labels of every entry. Few, since each distinct set is a stream; the rest is for structured metadata.",
  ),
  relabel_rules: optional(
    capsule<readonly RelabelRule[]>("relabel.Rules"),
    undefined,
    `Rules that may make labels of ${internal}.`,
  ),
  use_incoming_timestamp: optional(
    bool,
    true,
    "Keeps the times of the records; otherwise entries have the time of their arrival.",
  ),
  split_lines: optional(
    bool,
    false,
    "An entry for each line of a record that is not empty, a nanosecond apart, so that equal ones stay; otherwise a record is an entry.",
  ),
  structured_metadata: optional(
    bool,
    false,
    "Adds what names the record, and its attributes, to the structured metadata of its entries.",
  ),
});

const fields = object(recordFields("", ""));
type RecordArgs = Infer<typeof fields>;

/** What a source says of a record besides its bytes: names and values. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export interface RecordWays {
  readonly source: RecordSource;
  /** Names or ARNs that the component takes records of. */
  readonly from: readonly string[];
  /** Labels that only rules see, with their `__`. */
  readonly internal: (record: RawRecord) => Pairs;
  readonly metadata: (record: RawRecord) => Pairs;
}

/** The trigger of a source of records. */
export function recordsTrigger(args: RecordArgs, host: Host, ways: RecordWays): RecordsTrigger {
  const next = fanOut(args.forward_to);
  const convert = recordConverter(args, ways);
  return {
    kind: "records",
    format: "raw",
    sources: [ways.source],
    from: ways.from,
    async push(record, invocation) {
      const batch = convert(rawOf(record, host), BigInt(invocation.now) * 1_000_000n);
      if (batch.length) await next.consume(batch, invocation);
    },
  };
}

/** One stream a record; a rule that drops its labels drops it. */
export function recordConverter(
  args: Omit<RecordArgs, "forward_to">,
  { internal, metadata }: Pick<RecordWays, "internal" | "metadata">,
): (record: RawRecord, now: bigint) => LogBatch {
  const { labels, use_incoming_timestamp, split_lines, structured_metadata } = args;
  const relabel = args.relabel_rules ? compileRules(args.relabel_rules) : undefined;
  const fixed = labelsFromMap(labels);
  return (record, now) => {
    const streamLabels = relabel ? relabelled(relabel, labels, internal(record)) : fixed;
    if (!streamLabels) return [];
    const timestamp =
      use_incoming_timestamp && record.timestamp !== undefined
        ? BigInt(Math.trunc(record.timestamp)) * 1_000_000n
        : now;
    const about = structured_metadata ? flat(metadata(record)) : none;
    const text = textOf(record);
    const entries: LogEntry[] = split_lines
      ? linesOf(text).map((line, i) => ({ timestamp: timestamp + BigInt(i), line, metadata: about })) // Loki keeps one of equal ones
      : [{ timestamp, line: text, metadata: about }];
    return entries.length ? [{ labels: streamLabels, entries }] : [];
  };
}

const none: readonly string[] = [];

function relabelled(relabel: Relabel, labels: ReadonlyMap<string, string>, internal: Pairs): Labels | undefined {
  const result = relabel(labelsFrom([...labels, ...internal]));
  return result && withoutInternal(result);
}

const flat = (pairs: Pairs): string[] => pairs.flatMap(([name, value]) => (value === "" ? [] : [name, value]));

const linesOf = (text: string): string[] =>
  text.split("\n").flatMap(line => {
    const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
    return whole === "" ? [] : [whole];
  });

/** The last part of an ARN: `orders` of `arn:aws:sqs:eu-west-1:123456789012:orders` and of `…:stream/orders`. */
export const lastOf = (arn: string): string => arn.slice(Math.max(arn.lastIndexOf("/"), arn.lastIndexOf(":")) + 1);

/** Account and region of an ARN. */
export function placeOf(arn: string): { readonly account: string; readonly region: string } {
  const [, , , region = "", account = ""] = arn.split(":");
  return { account, region };
}

/** Attributes as labels or metadata, which have letters, digits and underscores. */
export const attributePairs = (prefix: string, { attributes }: RawRecord): Pairs =>
  Object.entries(attributes).map(([name, value]) => [prefix + name.replace(/\W/g, "_"), value]);
