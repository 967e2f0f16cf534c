/**
 * What a deployment is made of as a list of sentences, in which resources have the names of the plan. The plan, a template of
 * CloudFormation and a state of Terraform give the same list where they are printers of one description.
 */
import type { Settings } from "../../functions/aws/subscriber/main.ts";
import type { ResourcePlan } from "../resources.ts";

export const account = "123456789012";
export const region = "eu-central-1";

/** What a deployment knows, put into a text. */
export const known = (text: string): string =>
  text
    .replaceAll("${AWS::Partition}", "aws")
    .replaceAll("${AWS::Region}", region)
    .replaceAll("${AWS::AccountId}", account)
    .replace(/^\$\{([^}]+)\}$/, "<$1>");

/** Keys in their order, so that equal objects are equal texts. */
export const text = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    each && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

export interface FunctionFacts {
  readonly kind: string;
  readonly memory: number;
  readonly timeout: number;
  readonly variables: readonly string[];
}

/** One sentence for each kind of fact, so that three readers say the same in the same words. */
export const say = {
  function: ({ kind, memory, timeout, variables }: FunctionFacts) =>
    `function ${kind}: ${memory} MB, ${timeout} s, ${variables.toSorted().join(" ")}`,
  allow: (who: string, action: string, resource: string) => `${who} may ${action} on ${resource}`,
  /** What a subscriber of log groups is told; of another function it is nothing. The name of its subscriptions is free. */
  selection: (settings: string | undefined, nameOf: (name: string) => string): readonly string[] => {
    if (settings === undefined) return [];
    const { selection, filter } = JSON.parse(settings) as Settings; // as the subscriber reads it
    const own = selection.own.map(nameOf).sort();
    return [`selects ${text({ ...selection, own })} for ${nameOf(filter.destination)}, filter ${text(filter.pattern)}`];
  },
  url: (kind: string, auth: string) => `url of ${kind}: ${auth.toLowerCase()}`,
  async: (kind: string, retries: number, age: number, to: string) =>
    `async ${kind}: ${retries} retries, ${age} s, ${to}`,
  invoker: (kind: string, principal: string, source: string) => `${principal} invokes ${kind} from ${source}`,
  queue: (id: string, retention: number, hidden: number, redrive: string) =>
    `queue ${id}: ${retention} s, hidden ${hidden} s, ${redrive}`,
  schedule: (rate: string, input: string) => `schedule ${rate}: ${input}`,
  subscription: (group: string, pattern: string) => `subscription of ${group}: ${pattern}`,
  source: (kind: string, from: string, settings: object) => `${kind} takes from ${from}: ${text(settings)}`,
  topic: (arn: string, redrive: string) => `topic ${arn}: ${redrive}`,
  rule: (bus: string, pattern: unknown, target: object) => `rule on ${bus}: ${text(pattern)} ${text(target)}`,
  notification: (bucket: string, key: string, to: string) => `${bucket} tells ${to} of ${key}`,
  table: (keys: readonly string[]) => `table ${keys.join(", ")}`,
  bucket: (days: number) => `bucket: ${days} days`,
} as const;

/** Settings of an event source that printers have under other names. */
export const settings = (of: {
  readonly concurrency: unknown;
  readonly start: unknown;
  readonly retries: unknown;
  readonly age: unknown;
  readonly deadLetters: unknown;
}): object => Object.fromEntries(Object.entries(of).filter(([, value]) => value != null));

/** The plan's own list. */
export function factsOfPlan(plan: ResourcePlan): string[] {
  const variables = plan.environment.map(({ name }) => name);
  const redrive = (to: string, after: number) => `after ${after} to <queue:${to}>`;
  return [
    ...plan.functions.flatMap(each => [
      say.function({ kind: each.kind, memory: each.memory.value, timeout: each.timeout.value, variables }),
      ...(each.url ? [say.url(each.kind, each.url.auth)] : []),
      ...(each.asyncInvoke
        ? [
            say.async(
              each.kind,
              each.asyncInvoke.retries,
              each.asyncInvoke.maximumAgeSeconds,
              `<queue:${each.asyncInvoke.deadLetters}>`,
            ),
          ]
        : []),
      ...each.invokers.flatMap(({ principal, sourceArn }) =>
        sourceArn === undefined ? [] : [say.invoker(each.kind, principal, known(sourceArn))],
      ),
    ]),
    ...[...plan.functions.map(each => ({ ...each, id: each.kind })), ...plan.roles].flatMap(({ id, permissions }) =>
      permissions.flatMap(({ actions, resource }) => actions.map(action => say.allow(id, action, known(resource)))),
    ),
    ...plan.queues.map(each =>
      say.queue(
        each.id,
        each.retentionSeconds,
        each.visibilityTimeoutSeconds ?? 30,
        each.redrive ? redrive(each.redrive.to, each.redrive.after) : "kept",
      ),
    ),
    ...plan.schedules.map(({ component, everyMinutes, forSeconds }) =>
      say.schedule(
        `rate(${everyMinutes} ${everyMinutes === 1 ? "minute" : "minutes"})`,
        text({
          amalgam: {
            schedule: component,
            ...(forSeconds !== undefined && { forSeconds, at: "<aws.scheduler.scheduled-time>" }),
          },
        }),
      ),
    ),
    ...plan.logSubscriptions.map(({ logGroup, filterPattern }) => say.subscription(logGroup, filterPattern)),
    ...plan.eventSources.map(each =>
      say.source(
        each.function,
        known(each.from),
        settings({
          concurrency: each.maximumConcurrency,
          start: each.startAt && (each.startAt === "earliest" ? "TRIM_HORIZON" : "LATEST"),
          retries: each.retries,
          age: each.maximumAgeSeconds,
          deadLetters: each.deadLetters && `<queue:${each.deadLetters}>`,
        }),
      ),
    ),
    ...plan.topics.map(({ arn, deadLetters }) => say.topic(known(arn), `<queue:${deadLetters}>`)),
    ...plan.rules.map(({ bus, pattern, input, retries, maximumAgeSeconds, deadLetters }) =>
      say.rule(bus, pattern, {
        input,
        retries,
        age: maximumAgeSeconds,
        deadLetters: `<queue:${deadLetters}>`,
      }),
    ),
    ...plan.notifications.map(({ bucket, prefix = "", suffix = "", queue }) =>
      say.notification(bucket, `${prefix}*${suffix}`, `<queue:${queue}>`),
    ),
    ...plan.tables.map(({ partitionKey, sortKey, timeToLive }) => say.table([partitionKey, sortKey, timeToLive])),
    ...plan.buckets.map(({ expireAfterDays }) => say.bucket(expireAfterDays)),
  ].sort();
}
