/** Editors: functions that change the record. */
import { any, path } from "../params.ts";
import { define, type FunctionTable } from "./define.ts";

export const editors: FunctionTable = {
  set: define({
    params: { target: path, value: any },
    build:
      ({ target, value: get }) =>
      context => {
        const value = get(context);
        if (value !== undefined) target.set(context, value); // nil changes nothing
        return undefined;
      },
  }),
};
