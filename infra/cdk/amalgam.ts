/**
 * The resources that a configuration needs, made from its graph:
 *
 *     const collector = new Amalgam(this, "Collector", { config: "config.alloy", environment: { LOKI_URL: "https://loki.example.com" } });
 *     collector.addLogGroup(group);
 *
 * Each kind of trigger has a function of its own with the same code, since their permissions, concurrency and dead letters differ.
 */
import path from "node:path";
import { Annotations, type Duration, Lazy, Stack, Stage, Tags, Token } from "aws-cdk-lib";
import type { MathExpression, MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import {
  Connections,
  type IConnectable,
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
  type Vpc,
} from "aws-cdk-lib/aws-ec2";
import type { Grant, IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { type Architecture, Code } from "aws-cdk-lib/aws-lambda";
import type { CfnLogGroup, ILogGroup, LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Bucket, IBucket } from "aws-cdk-lib/aws-s3";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { type FunctionKind, type PermissionPlan, planResources, type ResourcePlan } from "../resources.ts";
import { BusFunction } from "./bus.ts";
import {
  type CollectorFunction,
  type CollectorFunctionProps,
  defaults,
  type NetworkProps,
} from "./collector-function.ts";
import { Environment, type EnvironmentValue } from "./environment.ts";
import { FirehoseFunction } from "./firehose.ts";
import { HandOverFunction } from "./hand-over.ts";
import { HttpFunction } from "./http.ts";
import { type AmalgamAttributes, type IAmalgam, ImportedAmalgam } from "./imported.ts";
import { KafkaFunction, type KafkaProps } from "./kafka.ts";
import { LetterBucket } from "./letter-bucket.ts";
import { prepareFunction } from "./load.ts";
import { type AccountSubscriptionProps, LogSubscriptionFunction } from "./log-subscription.ts";
import { type ObjectSelectionProps, ObjectsFunction } from "./objects.ts";
import { type AlarmOptions, Observability, type OwnMetric, ownMetric } from "./observability.ts";
import { Places } from "./places.ts";
import { selectPlan, type TriggerKind } from "./plan.ts";
import { QueueFunction } from "./queue.ts";
import { allowLogs } from "./queues.ts";
import { ScheduleFunction } from "./schedule.ts";
import { type StateProps, stateOf } from "./state.ts";
import { StreamFunction } from "./stream.ts";
import { largest, total } from "./sums.ts";
import { TopicFunction } from "./topic.ts";

export type { ResourcePlan } from "../resources.ts";
export type { EnvironmentValue } from "./environment.ts";
export type { AmalgamAttributes, IAmalgam } from "./imported.ts";
export type { KafkaProps } from "./kafka.ts";
export { LogGroupSubscriber, type LogGroupSubscriberProps } from "./log-group-subscriber.ts";
export type { AccountSubscriptionProps } from "./log-subscription.ts";
export type { ObjectSelectionProps } from "./objects.ts";
export type { AlarmName, AlarmOptions, OwnMetric } from "./observability.ts";
export type { TriggerKind } from "./plan.ts";

/** What may differ from one function to another. */
export interface FunctionProps {
  /**
   * Memory in MB; the processor grows with it.
   * @default 512, and 1769, which is a whole core, for the function that reads objects of S3
   */
  readonly memory?: number;
  /**
   * Of one invocation. A queue's messages are hidden six times as long.
   * @default what the plan says, with its reason: 30 seconds for most
   */
  readonly timeout?: Duration;
  /**
   * Invocations of each function at the same time, taken from those of the account.
   * @default no limit but the account's
   */
  readonly reservedConcurrency?: number;
}

export interface AmalgamProps extends StateProps, FunctionProps {
  /**
   * A file, or a folder of `*.alloy` files. It is loaded at synthesis as it will be in the functions. At an address (`s3://BUCKET/KEY`,
   * `https://…`) it is read at synthesis, for its resources, and again by the functions while they run.
   */
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
   * Variables of the functions, and the only ones that `sys.env` sees at synthesis. Values of other stacks and resources may be among
   * them. Of a secret or a parameter it is the ARN or the name, never the content: a component such as `remote.aws.secrets_manager` reads that.
   * @default none
   */
  readonly environment?: Readonly<Record<string, EnvironmentValue>>;
  /**
   * Which of the graph's triggers get resources. An event source on a queue polls it, which SQS bills by request even when nothing arrives.
   * @default all that the graph has
   */
  readonly triggers?: readonly TriggerKind[];
  /**
   * What differs for functions of some kinds.
   * @default all are alike
   */
  readonly functions?: Readonly<Partial<Record<FunctionKind, FunctionProps>>>;
  /** @default Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /**
   * Network that functions run in, to reach backends and stores without a public address. To reach AWS and backends outside of it needs
   * a NAT gateway or endpoints, which is up to its owner.
   * @default none, as Lambda's own network is enough for what has a public address
   */
  readonly vpc?: Vpc | IVpc;
  /**
   * Subnets of `vpc`.
   * @default private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * What functions may reach in `vpc`.
   * @default a new one for all functions, which may reach everything and is reached by nothing
   */
  readonly securityGroups?: readonly ISecurityGroup[];
  /**
   * Encrypts queues, the table, the bucket, the functions' logs and their variables. Its policy gets what services of AWS need to use it; of
   * a key that is only known by its ARN the owner has to allow it.
   * @default keys of AWS' own, which cost nothing
   */
  readonly encryptionKey?: IKey;
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
   * Subscribes all log groups of the account in this region, those to come, too, but not the collector's own. An account has one such
   * subscription for each region.
   * @default false
   */
  readonly accountLogs?: boolean | AccountSubscriptionProps;
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
   * Hands data over that a backend does not take in time: the trigger is answered, the data waits in a queue for up to two weeks, and a
   * function of its own delivers it. `false`: it goes back to its trigger. The event source polls the queue, which SQS bills by request.
   * @default made where the configuration writes to a backend and there is a bucket for dead letters
   */
  readonly handOver?: false;
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
export class Amalgam extends Construct implements IAmalgam, IConnectable {
  /** A collector of another stack or app, to send to it, to subscribe log groups to it and to watch it. */
  static fromAttributes(scope: Construct, id: string, attributes: AmalgamAttributes): IAmalgam {
    return new ImportedAmalgam(scope, id, attributes);
  }

  /** What the configuration is made of, as `amalgam graph --json` prints it. */
  readonly graph: GraphDescription;
  /** What is made of it, with reasons: the part of the plan in `amalgam graph --json` that is wanted. */
  readonly plan: ResourcePlan;
  readonly http: HttpFunction | undefined;
  readonly logSubscription: LogSubscriptionFunction | undefined;
  readonly queue: QueueFunction | undefined;
  readonly schedule: ScheduleFunction | undefined;
  readonly stream: StreamFunction | undefined;
  readonly topic: TopicFunction | undefined;
  readonly firehose: FirehoseFunction | undefined;
  readonly kafka: KafkaFunction | undefined;
  readonly bus: BusFunction | undefined;
  readonly objects: ObjectsFunction | undefined;
  /** Delivers what the others could not deliver in time; `undefined` where nothing is handed over. */
  readonly handOver: HandOverFunction | undefined;
  /** Where dead letters are, below the prefix of this collector; `undefined` where there are none. */
  readonly deadLetters: LetterBucket | undefined;
  /** Where components keep what outlives an invocation; `undefined` where none keeps something, or not in a table. */
  readonly stateTable: ITable | undefined;
  /** Its alarms and its dashboard. */
  readonly observability: Observability;
  /** What functions reach, and are reached by, in `vpc`. */
  readonly connections: Connections;
  readonly #places = new Places();

  constructor(scope: Construct, id: string, props: AmalgamProps) {
    super(scope, id);
    checkProps(props);
    const { config, stability = "generally-available", files = [], encryptionKey } = props;
    const outdir = path.join(Stage.of(this)?.assetOutdir ?? "cdk.out", `.amalgam-${this.node.addr}`);
    const { region } = Stack.of(this);
    const variables = new Environment(this, props.environment ?? {});
    const { values: environment } = variables;
    this.graph = prepareFunction({ config, stability, files, environment: variables.standIns, outdir, region });
    const planned = variables.restore(planResources(this.graph));
    if (planned.problems.length) throw new Error(planned.problems.join("\n"));
    for (const note of planned.notes) Annotations.of(this).addInfo(note);

    const places = this.#places;
    this.stateTable = stateOf(this, { ...props, plan: planned, places, environment });
    const { deadLetters: bucket } = props;
    this.deadLetters = LetterBucket.for(this, { plan: planned, places, environment, bucket, encryptionKey });
    const handOver = props.handOver !== false && this.deadLetters !== undefined && !environment["AMALGAM_HAND_OVER"];
    if (!handOver) for (const name of ["queue", "queue-url"]) places.leaveOut(`${name}:hand-over`);
    this.plan = selectPlan(planned, { config, triggers: props.triggers, brought: broughtBy(props), handOver });
    places.set("log-group-names:functions", Lazy.string({ produce: () => this.#ownLogGroups().join(",") }));
    if (encryptionKey) allowLogs(this, encryptionKey);
    const network = this.#networkOf(props);
    this.connections = new Connections({ securityGroups: [...(network?.securityGroups ?? [])] });

    const common = {
      ...defaults,
      ...given(props),
      environment,
      code: Code.fromAsset(outdir),
      graph: this.graph,
      plan: this.plan,
      places,
      title: path.basename(config),
      network,
      encryptionKey,
    };
    const make = <Made>(kind: FunctionKind, create: (props: CollectorFunctionProps) => Made): Made | undefined =>
      this.plan.functions.some(each => each.kind === kind)
        ? create({ ...common, ...given(props.functions?.[kind] ?? {}) })
        : undefined;
    const { maximumConcurrency, parallelization, kafka, queue } = props;
    // before the others, which send to its queue
    this.handOver = make("hand-over", own => new HandOverFunction(this, "HandOver", own));
    this.http = make("http", own => new HttpFunction(this, "Http", own));
    this.logSubscription = make("log-subscription", own => {
      const ownLogGroups = () => this.#ownLogGroups();
      return new LogSubscriptionFunction(this, "LogSubscription", { ...own, ownLogGroups });
    });
    this.queue = make("queue", own => new QueueFunction(this, "Queue", { ...own, maximumConcurrency, queue }));
    this.schedule = make("schedule", own => new ScheduleFunction(this, "Schedule", own));
    this.stream = make("stream", own => new StreamFunction(this, "Stream", { ...own, parallelization }));
    this.topic = make("topic", own => new TopicFunction(this, "Topic", own));
    this.firehose = make("firehose", own => new FirehoseFunction(this, "Firehose", own));
    this.kafka = make("kafka", own => new KafkaFunction(this, "Kafka", { ...own, kafka }));
    this.bus = make("bus", own => new BusFunction(this, "Bus", own));
    this.objects = make("objects", own => new ObjectsFunction(this, "Objects", { ...own, maximumConcurrency }));
    for (const { function: each } of this.#functions) if (each.role) variables.grantKeys(each.role);
    this.#connect(props);
    this.observability = new Observability(this, "Observability", {
      plan: this.plan,
      functions: this.#functions,
      queues: new Map(this.#functions.flatMap(each => [...each.watchedQueues])),
      alarms: props.alarms,
      dashboard: props.dashboard ?? false,
    });
    for (const [name, value] of Object.entries(props.tags ?? {})) Tags.of(this).add(name, value);
  }

  /** What the user brings at once, and log groups that the configuration names. */
  #connect({ accountLogs, logGroups = [], streams = [], topics = [], deliveryStreamRoles = [] }: AmalgamProps): void {
    for (const stream of streams) this.addStream(stream);
    for (const topic of topics) this.addTopic(topic);
    for (const role of deliveryStreamRoles) this.firehose?.grantInvoke(role);
    if (accountLogs) this.subscribeAccount(accountLogs === true ? {} : accountLogs);
    const named = accountLogs ? [] : this.plan.logSubscriptions; // the account's has them already
    for (const { logGroup } of named) this.addLogGroup(logGroup);
    for (const group of logGroups) this.addLogGroup(group);
  }

  #networkOf({ vpc: given, vpcSubnets, securityGroups }: AmalgamProps): NetworkProps | undefined {
    if (!given) return undefined;
    const vpc = given as IVpc; // it is one, but for exactOptionalPropertyTypes
    const description = `Functions of ${this.node.path}`;
    const groups = securityGroups ?? [new SecurityGroup(this, "SecurityGroup", { vpc, description })];
    return { vpc, vpcSubnets, securityGroups: groups };
  }

  #ownLogGroups(): string[] {
    return this.#functions.map(({ logGroup }) => logGroup.logGroupName);
  }

  /** Where components take requests; `undefined` where none does. */
  get url(): string | undefined {
    return this.http?.url.url;
  }

  /** Where what could not be delivered is kept, apart from the redrive policy of a queue that was given. */
  get deadLetterQueues(): readonly IQueue[] {
    return this.#functions.flatMap(each => each.deadLetterQueue ?? []);
  }

  /** What roles may do because the plan says so, with reasons and the resources of this stack. */
  get permissions(): readonly PermissionPlan[] {
    return [...this.plan.functions, ...this.plan.roles]
      .flatMap(each => each.permissions)
      .filter(({ resource }) => !this.#places.isLeftOut(resource))
      .map(each => ({ ...each, resource: this.#places.resolve(each.resource, this) }));
  }

  /** The ARN of the function of each kind, for `Amalgam.fromAttributes` in another stack. */
  get functionArns(): Readonly<Partial<Record<FunctionKind, string>>> {
    return Object.fromEntries(this.#functions.map(each => [each.kind, each.function.functionArn]));
  }

  get #functions(): readonly CollectorFunction[] {
    const { http, logSubscription, queue, schedule, stream, topic, firehose, kafka, bus, objects, handOver } = this;
    return [http, logSubscription, queue, schedule, stream, topic, firehose, kafka, bus, objects, handOver].filter(
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

  /**
   * Subscribes all log groups of the account in this region, also those to come, but not those of the collector itself and those that
   * are subscribed one by one. An account has one such subscription for each region.
   */
  subscribeAccount(selection: AccountSubscriptionProps = {}): void {
    if (!this.logSubscription)
      throw new Error(`${missing(this, "log-subscription")}, such as loki.source.cloudwatch_logs, got none`);
    this.logSubscription.subscribeAccount(selection);
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

  /** Takes records of one more stream. Where the configuration names none, the prop `triggers` has to say that there will be some. */
  addStream(stream: IStream): void {
    if (!this.stream) throw new Error(`${missing(this, "stream")}, such as loki.source.kinesis, got none`);
    this.stream.addStream(stream);
  }

  /** Subscribes to one more topic. Where the configuration names none, the prop `triggers` has to say that there will be some. */
  addTopic(topic: ITopic): void {
    if (!this.topic) throw new Error(`${missing(this, "topic")}, such as loki.source.sns, got none`);
    this.topic.addTopic(topic);
  }

  /** Runs a component that works on a clock at more times than those of the configuration, once for each. */
  addScrapeSchedule(component: string, every: Duration | ScheduleExpression): void {
    if (!this.schedule) throw new Error(`${missing(this, "schedule")}, such as prometheus.scrape, got none`);
    const isExpression = every instanceof ScheduleExpression;
    this.schedule.addSchedule(component, isExpression ? every : ScheduleExpression.rate(every));
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

  /** Seconds that the oldest message waits, of all queues that functions take messages of. */
  metricAgeOfOldestMessage(options?: MetricOptions): MathExpression {
    const metrics = this.#functions
      .flatMap(each => [...each.watchedQueues])
      .filter(([id]) => !id.endsWith("-dead-letters"))
      .map(([, queue]) => queue.metricApproximateAgeOfOldestMessage({ statistic: "max", ...options }));
    if (!metrics.length) throw new Error(`${this.node.path} should have a queue, got none`);
    return largest(metrics);
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
function checkProps({ environment = {}, files = [], functions = {}, vpc, ...props }: AmalgamProps): void {
  checkFunction(props);
  for (const each of Object.values(functions)) checkFunction(each);
  if (!vpc && (props.vpcSubnets || props.securityGroups))
    throw new Error(
      `${props.vpcSubnets ? "vpcSubnets" : "securityGroups"} should be set together with vpc, got no vpc`,
    );
  for (const file of files)
    if (path.isAbsolute(file) || path.normalize(file).startsWith(".."))
      throw new Error(`files should be in the folder of the configuration, relative to it, got ${file}`);
  for (const name of Object.keys(environment))
    if (reserved.test(name))
      throw new Error(`environment should have no variable that Lambda sets itself, got ${name}`);
}

function checkFunction({ memory, timeout, reservedConcurrency }: FunctionProps): void {
  const seconds = timeout?.isUnresolved() ? undefined : timeout?.toSeconds();
  if (memory !== undefined && !Token.isUnresolved(memory) && !(memory >= 128 && memory <= 10_240))
    throw new Error(`memory should be from 128 to 10240, got ${memory}`);
  if (seconds !== undefined && !(seconds >= 1 && seconds <= 900))
    throw new Error(`timeout should be from 1 to 900 seconds, got ${seconds}`);
  if (reservedConcurrency !== undefined && !Token.isUnresolved(reservedConcurrency) && reservedConcurrency < 1)
    throw new Error(`reservedConcurrency should be 1 or more, got ${reservedConcurrency}`);
}

const reserved =
  /^(_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_(TASK_ROOT|RUNTIME_DIR)|AWS_((DEFAULT_)?REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)))$/;

/** Props that take the place of defaults. */
const given = ({ memory, timeout, reservedConcurrency, ...props }: FunctionProps & Partial<AmalgamProps>) => ({
  ...(memory !== undefined && { memory }),
  ...(timeout && { timeout }),
  ...(reservedConcurrency !== undefined && { reservedConcurrency }),
  ...(props.architecture && { architecture: props.architecture }),
  ...(props.logRetention !== undefined && { logRetention: props.logRetention }),
});

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
