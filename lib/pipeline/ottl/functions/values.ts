/** Choosing among values, and looking into lists. */
import { compare } from "../compare.ts";
import { any, items, listOf } from "../params.ts";
import { define, type FunctionTable } from "./define.ts";

export const values: FunctionTable = {
  Coalesce: define({
    params: { values: listOf(any) },
    build({ values: getters }) {
      if (!getters.length) throw new Error("at least one value is required");
      return context => {
        for (const getter of getters) {
          const value = getter(context);
          if (value !== undefined) return value;
        }
        return undefined;
      };
    },
  }),
  ContainsValue: define({
    params: { target: items, item: any },
    build:
      ({ target, item }) =>
      context => {
        const wanted = item(context);
        return target(context).some(value => compare(value, wanted, "=="));
      },
  }),
};
