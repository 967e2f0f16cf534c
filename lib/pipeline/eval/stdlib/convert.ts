/** `convert.*`. */
import { toSecret } from "../convert.ts";
import { FunctionValue } from "../value.ts";
import { argument, expectCount, namespace } from "./define.ts";

export const nonsensitive = new FunctionValue("nonsensitive", args => {
  expectCount(args, 1);
  return argument(args, 0, toSecret).reveal();
});

export const convert = namespace({ nonsensitive });
