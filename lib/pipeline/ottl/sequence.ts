/** Several conditions as one: any of them decides, and `error_mode` says what a failing one does. */
import { messageOf } from "../delivery/errors.ts";
import { type CompileOptions, compileCondition, type Predicate } from "./compile.ts";
import type { Context } from "./context.ts";
import { EvaluationFailure, OttlError } from "./error.ts";

export type ErrorMode = "ignore" | "silent" | "propagate";
export const errorModes = ["ignore", "silent", "propagate"] as const satisfies readonly ErrorMode[];

/** Compiles conditions of which any makes the whole true. A failing one is passed over, or with `propagate` thrown on. */
export function compileAny(
  conditions: readonly string[],
  options: CompileOptions & {
    readonly errorMode: ErrorMode;
    /** Told of what is ignored; not with `silent`. */
    readonly onError?: (condition: string, message: string) => void;
  },
): Predicate {
  const { errorMode, onError } = options;
  const compiled = conditions.map((text, i) => {
    try {
      return { text, holds: compileCondition(text, options) };
    } catch (error) {
      if (error instanceof OttlError) throw new ConditionError(i, describe(text, error));
      throw error;
    }
  });
  const report = errorMode === "ignore" ? onError : undefined;
  return (context: Context) => {
    for (const { text, holds } of compiled) {
      try {
        if (holds(context)) return true;
      } catch (error) {
        if (!(error instanceof EvaluationFailure)) throw error;
        if (errorMode === "propagate")
          throw new EvaluationFailure(`failed to eval condition: ${text}, ${messageOf(error)}`);
        report?.(text, messageOf(error));
      }
    }
    return false;
  };
}

/** A condition of a list that can't be. */
export class ConditionError extends Error {
  override readonly name = "ConditionError";
  readonly index: number;
  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

/** What is wrong with a statement, and where in it. */
export function describe(text: string, error: OttlError): string {
  return `${JSON.stringify(text)}, column ${error.position + 1}: ${error.message}`;
}
