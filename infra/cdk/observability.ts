/** Alarms and a dashboard of CloudWatch, as the plan has them: they tell of a collector when nobody looks, and when somebody does. */
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
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type {
  AlarmName,
  AlarmPlan,
  FunctionKind,
  MetricPlan,
  ResourcePlan,
  SeriesPlan,
  WidgetPlan,
} from "../resources.ts";

export type { AlarmName } from "../resources.ts";

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
   * How many records of a topic of Kafka may wait.
   * @default 10000
   */
  readonly maxLag?: number;
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
  | "SetAsideRecords"
  | "FailedInvocations"
  | "FailedAnswers"
  | "ThrottledAnswers"
  | "ColdStarts"
  | "ConfigurationChanges"
  | "ConfigurationRefusals"
  | "ConfigurationUnread"
  | "StaleInvocations"
  | "InitDuration"
  | "Duration"
  | "DroppedItems"
  | "SentItems"
  | "SentBytes"
  | "RetriedItems"
  | "HandedOverItems"
  | "DeadItems"
  | "FailedRequests"
  | "ThrottledRequests"
  | "RequestDuration";

/** A function of a collector. */
export interface WatchedFunction {
  readonly kind: FunctionKind;
  readonly function: IFunction;
  readonly logGroup: ILogGroup;
}

export interface ObservabilityProps {
  /** What is wanted of the plan. */
  readonly plan: Pick<ResourcePlan, "alarms" | "dashboard">;
  readonly functions: readonly WatchedFunction[];
  /** By their ids in the plan. */
  readonly queues: ReadonlyMap<string, IQueue>;
  /** `undefined`: none are made. */
  readonly alarms: AlarmOptions | undefined;
  readonly dashboard: boolean;
}

/** A metric that a function writes. */
export const ownMetric = (of: IFunction, metricName: OwnMetric, options: MetricOptions = {}): Metric =>
  new Metric({
    namespace: "Amalgam",
    metricName,
    dimensionsMap: { FunctionName: of.functionName },
    statistic: "Sum",
    ...options,
  });

/** One of several metrics, of which those without data count as nothing; in a graph the ids of metrics differ by its label. */
function joined(how: AlarmPlan["combine"], metrics: readonly IMetric[], label?: string): IMetric {
  const prefix = `m${label?.replaceAll(/\W+/g, "_") ?? ""}`;
  const names = metrics.map((_, i) => `${prefix}${i}`);
  return new MathExpression({
    expression: names.length === 1 ? `${prefix}0` : `${how === "max" ? "MAX" : "SUM"}([${names.join(", ")}])`,
    usingMetrics: Object.fromEntries(metrics.map((metric, i) => [`${prefix}${i}`, metric])),
    ...(label !== undefined && { label }),
  });
}

export class Observability extends Construct {
  /** Those that the plan has and the user wants, by their ids: where CloudWatch takes no more metrics in one, `failed-2` is the next. */
  readonly alarms: ReadonlyMap<string, Alarm>;
  readonly dashboard: Dashboard | undefined;
  readonly #props: ObservabilityProps;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.#props = props;
    const { alarms: options } = props;
    this.alarms = new Map(
      options ? this.#wanted(options).map(each => [each.id, this.#createAlarm(each, options)]) : [],
    );
    this.dashboard = props.dashboard ? this.#createDashboard() : undefined;
  }

  #wanted({ without = [] }: AlarmOptions): readonly AlarmPlan[] {
    return this.#props.plan.alarms
      .map(alarm => ({ ...alarm, metrics: alarm.metrics.filter(each => this.#isThere(each)) }))
      .filter(({ name, metrics }) => metrics.length && !without.includes(name));
  }

  #createAlarm(planned: AlarmPlan, { actions = [], maxAge, maxLag }: AlarmOptions): Alarm {
    const { name, reason, combine, evaluationPeriods, datapointsToAlarm } = planned;
    const ofUser = name === "waiting" ? maxAge?.toSeconds() : name === "lagging" ? maxLag : undefined;
    const threshold = ofUser ?? planned.threshold;
    const period = Duration.seconds(planned.periodSeconds);
    const metrics = planned.metrics.map(each => this.#metric(each, { period }));
    const alarm = new Alarm(this, planned.id, {
      alarmDescription: `${this.node.scope?.node.path}: ${reason.replaceAll("${threshold}", String(threshold))}`,
      metric: joined(combine, metrics),
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods,
      ...(evaluationPeriods > 1 && { datapointsToAlarm }),
      treatMissingData: TreatMissingData.NOT_BREACHING, // nothing arrives, nothing is wrong
    });
    alarm.addAlarmAction(...actions);
    alarm.addOkAction(...actions);
    return alarm;
  }

  #createDashboard(): Dashboard {
    const dashboard = new Dashboard(this, "Dashboard", { periodOverride: PeriodOverride.AUTO });
    for (const row of this.#props.plan.dashboard) {
      const widgets = row.flatMap(each => this.#widget(each) ?? []);
      if (widgets.length) dashboard.addWidgets(...widgets);
    }
    return dashboard;
  }

  #widget(planned: WidgetPlan): IWidget | undefined {
    const { title, width, height } = planned;
    const size = { title, width, height };
    switch (planned.kind) {
      case "alarms":
        return this.alarms.size ? new AlarmStatusWidget({ ...size, alarms: [...this.alarms.values()] }) : undefined;
      case "metrics":
        return new GraphWidget({ ...size, left: this.#lines(planned.left), right: this.#lines(planned.right) });
      case "log-query":
        return new LogQueryWidget({
          ...size,
          logGroupNames: this.#props.functions.map(({ logGroup }) => logGroup.logGroupName),
          region: Stack.of(this).region,
          queryLines: [...planned.query],
        });
      default:
        return planned satisfies never;
    }
  }

  #lines(all: readonly SeriesPlan[]): IMetric[] {
    return all.flatMap(({ metrics, combine, label }) => {
      const there = metrics.filter(each => this.#isThere(each));
      if (!there.length) return [];
      if (!combine) return there.map(each => this.#metric(each, { label }));
      const lines = there.map(each => this.#metric(each));
      return joined(combine, lines, label);
    });
  }

  #isThere({ function: kind, queue }: MetricPlan): boolean {
    const { functions, queues } = this.#props;
    return queue === undefined ? functions.some(each => each.kind === kind) : queues.has(queue);
  }

  #metric(planned: MetricPlan, options: MetricOptions = {}): IMetric {
    const { namespace, name, statistic, function: kind, queue, divisor } = planned;
    const { functions, queues } = this.#props;
    const of = functions.find(each => each.kind === kind)?.function;
    const all = { statistic, ...options };
    const metric =
      of && namespace === "Amalgam"
        ? ownMetric(of, name as OwnMetric, all) // the plan has those that functions write
        : (of ?? queues.get(queue ?? ""))?.metric(name, all);
    if (!metric) throw new Error(`metric ${name} should be of a function or a queue, got ${kind ?? queue}`);
    if (divisor === undefined) return metric;
    const value = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    const { period } = options;
    return new MathExpression({
      expression: `${value} / ${divisor}`,
      usingMetrics: { [value]: metric },
      ...(period && { period }),
    });
  }
}
