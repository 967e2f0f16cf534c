/** Topics of Kafka as arguments name them: those that begin with `^` are regular expressions. */
import { messageOf } from "../delivery/errors.ts";
import { type Host, ProblemError } from "../graph/component.ts";
import { compileRegex } from "../regex/regex.ts";

/** Whether a topic is one of them; a bad expression is a problem of its argument. */
export function topicSelection(
  topics: readonly string[],
  path: readonly (string | number)[],
): (topic: string) => boolean {
  const names = new Set(topics.filter(topic => !topic.startsWith("^")));
  const patterns = topics.flatMap((topic, i) => (topic.startsWith("^") ? [compiled(topic, [...path, i])] : []));
  return topic => names.has(topic) || patterns.some(pattern => pattern.test(topic));
}

function compiled(pattern: string, path: readonly (string | number)[]) {
  try {
    return compileRegex(pattern);
  } catch (error) {
    throw new ProblemError(`topic should be a regular expression, as it begins with ^: ${messageOf(error)}`, path);
  }
}

/** `orders` of `arn:aws:kafka:…:cluster/shop/b2…/orders`, where a record comes from. */
export const topicOf = (from: string): string => from.slice(from.lastIndexOf("/") + 1);

/** There is no client of Kafka in here: in a function the event source has one. */
export function refuseLocally({ mode, offline }: Host, name: string): void {
  if (mode === "local" && !offline)
    throw new ProblemError(
      `${name} can't run in the local process, which has no client of Kafka: in functions on AWS an event source polls the brokers`,
    );
}
