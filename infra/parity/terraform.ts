/** What a state of Terraform is made of, in the sentences of facts.ts. */
import { say, settings, text } from "./facts.ts";

// biome-ignore lint/suspicious/noExplicitAny: values of resources, as Terraform has them
type Values = Record<string, any>;

interface Resource {
  readonly type: string;
  readonly name: string;
  readonly index: string;
  readonly values: Values;
}

/** Names of the plan by types of resources. */
const prefixes: Readonly<Record<string, string>> = {
  aws_lambda_function: "function:",
  aws_cloudwatch_log_group: "log-group:",
  aws_sqs_queue: "queue:",
  aws_dynamodb_table: "table:",
  aws_cloudwatch_event_rule: "rule:",
};

/** The list of a state, as `terraform show -json` prints it, with one module whose name is `amalgam`. */
export function factsOfState(state: {
  readonly values: {
    readonly root_module: { readonly child_modules: readonly { readonly resources: readonly Resource[] }[] };
  };
}): string[] {
  const resources = state.values.root_module.child_modules.flatMap(each => each.resources);
  const byArn = new Map<string, string>();
  for (const { type, index, values } of resources) {
    const prefix = prefixes[type];
    if (!prefix) continue;
    byArn.set(values["arn"], `<${prefix}${index}>`);
    if (type === "aws_cloudwatch_log_group")
      for (const each of [`${values["arn"]}:*`, values["name"]]) byArn.set(each, `<${prefix}${index}>`);
    if (type === "aws_sqs_queue") byArn.set(values["url"], `<${prefix}${index}>`);
  }
  for (const { type, index, values } of resources)
    if (type === "aws_s3_bucket") byArn.set(`${values["arn"]}/amalgam/*`, `<objects:${index}>`);
  const nameOf = (arn: string) => byArn.get(arn) ?? arn;
  const others = (type: string, index: string) =>
    resources.find(each => each.type === type && each.index === index)?.values;
  return resources.flatMap(resource => factsOfResource(resource, nameOf, others)).sort();
}

function factsOfResource(
  { type, index, values: of }: Resource,
  nameOf: (arn: string) => string,
  others: (type: string, index: string) => Values | undefined,
): string[] {
  const kindOf = (functionName: string) => functionName.replace(/^.*amalgam-/, "");
  switch (type) {
    case "aws_lambda_function":
      return [
        say.function({
          kind: index,
          memory: of["memory_size"],
          timeout: of["timeout"],
          variables: Object.keys(of["environment"][0].variables ?? {}).filter(each => each.startsWith("AMALGAM_")),
        }),
        ...say.selection(of["environment"][0].variables?.AMALGAM_SUBSCRIBER, nameOf),
      ];
    case "aws_iam_role_policy":
      return JSON.parse(of["policy"]).Statement.flatMap(({ Action, Resource }: Values) =>
        [Resource]
          .flat()
          .flatMap(each => [Action].flat().map(action => say.allow(kindOf(of["role"]), String(action), nameOf(each)))),
      );
    case "aws_lambda_function_url":
      return [say.url(index, of["authorization_type"])];
    case "aws_lambda_function_event_invoke_config":
      return [
        say.async(
          index,
          of["maximum_retry_attempts"],
          of["maximum_event_age_in_seconds"],
          nameOf(of["destination_config"][0].on_failure[0].destination),
        ),
      ];
    case "aws_lambda_permission":
      return [say.invoker(kindOf(of["function_name"]), of["principal"], nameOf(of["source_arn"]))];
    case "aws_sqs_queue": {
      const redrive = others("aws_sqs_queue_redrive_policy", index);
      const { deadLetterTargetArn = "", maxReceiveCount = 0 } = redrive ? JSON.parse(redrive["redrive_policy"]) : {};
      return [
        say.queue(
          index,
          of["message_retention_seconds"],
          of["visibility_timeout_seconds"] ?? 30,
          redrive ? `after ${maxReceiveCount} to ${nameOf(deadLetterTargetArn)}` : "kept",
        ),
      ];
    }
    case "aws_scheduler_schedule":
      return [say.schedule(of["schedule_expression"], text(JSON.parse(of["target"][0].input)))];
    case "aws_cloudwatch_log_subscription_filter":
      return [say.subscription(of["log_group_name"], of["filter_pattern"])];
    case "aws_lambda_event_source_mapping":
      return [
        say.source(
          kindOf(of["function_name"]),
          nameOf(of["event_source_arn"]),
          settings({
            concurrency: of["scaling_config"]?.[0]?.maximum_concurrency,
            start: of["starting_position"],
            retries: of["maximum_retry_attempts"],
            age: of["maximum_record_age_in_seconds"],
            deadLetters:
              of["destination_config"]?.[0] && nameOf(of["destination_config"][0].on_failure[0].destination_arn),
          }),
        ),
      ];
    case "aws_sns_topic_subscription":
      return [say.topic(of["topic_arn"], nameOf(JSON.parse(of["redrive_policy"]).deadLetterTargetArn))];
    case "aws_cloudwatch_event_rule": {
      const target = others("aws_cloudwatch_event_target", index) ?? {};
      return [
        say.rule(of["event_bus_name"] ?? "default", JSON.parse(of["event_pattern"]), {
          input: target["input_transformer"][0]?.input_template,
          retries: target["retry_policy"][0]?.maximum_retry_attempts,
          age: target["retry_policy"][0]?.maximum_event_age_in_seconds,
          deadLetters: target["dead_letter_config"][0] && nameOf(target["dead_letter_config"][0].arn),
        }),
      ];
    }
    case "aws_s3_bucket_notification":
      return of["queue"].map(({ queue_arn, filter_prefix, filter_suffix }: Values) =>
        say.notification(of["bucket"], `${filter_prefix ?? ""}*${filter_suffix ?? ""}`, nameOf(queue_arn)),
      );
    case "aws_dynamodb_table":
      return [say.table([of["hash_key"], of["range_key"], of["ttl"][0].attribute_name])];
    case "aws_s3_bucket_lifecycle_configuration":
      return [say.bucket(of["rule"][0].expiration[0].days)];
    default:
      return [];
  }
}
