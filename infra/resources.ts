/**
 * What a graph needs of AWS, as plain data: the CDK construct, the Terraform module and `amalgam graph --json` are printers of it.
 * Version 1; fields are added, never changed. docs/graph-json.md says what they mean.
 *
 * Names in `${…}` stand for what only a deployment knows: `${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}` anywhere in
 * a text, and as a whole text the ARN of something in the plan, such as `${queue:queue}`.
 */
import type { GraphDescription } from "../lib/pipeline/graph/describe.ts";
import type { KafkaConnection } from "../lib/pipeline/graph/trigger.ts";
import { connectableOf } from "./resources/connectable.ts";
import { functionsOf } from "./resources/functions.ts";
import { notificationsOf, objectNotes } from "./resources/objects.ts";
import { type AlarmName, alarmsOf, dashboardOf } from "./resources/observability.ts";
import { secretsOf, wildcardProblems } from "./resources/permissions.ts";
import {
  filterProblems,
  logSubscriptionsOf,
  queuesOf,
  rulesOf,
  schedulesOf,
  sourcesOf,
  topicProblems,
  topicsOf,
} from "./resources/sources.ts";
import { keptBy } from "./resources/stores.ts";
import { type FunctionKind, kindsOf } from "./resources/triggers.ts";

export type { AlarmName };
export type { FunctionKind } from "./resources/triggers.ts";

export interface ResourcePlan {
  readonly version: 1;
  /** One for each kind of trigger, all with the same code. */
  readonly functions: readonly FunctionPlan[];
  readonly schedules: readonly SchedulePlan[];
  readonly queues: readonly QueuePlan[];
  readonly logSubscriptions: readonly LogSubscriptionPlan[];
  readonly eventSources: readonly EventSourcePlan[];
  readonly topics: readonly TopicPlan[];
  readonly rules: readonly RulePlan[];
  readonly notifications: readonly NotificationPlan[];
  readonly tables: readonly TablePlan[];
  readonly buckets: readonly BucketPlan[];
  /** Variables of the functions, besides the user's. */
  readonly environment: readonly VariablePlan[];
  /** Roles that aren't those of functions. */
  readonly roles: readonly RolePlan[];
  /** Values that components read; they are made by others. */
  readonly secrets: readonly SecretPlan[];
  /** What a deployment may connect besides what the configuration names. */
  readonly connectable: readonly ConnectablePlan[];
  /** For those who want them: CloudWatch bills them by the month. */
  readonly alarms: readonly AlarmPlan[];
  /** The same, as rows of widgets. */
  readonly dashboard: readonly (readonly WidgetPlan[])[];
  /** What a person must do or know, since the configuration does not say enough. */
  readonly notes: readonly string[];
  /** Why it can't be deployed as it is. */
  readonly problems: readonly string[];
}

/** A value and why it is that; a deployment may choose another. */
export interface Reasoned {
  readonly value: number;
  readonly reason: string;
}

export interface FunctionPlan {
  readonly kind: FunctionKind;
  readonly reason: string;
  /** Megabytes. */
  readonly memory: Reasoned;
  /** Seconds. */
  readonly timeout: Reasoned;
  readonly url?: UrlPlan;
  /** For functions that are called without waiting for an answer. */
  readonly asyncInvoke?: AsyncInvokePlan;
  /** Services that may call it, besides those with a role that is allowed to. */
  readonly invokers: readonly InvokerPlan[];
  readonly permissions: readonly PermissionPlan[];
}

export interface UrlPlan {
  /** `none`: anyone may call it, since each component behind it asks for credentials itself. */
  readonly auth: "aws_iam" | "none";
  readonly paths: readonly string[];
  readonly reason: string;
}

export interface AsyncInvokePlan {
  readonly retries: number;
  readonly maximumAgeSeconds: number;
  /** Id of the queue for events that failed. */
  readonly deadLetters: string;
  readonly reason: string;
}

export interface InvokerPlan {
  readonly principal: string;
  readonly sourceArn?: string;
  readonly reason: string;
}

export interface PermissionPlan {
  readonly actions: readonly string[];
  readonly resource: string;
  /** Of a bucket nothing else may be listed: a condition on `s3:prefix`. */
  readonly prefix?: string;
  readonly reason: string;
}

export interface SchedulePlan {
  readonly component: string;
  /** What the configuration says. */
  readonly everySeconds: readonly number[];
  /** How often the function is called. */
  readonly everyMinutes: number;
  /** How long an invocation runs the component at its own times; absent where it runs once. */
  readonly forSeconds?: number;
  readonly reason: string;
}

export interface QueuePlan {
  readonly id: string;
  /** Messages of a group keep their order; with high throughput, since groups are many. Its name ends in `.fifo`. */
  readonly fifo?: boolean;
  readonly retentionSeconds: number;
  readonly visibilityTimeoutSeconds?: number;
  /** Where messages go that failed so often. */
  readonly redrive?: { readonly to: string; readonly after: number };
  readonly reason: string;
}

export interface LogSubscriptionPlan {
  readonly logGroup: string;
  readonly filterPattern: string;
  readonly components: readonly string[];
}

export interface EventSourcePlan {
  readonly function: FunctionKind;
  readonly service: "sqs" | "kinesis" | "kafka";
  /** ARN, `${queue:queue}`, or a topic of Kafka. */
  readonly from: string;
  readonly maximumConcurrency?: number;
  /** Where a stream is read from at first. */
  readonly startAt?: "latest" | "earliest";
  readonly retries?: number;
  readonly maximumAgeSeconds?: number;
  /** Id of the queue for what failed so often. */
  readonly deadLetters?: string;
  readonly kafka?: Omit<KafkaConnection, "topics" | "startAt">;
  readonly reason: string;
}

/** A topic of SNS that the function is subscribed to. */
export interface TopicPlan {
  readonly arn: string;
  /** Id of the queue for notifications that Lambda did not take. */
  readonly deadLetters: string;
  readonly reason: string;
}

/** A rule on a bus of EventBridge. */
export interface RulePlan {
  readonly id: string;
  /** Name or ARN. */
  readonly bus: string;
  readonly pattern: Readonly<Record<string, unknown>>;
  /** What the function gets: the event, with the component beside it. */
  readonly input: string;
  readonly retries: number;
  readonly maximumAgeSeconds: number;
  /** Id of the queue for events that Lambda did not take. */
  readonly deadLetters: string;
  readonly reason: string;
}

/** New objects of a bucket, which S3 tells a queue of. */
export interface NotificationPlan {
  readonly bucket: string;
  readonly prefix?: string;
  readonly suffix?: string;
  /** Id of the queue. */
  readonly queue: string;
  readonly reason: string;
}

/** A table of DynamoDB, billed by request. */
export interface TablePlan {
  readonly id: string;
  /** Names of its keys, both strings. */
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly timeToLive: string;
  readonly components: readonly string[];
  readonly reason: string;
}

/** A bucket of S3, closed to the public; keys in it begin with the collector's name. */
export interface BucketPlan {
  readonly id: string;
  readonly expireAfterDays: number;
  readonly components: readonly string[];
  readonly reason: string;
}

export interface VariablePlan {
  readonly name: string;
  /**
   * With `${table-name:ID}`, `${queue-url:ID}`, `${place:ID}` for `s3://BUCKET/NAME`, and `${log-group-names:functions}` for the names
   * of the functions' log groups with commas between them.
   */
  readonly value: string;
  readonly reason: string;
}

export interface RolePlan {
  readonly id: string;
  readonly principal: string;
  readonly permissions: readonly PermissionPlan[];
  readonly reason: string;
}

export interface SecretPlan {
  readonly kind: "secrets-manager" | "ssm-parameter" | "s3-object";
  readonly arn: string;
  readonly components: readonly string[];
}

/** A kind of source that a deployment may bring; in its texts `${source}` is the ARN. */
export interface ConnectablePlan {
  readonly service: "sqs" | "kinesis" | "sns" | "firehose" | "logs" | "s3";
  readonly function: FunctionKind;
  /** What is made with the first one, since the configuration names none of the kind. */
  readonly makes?: { readonly functions: readonly FunctionPlan[]; readonly queues: readonly QueuePlan[] };
  /** How Lambda polls it. */
  readonly eventSource?: Omit<EventSourcePlan, "function" | "service" | "from">;
  /** What the function may do with it. */
  readonly permissions: readonly PermissionPlan[];
  /** The service that calls the function for it. */
  readonly invokers: readonly InvokerPlan[];
  /** What the role of a source may do, where that calls the function. */
  readonly callers: readonly PermissionPlan[];
  /** Id of the queue that takes its notifications, */
  readonly queue?: string;
  /** or of the one for what Lambda did not take. */
  readonly deadLetters?: string;
  /** Of all log groups of the account together. */
  readonly filterPattern?: string;
  /** Why the account's log groups can't be subscribed together. */
  readonly problem?: string;
  readonly reason: string;
}

/** A metric of a function or of a queue, whose name is its dimension `FunctionName` or `QueueName`. */
export interface MetricPlan {
  readonly namespace: "Amalgam" | "AWS/Lambda" | "AWS/SQS";
  readonly name: string;
  readonly statistic: "Sum" | "Maximum" | "p50" | "p99";
  readonly function?: FunctionKind;
  /** Its id. */
  readonly queue?: string;
  /** By which values are divided: 1000 makes seconds of milliseconds. */
  readonly divisor?: number;
}

/** Metrics of what a deployment does not make are left out, and alarms that have none then. */
export interface AlarmPlan {
  readonly id: string;
  /** What a user calls it; several have the same name where CloudWatch takes no more metrics in one. */
  readonly name: AlarmName;
  readonly metrics: readonly MetricPlan[];
  /** How several metrics become one; those without data count as nothing. */
  readonly combine: "sum" | "max";
  /** It is wrong from this value on. */
  readonly threshold: number;
  readonly periodSeconds: number;
  /** So many of the last `evaluationPeriods` must be wrong. */
  readonly datapointsToAlarm: number;
  readonly evaluationPeriods: number;
  /** What it tells, with `${threshold}`. */
  readonly reason: string;
}

/** Lines of a graph: one for each metric, or one for all. */
export interface SeriesPlan {
  readonly metrics: readonly MetricPlan[];
  readonly combine?: "sum";
  readonly label: string;
}

/** Its place in the row follows from its width; 24 is the whole. */
export type WidgetPlan = {
  readonly title: string;
  readonly width: number;
  readonly height: number;
} & (
  | { readonly kind: "alarms" }
  | { readonly kind: "metrics"; readonly left: readonly SeriesPlan[]; readonly right: readonly SeriesPlan[] }
  /** Of the log groups of all functions, in the language of Logs Insights. */
  | { readonly kind: "log-query"; readonly query: readonly string[] }
);

/** The resources of all kinds of trigger that the graph has. */
export function planResources(graph: GraphDescription): ResourcePlan {
  const kinds = kindsOf(graph);
  const functions = functionsOf(graph, kinds);
  const schedules = schedulesOf(graph);
  const queues = queuesOf(graph, kinds);
  const eventSources = sourcesOf(graph, kinds);
  const connectable = connectableOf(graph);
  const watched = { functions, queues, eventSources, connectable, follows: graph.followed !== undefined };
  return {
    version: 1,
    functions,
    schedules,
    queues,
    logSubscriptions: logSubscriptionsOf(graph),
    eventSources,
    topics: topicsOf(graph),
    rules: rulesOf(graph),
    notifications: notificationsOf(graph),
    ...keptBy(graph),
    roles: schedules.length ? [schedulerRole] : [],
    secrets: secretsOf(graph),
    connectable,
    alarms: alarmsOf(watched),
    dashboard: dashboardOf(watched),
    notes: notesOf(graph),
    problems: [
      ...(kinds.length || connectable.length
        ? []
        : ["the configuration should have a component that something calls, got none"]),
      ...filterProblems(graph),
      ...topicProblems(graph),
      ...wildcardProblems(graph),
    ],
  };
}

const schedulerRole: RolePlan = {
  id: "scheduler",
  principal: "scheduler.amazonaws.com",
  permissions: [
    {
      actions: ["lambda:InvokeFunction"],
      resource: "${function:schedule}",
      reason: "EventBridge Scheduler calls the function",
    },
  ],
  reason: "a schedule calls a function with a role",
};

function notesOf(graph: GraphDescription): string[] {
  const patterns = graph.components.flatMap(({ id, triggers }) =>
    triggers.flatMap(trigger =>
      trigger.kind === "records"
        ? [
            ...trigger.logGroups.map(name => ({ id, what: "log groups", one: "a subscription", name })),
            ...(trigger.bus ? [] : (trigger.from ?? [])).map(name => ({
              id,
              what: "sources",
              one: "an event source",
              name,
            })),
          ]
        : [],
    ),
  );
  const unnamed = patterns
    .filter(({ name }) => name.includes("*"))
    .map(
      ({ id, what, one, name }) =>
        `${id} takes the ${what} ${name}, but ${one} needs a name: name them when you deploy`,
    );
  return [...unnamed, ...objectNotes(graph)];
}
