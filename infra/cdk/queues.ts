/** Queues of a function: the one that brings it messages, and the one for what could not be delivered. */
import { Annotations, Duration, Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { FunctionPlan, QueuePlan, ResourcePlan } from "../resources.ts";
import type { Places } from "./places.ts";

interface QueuesProps {
  readonly plan: ResourcePlan;
  readonly places: Places;
  readonly encryptionKey?: IKey | undefined;
}

/** Makes the queues that the plan has for a function, but not those in whose place the user brings one. */
export function createQueues(
  scope: Construct,
  { plan, places, encryptionKey }: QueuesProps,
  { kind, timeout: planned }: FunctionPlan,
  timeout: Duration,
): ReadonlyMap<string, Queue> {
  const deadLetters = `${kind}-dead-letters`;
  const own = plan.queues.filter(({ id }) => id === kind && !places.has(`queue:${id}`));
  const others = plan.queues.filter(
    ({ id }) => id === deadLetters && (own.length > 0 || !plan.queues.some(each => each.redrive?.to === id)),
  );
  const made = new Map<string, Queue>();
  for (const each of [...others, ...own]) {
    const target = each.redrive && made.get(each.redrive.to);
    const queue = new Queue(scope, each.id === kind ? "Queue" : "DeadLetters", {
      ...(encryptionKey
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }
        : { encryption: QueueEncryption.SQS_MANAGED }),
      enforceSSL: true,
      ...(each.retentionSeconds !== usualRetention && { retentionPeriod: Duration.seconds(each.retentionSeconds) }),
      ...(each.visibilityTimeoutSeconds !== undefined && {
        // as many times the function's timeout as the plan has it
        visibilityTimeout: Duration.seconds((each.visibilityTimeoutSeconds / planned.value) * timeout.toSeconds()),
      }),
      ...(each.redrive && target && { deadLetterQueue: { queue: target, maxReceiveCount: each.redrive.after } }),
      ...(each.fifo && {
        fifo: true,
        deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
        fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      }),
    });
    if (!each.redrive) explain(queue, each);
    made.set(each.id, queue);
    places.set(`queue:${each.id}`, queue.queueArn, encryptionKey);
    places.set(`queue-url:${each.id}`, queue.queueUrl);
  }
  return made;
}

/** Four days, which SQS has where nobody says otherwise. */
const usualRetention = 345_600;

const explain = (queue: Queue, { id, reason }: QueuePlan): void =>
  Validations.of(queue).acknowledge({
    id: "AwsSolutions-SQS3",
    reason: id.endsWith("-dead-letters")
      ? "This is a dead-letter queue: of a function's failed events, which the rule does not see"
      : `The queue ${reason}; nothing is set aside`,
  });

/** Lets a service use the key of a queue that it sends to for this account. */
export function allowService(scope: Construct, key: IKey | undefined, service: string): void {
  if (!key) return;
  const conditions = { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } };
  allowUse(scope, key, { service, actions: ["kms:Decrypt", "kms:GenerateDataKey"], conditions });
}

/** Lets CloudWatch Logs use the key of log groups of this stack. */
export function allowLogs(scope: Construct, key: IKey): void {
  const { partition, region, account, stackName } = Stack.of(scope);
  const groups = `arn:${partition}:logs:${region}:${account}:log-group:${stackName}-*`;
  allowUse(scope, key, {
    service: `logs.${region}.amazonaws.com`,
    actions: [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ],
    conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": groups } },
  });
}

interface Use {
  readonly service: string;
  readonly actions: string[];
  readonly conditions: Readonly<Record<string, object>>;
}

function allowUse(scope: Construct, key: IKey, { service, actions, conditions }: Use): void {
  const principals = [new ServicePrincipal(service)];
  const resources = ["*"]; // in a key's own policy that is the key
  const statement = new PolicyStatement({ principals, actions, resources, conditions });
  if (key.addToResourcePolicy(statement, true).statementAdded) return;
  Annotations.of(scope).addWarningV2(
    "amalgam:key-policy",
    `policy of the key ${key.node.path} should let ${Stack.of(scope).resolve(service) === service ? service : "CloudWatch Logs"} use it (${actions.join(", ")}), which only its owner can say`,
  );
}
