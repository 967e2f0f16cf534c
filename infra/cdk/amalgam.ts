/**
 * The resources that a configuration needs, made from its graph:
 *
 *     const collector = new Amalgam(this, "Collector", { config: "config.alloy", environment: { LOKI_URL: "https://loki.example.com" } });
 *     collector.addLogGroup(group);
 *
 * Each kind of trigger has a function of its own with the same code, since their permissions, concurrency and dead letters differ.
 */
import path from "node:path";
import { type Duration, Stack, Stage, Tags, Token } from "aws-cdk-lib";
import { type IMetric, MathExpression, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import { type Architecture, Code } from "aws-cdk-lib/aws-lambda";
import type { CfnLogGroup, ILogGroup, LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Bucket, IBucket } from "aws-cdk-lib/aws-s3";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { BusFunction } from "./bus.ts";
import { type CollectorFunction, defaults } from "./collector-function.ts";
import { FirehoseFunction } from "./firehose.ts";
import { HttpFunction } from "./http.ts";
import { KafkaFunction, type KafkaProps } from "./kafka.ts";
import { LetterBucket } from "./letter-bucket.ts";
import { prepareFunction } from "./load.ts";
import { LogSubscriptionFunction } from "./log-subscription.ts";
import { type ObjectSelectionProps, ObjectsFunction, objectsDefaults } from "./objects.ts";
import { type AlarmOptions, Observability, type OwnMetric, ownMetric } from "./observability.ts";
import { QueueFunction } from "./queue.ts";
import { ScheduleFunction } from "./schedule.ts";
import { grantState, type StateProps, stateOf } from "./state.ts";
import { StreamFunction } from "./stream.ts";
import { TopicFunction } from "./topic.ts";
import { selectKinds, type TriggerKind } from "./triggers.ts";

export interface AmalgamProps extends StateProps {
  /** A file, or a folder of `*.alloy` files. It is loaded at synthesis as it will be in the functions. */
  readonly config: string;
  /**
   * Least stable components to allow.
   * @default generally-available
   */
  readonly stability?: Stability;
  /**
   * Files that the configuration reads, as certificates and those of `local.file`, relative to its folder. They keep their relative paths.
   * @default none
   */
  readonly files?: readonly string[];
  /**
   * Variables of the functions, and the only ones that `sys.env` sees at synthesis. Values of other stacks and resources may be among them.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Which of the graph's triggers get resources. An event source on a queue polls it, which SQS bills by request even when nothing arrives.
   * @default all that the graph has
   */
  readonly triggers?: readonly TriggerKind[];
  /**
   * Memory of each function in MB; its processor grows with it.
   * @default 512
   */
  readonly memory?: number;
  /** @default Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /**
   * Of one invocation. A queue's messages are hidden six times as long.
   * @default Duration.seconds(30)
   */
  readonly timeout?: Duration;
  /**
   * Invocations of each function at the same time, taken from those of the account.
   * @default no limit but the account's
   */
  readonly reservedConcurrency?: number;
  /**
   * Of the functions' own logs.
   * @default RetentionDays.TWO_WEEKS
   */
  readonly logRetention?: RetentionDays;
  /**
   * Log groups to subscribe besides those that the configuration names.
   * @default none
   */
  readonly logGroups?: readonly (string | ILogGroup)[];
  /**
   * Subscribes all log groups of the account in this region, those to come, too. An account has one such subscription for each region.
   * @default false
   */
  readonly accountLogs?: boolean;
  /**
   * Streams to take records of besides those that the configuration names.
   * @default none
   */
  readonly streams?: readonly IStream[];
  /**
   * Batches of a stream's shard that are worked on at the same time, from 1 to 10.
   * @default 1
   */
  readonly parallelization?: number;
  /**
   * Topics to subscribe to besides those that the configuration names.
   * @default none
   */
  readonly topics?: readonly ITopic[];
  /**
   * Roles of delivery streams that have a function transform their records.
   * @default none
   */
  readonly deliveryStreamRoles?: readonly IGrantable[];
  /**
   * What the configuration does not know of the brokers of Kafka.
   * @default brokers as the configuration names them
   */
  readonly kafka?: KafkaProps;
  /**
   * An existing queue to take messages of, whose redrive policy is its owner's.
   * @default a new queue with a dead-letter queue
   */
  readonly queue?: IQueue;
  /**
   * Invocations for a queue's messages at the same time, from 2 to 1000.
   * @default 10, or `reservedConcurrency` if that is less
   */
  readonly maximumConcurrency?: number;
  /**
   * An existing bucket for what backends refuse for good, as dead letters for `amalgam replay`; `false`: it goes back to its trigger.
   * @default a new bucket that keeps them for 30 days, where the configuration writes to a backend
   */
  readonly deadLetters?: Bucket | IBucket | false;
  /**
   * Alarms on data that is lost, refused, set aside or late, and on functions that fail; `{}` makes all that apply. Each costs by the month.
   * @default none
   */
  readonly alarms?: AlarmOptions;
  /**
   * A dashboard in CloudWatch, which costs by the month.
   * @default false
   */
  readonly dashboard?: boolean;
  /**
   * Tags of every resource.
   * @default none
   */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A collector without a server, as an Alloy configuration describes it. */
export class Amalgam extends Construct {
  /** What the configuration is made of, as `amalgam graph --json` prints it. */
  readonly graph: GraphDescription;
  readonly http: HttpFunction | undefined;
  readonly logSubscription: LogSubscriptionFunction | undefined;
  readonly queue: QueueFunction | undefined;
  readonly schedule: ScheduleFunction | undefined;
  /** Where dead letters are, below the prefix of this collector; `undefined` where there are none. */
  readonly deadLetters: LetterBucket | undefined;
  /** Where components keep what outlives an invocation; `undefined` where none keeps something, or not in a table. */
  readonly stateTable: ITable | undefined;
  readonly stream: StreamFunction | undefined;
  readonly topic: TopicFunction | undefined;
  readonly firehose: FirehoseFunction | undefined;
  readonly kafka: KafkaFunction | undefined;
  readonly bus: BusFunction | undefined;
  readonly objects: ObjectsFunction | undefined;
  /** Its alarms and its dashboard. */
  readonly observability: Observability;

  constructor(scope: Construct, id: string, props: AmalgamProps) {
    super(scope, id);
    checkProps(props);
    const { config, stability = "generally-available", files = [], environment = {} } = props;
    const outdir = path.join(Stage.of(this)?.assetOutdir ?? "cdk.out", `.amalgam-${this.node.addr}`);
    const { region } = Stack.of(this);
    this.graph = prepareFunction({ config, stability, files, environment, outdir, region });
    const kinds = selectKinds(this.graph, config, props.triggers, broughtBy(props));
    const state = stateOf(this, { ...props, environment, graph: this.graph });
    this.stateTable = state.table;
    this.deadLetters = LetterBucket.for(this, { graph: this.graph, environment, bucket: props.deadLetters });
    const common = {
      ...defaults,
      ...given(props),
      environment: { ...state.environment, ...this.deadLetters?.environment },
      code: Code.fromAsset(outdir),
      graph: this.graph,
    };
    const describe = (what: string) => ({ ...common, description: `${path.basename(config)}: ${what}` });
    if (kinds.has("http")) this.http = new HttpFunction(this, "Http", describe("requests"));
    if (kinds.has("log-subscription"))
      this.logSubscription = new LogSubscriptionFunction(this, "LogSubscription", describe("log subscriptions"));
    if (kinds.has("queue"))
      this.queue = new QueueFunction(this, "Queue", { ...describe("messages"), ...ofQueue(props) });
    if (kinds.has("schedule")) this.schedule = new ScheduleFunction(this, "Schedule", describe("schedules"));
    if (kinds.has("stream"))
      this.stream = new StreamFunction(this, "Stream", {
        ...describe("streams"),
        parallelization: props.parallelization,
      });
    if (kinds.has("topic")) this.topic = new TopicFunction(this, "Topic", describe("topics"));
    if (kinds.has("firehose")) this.firehose = new FirehoseFunction(this, "Firehose", describe("Firehose"));
    if (kinds.has("kafka")) this.kafka = new KafkaFunction(this, "Kafka", { ...describe("Kafka"), kafka: props.kafka });
    if (kinds.has("bus")) this.bus = new BusFunction(this, "Bus", describe("events"));
    if (kinds.has("objects"))
      this.objects = new ObjectsFunction(this, "Objects", {
        ...describe("objects of S3"),
        ...objectsDefaults,
        ...given(props),
        maximumConcurrency: props.maximumConcurrency,
      });
    for (const stream of props.streams ?? []) this.stream?.addStream(stream);
    for (const topic of props.topics ?? []) this.topic?.addTopic(topic);
    for (const role of props.deliveryStreamRoles ?? []) this.firehose?.grantInvoke(role);
    if (props.accountLogs) this.logSubscription?.addAccount(this.#functions.map(each => each.logGroup.logGroupName));
    for (const each of this.#functions) this.deadLetters?.allow(each.function);
    const named = props.accountLogs ? [] : this.logSubscription?.namedLogGroups; // the account's has them already
    for (const group of named ?? []) this.addLogGroup(group);
    for (const group of props.logGroups ?? []) this.addLogGroup(group);
    this.observability = new Observability(this, "Observability", {
      functions: this.#functions,
      queues: [this.queue, this.objects].flatMap(each => each?.queue ?? []),
      streams: this.stream ? [this.stream] : [],
      deadLetterQueues: this.deadLetterQueues,
      alarms: props.alarms,
      dashboard: props.dashboard ?? false,
    });
    for (const [name, value] of Object.entries(props.tags ?? {})) Tags.of(this).add(name, value);
    if (state.table) for (const each of this.#functions) grantState(state.table, each.function);
  }

  /** Where components take requests; `undefined` where none does. */
  get url(): string | undefined {
    return this.http?.url.url;
  }

  /** Where what could not be delivered is kept, apart from the redrive policy of a queue that was given. */
  get deadLetterQueues(): readonly IQueue[] {
    const { logSubscription, queue, schedule, stream, topic, kafka, bus, objects } = this;
    return [logSubscription, queue, schedule, stream, topic, kafka, bus, objects].flatMap(
      each => each?.deadLetterQueue ?? [],
    );
  }

  get #functions(): readonly CollectorFunction[] {
    const { http, logSubscription, queue, schedule, stream, topic, firehose, kafka, bus, objects } = this;
    return [http, logSubscription, queue, schedule, stream, topic, firehose, kafka, bus, objects].filter(
      each => each !== undefined,
    );
  }

  /** Subscribes a log group. Those of the collector itself can't be: their logs would make more logs. */
  addLogGroup(group: string | ILogGroup): void {
    if (!this.logSubscription)
      throw new Error(`${missing(this, "log-subscription")}, such as loki.source.cloudwatch_logs, got none`);
    if (this.#functions.some(({ logGroup }) => isSameGroup(logGroup, group)))
      throw new Error(
        `log group of ${this.node.path} itself can't be subscribed: each log that it delivers would make another`,
      );
    this.logSubscription.addLogGroup(group);
  }

  /** Takes messages of one more queue. */
  addQueue(queue: IQueue): void {
    if (!this.queue) throw new Error(`${missing(this, "queue")}, such as otelcol.receiver.otlp, got none`);
    this.queue.addQueue(queue);
  }

  /** Reads new objects of one more bucket. */
  addBucket(bucket: Bucket | IBucket, selection: ObjectSelectionProps = {}): void {
    if (!this.objects) throw new Error(`${missing(this, "objects")}, such as loki.source.s3, got none`);
    this.objects.addBucket(bucket, selection);
  }

  /** Lets a caller send signed requests to the URL. */
  grantInvoke(grantee: IGrantable): Grant {
    if (!this.http) throw new Error(`${missing(this, "http")}, such as otelcol.receiver.otlp, got none`);
    return this.http.grantInvoke(grantee);
  }

  /** Lets a sender put messages into the queue. */
  grantSendMessages(grantee: IGrantable): Grant {
    if (!this.queue) throw new Error(`${missing(this, "queue")}, such as otelcol.receiver.otlp, got none`);
    return this.queue.queue.grantSendMessages(grantee);
  }

  /** Allows all functions what their components need of the cloud and the graph does not know, as a secret's key. */
  addToRolePolicy(statement: PolicyStatement): void {
    for (const each of this.#functions) each.function.addToRolePolicy(statement);
  }

  /** Invocations of all functions. */
  metricInvocations(options?: MetricOptions): MathExpression {
    return total(this.#functions.map(each => each.function.metricInvocations(options)));
  }

  /** Invocations that failed as a whole; messages that a queue keeps are not among them. */
  metricErrors(options?: MetricOptions): MathExpression {
    return total(this.#functions.map(each => each.function.metricErrors(options)));
  }

  /** Invocations of all functions that Lambda had no room for. */
  metricThrottles(options?: MetricOptions): MathExpression {
    return total(this.#functions.map(each => each.function.metricThrottles(options)));
  }

  /** What all functions write of themselves, such as `SentItems` and `DroppedItems`, as a sum. */
  metric(name: OwnMetric, options?: MetricOptions): MathExpression {
    return total(this.#functions.map(each => ownMetric(each.function, name, options)));
  }

  /** Events and messages that wait in dead-letter queues: an alarm at 1 tells that data needs a person. */
  metricDeadLetters(options?: MetricOptions): MathExpression {
    const metrics = this.deadLetterQueues.map(queue =>
      queue.metricApproximateNumberOfMessagesVisible({ statistic: "max", ...options }),
    );
    if (!metrics.length) throw new Error(`${this.node.path} should have a dead-letter queue, got none`);
    return total(metrics);
  }
}

/** What a deployment would refuse, told early. */
function checkProps({ memory, timeout, environment = {}, files = [], reservedConcurrency }: AmalgamProps): void {
  const seconds = timeout?.isUnresolved() ? undefined : timeout?.toSeconds();
  if (memory !== undefined && !Token.isUnresolved(memory) && !(memory >= 128 && memory <= 10_240))
    throw new Error(`memory should be from 128 to 10240, got ${memory}`);
  if (seconds !== undefined && !(seconds >= 1 && seconds <= 900))
    throw new Error(`timeout should be from 1 to 900 seconds, got ${seconds}`);
  if (reservedConcurrency !== undefined && !Token.isUnresolved(reservedConcurrency) && reservedConcurrency < 1)
    throw new Error(`reservedConcurrency should be 1 or more, got ${reservedConcurrency}`);
  for (const file of files)
    if (path.isAbsolute(file) || path.normalize(file).startsWith(".."))
      throw new Error(`files should be in the folder of the configuration, relative to it, got ${file}`);
  for (const name of Object.keys(environment))
    if (reserved.test(name))
      throw new Error(`environment should have no variable that Lambda sets itself, got ${name}`);
}

const reserved =
  /^(_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_(TASK_ROOT|RUNTIME_DIR)|AWS_((DEFAULT_)?REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)))$/;

/** Props that take the place of defaults. */
const given = ({ memory, architecture, timeout, logRetention, reservedConcurrency }: AmalgamProps) => ({
  ...(memory !== undefined && { memory }),
  ...(architecture && { architecture }),
  ...(timeout && { timeout }),
  ...(logRetention !== undefined && { logRetention }),
  reservedConcurrency,
});

const ofQueue = ({ maximumConcurrency, queue }: AmalgamProps) => ({ maximumConcurrency, queue });

/** Kinds of trigger for which the user brings the source. */
const broughtBy = (props: AmalgamProps): ReadonlySet<TriggerKind> =>
  new Set([
    ...(props.streams?.length ? (["stream"] as const) : []),
    ...(props.topics?.length ? (["topic"] as const) : []),
    ...(props.deliveryStreamRoles?.length ? (["firehose"] as const) : []),
    ...(props.accountLogs ? (["log-subscription"] as const) : []),
  ]);

const missing = ({ node }: Construct, kind: TriggerKind): string =>
  `${node.path} should have a component with the trigger ${kind}`;

/** Same construct, or a name that CloudFormation makes for it. */
function isSameGroup(own: LogGroup, group: string | ILogGroup): boolean {
  const stack = Stack.of(own);
  const name = stack.resolve(typeof group === "string" ? group : group.logGroupName) as unknown;
  if (typeof name !== "string") return JSON.stringify(name) === JSON.stringify(stack.resolve(own.logGroupName));
  const resource = own.node.defaultChild as CfnLogGroup; // a log group is one resource
  return name.startsWith(`${stack.stackName}-${stack.resolve(stack.getLogicalId(resource))}-`);
}

const total = (metrics: readonly IMetric[]): MathExpression =>
  new MathExpression({
    expression: metrics.map((_, i) => `m${i}`).join(" + "),
    usingMetrics: Object.fromEntries(metrics.map((metric, i) => [`m${i}`, metric])),
  });
