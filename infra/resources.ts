/**
 * What a graph needs of AWS, as plain data: the CDK construct, the Terraform module and `amalgam graph --json` are printers of it.
 * Version 1; fields are added, never changed. docs/graph-json.md says what they mean.
 *
 * Names in `${…}` stand for what only a deployment knows: `${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}` anywhere in
 * a text, and as a whole text the ARN of something in the plan, such as `${queue:queue}`.
 */
import type { GraphDescription } from "../lib/pipeline/graph/describe.ts";
import { functionsOf } from "./resources/functions.ts";
import { secretsOf, wildcardProblems } from "./resources/permissions.ts";
import {
  deadLetterQueue,
  filterProblems,
  logSubscriptionsOf,
  queuesOf,
  schedulesOf,
  sourcesOf,
} from "./resources/sources.ts";
import { type FunctionKind, kindsOf } from "./resources/triggers.ts";

export type { FunctionKind } from "./resources/triggers.ts";

export interface ResourcePlan {
  readonly version: 1;
  /** One for each kind of trigger, all with the same code. */
  readonly functions: readonly FunctionPlan[];
  readonly schedules: readonly SchedulePlan[];
  readonly queues: readonly QueuePlan[];
  readonly logSubscriptions: readonly LogSubscriptionPlan[];
  readonly eventSources: readonly EventSourcePlan[];
  /** Roles that aren't those of functions. */
  readonly roles: readonly RolePlan[];
  /** Values that components read; they are made by others. */
  readonly secrets: readonly SecretPlan[];
  /** What a person must do or know, since the configuration does not say enough. */
  readonly notes: readonly string[];
  /** Why it can't be deployed as it is. */
  readonly problems: readonly string[];
}

/** A value and why it is that; a deployment may choose another. */
export interface Reasoned {
  readonly value: number;
  readonly reason: string;
}

export interface FunctionPlan {
  readonly kind: FunctionKind;
  readonly reason: string;
  /** Megabytes. */
  readonly memory: Reasoned;
  /** Seconds. */
  readonly timeout: Reasoned;
  readonly url?: UrlPlan;
  /** For functions that are called without waiting for an answer. */
  readonly asyncInvoke?: AsyncInvokePlan;
  /** Services that may call it, besides those with a role that is allowed to. */
  readonly invokers: readonly InvokerPlan[];
  readonly permissions: readonly PermissionPlan[];
}

export interface UrlPlan {
  /** `none`: anyone may call it, since each component behind it asks for credentials itself. */
  readonly auth: "aws_iam" | "none";
  readonly paths: readonly string[];
  readonly reason: string;
}

export interface AsyncInvokePlan {
  readonly retries: number;
  readonly maximumAgeSeconds: number;
  /** Id of the queue for events that failed. */
  readonly deadLetters: string;
  readonly reason: string;
}

export interface InvokerPlan {
  readonly principal: string;
  readonly sourceArn?: string;
  readonly reason: string;
}

export interface PermissionPlan {
  readonly actions: readonly string[];
  readonly resource: string;
  readonly reason: string;
}

export interface SchedulePlan {
  readonly component: string;
  /** What the configuration says. */
  readonly everySeconds: number;
  /** What a schedule can do: whole minutes. */
  readonly everyMinutes: number;
  readonly reason: string;
}

export interface QueuePlan {
  readonly id: string;
  readonly retentionSeconds: number;
  readonly visibilityTimeoutSeconds?: number;
  /** Where messages go that failed so often. */
  readonly redrive?: { readonly to: string; readonly after: number };
  readonly reason: string;
}

export interface LogSubscriptionPlan {
  readonly logGroup: string;
  readonly filterPattern: string;
  readonly components: readonly string[];
}

export interface EventSourcePlan {
  readonly function: FunctionKind;
  /** ARN, or `${queue:queue}`. */
  readonly from: string;
  readonly maximumConcurrency?: number;
  readonly reason: string;
}

export interface RolePlan {
  readonly id: string;
  readonly principal: string;
  readonly permissions: readonly PermissionPlan[];
  readonly reason: string;
}

export interface SecretPlan {
  readonly kind: "secrets-manager" | "ssm-parameter" | "s3-object";
  readonly arn: string;
  readonly components: readonly string[];
}

/** The resources of all kinds of trigger that the graph has. */
export function planResources(graph: GraphDescription): ResourcePlan {
  const kinds = kindsOf(graph);
  const functions = functionsOf(graph, kinds);
  const schedules = schedulesOf(graph);
  const asyncKinds = functions.flatMap(({ asyncInvoke }) => asyncInvoke ?? []);
  return {
    version: 1,
    functions,
    schedules,
    queues: [...queuesOf(kinds), ...asyncKinds.map(({ deadLetters }) => deadLetterQueue(deadLetters))],
    logSubscriptions: logSubscriptionsOf(graph),
    eventSources: sourcesOf(graph, kinds),
    roles: schedules.length ? [schedulerRole] : [],
    secrets: secretsOf(graph),
    notes: notesOf(graph, schedules),
    problems: [
      ...(kinds.length ? [] : ["the configuration should have a component that something calls, got none"]),
      ...filterProblems(graph),
      ...wildcardProblems(graph),
    ],
  };
}

const schedulerRole: RolePlan = {
  id: "scheduler",
  principal: "scheduler.amazonaws.com",
  permissions: [
    {
      actions: ["lambda:InvokeFunction"],
      resource: "${function:schedule}",
      reason: "EventBridge Scheduler calls the function",
    },
  ],
  reason: "a schedule calls a function with a role",
};

function notesOf({ components }: GraphDescription, schedules: readonly SchedulePlan[]): string[] {
  const patterns = components.flatMap(({ id, triggers }) =>
    triggers.flatMap(trigger =>
      trigger.kind === "records"
        ? trigger.logGroups
            .filter(name => name.includes("*"))
            .map(
              name =>
                `${id} takes the log groups ${name}, but a subscription needs a name: name the groups when you deploy`,
            )
        : [],
    ),
  );
  const late = schedules
    .filter(({ everySeconds, everyMinutes }) => everyMinutes * 60 !== everySeconds)
    .map(
      ({ component, everySeconds, everyMinutes }) =>
        `${component} should run every ${everySeconds} seconds, but schedules have whole minutes: it runs every ${everyMinutes === 1 ? "minute" : `${everyMinutes} minutes`}`,
    );
  return [...patterns, ...late];
}
