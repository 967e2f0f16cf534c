/** How functions are written: what they take, and how a call is compiled. */
import type { ContextName, Getter } from "../context.ts";
import type { Bound, Params } from "../params.ts";

export interface FunctionDefinition {
  /** In the order of arguments without names. Names are matched without regard to case and underscores. */
  readonly params: Params;
  /** Absent: everywhere. */
  readonly contexts?: readonly ContextName[];
  /** Depends on its arguments only: called once at load where they are literals. `strict`: what fails then fails the load. */
  readonly pure?: boolean | "strict";
  /** Compiles a call; throws an `OttlError` for arguments that can't be, or a plain Error whose message says why. */
  readonly build: (args: Readonly<Record<string, unknown>>) => Getter;
}

/** Functions by name. */
export type FunctionTable = Readonly<Record<string, FunctionDefinition>>;

/** Keeps the types of parameters and arguments together. */
export const define = <P extends Params>(definition: {
  readonly params: P;
  readonly contexts?: readonly ContextName[];
  readonly pure?: boolean | "strict";
  readonly build: (args: Bound<P>) => Getter;
}): FunctionDefinition => ({
  ...definition,
  build: args => definition.build(args as Bound<P>), // bound from these very parameters
});
