/** Values of the configuration as attribute values: texts, numbers, truth values, lists and objects. */
import { type Value as ConfigValue, kindOf } from "../../../../eval/value.ts";
import { ProblemError } from "../../../../graph/component.ts";
import type { ValueInput } from "../../../../telemetry/otlp/value.ts";

export function inputOfConfig(value: ConfigValue, path: readonly (string | number)[]): ValueInput {
  if (value === null) return undefined;
  switch (typeof value) {
    case "string":
    case "bigint":
    case "number":
    case "boolean":
      return value;
    default:
      if (isList(value)) return value.map(item => inputOfConfig(item, path));
      if (value instanceof Map)
        return new Map([...value].map(([key, item]: [string, ConfigValue]) => [key, inputOfConfig(item, path)]));
      throw new ProblemError(`a ${kindOf(value)} can't be the value of an attribute`, path);
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
const isList = (value: object): value is readonly ConfigValue[] => Array.isArray(value);
