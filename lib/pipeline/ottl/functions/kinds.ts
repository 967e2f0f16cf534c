/** What kind a value is. */
import { ValueList, ValueMap } from "../../telemetry/otlp/value.ts";
import type { Getter } from "../context.ts";
import { OttlError } from "../error.ts";
import type { Binder, ParamType } from "../params.ts";
import { isList, type OttlValue, typeName, Unsigned } from "../value.ts";
import { define, type FunctionTable } from "./define.ts";

/** A literal of another kind can only be a mistake. */
const isKind = (type: string, test: (value: OttlValue) => boolean) => {
  const value: ParamType<Getter> = {
    bind(expr, binder: Binder) {
      const getter = binder.value(expr);
      if (getter.literal && expr.kind === "literal" && !test(expr.value))
        throw new OttlError(`expected ${type} but got ${typeName(expr.value)}`, expr.start);
      return getter;
    },
  };
  return define({
    params: { value },
    build:
      ({ value: get }) =>
      context =>
        test(get(context)),
  });
};

export const kinds: FunctionTable = {
  IsString: isKind("string", value => typeof value === "string"),
  IsInt: isKind("int64", value => typeof value === "bigint"),
  IsDouble: isKind("float64", value => typeof value === "number"),
  IsBool: isKind("bool", value => typeof value === "boolean"),
  IsMap: isKind("pcommon.Map", value => value instanceof ValueMap),
  IsList: isKind("pcommon.Slice", value => value instanceof ValueList || isList(value) || value instanceof Unsigned),
};
