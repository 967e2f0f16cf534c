/** What brings data to functions: queues, log subscriptions, schedules. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import type { EventSourcePlan, FunctionKind, LogSubscriptionPlan, QueuePlan, SchedulePlan } from "../resources.ts";
import { timeoutSeconds } from "./sizes.ts";
import { triggersOf } from "./triggers.ts";

const day = 86_400;

/** Times that a message is tried before it is set aside: what is wrong with it now will be wrong again. */
const maxReceiveCount = 5;

/** Id of the queue for events of a function that nobody waits for. */
export const deadLettersOf = (kind: FunctionKind): string | undefined =>
  kind === "log-subscription" || kind === "schedule" ? `${kind}-dead-letters` : undefined;

/** A queue that keeps what failed as long as SQS can, for a person to look at. */
export const deadLetterQueue = (id: string): QueuePlan => ({
  id,
  retentionSeconds: 14 * day,
  reason: "keeps what could not be delivered as long as SQS can, for a person to look at",
});

export function queuesOf(kinds: readonly FunctionKind[]): QueuePlan[] {
  if (!kinds.includes("queue")) return [];
  const to = "queue-dead-letters";
  return [
    {
      id: "queue",
      retentionSeconds: 4 * day,
      visibilityTimeoutSeconds: timeoutSeconds * 6,
      redrive: { to, after: maxReceiveCount },
      reason: "takes messages; they are hidden six times the function's timeout, as AWS advises",
    },
    deadLetterQueue(to),
  ];
}

/** Of each component the shortest: an event names a component and runs all that it has. */
export function schedulesOf(graph: GraphDescription): SchedulePlan[] {
  const all = new Map<string, number>();
  for (const { component, trigger } of triggersOf(graph, "schedule"))
    all.set(component, Math.min(all.get(component) ?? trigger.everySeconds, trigger.everySeconds));
  return [...all].map(([component, everySeconds]) => ({
    component,
    everySeconds,
    everyMinutes: Math.max(1, Math.ceil(everySeconds / 60)),
    reason: `${component} works on a clock`,
  }));
}

/** One for each name in the configuration; a pattern is no name that could be subscribed. */
export function logSubscriptionsOf(graph: GraphDescription): LogSubscriptionPlan[] {
  const takers = triggersOf(graph, "log-subscription");
  const names = new Set(takers.flatMap(({ trigger }) => trigger.logGroups.filter(name => !name.includes("*"))));
  return [...names].map(logGroup => {
    const naming = takers.filter(({ trigger }) => trigger.logGroups.includes(logGroup));
    const { filterPattern = "" } = naming[0]?.trigger ?? {};
    return { logGroup, filterPattern, components: naming.map(({ component }) => component) };
  });
}

/** A log group has one subscription here, so one pattern. */
export function filterProblems(graph: GraphDescription): string[] {
  return logSubscriptionsOf(graph).flatMap(({ logGroup }) => {
    const naming = triggersOf(graph, "log-subscription").filter(({ trigger }) => trigger.logGroups.includes(logGroup));
    if (new Set(naming.map(({ trigger }) => trigger.filterPattern)).size < 2) return [];
    const all = naming.map(({ component, trigger }) => `${component} has ${JSON.stringify(trigger.filterPattern)}`);
    return [
      `log group ${logGroup} should have one filter_pattern, since it has one subscription, got: ${all.join(", ")}`,
    ];
  });
}

export function sourcesOf(_graph: GraphDescription, kinds: readonly FunctionKind[]): EventSourcePlan[] {
  if (!kinds.includes("queue")) return [];
  const reason = "at most ten invocations at the same time; only messages that failed go back";
  return [{ function: "queue", from: "${queue:queue}", maximumConcurrency: 10, reason }];
}
