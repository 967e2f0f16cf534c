/** A collector that another stack has made. */
import type { MathExpression, MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { type IFunction, Function as Lambda } from "aws-cdk-lib/aws-lambda";
import { FilterPattern, type ILogGroup, LogGroup, SubscriptionFilter } from "aws-cdk-lib/aws-logs";
import { LambdaDestination } from "aws-cdk-lib/aws-logs-destinations";
import { type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import { Construct, type IConstruct } from "constructs";
import type { FunctionKind } from "../resources.ts";
import { idOf } from "./connect.ts";
import { grantRequests } from "./http.ts";
import { type OwnMetric, ownMetric } from "./observability.ts";
import { total } from "./sums.ts";

/** A collector, of this stack or of another. */
export interface IAmalgam extends IConstruct {
  /** Where components take requests; `undefined` where none does. */
  readonly url: string | undefined;
  /** Lets a caller send signed requests to the URL. */
  grantInvoke(grantee: IGrantable): Grant;
  /** Lets a sender put messages into the queue. */
  grantSendMessages(grantee: IGrantable): Grant;
  /** Subscribes a log group. */
  addLogGroup(group: string | ILogGroup): void;
  /** Invocations of all functions. */
  metricInvocations(options?: MetricOptions): MathExpression;
  /** Invocations that failed as a whole. */
  metricErrors(options?: MetricOptions): MathExpression;
  /** Invocations that Lambda had no room for. */
  metricThrottles(options?: MetricOptions): MathExpression;
  /** What functions write of themselves. */
  metric(name: OwnMetric, options?: MetricOptions): MathExpression;
}

/** What is known of a collector that another stack or app has made. */
export interface AmalgamAttributes {
  /** ARNs of its functions, as `functionArns` of the collector has them; those that are used suffice. */
  readonly functionArns: Readonly<Partial<Record<FunctionKind, string>>>;
  /**
   * Where its components take requests.
   * @default unknown
   */
  readonly url?: string | undefined;
  /**
   * ARN of the queue that it takes messages of.
   * @default unknown
   */
  readonly queueArn?: string | undefined;
  /**
   * What CloudWatch sends of log groups that are subscribed to it.
   * @default all events
   */
  readonly filterPattern?: string;
}

export class ImportedAmalgam extends Construct implements IAmalgam {
  readonly url: string | undefined;
  readonly #attributes: AmalgamAttributes;
  readonly #functions: ReadonlyMap<string, IFunction>;
  readonly #queue: IQueue | undefined;

  constructor(scope: Construct, id: string, attributes: AmalgamAttributes) {
    super(scope, id);
    const arns = Object.entries(attributes.functionArns);
    if (!arns.length) throw new Error(`functionArns of ${this.node.path} should have at least one function, got none`);
    this.#attributes = attributes;
    this.url = attributes.url;
    this.#functions = new Map(arns.map(([kind, arn]) => [kind, Lambda.fromFunctionArn(this, `Function ${kind}`, arn)]));
    if (attributes.queueArn !== undefined) this.#queue = Queue.fromQueueArn(this, "Queue", attributes.queueArn);
  }

  grantInvoke(grantee: IGrantable): Grant {
    return grantRequests(grantee, this.#function("http").functionArn);
  }

  grantSendMessages(grantee: IGrantable): Grant {
    if (!this.#queue) throw new Error(`${this.node.path} should have a queueArn, got none`);
    return this.#queue.grantSendMessages(grantee);
  }

  /** Subscribes a log group, which the collector has allowed for all of the account. */
  addLogGroup(group: string | ILogGroup): void {
    const id = typeof group === "string" ? idOf(this, group) : group.node.addr;
    new SubscriptionFilter(this, `Subscription ${id}`, {
      logGroup: typeof group === "string" ? LogGroup.fromLogGroupName(this, `Group ${id}`, group) : group,
      destination: new LambdaDestination(this.#function("log-subscription"), { addPermissions: false }),
      filterPattern: FilterPattern.literal(this.#attributes.filterPattern ?? ""),
    });
  }

  metricInvocations(options?: MetricOptions): MathExpression {
    return total([...this.#functions.values()].map(each => each.metricInvocations(options)));
  }

  metricErrors(options?: MetricOptions): MathExpression {
    return total([...this.#functions.values()].map(each => each.metricErrors(options)));
  }

  metricThrottles(options?: MetricOptions): MathExpression {
    return total([...this.#functions.values()].map(each => each.metricThrottles(options)));
  }

  metric(name: OwnMetric, options?: MetricOptions): MathExpression {
    return total([...this.#functions.values()].map(each => ownMetric(each, name, options)));
  }

  #function(kind: FunctionKind): IFunction {
    const found = this.#functions.get(kind);
    if (!found) throw new Error(`functionArns of ${this.node.path} should have ${kind}, got ${[...this.#functions.keys()].join(", ")}`); // biome-ignore format: a line
    return found;
  }
}
