/** Sources that a deployment may bring besides what the configuration names, and what each needs. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import type { ConnectablePlan, FunctionKind } from "../resources.ts";
import { functionsOf } from "./functions.ts";
import { reads, receives } from "./permissions.ts";
import { deadLetterQueue, deadLettersOf, ofQueue, ofStream } from "./sources.ts";
import { connectableKinds, possibleTriggers, triggersOf } from "./triggers.ts";

type Needs = Omit<ConnectablePlan, "function" | "makes">;

const nothing = { permissions: [], invokers: [], callers: [] };

const source = "${source}";

/** One for each kind of source that a component of the graph takes. */
export function connectableOf(graph: GraphDescription): ConnectablePlan[] {
  const needs: Readonly<Partial<Record<FunctionKind, Needs>>> = {
    "log-subscription": accountLogs(graph),
    queue,
    stream,
    topic,
    firehose: deliveryStream,
    objects: bucket,
  };
  return connectableKinds(graph).flatMap(kind => {
    const rest = needs[kind];
    const makes = triggersOf(graph, kind).length ? {} : { makes: madeFor(graph, kind) };
    return rest ? { function: kind, ...makes, ...rest } : [];
  });
}

/** The function that the configuration alone gives no reason for. */
function madeFor(graph: GraphDescription, kind: FunctionKind): NonNullable<ConnectablePlan["makes"]> {
  const ids = [...new Set(possibleTriggers(graph, kind).map(({ component }) => component))];
  const reason = `${ids.join(", ")} ${ids.length === 1 ? "takes" : "take"} what the deployment connects`;
  const deadLetters = deadLettersOf(kind);
  return {
    functions: functionsOf(graph, [kind]).map(each => ({ ...each, reason })),
    queues: deadLetters ? [deadLetterQueue(deadLetters)] : [],
  };
}

/** All log groups of an account have one subscription, so one pattern. */
function accountLogs(graph: GraphDescription): Needs {
  const takers = possibleTriggers(graph, "log-subscription");
  const [filterPattern = "", ...others] = new Set(takers.map(({ trigger }) => trigger.filterPattern));
  const all = takers.map(({ component, trigger }) => `${component} has ${JSON.stringify(trigger.filterPattern)}`);
  return {
    ...nothing,
    service: "logs",
    filterPattern,
    ...(others.length && {
      problem: `log groups of the account should have one filter_pattern, since they have one subscription, got: ${all.join(", ")}`,
    }),
    reason: "all log groups of the account in a region, those to come, too",
  };
}

const queue: Needs = {
  ...nothing,
  service: "sqs",
  eventSource: ofQueue,
  permissions: [{ actions: receives, resource: source, reason: "Lambda takes the messages with the function's role" }],
  reason: "an existing queue, whose redrive policy is its owner's",
};

const stream: Needs = {
  ...nothing,
  service: "kinesis",
  eventSource: ofStream,
  permissions: [{ actions: reads, resource: source, reason: "Lambda reads the stream with the function's role" }],
  reason: "an existing stream",
};

const topic: Needs = {
  ...nothing,
  service: "sns",
  invokers: [{ principal: "sns.amazonaws.com", sourceArn: source, reason: "the topic calls the function" }],
  deadLetters: "topic-dead-letters",
  reason: "an existing topic",
};

const deliveryStream: Needs = {
  ...nothing,
  service: "firehose",
  callers: ["${function:firehose}", "${function:firehose}:$LATEST"].map(resource => ({
    actions: ["lambda:InvokeFunction"],
    resource,
    reason: "Firehose has the function transform records with the delivery stream's role, and names its version",
  })),
  reason: "a delivery stream that has its records transformed: they go on as they came, and to the components",
};

const bucket: Needs = {
  ...nothing,
  service: "s3",
  queue: "objects",
  permissions: [
    {
      actions: ["s3:GetObject", "s3:GetObjectVersion"],
      resource: "${source}/${prefix}*",
      reason: "the function reads the objects that it is told of",
    },
    {
      actions: ["s3:ListBucket"],
      resource: source,
      reason: "who may not list a bucket is told of missing objects only that it may not read them",
    },
  ],
  reason: "an existing bucket, whose new objects are read",
};
