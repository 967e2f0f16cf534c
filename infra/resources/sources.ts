/** What brings data to functions: queues, log subscriptions, schedules. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import type {
  EventSourcePlan,
  FunctionKind,
  LogSubscriptionPlan,
  QueuePlan,
  RulePlan,
  SchedulePlan,
  TopicPlan,
} from "../resources.ts";
import { objectQueues } from "./objects.ts";
import { handOverTimeoutSeconds, objectsTimeoutSeconds, timeoutSeconds } from "./sizes.ts";
import { triggersOf } from "./triggers.ts";

const day = 86_400;

/** Times that a message is tried before it is set aside: what is wrong with it now will be wrong again. */
const maxReceiveCount = 5;

/** Id of the queue for events that nobody would bring again. */
export const deadLettersOf = (kind: FunctionKind): string | undefined =>
  isAsync(kind) || kind === "stream" || kind === "kafka" ? `${kind}-dead-letters` : undefined;

/** Called without anybody who waits for the answer. */
export const isAsync = (kind: FunctionKind): boolean =>
  kind === "log-subscription" || kind === "schedule" || kind === "topic" || kind === "bus";

/** A queue that keeps what failed as long as SQS can, for a person to look at. */
export const deadLetterQueue = (id: string): QueuePlan => ({
  id,
  retentionSeconds: 14 * day,
  reason: "keeps what could not be delivered as long as SQS can, for a person to look at",
});

export function queuesOf(graph: GraphDescription, kinds: readonly FunctionKind[]): QueuePlan[] {
  const own = [
    ...(kinds.includes("queue") && hasOwnQueue(graph) ? [sourceQueue("queue", timeoutSeconds, "takes messages")] : []),
    ...(kinds.includes("objects") ? [sourceQueue("objects", objectsTimeoutSeconds, "takes events of S3")] : []),
  ];
  const deadLetters = kinds.flatMap(kind => deadLettersOf(kind) ?? []);
  return [
    ...own,
    ...own
      .map(({ id }) => `${id}-dead-letters`)
      .concat(deadLetters)
      .map(deadLetterQueue),
    ...(kinds.includes("hand-over") ? [handOverQueue] : []),
  ];
}

/** What waits for a backend. Messages are never set aside by the queue: the function knows how long one may wait. */
const handOverQueue: QueuePlan = {
  id: "hand-over",
  fifo: true,
  retentionSeconds: 14 * day,
  visibilityTimeoutSeconds: handOverTimeoutSeconds * 6,
  reason:
    "keeps what a backend did not take in time, in the order of each destination, so that one that is down does not hold up another",
};

const sourceQueue = (id: string, timeout: number, takes: string): QueuePlan => ({
  id,
  retentionSeconds: 4 * day,
  visibilityTimeoutSeconds: timeout * 6,
  redrive: { to: `${id}-dead-letters`, after: maxReceiveCount },
  reason: `${takes}; they are hidden six times the function's timeout, as AWS advises`,
});

/** Schedules have whole minutes: what has other intervals, or several, is called each minute and looks at the clock itself. */
export function schedulesOf(graph: GraphDescription): SchedulePlan[] {
  const all = Map.groupBy(triggersOf(graph, "schedule"), ({ component }) => component);
  return [...all].map(([component, triggers]) => {
    const everySeconds = [...new Set(triggers.map(({ trigger }) => trigger.everySeconds))];
    const [first = 60, ...others] = everySeconds;
    return !others.length && first % 60 === 0
      ? { component, everySeconds, everyMinutes: first / 60, reason: `${component} works on a clock` }
      : {
          component,
          everySeconds,
          everyMinutes: 1,
          forSeconds: 60,
          reason: `${component} works every ${everySeconds.join(" and ")} seconds, and schedules have whole minutes: one invocation runs it at its own times up to the next`,
        };
  });
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

/** Queues, streams and Kafka, which Lambda polls with the function's role. */
export function sourcesOf(graph: GraphDescription, kinds: readonly FunctionKind[]): EventSourcePlan[] {
  const own = kinds.includes("queue") && hasOwnQueue(graph) ? ["${queue:queue}"] : [];
  const queues = [...own, ...namedArns(graph, "queue")];
  return [
    ...queues.map(from => ({ function: "queue" as const, service: "sqs" as const, from, ...ofQueue })),
    ...namedArns(graph, "stream").map(from => ({
      function: "stream" as const,
      service: "kinesis" as const,
      from,
      ...ofStream,
    })),
    ...(kinds.includes("objects")
      ? objectQueues(graph).map(from => ({ function: "objects" as const, service: "sqs" as const, from, ...ofQueue }))
      : []),
    ...kafkaOf(graph),
    ...(kinds.includes("hand-over")
      ? [
          {
            function: "hand-over" as const,
            service: "sqs" as const,
            from: "${queue:hand-over}",
            maximumConcurrency: 10,
            reason: "destinations are worked on side by side; only what failed goes back, and waits longer each time",
          },
        ]
      : []),
  ];
}

/** How Lambda polls a queue. */
export const ofQueue = {
  maximumConcurrency: 10,
  reason: "at most ten invocations at the same time; only messages that failed go back",
};

/** How Lambda reads a stream. A shard stands still while a batch is tried again. */
export const ofStream = {
  startAt: "latest" as const,
  retries: 10,
  maximumAgeSeconds: day,
  deadLetters: "stream-dead-letters",
  reason: "a shard is in order: a batch is halved to find the record that fails, which is set aside after ten tries",
};

function kafkaOf(graph: GraphDescription): EventSourcePlan[] {
  const topics = topicsOfKafka(graph);
  return topics.map(({ topic, component, kafka }) => ({
    function: "kafka",
    service: "kafka",
    from: topic,
    startAt: kafka.startAt,
    deadLetters: "kafka-dead-letters",
    kafka: {
      brokers: kafka.brokers,
      // a group is of one event source, which has one topic: where several would have the same, the topic tells them apart
      groupId:
        topics.filter(each => each.kafka.groupId === kafka.groupId).length > 1
          ? `${kafka.groupId}-${topic}`
          : kafka.groupId,
      authentication: kafka.authentication,
    },
    reason: `${component} takes the topic`,
  }));
}

/** Each topic once, with the first component that takes it. */
function topicsOfKafka(graph: GraphDescription) {
  const all = triggersOf(graph, "kafka").flatMap(({ component, trigger: { kafka } }) =>
    kafka ? kafka.topics.map(topic => ({ topic, component, kafka })) : [],
  );
  return all.filter(({ topic }, i) => all.findIndex(each => each.topic === topic) === i);
}

/** An event source has one topic, which needs a name. */
export const topicProblems = (graph: GraphDescription): string[] =>
  topicsOfKafka(graph)
    .filter(({ topic }) => topic.startsWith("^"))
    .map(
      ({ component, topic }) =>
        `topics of ${component} should be names, since an event source has one topic, got ${topic}`,
    );

/** A queue is made for components that name none. */
export const hasOwnQueue = (graph: GraphDescription): boolean =>
  triggersOf(graph, "queue").some(({ trigger }) => !trigger.from?.length);

/** ARNs of what components take by its name; patterns name nothing that could be connected. */
export function namedArns(graph: GraphDescription, kind: "queue" | "stream" | "topic"): string[] {
  const names = triggersOf(graph, kind).flatMap(({ trigger }) => trigger.from ?? []);
  return [...new Set(names.filter(name => !name.includes("*")).map(name => arnOf(kind, name)))];
}

const arnOf = (kind: "queue" | "stream" | "topic", name: string): string =>
  name.startsWith("arn:")
    ? name
    : `arn:\${AWS::Partition}:${services[kind]}:\${AWS::Region}:\${AWS::AccountId}:${kind === "stream" ? "stream/" : ""}${name}`;

const services = { queue: "sqs", stream: "kinesis", topic: "sns" };

/** Topics call the function with each notification. */
export const topicsOf = (graph: GraphDescription): TopicPlan[] =>
  namedArns(graph, "topic").map(arn => ({
    arn,
    deadLetters: "topic-dead-letters",
    reason: `${triggersOf(graph, "topic")
      .filter(({ trigger }) => trigger.from?.some(name => arnOf("topic", name) === arn))
      .map(({ component }) => component)
      .join(", ")} takes its notifications`,
  }));

/** A rule for each component that takes events of a bus. */
export const rulesOf = (graph: GraphDescription): RulePlan[] =>
  triggersOf(graph, "bus").flatMap(({ component, trigger: { bus } }) =>
    bus
      ? [
          {
            id: component,
            bus: bus.name,
            pattern: bus.pattern,
            input: `{"amalgam":{"component":${JSON.stringify(component)}},"event":<aws.events.event.json>}`,
            retries: 185,
            maximumAgeSeconds: 21_600,
            deadLetters: "bus-dead-letters",
            reason: `${component} takes the events`,
          },
        ]
      : [],
  );
