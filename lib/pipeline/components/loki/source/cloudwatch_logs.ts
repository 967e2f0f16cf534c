/** Receives log events of CloudWatch Logs from subscriptions, queues, streams and Firehose. Only in Amalgam. */
import { DeliveryError, messageOf } from "../../../delivery/errors.ts";
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, capsule, list, map, string } from "../../../eval/types.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import { droppedCounter } from "../../../graph/dropped.ts";
import { fanOut } from "../../../graph/gate.ts";
import { logs } from "../../../graph/kinds.ts";
import { receiver } from "../../../graph/receiver.ts";
import { compileRules, type Relabel, type RelabelRule } from "../../../relabel/relabel.ts";
import { type Labels, labelsFromMap, labelsToMap } from "../../../telemetry/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { withoutInternal } from "../internal-labels.ts";
import { logGroupSelection } from "./log-groups.ts";

const args = object({
  forward_to: required(list(receiver(logs)), "Where to send entries."),
  log_groups: optional(
    list(string),
    [],
    "Log groups to take, with `*` for any characters; all that are delivered where empty. Subscriptions are made for those without `*`.",
  ),
  filter_pattern: optional(string, "", "Filter pattern of the subscriptions, so that CloudWatch delivers less."),
  labels: optional(
    map(string),
    { job: "cloudwatch_logs" },
    "Labels of every entry. Few, since each distinct set is a stream; the rest is structured metadata.",
  ),
  relabel_rules: optional(
    capsule<readonly RelabelRule[]>("relabel.Rules"),
    undefined,
    "Rules that may make labels of `__aws_owner`, `__aws_cw_log_group`, `__aws_cw_log_stream`, `__aws_cw_msg_type` and `__aws_cw_matched_filters`.",
  ),
  use_incoming_timestamp: optional(
    bool,
    true,
    "Keeps the times of the events; otherwise entries have the time of their arrival.",
  ),
  distinct_times: optional(
    bool,
    false,
    "Adds less than a millisecond to the time of each event, the same whenever it comes again: Loki, which keeps one of equal lines at the same time, so keeps those of one millisecond apart.",
  ),
  event_ids: optional(
    bool,
    false,
    "Adds the id that CloudWatch Logs gave an event to its structured metadata, as `event_id`.",
  ),
});
type Args = Infer<typeof args>;

export const lokiSourceCloudwatchLogs = defineComponent({
  name: "loki.source.cloudwatch_logs",
  summary: "Receives log events of CloudWatch Logs from subscriptions, queues, streams and Firehose.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "A subscription of each log group, or one of the account, calls the function; a failure fails the invocation, so that Lambda brings the events again. What a subscription puts into a stream of Kinesis, into Firehose, a queue or a topic is taken from there, by its content.",
  args,
  *check({ log_groups }): Iterable<Problem> {
    for (const [i, group] of log_groups.entries()) {
      if (!/^[\w./#*-]{1,512}$/.test(group))
        yield {
          path: ["log_groups", i],
          message: `log group should be a name of letters, digits and _-/.#, got ${JSON.stringify(group)}`,
        };
    }
  },
  build(args, host) {
    const next = fanOut(args.forward_to);
    const convert = converter(args);
    const selected = logGroupSelection(args.log_groups);
    const dropped = droppedCounter(host);
    return {
      triggers: [
        {
          kind: "records",
          format: "cloudwatch_logs",
          sources: ["log-subscription", "queue", "topic", "stream", "firehose"],
          logGroups: args.log_groups,
          filterPattern: args.filter_pattern,
          async push(record, invocation) {
            if (record.format !== "cloudwatch_logs")
              throw new DeliveryError(`${host.id} takes CloudWatch Logs, got ${record.format}`, { kind: "reject" });
            const message = parseMessage(record.body);
            if (message.messageType === "CONTROL_MESSAGE") return; // sent when a subscription is made
            if (!selected(message.logGroup)) {
              dropped("log_group_not_selected", message.logEvents.length);
              host.log.warn("log group is not one of log_groups, its events are dropped", {
                component: host.id,
                logGroup: message.logGroup,
              });
              return;
            }
            await next.consume(convert(message, BigInt(invocation.now) * 1_000_000n), invocation);
          },
        },
      ],
    };
  },
});

/** What a subscription delivers: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
export interface CloudWatchLogsMessage {
  readonly messageType: string;
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly subscriptionFilters: readonly string[];
  /** The time in milliseconds, where it is one. */
  readonly logEvents: readonly {
    readonly id: string;
    readonly timestamp: number | undefined;
    readonly message: string;
  }[];
}

/** Reads the decompressed JSON; fields that are not known are passed over. */
export function parseMessage(body: Uint8Array): CloudWatchLogsMessage {
  let data: Partial<Record<keyof CloudWatchLogsMessage, unknown>>;
  try {
    data = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8")) as typeof data; // checked below
  } catch (error) {
    throw new DeliveryError(`cloudwatch logs message should be JSON: ${messageOf(error)}`, {
      kind: "reject",
      cause: error,
    });
  }
  const { logEvents } = data;
  if (!Array.isArray(logEvents))
    throw new DeliveryError("cloudwatch logs message should have a list logEvents", { kind: "reject" });
  return {
    messageType: textOf(data.messageType),
    owner: textOf(data.owner),
    logGroup: textOf(data.logGroup),
    logStream: textOf(data.logStream),
    subscriptionFilters: Array.isArray(data.subscriptionFilters) ? data.subscriptionFilters.map(textOf) : [],
    logEvents: logEvents.map((event: { id?: unknown; timestamp?: unknown; message?: unknown }) => ({
      id: textOf(event?.id),
      timestamp: Number.isFinite(event?.timestamp) ? Math.trunc(event.timestamp as number) : undefined, // finite, so a number
      message: textOf(event?.message),
    })),
  };
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);

/** One stream a message; a rule that drops its labels drops it. */
export function converter({
  labels,
  relabel_rules,
  use_incoming_timestamp,
  distinct_times,
  event_ids,
}: Omit<Args, "forward_to">): (message: CloudWatchLogsMessage, now: bigint) => LogBatch {
  const relabel = relabel_rules ? compileRules(relabel_rules) : undefined;
  const fixed = labelsFromMap(labels);
  return (message, now) => {
    const streamLabels = relabel ? relabelled(relabel, fixed, message) : fixed;
    if (!streamLabels) return [];
    const metadata = ["log_group", message.logGroup, "log_stream", message.logStream, "account_id", message.owner];
    const apart = distinct_times ? nanoseconds(message) : undefined;
    const entries = message.logEvents.map(({ id, timestamp, message: line }) => ({
      timestamp:
        use_incoming_timestamp && timestamp !== undefined
          ? BigInt(timestamp) * 1_000_000n + (apart?.(timestamp) ?? 0n)
          : now,
      line,
      metadata: event_ids && id ? [...metadata, "event_id", id] : metadata,
    }));
    return entries.length ? [{ labels: streamLabels, entries }] : [];
  };
}

/**
 * What is added to times of events: it begins where the log stream's name says, so that streams are apart, and grows with events of
 * the same millisecond, so that they keep their order.
 */
function nanoseconds({ logGroup, logStream }: CloudWatchLogsMessage): (ms: number) => bigint {
  let hash = 0;
  for (const character of `${logGroup}:${logStream}`) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 999;
  const counts = new Map<number, number>();
  return ms => {
    const count = counts.get(ms) ?? 0;
    counts.set(ms, count + 1);
    return BigInt(Math.min(hash * 1000 + count, 999_999));
  };
}

function relabelled(relabel: Relabel, fixed: Labels, message: CloudWatchLogsMessage): Labels | undefined {
  const given = labelsToMap(fixed)
    .set("__aws_owner", message.owner)
    .set("__aws_cw_log_group", message.logGroup)
    .set("__aws_cw_log_stream", message.logStream)
    .set("__aws_cw_msg_type", message.messageType)
    .set("__aws_cw_matched_filters", message.subscriptionFilters.join(","));
  const result = relabel(labelsFromMap(given));
  return result && withoutInternal(result);
}
