/** Functions of a graph: one for each kind of trigger. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import type { AsyncInvokePlan, FunctionKind, FunctionPlan, InvokerPlan, UrlPlan } from "../resources.ts";
import { permissionsOf } from "./permissions.ts";
import { memoryOf, timeoutOf } from "./sizes.ts";
import { deadLettersOf, isAsync, rulesOf, schedulesOf, topicsOf } from "./sources.ts";
import { triggersOf, writersOf } from "./triggers.ts";

export function functionsOf(graph: GraphDescription, kinds: readonly FunctionKind[]): FunctionPlan[] {
  return kinds.map(kind => {
    const handsOver = kind === "hand-over";
    const ids = handsOver ? writersOf(graph) : [...new Set(triggersOf(graph, kind).map(({ component }) => component))];
    const url = kind === "http" ? urlOf(graph) : undefined;
    const asyncInvoke = asyncInvokeOf(kind);
    return {
      kind,
      reason: handsOver
        ? `delivers what ${ids.join(", ")} could not deliver in time`
        : `${ids.join(", ")} ${ids.length === 1 ? takes[kind] : takes[kind].replace("s ", " ")}`,
      memory: memoryOf(kind),
      timeout: timeoutOf(kind, schedulesOf(graph)),
      ...(url && { url }),
      ...(asyncInvoke && { asyncInvoke }),
      invokers: [...invokersOf(graph, kind), ...(url?.auth === "none" ? [anyone] : [])],
      permissions: permissionsOf(graph, kind),
    };
  });
}

const takes: Readonly<Record<Exclude<FunctionKind, "hand-over">, string>> = {
  http: "takes requests",
  schedule: "works on a clock",
  queue: "takes messages of a queue",
  "log-subscription": "takes log subscriptions",
  stream: "takes records of a stream",
  topic: "takes notifications of a topic",
  firehose: "takes records of Firehose",
  kafka: "takes records of Kafka",
  bus: "takes events of a bus",
  objects: "reads objects of S3",
};

/** Open only where every component behind it asks for credentials itself. */
function urlOf(graph: GraphDescription): UrlPlan {
  const triggers = triggersOf(graph, "http");
  const open = triggers.filter(({ trigger }) => !trigger.authenticated).map(({ component }) => component);
  return {
    auth: open.length ? "aws_iam" : "none",
    paths: [...new Set(triggers.flatMap(({ trigger }) => trigger.paths))],
    reason: open.length
      ? `${open.join(", ")} would take any request, so the URL takes only those that are signed with AWS credentials`
      : "every component behind it asks for credentials itself",
  };
}

const anyone: InvokerPlan = { principal: "*", reason: "the URL is open: components ask for credentials themselves" };

function invokersOf(graph: GraphDescription, kind: FunctionKind): InvokerPlan[] {
  switch (kind) {
    case "log-subscription":
      return [
        {
          principal: "logs.amazonaws.com",
          sourceArn: "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*",
          reason: "log groups of this account, all in one since a function's policy has no room for one each",
        },
      ];
    case "topic":
      return topicsOf(graph).map(({ arn, reason }) => ({ principal: "sns.amazonaws.com", sourceArn: arn, reason }));
    case "bus":
      return rulesOf(graph).map(({ id, reason }) => ({
        principal: "events.amazonaws.com",
        sourceArn: `\${rule:${id}}`,
        reason,
      }));
    default:
      return [];
  }
}

function asyncInvokeOf(kind: FunctionKind): AsyncInvokePlan | undefined {
  const deadLetters = deadLettersOf(kind);
  if (!deadLetters || !isAsync(kind)) return undefined;
  return kind === "schedule"
    ? {
        retries: 0,
        maximumAgeSeconds: 60,
        deadLetters,
        reason: "a run that is late is of no use: the next one comes by itself",
      }
    : {
        retries: 2,
        maximumAgeSeconds: 21_600,
        deadLetters,
        reason: "the longest: events that find no free instance wait",
      };
}
