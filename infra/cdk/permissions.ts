/** What roles may do, as the plan says it. */
import { Stack, Validations } from "aws-cdk-lib";
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IConstruct } from "constructs";
import type { PermissionPlan } from "../resources.ts";
import type { Places } from "./places.ts";

/** Allows a role what the plan says, with the keys of what is encrypted, and says why where a wildcard is in it. */
export function allow(role: IRole, permissions: readonly PermissionPlan[], places: Places): void {
  const keys = new Map<IKey, Set<string>>();
  for (const { actions, resource, prefix, reason } of permissions) {
    if (places.isLeftOut(resource)) continue;
    const arn = places.resolve(resource, role);
    const conditions = prefix === undefined ? {} : { StringEquals: { "s3:prefix": prefix } };
    role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [arn], conditions }));
    explainWildcard(role, arn, reason);
    const key = places.keyOf(resource);
    if (key) keys.set(key, new Set([...(keys.get(key) ?? []), ...keyActions(actions)]));
  }
  for (const [key, actions] of keys) if (actions.size) key.grant(role, ...[...actions].sort());
}

/** What the services ask of a caller whose data a key encrypts. */
const actionsOfKey: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^sqs:SendMessage$/, ["kms:Decrypt", "kms:GenerateDataKey"]],
  [/^(sqs:ReceiveMessage|s3:GetObject|kinesis:GetRecords)$/, ["kms:Decrypt"]],
  [/^s3:PutObject$/, ["kms:GenerateDataKey"]],
  [
    /^dynamodb:/,
    ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
  ],
];

const keyActions = (actions: readonly string[]): string[] =>
  actionsOfKey.flatMap(([pattern, needed]) => (actions.some(action => pattern.test(action)) ? needed : []));

/** Says why a role may do something with all that a wildcard stands for; the rules of AWS Solutions ask. */
export function explainWildcard(role: IConstruct, resource: string, reason: string): void {
  const text = textOf(Stack.of(role).resolve(resource));
  if (text.includes("*")) Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${text}]`, reason });
}

/** A value of a template as those rules print it: `<Bucket.Arn>/Collector/*`. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": join, "Fn::GetAtt": attribute, Ref: ref } = Object(value) as Template; // what a text can become
  if (join) return join[1].map(textOf).join(join[0]);
  return `<${attribute ? attribute.join(".") : ref}>`;
}

interface Template {
  readonly "Fn::Join"?: readonly [string, readonly unknown[]];
  readonly "Fn::GetAtt"?: readonly string[];
  readonly Ref?: string;
}
