/** Regular expressions in arguments: a bad one is a mistake in the configuration. */
import { ProblemError } from "../../../graph/component.ts";
import { compileRegex, type Regex, RegexError } from "../../../regex/regex.ts";

/** Compiles a regular expression; `problem` begins the message about a bad one. */
export function compile(pattern: string, problem = "invalid regular expression"): Regex {
  try {
    return compileRegex(pattern);
  } catch (error) {
    if (error instanceof RegexError) throw new ProblemError(`${problem}: ${error.message}`);
    throw error;
  }
}
