/** One function of a collector, as the plan has it: its role, its log group, its queues, and the code that all of them share. */
import { Duration, Names, RemovalPolicy } from "aws-cdk-lib";
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";
import { Grant, type IGrantable, Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import {
  Architecture,
  type Code,
  Function as Lambda,
  LoggingFormat,
  Runtime,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import type { EventSourcePlan, FunctionKind, FunctionPlan, ResourcePlan } from "../resources.ts";
import { allowNetwork } from "./network.ts";
import { allow } from "./permissions.ts";
import type { Places } from "./places.ts";
import { createQueues } from "./queues.ts";

/** What all functions of a collector have in common. */
export interface CollectorFunctionProps {
  readonly code: Code;
  readonly graph: GraphDescription;
  /** What is wanted of the graph's plan. */
  readonly plan: ResourcePlan;
  readonly places: Places;
  /** What the description begins with. */
  readonly title: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `undefined`: the plan's. */
  readonly timeout?: Duration | undefined;
  /** `undefined`: the plan's. */
  readonly memory?: number | undefined;
  readonly architecture: Architecture;
  readonly logRetention: RetentionDays;
  /** `undefined`: no limit but the account's. */
  readonly reservedConcurrency?: number | undefined;
  readonly maximumConcurrency?: number | undefined;
  readonly network?: NetworkProps | undefined;
  readonly encryptionKey?: IKey | undefined;
}

/** Where functions run that reach something without a public address. */
export interface NetworkProps {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection | undefined;
  readonly securityGroups: readonly ISecurityGroup[];
}

/** Props that a user leaves out and no plan knows. */
export const defaults = { architecture: Architecture.ARM_64, logRetention: RetentionDays.TWO_WEEKS } as const;

export class CollectorFunction extends Construct {
  readonly function: Lambda;
  readonly logGroup: LogGroup;
  readonly kind: FunctionKind;
  /** What the plan says of it. */
  readonly described: FunctionPlan;
  /** Those that were made for it, by their ids in the plan. */
  protected readonly queues: ReadonlyMap<string, Queue>;
  protected readonly role: Role;
  protected readonly props: CollectorFunctionProps;

  constructor(scope: Construct, id: string, kind: FunctionKind, props: CollectorFunctionProps) {
    super(scope, id);
    const { plan, places, network, encryptionKey: key, reservedConcurrency } = props;
    this.kind = kind;
    this.props = props;
    this.described = functionOf(plan, kind);
    this.logGroup = new LogGroup(this, "Logs", {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key && { encryptionKey: key }),
    });
    places.set(`log-group:${kind}`, this.logGroup.logGroupArn);
    this.queues = createQueues(this, props, this.described, this.timeout);
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    const { permissions } = this.described;
    allow(this.role, permissions.filter(each => !isOfFunction(each)), places); // biome-ignore format: a line
    if (network) allowNetwork(this.role);
    this.function = new Lambda(this, "Resource", {
      description: `${props.title}: ${this.described.reason}`.slice(0, 256),
      runtime: Runtime.NODEJS_24_X,
      handler: "index.handler",
      code: props.code,
      role: this.role,
      architecture: props.architecture,
      memorySize: props.memory ?? this.described.memory.value,
      timeout: this.timeout,
      environment: { ...this.#planned(), ...props.environment },
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      ...(key && { environmentEncryption: key }),
      ...(network && {
        vpc: network.vpc,
        securityGroups: [...network.securityGroups],
        ...(network.vpcSubnets && { vpcSubnets: network.vpcSubnets }),
      }),
    });
    key?.grant(this.role, "kms:Decrypt"); // of its variables
    places.set(`function:${kind}`, this.function.functionArn);
    // in the role's own policy it would be a circle: a function comes after that
    const itself = permissions.filter(isOfFunction);
    if (itself.length)
      new Policy(this, "InvokeItself", {
        roles: [this.role],
        statements: itself.map(
          ({ actions, resource }) =>
            new PolicyStatement({ actions: [...actions], resources: [places.resolve(resource, this)] }),
        ),
      });
    this.#configureAsyncInvoke();
  }

  /** Keeps what could not be delivered; `undefined` where there is none, or it is of the owner of a queue. */
  get deadLetterQueue(): IQueue | undefined {
    return [...this.queues].find(([id]) => id.endsWith("-dead-letters"))?.[1];
  }

  /** Queues to watch, by their ids in the plan: those that were made, and those that the user has put in their places. */
  get watchedQueues(): ReadonlyMap<string, IQueue> {
    return this.queues;
  }

  /** How long an invocation may take. */
  get timeout(): Duration {
    return this.props.timeout ?? Duration.seconds(this.described.timeout.value);
  }

  /** Lets a caller invoke the function, and no version or alias besides it. */
  grantInvoke(grantee: IGrantable): Grant {
    const resourceArns = [this.function.functionArn];
    return Grant.addToPrincipal({ grantee, actions: ["lambda:InvokeFunction"], resourceArns });
  }

  /** Has Lambda poll a source as the plan says. */
  protected poll(
    id: string,
    arn: string,
    settings: PollSettings,
    more: { readonly parallelization?: number } = {},
  ): void {
    const { maximumConcurrency: planned, startAt, retries, maximumAgeSeconds, deadLetters } = settings;
    const isQueue = startAt === undefined;
    const maxConcurrency = planned === undefined ? undefined : this.#concurrency(planned);
    this.function.addEventSourceMapping(id, {
      eventSourceArn: arn,
      reportBatchItemFailures: true,
      ...(isQueue ? {} : { startingPosition: positions[startAt], bisectBatchOnError: true }),
      ...(maxConcurrency !== undefined && { maxConcurrency }),
      ...(retries !== undefined && { retryAttempts: retries }),
      ...(maximumAgeSeconds !== undefined && { maxRecordAge: Duration.seconds(maximumAgeSeconds) }),
      ...(more.parallelization !== undefined && { parallelizationFactor: more.parallelization }),
      ...(deadLetters !== undefined && { onFailure: { bind: () => ({ destination: this.arnOfQueue(deadLetters) }) } }),
    });
  }

  /** Has Lambda take messages of a queue; its id is what CDK's own event source has. */
  protected pollQueue(queue: IQueue, settings: PollSettings): void {
    this.poll(`SqsEventSource:${Names.nodeUniqueId(queue.node)}`, queue.queueArn, settings);
  }

  /** A text of the plan. */
  protected resolve(text: string): string {
    return this.props.places.resolve(text, this);
  }

  protected arnOfQueue(id: string): string {
    return this.resolve(`\${queue:${id}}`);
  }

  /** What the plan says of the sources that Lambda polls for the function. */
  protected get sources(): readonly EventSourcePlan[] {
    return this.props.plan.eventSources.filter(each => each.function === this.kind);
  }

  /** Variables that the plan wants, but those of places that the user does not want; a list of places may go without the later ones. */
  #planned(): Record<string, string> {
    const { plan, places, environment } = this.props;
    return Object.fromEntries(
      plan.environment.flatMap(({ name, value }) => {
        const [first = "", ...others] = value.split(",");
        if (environment[name] !== undefined || places.isLeftOut(first)) return [];
        const there = [first, ...others.filter(each => !places.isLeftOut(each))];
        return [[name, this.resolve(there.join(","))]];
      }),
    );
  }

  #configureAsyncInvoke(): void {
    const { asyncInvoke } = this.described;
    if (!asyncInvoke) return;
    const destination = this.arnOfQueue(asyncInvoke.deadLetters);
    this.function.configureAsyncInvoke({
      onFailure: { bind: () => ({ destination }) },
      retryAttempts: asyncInvoke.retries,
      maxEventAge: Duration.seconds(asyncInvoke.maximumAgeSeconds),
    });
  }

  /** Lambda wants two at least. What is handed over may wait for one: its queue sets nothing aside. */
  #concurrency(planned: number): number | undefined {
    const { maximumConcurrency, reservedConcurrency = Number.POSITIVE_INFINITY } = this.props;
    if (this.kind === "hand-over" && reservedConcurrency < 2) return undefined;
    const wanted = maximumConcurrency ?? Math.min(planned, reservedConcurrency);
    if (wanted < 2 || wanted > Math.min(1000, reservedConcurrency))
      throw new Error(
        `maximumConcurrency should be from 2 to ${Math.min(1000, reservedConcurrency)}, got ${wanted}: messages that a function has no room for count as failed`,
      );
    return wanted;
  }
}

/** How Lambda polls something. */
export type PollSettings = Omit<EventSourcePlan, "function" | "service" | "from" | "kafka" | "reason">;

export const positions = { latest: StartingPosition.LATEST, earliest: StartingPosition.TRIM_HORIZON } as const;

const isOfFunction = ({ resource }: { readonly resource: string }): boolean => resource.startsWith("${function:");

/** What the plan says of a function, whether the configuration alone has it or what the user brings makes it. */
function functionOf({ functions }: ResourcePlan, kind: FunctionKind): FunctionPlan {
  const found = functions.find(each => each.kind === kind);
  if (!found) throw new Error(`the plan should have a function for ${kind}, got ${functions.map(each => each.kind)}`);
  return found;
}
