/**
 * Subscribes log groups to a collector by their tags and names, those to come, too:
 *
 *     new LogGroupSubscriber(this, "Subscriber", { destination: collector, tags: { team: "shop" } });
 *
 * A function looks at a group when CloudTrail tells that it was made, tagged or untagged, and at all of them once a day.
 */
import path from "node:path";
import { ArnFormat, Duration, Lazy, RemovalPolicy, Stack, Stage, Tags, Token } from "aws-cdk-lib";
import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import { Match, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, type IFunction, Function as Lambda, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";
import { bundleSubscriber } from "../../functions/aws/subscriber/bundle.ts";
import type { Settings } from "../../functions/aws/subscriber/main.ts";
import { collectorTag } from "../../functions/aws/subscriber/selection.ts";
import type { Amalgam } from "./amalgam.ts";
import { explainWildcard } from "./permissions.ts";

export interface LogGroupSubscriberProps {
  /** What gets the logs: a collector with a component for log subscriptions, or a function that takes their events. */
  readonly destination: Amalgam | IFunction;
  /**
   * Tags that a log group must have, all of them; the value `*` stands for any.
   * @default tags do not matter; then `include` is needed
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Names, with `*` for any characters, of which a log group must have one.
   * @default names do not matter; then `tags` are needed
   */
  readonly include?: readonly string[];
  /**
   * Names, with `*` for any characters, that are left out. Log groups that a collector writes to are, anyway.
   * @default none
   */
  readonly exclude?: readonly string[];
  /**
   * What CloudWatch sends of a log group: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
   * @default everything
   */
  readonly filterPattern?: string;
  /**
   * How often all log groups are looked at, the first time when the schedule is made.
   * @default Duration.days(1)
   */
  readonly every?: Duration;
  /**
   * Whether single log groups are looked at when CloudTrail tells of them, which needs a trail in the account.
   * @default true
   */
  readonly events?: boolean;
  /** @default Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /**
   * Of the function's own log.
   * @default RetentionDays.TWO_WEEKS
   */
  readonly logRetention?: RetentionDays;
}

/** Subscribes log groups that carry tags, or whose names fit, and no others. */
export class LogGroupSubscriber extends Construct {
  readonly function: Lambda;
  readonly logGroup: LogGroup;
  /** The name of its subscriptions; it touches none of another name. */
  readonly filterName: string;

  constructor(scope: Construct, id: string, props: LogGroupSubscriberProps) {
    super(scope, id);
    checkProps(props);
    const { every = Duration.days(1), events = true, tags = {}, architecture = Architecture.ARM_64 } = props;
    functionOf(props.destination); // a collector without one is told here
    this.filterName = `amalgam-${this.node.addr}`;
    this.logGroup = new LogGroup(this, "Logs", {
      retention: props.logRetention ?? RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.#createRole(props);
    const outdir = path.join(Stage.of(this)?.assetOutdir ?? "cdk.out", `.amalgam-subscriber-${this.node.addr}`);
    bundleSubscriber(outdir);
    this.function = new Lambda(this, "Resource", {
      description: "Subscribes log groups to a collector",
      runtime: Runtime.NODEJS_24_X,
      handler: "index.handler",
      code: Code.fromAsset(outdir),
      role,
      architecture,
      memorySize: 256,
      timeout: Duration.minutes(15),
      // log groups may be added to the collector after this
      environment: {
        AMALGAM_SUBSCRIBER: Lazy.string({ produce: () => Stack.of(this).toJsonString(this.#settings(props)) }),
      },
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    // in the role's own policy it would be a circle
    new Policy(this, "InvokeItself", { roles: [role], statements: [this.#invoke] });
    this.#schedule(every);
    if (events) this.#follow(Object.keys(tags).length > 0);
    this.#prepareDestination(props.destination);
  }

  /** Log groups that others have subscribed as often as can be, so that they get nothing here, at each look. */
  metricFull(options?: MetricOptions): Metric {
    return this.#metric("FullLogGroups", options);
  }

  /** Log groups for which AWS refused something; the function's log says what. */
  metricFailed(options?: MetricOptions): Metric {
    return this.#metric("FailedLogGroups", options);
  }

  #metric(metricName: string, options?: MetricOptions): Metric {
    const dimensionsMap = { FunctionName: this.function.functionName };
    return new Metric({ namespace: "Amalgam", metricName, dimensionsMap, statistic: "sum", ...options });
  }

  #settings({
    destination,
    tags = {},
    include = [],
    exclude = [],
    filterPattern = "",
  }: LogGroupSubscriberProps): Settings {
    const collectors = isFunction(destination)
      ? []
      : destination.node.findAll().filter(each => each instanceof LogGroup);
    const subscribed = isFunction(destination) ? [] : (destination.logSubscription?.subscribedLogGroups ?? []);
    const own = [...[this.logGroup, ...collectors].map(group => group.logGroupName), ...subscribed];
    return {
      selection: { tags, include, exclude, own },
      filter: { name: this.filterName, destination: functionOf(destination).functionArn, pattern: filterPattern },
    };
  }

  #createRole({ include = [] }: LogGroupSubscriberProps): Role {
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.logGroup.grantWrite(role);
    const all = this.#groupArn("*");
    const subscribed = include.length ? include.flatMap(name => this.#groupArns(name)) : [all];
    const statements = [
      {
        actions: ["logs:DescribeLogGroups", "logs:DescribeSubscriptionFilters", "logs:ListTagsForResource"],
        resources: [all],
        reason: "Which log groups carry the tags is known only when all of them are looked at",
      },
      {
        actions: ["logs:DeleteSubscriptionFilter"],
        resources: [all],
        reason: "A subscription ends where a log group is not one to subscribe any more, whatever its name",
      },
      {
        actions: ["logs:PutSubscriptionFilter"],
        resources: subscribed,
        reason: "Which log groups carry the tags, or come to be with such names, is known only when it runs",
      },
      {
        actions: ["tag:GetResources"],
        resources: ["*"],
        reason: "The tagging service knows no resources that this could be limited to",
      },
    ];
    for (const { actions, resources, reason } of statements) {
      role.addToPolicy(new PolicyStatement({ actions, resources }));
      for (const resource of resources) explainWildcard(role, resource, reason);
    }
    return role;
  }

  #groupArn(resourceName: string): string {
    return Stack.of(this).formatArn({
      service: "logs",
      resource: "log-group",
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** A group's ARN is asked for with `:*` at its end, and without. */
  #groupArns = (name: string): string[] =>
    name.endsWith("*") ? [this.#groupArn(name)] : [this.#groupArn(name), this.#groupArn(`${name}:*`)];

  get #invoke(): PolicyStatement {
    return new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [this.function.functionArn] });
  }

  #schedule(every: Duration): void {
    const role = new Role(this, "SchedulerRole", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    });
    role.addToPolicy(this.#invoke); // the library's own target would allow every version and alias, too
    new Schedule(this, "Schedule", {
      description: "Looks at all log groups",
      schedule: ScheduleExpression.rate(every),
      target: {
        bind: () => ({
          arn: this.function.functionArn,
          role,
          input: ScheduleTargetInput.fromObject({ reconcile: {} }),
          retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 2 },
        }),
      },
    });
  }

  #follow(byTags: boolean): void {
    const tagging = ["TagResource", "UntagResource", "TagLogGroup", "UntagLogGroup"];
    new Rule(this, "Changes", {
      description: "Log groups that are made, tagged and untagged",
      eventPattern: {
        source: ["aws.logs"],
        detailType: ["AWS API Call via CloudTrail"],
        detail: {
          eventSource: ["logs.amazonaws.com"],
          eventName: ["CreateLogGroup", ...(byTags ? tagging : [])],
          errorCode: Match.doesNotExist(),
        },
      },
      targets: [new LambdaFunction(this.function)],
    });
  }

  /** Marks what must not be subscribed, and lets CloudWatch call the function. */
  #prepareDestination(destination: Amalgam | IFunction): void {
    const groups = { includeResourceTypes: ["AWS::Logs::LogGroup"] };
    Tags.of(this).add(collectorTag, this.node.path, groups);
    if (!isFunction(destination)) {
      Tags.of(destination).add(collectorTag, destination.node.path, groups);
      return;
    }
    destination.addPermission(`Subscriptions${this.node.addr}`, {
      principal: new ServicePrincipal("logs.amazonaws.com"),
      sourceAccount: Stack.of(this).account,
      sourceArn: this.#groupArn("*"),
      scope: this,
    });
  }
}

const isFunction = (destination: Amalgam | IFunction): destination is IFunction => "functionArn" in destination;

function functionOf(destination: Amalgam | IFunction): IFunction {
  if (isFunction(destination)) return destination;
  const { logSubscription, node } = destination;
  if (logSubscription) return logSubscription.function;
  throw new Error(
    `${node.path} should have a component with the trigger log-subscription, such as loki.source.cloudwatch_logs, got none`,
  );
}

/** What a deployment would refuse, or what would subscribe everything, told early. */
function checkProps({ tags = {}, include = [], exclude = [], every }: LogGroupSubscriberProps): void {
  if (!Object.keys(tags).length && !include.length)
    throw new Error('tags or include should say which log groups are subscribed, got none: include: ["*"] is all');
  for (const [prop, names] of Object.entries({ include, exclude }))
    for (const name of names)
      if (!Token.isUnresolved(name) && !/^[\w./#*-]{1,512}$/.test(name))
        throw new Error(`${prop} should be names of letters, digits and _-/.#*, got ${JSON.stringify(name)}`);
  if (every && !every.isUnresolved() && every.toMinutes({ integral: false }) < 1)
    throw new Error(`every should be a minute or more, got ${every.toHumanString()}`);
}
