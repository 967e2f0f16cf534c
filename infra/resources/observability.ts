/**
 * What tells of a collector when nobody looks, and when somebody does: alarms and a dashboard of CloudWatch, over the metrics of the
 * services around the functions and those that the functions write themselves (namespace `Amalgam`, docs/metrics.md).
 */
import type { AlarmPlan, FunctionKind, MetricPlan, ResourcePlan, SeriesPlan, WidgetPlan } from "../resources.ts";

export type AlarmName =
  | "dead-letters"
  | "lost"
  | "refused"
  | "set-aside"
  | "waiting"
  | "lagging"
  | "returned"
  | "stale"
  | "throttled"
  | "failed";

/** What is watched, of the functions and queues that there are or may be. */
interface Watched {
  readonly functions: readonly FunctionKind[];
  /** Whose messages functions take. */
  readonly queues: readonly string[];
  readonly deadLetters: readonly string[];
}

type Parts = Pick<ResourcePlan, "functions" | "queues" | "eventSources" | "connectable"> & {
  /** Whether the functions read their configuration while they run. */
  readonly follows: boolean;
};

function watchedOf({ functions, queues, eventSources, connectable }: Parts): Watched {
  const makes = connectable.flatMap(each => each.makes ?? []);
  const ids = [...queues, ...makes.flatMap(each => each.queues)].map(({ id }) => id);
  return {
    functions: [...functions, ...makes.flatMap(each => each.functions)].map(({ kind }) => kind),
    queues: ids.filter(id => eventSources.some(({ from }) => from === `\${queue:${id}}`)),
    deadLetters: ids.filter(id => id.endsWith("-dead-letters")),
  };
}

type Rule = Pick<AlarmPlan, "metrics" | "reason"> & Partial<AlarmPlan>;

/** Of the last five minutes three must be bad: one may pass by itself. */
const lasting = { evaluationPeriods: 5, datapointsToAlarm: 3 };

/** CloudWatch takes no more in one alarm. */
const mostMetrics = 10;

/** What is wrong when. */
export function alarmsOf(parts: Parts): AlarmPlan[] {
  const { functions, queues, deadLetters } = watchedOf(parts);
  const ofLambda = (name: string) => functions.map(kind => lambda(kind, name, "Sum"));
  const own = (name: string) => functions.map(kind => amalgam(kind, name, "Sum"));
  const rules: Readonly<Record<AlarmName, Rule>> = {
    "dead-letters": { metrics: deadLetters.map(visible), reason: "events or messages wait in a dead-letter queue" },
    lost: {
      metrics: ofLambda("DestinationDeliveryFailures"),
      reason: "Lambda could not keep an event that it had given up",
    },
    refused: { metrics: own("DeadItems"), reason: "a backend refused data for good" },
    "set-aside": {
      metrics: own("SetAsideRecords"),
      reason: "records could not be read, or nothing took them, and are kept as dead letters",
    },
    waiting: {
      metrics: [
        ...queues.map(age),
        ...functions.filter(isStream).map(kind => ({ ...lambda(kind, "IteratorAge", "Maximum"), divisor: 1000 })),
      ],
      combine: "max",
      threshold: 900,
      ...lasting,
      reason: "data waits in a queue or a stream for more than ${threshold} seconds",
    },
    lagging: {
      metrics: functions.filter(isKafka).map(lag),
      combine: "max",
      threshold: 10_000,
      ...lasting,
      reason: "more than ${threshold} records of a topic of Kafka wait",
    },
    returned: {
      metrics: own("ReturnedRecords"),
      ...lasting,
      reason: "records go back to their queue or stream, since backends don't take them",
    },
    stale: {
      metrics: parts.follows ? own("StaleInvocations") : [],
      ...lasting,
      reason: "functions run an old configuration, since the newest can't be read or does not load",
    },
    throttled: { metrics: ofLambda("Throttles"), ...lasting, reason: "Lambda has no room for more invocations" },
    failed: { metrics: ofLambda("Errors"), ...lasting, reason: "invocations fail" },
  };
  const all = Object.entries(rules) as [AlarmName, Rule][]; // keys of a record
  return all.flatMap(([name, { metrics, ...rule }]) =>
    chunksOf(metrics).map((some, i) => ({
      id: i ? `${name}-${i + 1}` : name,
      name,
      metrics: some,
      combine: "sum" as const,
      threshold: 1,
      periodSeconds: 60,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      ...rule,
    })),
  );
}

/** Graphs, three in a row, and what only the log tells. */
export function dashboardOf(parts: Parts): (readonly WidgetPlan[])[] {
  const { functions, queues, deadLetters } = watchedOf(parts);
  if (!functions.length) return [];
  const each = (name: string, statistic: MetricPlan["statistic"]): SeriesPlan[] => [
    { metrics: functions.map(kind => lambda(kind, name, statistic)), label: "${PROP('Dim.FunctionName')}" },
  ];
  const sum = (name: string, label: string): SeriesPlan => ({
    metrics: functions.map(kind => amalgam(kind, name, "Sum")),
    combine: "sum",
    label,
  });
  const times = (statistic: "p50" | "p99"): SeriesPlan => ({
    metrics: functions.map(kind => amalgam(kind, "RequestDuration", statistic)),
    label: statistic,
  });
  const waiting = [
    { metrics: queues.map(age), label: "oldest message (s)" },
    {
      metrics: functions.filter(isStream).map(kind => lambda(kind, "IteratorAge", "Maximum")),
      label: "oldest record (ms)",
    },
  ];
  const kept = [
    { metrics: deadLetters.map(visible), label: "dead letters" },
    { metrics: functions.filter(isKafka).map(lag), label: "records of Kafka that wait" },
  ];
  return [
    [{ kind: "alarms", title: "Alarms", width: 24, height: 3 }],
    [
      graph("Records in, items out", [sum("ReceivedRecords", "records received"), sum("SentItems", "items sent")]),
      graph("Bytes", [sum("ReceivedBytes", "received"), sum("SentBytes", "sent")]),
      graph("Dropped, retried, refused", [
        sum("DroppedItems", "items dropped on purpose"),
        sum("RetriedItems", "items tried again"),
        sum("DeadItems", "items refused for good"),
        sum("ReturnedRecords", "records returned"),
        sum("SetAsideRecords", "records set aside"),
      ]),
    ],
    [
      graph("Time of deliveries (ms)", [times("p50"), times("p99")]),
      graph("Deliveries that failed", [sum("FailedRequests", "failed"), sum("ThrottledRequests", "throttled (429)")]),
      graph("Waiting, dead letters", waiting, kept),
    ],
    [
      graph("Invocations", each("Invocations", "Sum")),
      graph("Errors, throttles", each("Errors", "Sum"), each("Throttles", "Sum")),
      graph("Duration p99 (ms), cold starts", each("Duration", "p99"), [sum("ColdStarts", "cold starts")]),
    ],
    [
      table("Dropped on purpose", [
        "filter DroppedItems > 0",
        "stats sum(drops.0.items) as items by drops.0.component as component, drops.0.reason as reason",
        "sort items desc",
      ]),
      table("Last errors", [
        'filter level in ["error", "ERROR"]',
        "display @timestamp, component, message, error",
        "sort @timestamp desc",
        "limit 20",
      ]),
    ],
  ];
}

const graph = (title: string, left: readonly SeriesPlan[], right: readonly SeriesPlan[] = []): WidgetPlan => ({
  kind: "metrics",
  title,
  width: 8,
  height: 6,
  left: left.filter(({ metrics }) => metrics.length),
  right: right.filter(({ metrics }) => metrics.length),
});

const table = (title: string, query: readonly string[]): WidgetPlan => ({
  kind: "log-query",
  title,
  width: 12,
  height: 6,
  query,
});

const lambda = (kind: FunctionKind, name: string, statistic: MetricPlan["statistic"]): MetricPlan => ({
  namespace: "AWS/Lambda",
  name,
  statistic,
  function: kind,
});

const amalgam = (kind: FunctionKind, name: string, statistic: MetricPlan["statistic"]): MetricPlan => ({
  namespace: "Amalgam",
  name,
  statistic,
  function: kind,
});

const sqs = (queue: string, name: string): MetricPlan => ({ namespace: "AWS/SQS", name, statistic: "Maximum", queue });

const visible = (queue: string): MetricPlan => sqs(queue, "ApproximateNumberOfMessagesVisible");

const age = (queue: string): MetricPlan => sqs(queue, "ApproximateAgeOfOldestMessage");

/** Records between the last of a topic and the last that the function has taken. */
const lag = (kind: FunctionKind): MetricPlan => lambda(kind, "OffsetLag", "Maximum");

const isStream = (kind: FunctionKind): boolean => kind === "stream";

const isKafka = (kind: FunctionKind): boolean => kind === "kafka";

const chunksOf = (metrics: readonly MetricPlan[]): (readonly MetricPlan[])[] =>
  Array.from({ length: Math.ceil(metrics.length / mostMetrics) }, (_, i) =>
    metrics.slice(i * mostMetrics, (i + 1) * mostMetrics),
  );
