/** What a stack is made of, in the sentences of facts.ts. */
import { CfnElement, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { account, region, say, settings, text } from "./facts.ts";

/** The library's function that tells S3 of notifications; Terraform's provider does that itself. */
const helper = "BucketNotificationsHandler";

type Json = Record<string, unknown>;

/** Names of the plan by the ends of paths of constructs. */
const names: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [/^([A-Z]\w+)\/Resource\/Resource$/, kind => (kind === "DeadLetters" ? "bucket" : `function:${kebab(kind)}`)],
  [/^([A-Z]\w+)\/Logs\/Resource$/, kind => `log-group:${kebab(kind)}`],
  [/^([A-Z]\w+)\/DeadLetters\/Resource$/, kind => `queue:${kebab(kind)}-dead-letters`],
  [/^(Queue|Objects|HandOver)\/Queue\/Resource$/, kind => `queue:${kebab(kind)}`],
  [/^State\/Resource$/, () => "table:state"],
  [/^([A-Z]\w+)\/Role\/Resource$/, kind => kebab(kind)],
  [/^Schedule\/SchedulerRole\/Resource$/, () => "scheduler"],
  [/^Bus\/Rule (.+)$/, component => `rule:${component}`],
  [/\/Subscriber\/Resource\/Resource$/, () => "function:log-group-subscriber"],
  [/\/Subscriber\/Logs\/Resource$/, () => "log-group:log-group-subscriber"],
  [/\/Subscriber\/Role\/Resource$/, () => "log-group-subscriber"],
  [/\/Subscriber\/SchedulerRole\/Resource$/, () => "log-group-subscriber-scheduler"],
  [/\/Subscriber\/Changes\/Resource$/, () => "rule:log-group-subscriber"],
];

const kebab = (name: string): string => name.replaceAll(/(?<!^)([A-Z])/g, "-$1").toLowerCase();

/** The list of a stack whose only collector is named `Collector`, and whose subscriber of log groups, if it has one, `Subscriber`. */
export function factsOfStack(stack: Stack): string[] {
  const ids = new Map<string, string>();
  for (const element of stack.node.findAll())
    if (element instanceof CfnElement) {
      const path = element.node.path.replace(/^[^/]+\/Collector\//, "");
      for (const [pattern, name] of names) {
        const found = pattern.exec(path);
        if (found) ids.set(String(stack.resolve(element.logicalId)), name(...found.slice(1)));
      }
    }
  const pseudo: Readonly<Record<string, string>> = {
    "AWS::Partition": "aws",
    "AWS::Region": region,
    "AWS::AccountId": account,
  };
  const nameOf = (id: string) => pseudo[id] ?? `<${ids.get(id) ?? id}>`;
  /** CloudFormation's functions, resolved. */
  const resolve = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(resolve);
    const [[name, of] = [""]] = Object.entries(value);
    if (name === "Ref") return nameOf(String(of));
    if (name === "Fn::GetAtt") return nameOf(String([of].flat()[0]));
    if (name === "Fn::Join") return (of as [string, unknown[]])[1].map(resolve).join((of as [string])[0]); // its arguments
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each)]));
  };
  const { Resources } = Template.fromStack(stack).toJSON() as {
    Resources: Record<string, { Type: string; Properties: Json }>;
  }; // of every template
  return Object.entries(Resources)
    .filter(([, { Properties }]) => !JSON.stringify([Properties["Roles"], Properties["Role"]]).includes(helper))
    .flatMap(([id, { Type, Properties }]) =>
      factsOfResource(Type, (ids.get(id) ?? id).replace(/^\w+(-\w+)*:/, ""), resolve(Properties) as Json),
    )
    .sort();
}

// biome-ignore lint/suspicious/noExplicitAny: properties of resources, as CloudFormation has them
type Properties = Record<string, any>;

const bare = (name: string): string => name.replace(/^<(?:[\w-]+:)?(.*)>$/, "$1");

function factsOfResource(type: string, name: string, of: Properties): string[] {
  switch (type) {
    case "AWS::Lambda::Function":
      return [
        say.function({
          kind: name,
          memory: of["MemorySize"],
          timeout: of["Timeout"],
          variables: Object.keys(of["Environment"]?.Variables ?? {}).filter(each => each.startsWith("AMALGAM_")),
        }),
        ...say.selection(of["Environment"]?.Variables?.AMALGAM_SUBSCRIBER, name => name),
      ];
    case "AWS::IAM::Policy":
      return of["PolicyDocument"].Statement.flatMap(({ Action, Resource }: Properties) => {
        const actions = [Action].flat() as string[]; // one, or a list
        const resources = [Resource].flat() as string[];
        return resources.flatMap(each =>
          actions.map(action => say.allow(bare(of["Roles"][0]), action, resourceName(each))),
        );
      });
    case "AWS::Lambda::Url":
      return [say.url(bare(of["TargetFunctionArn"]), of["AuthType"])];
    case "AWS::Lambda::EventInvokeConfig":
      return [
        say.async(
          bare(of["FunctionName"]),
          of["MaximumRetryAttempts"],
          of["MaximumEventAgeInSeconds"],
          of["DestinationConfig"].OnFailure.Destination,
        ),
      ];
    case "AWS::Lambda::Permission":
      return of["Principal"] === "*" ? [] : [say.invoker(bare(of["FunctionName"]), of["Principal"], of["SourceArn"])];
    case "AWS::SQS::Queue": {
      const redrive = of["RedrivePolicy"];
      return [
        say.queue(
          name,
          of["MessageRetentionPeriod"] ?? 345_600,
          of["VisibilityTimeout"] ?? 30,
          redrive ? `after ${redrive.maxReceiveCount} to ${redrive.deadLetterTargetArn}` : "kept",
        ),
      ];
    }
    case "AWS::Scheduler::Schedule":
      return [say.schedule(of["ScheduleExpression"], text(JSON.parse(of["Target"].Input)))];
    case "AWS::Logs::SubscriptionFilter":
      return [say.subscription(of["LogGroupName"], of["FilterPattern"])];
    case "AWS::Lambda::EventSourceMapping":
      return [
        say.source(
          bare(of["FunctionName"]),
          of["EventSourceArn"],
          settings({
            concurrency: of["ScalingConfig"]?.MaximumConcurrency,
            start: of["StartingPosition"],
            retries: of["MaximumRetryAttempts"],
            age: of["MaximumRecordAgeInSeconds"],
            deadLetters: of["DestinationConfig"]?.OnFailure.Destination,
          }),
        ),
      ];
    case "AWS::SNS::Subscription":
      return [say.topic(of["TopicArn"], of["RedrivePolicy"].deadLetterTargetArn)];
    case "AWS::Events::Rule": {
      const [{ InputTransformer, RetryPolicy, DeadLetterConfig }] = of["Targets"];
      const target = {
        input: InputTransformer?.InputTemplate,
        retries: RetryPolicy?.MaximumRetryAttempts,
        age: RetryPolicy?.MaximumEventAgeInSeconds,
        deadLetters: DeadLetterConfig?.Arn,
      };
      return [say.rule(of["EventBusName"] ?? "default", of["EventPattern"], target)];
    }
    case "Custom::S3BucketNotifications":
      return of["NotificationConfiguration"].QueueConfigurations.map(({ QueueArn, Filter }: Properties) => {
        const rule = (name: string) =>
          Filter?.Key.FilterRules.find(({ Name }: Properties) => Name === name)?.Value ?? "";
        return say.notification(of["BucketName"], `${rule("prefix")}*${rule("suffix")}`, QueueArn);
      });
    case "AWS::DynamoDB::Table":
      return [
        say.table([
          ...of["KeySchema"].map(({ AttributeName }: Properties) => AttributeName),
          of["TimeToLiveSpecification"].AttributeName,
        ]),
      ];
    case "AWS::S3::Bucket":
      return [say.bucket(of["LifecycleConfiguration"].Rules[0].ExpirationInDays)];
    default:
      return [];
  }
}

/** `<bucket>/Collector/*` is what the plan calls the objects of the collector. */
const resourceName = (resource: string): string => resource.replace("<bucket>/Collector/*", "<objects:dead-letters>");
