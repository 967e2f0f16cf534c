/** How the standard library's functions are made: the count of arguments, their conversion, the call. */
import { at, toText } from "../convert.ts";
import { FunctionValue, type Value } from "../value.ts";

/** Refuses another count of arguments than a function has. */
export function expectCount(args: readonly Value[], count: number): void {
  if (args.length !== count) throw new Error(`expected ${count} args, got ${args.length}`);
}

/** Converts an argument; a mismatch tells its number. */
export function argument<T>(args: readonly Value[], index: number, convert: (value: Value) => T): T {
  return at(index, () => convert(args[index] ?? null));
}

/** A function of texts. */
export function textFunction(name: string, count: number, run: (...texts: string[]) => Value): FunctionValue {
  return new FunctionValue(name, args => {
    expectCount(args, count);
    return run(...args.map((_, i) => argument(args, i, toText)));
  });
}

/** A namespace: its members by name. */
export function namespace(members: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(members));
}
