/** A function that subscriptions of CloudWatch Logs call. */
import { Annotations, ArnFormat, Duration, Stack, Token } from "aws-cdk-lib";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { CfnAccountPolicy, FilterPattern, type ILogGroup, LogGroup, SubscriptionFilter } from "aws-cdk-lib/aws-logs";
import { LambdaDestination } from "aws-cdk-lib/aws-logs-destinations";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";

type Takers = ReturnType<typeof possibleTriggers<"log-subscription">>;

export class LogSubscriptionFunction extends CollectorFunction {
  readonly deadLetterQueue: IQueue;
  readonly #takers: Takers;
  readonly #subscribed = new Set<string>();

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, props);
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    this.function.configureAsyncInvoke({
      onFailure: new SqsDestination(this.deadLetterQueue),
      retryAttempts: 2,
      maxEventAge: Duration.hours(6), // the longest: events that find no free instance wait
    });
    this.#permit();
    this.#takers = possibleTriggers(props.graph, "log-subscription");
    for (const { component, trigger } of this.#takers)
      for (const pattern of trigger.logGroups.filter(isPattern))
        Annotations.of(this).addInfo(
          `${component} takes the log groups ${pattern}, but a subscription needs a name: add the groups to logGroups, or with addLogGroup`,
        );
  }

  /** Names in the configuration; a pattern is no name that could be subscribed. */
  get namedLogGroups(): string[] {
    return this.#takers.flatMap(({ trigger }) => trigger.logGroups.filter(name => !isPattern(name)));
  }

  /** One permission for all groups of the account: a function's policy has no room for one each. */
  #permit(): void {
    const { account } = Stack.of(this);
    this.function.addPermission("Subscriptions", {
      principal: new ServicePrincipal("logs.amazonaws.com"),
      sourceAccount: account,
      sourceArn: Stack.of(this).formatArn({
        service: "logs",
        resource: "log-group",
        resourceName: "*",
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    });
  }

  /** Subscribes a log group, once. */
  addLogGroup(group: string | ILogGroup): void {
    const name = typeof group === "string" ? group : group.logGroupName;
    const key = JSON.stringify(Stack.of(this).resolve(name));
    if (this.#subscribed.has(key)) return;
    this.#subscribed.add(key);
    const id = Token.isUnresolved(name) && typeof group !== "string" ? `Of${group.node.addr}` : name;
    const filter = new SubscriptionFilter(this, `Subscription ${id}`, {
      logGroup: typeof group === "string" ? LogGroup.fromLogGroupName(this, `Group ${id}`, group) : group,
      destination: new LambdaDestination(this.function, { addPermissions: false }),
      filterPattern: FilterPattern.literal(this.#filterPattern(name)),
    });
    const permission = this.function.node.tryFindChild("Subscriptions");
    if (permission) filter.node.addDependency(permission); // CloudWatch tries the function when a subscription is made
  }

  /** Subscribes all log groups of the account in this region, also those to come, but not those that `except` names. */
  addAccount(except: readonly string[]): void {
    const pattern = this.#onePattern("of the account", this.#takers);
    const policy = new CfnAccountPolicy(this, "AccountPolicy", {
      policyName: `amalgam-${this.node.addr}`,
      policyType: "SUBSCRIPTION_FILTER_POLICY",
      policyDocument: Stack.of(this).toJsonString({
        DestinationArn: this.function.functionArn,
        FilterPattern: pattern,
        Distribution: "Random",
      }),
      scope: "ALL",
      selectionCriteria: `LogGroupName NOT IN [${except.map(name => `"${name}"`).join(", ")}]`,
    });
    const permission = this.function.node.tryFindChild("Subscriptions");
    if (permission) policy.node.addDependency(permission);
  }

  /** Of the components that take the group: those that name it, else those that take any. */
  #filterPattern(name: string): string {
    if (Token.isUnresolved(name)) return this.#onePattern(name, this.#takers);
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

const isPattern = (name: string): boolean => name.includes("*");

const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`).test(name);
