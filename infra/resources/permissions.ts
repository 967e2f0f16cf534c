/** What functions may do, and why. */
import type { ComponentDescription, GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import type { FunctionKind, PermissionPlan, SecretPlan } from "../resources.ts";
import { objectQueues } from "./objects.ts";
import { deadLettersOf, hasOwnQueue, namedArns } from "./sources.ts";
import { storePermissions } from "./stores.ts";
import { triggersOf } from "./triggers.ts";

/** Of the function's own log group, queue and dead letters, then of what components ask for. */
export function permissionsOf(graph: GraphDescription, kind: FunctionKind): PermissionPlan[] {
  const deadLetters = deadLettersOf(kind);
  return [
    {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resource: `\${log-group:${kind}}`,
      reason: "the function writes its log",
    },
    ...pollingOf(graph, kind),
    ...(deadLetters
      ? [
          {
            actions: ["sqs:SendMessage"],
            resource: `\${queue:${deadLetters}}`,
            reason: "Lambda keeps events that failed with the function's role",
          },
        ]
      : []),
    ...(kind === "schedule" && triggersOf(graph, "schedule").some(({ trigger }) => trigger.shards)
      ? [
          {
            actions: ["lambda:InvokeFunction"],
            resource: "${function:schedule}",
            reason: "rounds that are too much for one invocation are split over several",
          },
        ]
      : []),
    ...storePermissions(graph, kind),
    ...(graph.followed?.permissions ?? []),
    ...componentPermissions(graph, kind),
  ];
}

/** What Lambda's poller needs, which works with the function's role. */
function pollingOf(graph: GraphDescription, kind: FunctionKind): PermissionPlan[] {
  if (kind === "queue") {
    const reason = "Lambda takes the messages with the function's role";
    const own = hasOwnQueue(graph) ? ["${queue:queue}"] : [];
    return [...own, ...namedArns(graph, "queue")].map(resource => ({ actions: receives, resource, reason }));
  }
  if (kind === "objects")
    return objectQueues(graph).flatMap(resource => [
      { actions: receives, resource, reason: "Lambda takes the events with the function's role" },
      { actions: ["sqs:SendMessage"], resource, reason: "what is left of an object is handed on" },
    ]);
  if (kind === "hand-over")
    return [
      {
        actions: receives,
        resource: "${queue:hand-over}",
        reason: "Lambda takes what waits with the function's role; what failed waits longer",
      },
    ];
  if (kind !== "stream") return [];
  const reason = "Lambda reads the stream with the function's role";
  return namedArns(graph, "stream").map(resource => ({ actions: reads, resource, reason }));
}

export const reads = [
  "kinesis:DescribeStream",
  "kinesis:DescribeStreamSummary",
  "kinesis:GetRecords",
  "kinesis:GetShardIterator",
  "kinesis:ListShards",
];

export const receives = [
  "sqs:ChangeMessageVisibility",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
  "sqs:ReceiveMessage",
];

/**
 * The permissions that components ask of AWS, one a resource; those of other clouds are granted there. What only reads objects when
 * an event tells of them can do so only where such events come.
 */
function componentPermissions({ components }: GraphDescription, kind: FunctionKind): PermissionPlan[] {
  const byResource = new Map<string, { readonly actions: Set<string>; readonly ids: Set<string> }>();
  for (const { id, permissions } of components.filter(each => hasObjects.has(kind) || !onlyReadsObjects(each)))
    for (const { action, resource } of permissions) {
      if (!isOfAws(action)) continue;
      const entry = byResource.get(resource) ?? { actions: new Set<string>(), ids: new Set<string>() };
      entry.actions.add(action);
      entry.ids.add(id);
      byResource.set(resource, entry);
    }
  return [...byResource].map(([resource, { actions, ids }]) => ({
    actions: [...actions].sort(),
    resource,
    reason: `${[...ids].join(", ")} ${ids.size === 1 ? "needs" : "need"} it`,
  }));
}

/** Functions to which S3 tells of objects: by a queue, also through SNS, or by EventBridge. */
const hasObjects: ReadonlySet<FunctionKind> = new Set(["objects", "queue", "topic", "bus"]);

const onlyReadsObjects = ({ triggers }: ComponentDescription): boolean =>
  triggers.length > 0 && triggers.every(trigger => trigger.kind === "objects");

/** A function gets no permission with a wildcard in its action. */
export const wildcardProblems = ({ components }: GraphDescription): string[] =>
  components.flatMap(({ id, permissions }) =>
    permissions
      .filter(({ action }) => isOfAws(action) && action.includes("*"))
      .map(
        ({ action }) =>
          `${id} should need single actions, got ${action}: a function gets no permission with a wildcard`,
      ),
  );

const isOfAws = (action: string): boolean => /^[\w-]+:/.test(action);

const secretActions: Readonly<Record<string, SecretPlan["kind"]>> = {
  "secretsmanager:GetSecretValue": "secrets-manager",
  "ssm:GetParameter": "ssm-parameter",
  "ssm:GetParametersByPath": "ssm-parameter",
  "s3:GetObject": "s3-object",
};

/** What `remote.*` components read: a value that the configuration uses and that is made by others. */
export function secretsOf({ components }: GraphDescription): SecretPlan[] {
  const secrets = new Map<string, SecretPlan>();
  for (const { id, name, permissions } of components)
    for (const { action, resource } of permissions) {
      const kind = secretActions[action];
      if (!kind || !name.startsWith("remote.")) continue;
      const known = secrets.get(resource);
      secrets.set(resource, { kind, arn: resource, components: [...new Set([...(known?.components ?? []), id])] });
    }
  return [...secrets.values()];
}
