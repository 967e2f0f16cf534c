/** A function that subscriptions of CloudWatch Logs call. */
import { Lazy, Stack, Token } from "aws-cdk-lib";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnAccountPolicy, FilterPattern, type ILogGroup, LogGroup, SubscriptionFilter } from "aws-cdk-lib/aws-logs";
import { LambdaDestination } from "aws-cdk-lib/aws-logs-destinations";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { connectableTo, idOf } from "./connect.ts";

type Takers = ReturnType<typeof possibleTriggers<"log-subscription">>;

/** Which log groups of an account to subscribe. */
export interface AccountSubscriptionProps {
  /**
   * Log groups to leave out besides those of the collector itself, which are never among them. It is all that CloudWatch can select by.
   * @default none
   */
  readonly except?: readonly (string | ILogGroup)[];
  /**
   * What CloudWatch sends of them.
   * @default filter_pattern of the components that take log subscriptions
   */
  readonly filterPattern?: string;
}

export interface LogSubscriptionFunctionProps extends CollectorFunctionProps {
  /** Names of the log groups of all functions of the collector, when all are there. */
  readonly ownLogGroups: () => readonly string[];
}

export class LogSubscriptionFunction extends CollectorFunction {
  readonly #takers: Takers;
  readonly #ownLogGroups: () => readonly string[];
  /** Names by what they are in the template. */
  readonly #subscribed = new Map<string, string>();

  constructor(scope: Construct, id: string, props: LogSubscriptionFunctionProps) {
    super(scope, id, "log-subscription", props);
    this.#ownLogGroups = props.ownLogGroups;
    this.#takers = possibleTriggers(props.graph, "log-subscription");
    for (const { principal, sourceArn } of this.described.invokers)
      this.function.addPermission("Subscriptions", {
        principal: new ServicePrincipal(principal),
        sourceAccount: Stack.of(this).account,
        ...(sourceArn !== undefined && { sourceArn: this.resolve(sourceArn) }),
      });
  }

  /** Names of those that are subscribed one by one. */
  get subscribedLogGroups(): readonly string[] {
    return [...this.#subscribed.values()];
  }

  /** Subscribes a log group, once. */
  addLogGroup(group: string | ILogGroup): void {
    const name = typeof group === "string" ? group : group.logGroupName;
    const key = JSON.stringify(Stack.of(this).resolve(name));
    if (this.#subscribed.has(key)) return;
    this.#subscribed.set(key, name);
    const id = Token.isUnresolved(name) && typeof group !== "string" ? `Of${group.node.addr}` : idOf(this, name);
    const filter = new SubscriptionFilter(this, `Subscription ${id}`, {
      logGroup: typeof group === "string" ? LogGroup.fromLogGroupName(this, `Group ${id}`, group) : group,
      destination: new LambdaDestination(this.function, { addPermissions: false }),
      filterPattern: FilterPattern.literal(this.#filterPattern(name)),
    });
    const permission = this.function.node.tryFindChild("Subscriptions");
    if (permission) filter.node.addDependency(permission); // CloudWatch tries the function when a subscription is made
  }

  /**
   * Subscribes all log groups of the account in this region, also those to come, but not those that the collector writes to itself,
   * and those that are subscribed one by one.
   */
  subscribeAccount({ except = [], filterPattern }: AccountSubscriptionProps = {}): void {
    if (this.node.tryFindChild("AccountPolicy"))
      throw new Error(`the account's log groups should be subscribed once, got ${this.node.path} twice`);
    const connectable = connectableTo(this.props.plan, "logs");
    if (filterPattern === undefined && connectable.problem) throw new Error(connectable.problem);
    const others = except.map(group => (typeof group === "string" ? group : group.logGroupName));
    const names = () => [...this.#ownLogGroups(), ...others, ...this.#subscribed.values()];
    const policy = new CfnAccountPolicy(this, "AccountPolicy", {
      policyName: `amalgam-${this.node.addr}`,
      policyType: "SUBSCRIPTION_FILTER_POLICY",
      policyDocument: Stack.of(this).toJsonString({
        DestinationArn: this.function.functionArn,
        FilterPattern: filterPattern ?? connectable.filterPattern ?? "",
        Distribution: "Random",
      }),
      scope: "ALL",
      selectionCriteria: Lazy.string({
        produce: () =>
          `LogGroupName NOT IN [${names()
            .map(name => `"${name}"`)
            .join(", ")}]`,
      }),
    });
    const permission = this.function.node.tryFindChild("Subscriptions");
    if (permission) policy.node.addDependency(permission);
  }

  /** Of the components that take the group: those that name it, else those that take any. */
  #filterPattern(name: string): string {
    if (Token.isUnresolved(name)) {
      const planned = this.props.plan.logSubscriptions.find(({ logGroup }) => logGroup === name);
      return planned?.filterPattern ?? this.#onePattern(name, this.#takers);
    }
    const takers = this.#takers.filter(
      ({ trigger: { logGroups } }) => !logGroups.length || logGroups.some(pattern => matches(pattern, name)),
    );
    if (!takers.length) {
      const all = this.#takers.map(({ component }) => component).join(", ");
      throw new Error(`log group ${name} should be one that log_groups of a component selects, got none: ${all}`);
    }
    const naming = takers.filter(({ trigger }) => trigger.logGroups.includes(name));
    return this.#onePattern(name, naming.length ? naming : takers);
  }

  #onePattern(name: string, takers: Takers): string {
    const [pattern = "", ...others] = new Set(takers.map(({ trigger }) => trigger.filterPattern));
    if (others.length) {
      const all = takers.map(({ component, trigger }) => `${component} has ${JSON.stringify(trigger.filterPattern)}`);
      throw new Error(
        `log group ${Token.isUnresolved(name) ? "of another stack" : name} should have one filter_pattern, since it has one subscription, got: ${all.join(", ")}`,
      );
    }
    return pattern;
  }
}

const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`).test(name);
