import { expect, test } from "vitest";
import { compileCondition } from "../compile.ts";
import { contextOf, keyValues, metricRequest } from "../testing.ts";
import { filterConverters } from "./index.ts";

const dataPoints = [{ asInt: "1" }, { asInt: "2", attributes: keyValues({ env: "prod", n: 1n }) }];

test.for<[condition: string, holds: boolean]>([
  ['HasAttrKeyOnDatapoint("env")', true],
  ['HasAttrKeyOnDatapoint("nope")', false],
  ['HasAttrOnDatapoint("env", "prod")', true],
  ['HasAttrOnDatapoint("env", "dev")', false],
  ['HasAttrOnDatapoint("n", "1")', false],
])("%s", ([condition, holds]) => {
  const context = contextOf("metric", metricRequest({ gauge: { dataPoints } }));
  expect(compileCondition(condition, { context: "metric", functions: filterConverters })(context)).toBe(holds);
});

test("they look at metrics only", () => {
  const compile = () =>
    compileCondition('HasAttrKeyOnDatapoint("a")', { context: "datapoint", functions: filterConverters });
  expect(compile).toThrow(`function "HasAttrKeyOnDatapoint" can't be used in the datapoint context, only in metric`);
});
