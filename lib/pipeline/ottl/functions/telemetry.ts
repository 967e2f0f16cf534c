/** Questions about the record itself. */
import { attributeKey } from "../../telemetry/otlp/value.ts";
import { literalText } from "../params.ts";
import { define, type FunctionTable } from "./define.ts";

export const telemetry: FunctionTable = {
  IsRootSpan: define({
    params: {},
    contexts: ["span"],
    build:
      () =>
      ({ span }) =>
        span.parentSpanIdHex === "",
  }),
};

/** Only in conditions of filters. */
export const filterFunctions: FunctionTable = {
  HasAttrKeyOnDatapoint: define({
    params: { key: literalText },
    contexts: ["metric"],
    build({ key }) {
      const wanted = attributeKey(key);
      return ({ metric }) => {
        for (const point of metric.dataPoints) if (point.attributes.has(wanted)) return true;
        return false;
      };
    },
  }),
  HasAttrOnDatapoint: define({
    params: { key: literalText, expected_val: literalText },
    contexts: ["metric"],
    build({ key, expected_val }) {
      const wanted = attributeKey(key);
      return ({ metric }) => {
        for (const point of metric.dataPoints) if (point.attributes.get(wanted) === expected_val) return true;
        return false;
      };
    },
  }),
};
