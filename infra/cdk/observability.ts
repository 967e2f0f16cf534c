/**
 * What tells of a collector when nobody looks, and when somebody does: alarms and a dashboard of CloudWatch, over the metrics of the
 * services around the functions and those that the functions write themselves (namespace `Amalgam`, docs/metrics.md).
 */
import { Duration, Stack } from "aws-cdk-lib";
import {
  Alarm,
  AlarmStatusWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IAlarmAction,
  type IMetric,
  type IWidget,
  LogQueryWidget,
  MathExpression,
  Metric,
  type MetricOptions,
  PeriodOverride,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

export type AlarmName = "dead-letters" | "lost" | "refused" | "waiting" | "returned" | "throttled" | "failed";

export interface AlarmOptions {
  /**
   * What happens when an alarm starts and when it ends, as `new SnsAction(topic)`.
   * @default nothing: alarms show in CloudWatch
   */
  readonly actions?: readonly IAlarmAction[];
  /**
   * How long data may wait in a queue or a stream.
   * @default Duration.minutes(15)
   */
  readonly maxAge?: Duration;
  /**
   * Alarms that are not wanted. CloudWatch bills each by the month.
   * @default none
   */
  readonly without?: readonly AlarmName[];
}

/** Metrics that functions write themselves, each with the name of the function as its dimension. */
export type OwnMetric =
  | "ReceivedRecords"
  | "ReceivedBytes"
  | "ReturnedRecords"
  | "FailedInvocations"
  | "FailedAnswers"
  | "ThrottledAnswers"
  | "ColdStarts"
  | "InitDuration"
  | "Duration"
  | "DroppedItems"
  | "SentItems"
  | "SentBytes"
  | "RetriedItems"
  | "DeadItems"
  | "FailedRequests"
  | "ThrottledRequests"
  | "RequestDuration";

/** A function of a collector. */
export interface WatchedFunction {
  readonly function: Lambda;
  readonly logGroup: ILogGroup;
}

/** What is watched. */
export interface Watched {
  readonly functions: readonly WatchedFunction[];
  /** Whose messages functions take. */
  readonly queues: readonly IQueue[];
  /** Functions that read streams. */
  readonly streams: readonly WatchedFunction[];
  readonly deadLetterQueues: readonly IQueue[];
}

export interface ObservabilityProps extends Watched {
  /** `undefined`: none are made. */
  readonly alarms: AlarmOptions | undefined;
  readonly dashboard: boolean;
}

/** A metric that a function writes. */
export const ownMetric = (of: Lambda, metricName: OwnMetric, options: MetricOptions = {}): Metric =>
  new Metric({
    namespace: "Amalgam",
    metricName,
    dimensionsMap: { FunctionName: of.functionName },
    statistic: "Sum",
    ...options,
  });

/** The sum of metrics; those without data count as nothing. */
export const total = (metrics: readonly IMetric[], label?: string): MathExpression => joined("SUM", metrics, label);

/** One of several; in a graph the ids of metrics differ by its label. */
function joined(how: "SUM" | "MAX", metrics: readonly IMetric[], label?: string): MathExpression {
  const prefix = `m${label?.replaceAll(/\W+/g, "_") ?? ""}`;
  const names = metrics.map((_, i) => `${prefix}${i}`);
  return new MathExpression({
    expression: names.length === 1 ? `${prefix}0` : `${how}([${names.join(", ")}])`,
    usingMetrics: Object.fromEntries(metrics.map((metric, i) => [`${prefix}${i}`, metric])),
    ...(label !== undefined && { label }),
  });
}

interface Rule {
  readonly description: string;
  readonly metric: MathExpression | undefined;
  readonly threshold?: number;
  /** Minutes of the last five that must be bad. @default 1 of 1 */
  readonly minutes?: number;
}

const minute = Duration.minutes(1);

export class Observability extends Construct {
  /** By name; those that make no sense for the collector, as of queues where there are none, are not made. */
  readonly alarms: ReadonlyMap<AlarmName, Alarm>;
  readonly dashboard: Dashboard | undefined;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.alarms = props.alarms ? this.#createAlarms(props, props.alarms) : new Map();
    this.dashboard = props.dashboard ? this.#createDashboard(props) : undefined;
  }

  #createAlarms(watched: Watched, { actions = [], maxAge = Duration.minutes(15), without = [] }: AlarmOptions) {
    const alarms = new Map<AlarmName, Alarm>();
    const rules = Object.entries(rulesOf(watched, maxAge)) as [AlarmName, Rule][]; // keys of a record
    for (const [name, { description, metric, threshold = 1, minutes }] of rules) {
      if (!metric || without.includes(name)) continue;
      const alarm = new Alarm(this, name, {
        alarmDescription: `${this.node.scope?.node.path}: ${description}`,
        metric,
        threshold,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: minutes ? 5 : 1,
        ...(minutes && { datapointsToAlarm: minutes }),
        treatMissingData: TreatMissingData.NOT_BREACHING, // nothing arrives, nothing is wrong
      });
      alarm.addAlarmAction(...actions);
      alarm.addOkAction(...actions);
      alarms.set(name, alarm);
    }
    return alarms;
  }

  #createDashboard(watched: Watched): Dashboard {
    const dashboard = new Dashboard(this, "Dashboard", { periodOverride: PeriodOverride.AUTO });
    const alarms = [...this.alarms.values()];
    if (alarms.length) dashboard.addWidgets(new AlarmStatusWidget({ title: "Alarms", alarms, width: 24, height: 3 }));
    for (const row of rowsOf(watched)) dashboard.addWidgets(...row);
    dashboard.addWidgets(...logWidgets(watched, Stack.of(this).region));
    return dashboard;
  }
}

/** What is wrong when. */
function rulesOf({ functions, queues, streams, deadLetterQueues }: Watched, maxAge: Duration): Record<AlarmName, Rule> {
  const each = (metricName: string) =>
    functions.map(({ function: of }) => of.metric(metricName, { statistic: "Sum", period: minute }));
  const own = (name: OwnMetric) => total(functions.map(({ function: of }) => ownMetric(of, name, { period: minute })));
  const ages = [
    ...queues.map(queue => queue.metricApproximateAgeOfOldestMessage({ statistic: "Maximum", period: minute })),
    ...streams.map(
      ({ function: of }) =>
        new MathExpression({
          expression: "age / 1000",
          usingMetrics: { age: of.metric("IteratorAge", { statistic: "Maximum", period: minute }) },
          period: minute,
        }),
    ),
  ];
  return {
    "dead-letters": {
      description: "events or messages wait in a dead-letter queue",
      metric: some(deadLetterQueues, all => total(all.map(visible))),
    },
    lost: {
      description: "Lambda could not keep an event that it had given up",
      metric: total(each("DestinationDeliveryFailures")),
    },
    refused: { description: "a backend refused data for good", metric: own("DeadItems") },
    waiting: {
      description: `data waits in a queue or a stream for more than ${maxAge.toSeconds()} seconds`,
      metric: some(ages, all => joined("MAX", all)),
      threshold: maxAge.toSeconds(),
      minutes: 3,
    },
    returned: {
      description: "records go back to their queue or stream, since backends don't take them",
      metric: own("ReturnedRecords"),
      minutes: 3,
    },
    throttled: {
      description: "Lambda has no room for more invocations",
      metric: total(each("Throttles")),
      minutes: 3,
    },
    failed: { description: "invocations fail", metric: total(each("Errors")), minutes: 3 },
  };
}

const some = <Item>(items: readonly Item[], make: (items: readonly Item[]) => MathExpression) =>
  items.length ? make(items) : undefined;

const visible = (queue: IQueue): Metric =>
  queue.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum", period: minute });

const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []): IWidget =>
  new GraphWidget({ title, left: [...left], right: [...right], width: 8, height: 6 });

/** Graphs, three in a row. */
function rowsOf({ functions, queues, streams, deadLetterQueues }: Watched): readonly (readonly IWidget[])[] {
  const each = (metricName: string, statistic: string) =>
    functions.map(({ function: of }) => of.metric(metricName, { statistic, label: `\${PROP('Dim.FunctionName')}` }));
  const sum = (name: OwnMetric, label: string) =>
    total(
      functions.map(({ function: of }) => ownMetric(of, name)),
      label,
    );
  const times = (name: OwnMetric, statistic: string) =>
    functions.map(({ function: of }) => ownMetric(of, name, { statistic, label: statistic }));
  const waiting = [
    ...queues.map(queue =>
      queue.metricApproximateAgeOfOldestMessage({ statistic: "Maximum", label: "oldest message (s)" }),
    ),
    ...streams.map(({ function: of }) =>
      of.metric("IteratorAge", { statistic: "Maximum", label: "oldest record (ms)" }),
    ),
  ];
  const kept = deadLetterQueues.map(queue =>
    queue.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum", label: "dead letters" }),
  );
  return [
    [
      graph("Records in, items out", [sum("ReceivedRecords", "records received"), sum("SentItems", "items sent")]),
      graph("Bytes", [sum("ReceivedBytes", "received"), sum("SentBytes", "sent")]),
      graph("Dropped, retried, refused", [
        sum("DroppedItems", "items dropped on purpose"),
        sum("RetriedItems", "items tried again"),
        sum("DeadItems", "items refused for good"),
        sum("ReturnedRecords", "records returned"),
      ]),
    ],
    [
      graph("Time of deliveries (ms)", [...times("RequestDuration", "p50"), ...times("RequestDuration", "p99")]),
      graph("Deliveries that failed", [sum("FailedRequests", "failed"), sum("ThrottledRequests", "throttled (429)")]),
      graph("Waiting, dead letters", waiting, kept),
    ],
    [
      graph("Invocations", each("Invocations", "Sum")),
      graph("Errors, throttles", each("Errors", "Sum"), each("Throttles", "Sum")),
      graph("Duration p99 (ms), cold starts", each("Duration", "p99"), [sum("ColdStarts", "cold starts")]),
    ],
  ];
}

/** What only the log tells. */
function logWidgets({ functions }: Watched, region: string): readonly IWidget[] {
  const logGroupNames = functions.map(({ logGroup }) => logGroup.logGroupName);
  const table = (title: string, queryLines: string[]) =>
    new LogQueryWidget({ title, logGroupNames, region, queryLines, width: 12, height: 6 });
  return [
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
  ];
}
