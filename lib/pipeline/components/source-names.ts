/** Names or ARNs that a component takes records of. */
import type { Problem } from "../graph/component.ts";

/** What is wrong with them. */
export function* nameProblems(argument: string, what: string, names: readonly string[]): Iterable<Problem> {
  for (const [i, name] of names.entries())
    if (!/^[\w.:/*-]{1,2048}$/.test(name))
      yield { path: [argument, i], message: `${what} should be a name or an ARN, got ${JSON.stringify(name)}` };
}
