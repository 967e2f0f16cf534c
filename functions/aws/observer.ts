/** What follows invocations from beside: the function's log and its metrics. */
import type { Context } from "aws-lambda";
import type { Call } from "./call.ts";

/** Called before an invocation. What it gives is called when the answer is known, but not given yet; it never fails. */
export type Observer = (event: unknown, context: Partial<Context>) => (outcome: Outcome, call: Call) => Promise<void>;

/** What the handler gives to Lambda. */
export interface Outcome {
  readonly result?: unknown;
  readonly error?: unknown;
}
