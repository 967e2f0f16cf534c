import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

test.for([
  { it: "text", line: '{"msg":"hello\\nworld"}', out: "hello\nworld" },
  { it: "an empty text", line: '{"msg":""}', out: "" },
  { it: "a number", line: '{"msg":12.50}', out: "12.5" },
  { it: "an object", line: '{"msg":{"b":1,"a":"<x>"}}', out: '{"b":1,"a":"\\u003cx\\u003e"}' },
  { it: "nothing for null", line: '{"msg":null}', out: '{"msg":null}' },
  { it: "nothing for what is missing", line: "broken {", out: "broken {" },
])("output: sets the line to $it", ({ line, out }) => {
  expect(
    runStages([{ json: { expressions: { msg: "" } } }, { output: { source: "msg" } }], [{ line }]).out[0]?.line,
  ).toBe(out);
});

test.for([
  {
    it: "no output",
    stage: { output: { source: "" } },
    message: "stage.output: output source value is required if output is specified",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
