import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const moveAll = { structured_metadata: { regex: "^[^a]|^a[^p]" } };
const extracted = (json: Record<string, unknown>, line: string) =>
  runStages([{ json }, moveAll], [{ line }]).out[0]?.metadata;

test.for([
  { it: "takes a whole number", line: '{"v":1}', out: { v: "1" } },
  { it: "takes a number with zeros", line: '{"v":1.50}', out: { v: "1.5" } },
  { it: "keeps negative zero", line: '{"v":-0}', out: { v: "-0" } },
  { it: "prints large numbers in full", line: '{"v":1e21}', out: { v: "1000000000000000000000" } },
  { it: "prints small numbers in full", line: '{"v":0.0000001}', out: { v: "0.0000001" } },
  { it: "rounds what a float64 can't hold", line: '{"v":18446744073709551616}', out: { v: "18446744073709552000" } },
  { it: "takes a boolean", line: '{"v":true}', out: { v: "true" } },
  { it: "takes no null", line: '{"v":null}', out: {} },
  { it: "takes an empty text", line: '{"v":""}', out: { v: "" } },
  { it: "decodes escapes", line: '{"v":"é\\u00e9\\ud83d\\ude00\\n"}', out: { v: "éé😀\n" } },
  { it: "replaces a lone surrogate", line: '{"v":"\\ud800"}', out: { v: "\ufffd" } },
  { it: "makes JSON of lists", line: '{"v":[1, "a",null]}', out: { v: '[1,"a",null]' } },
  { it: "makes JSON of objects in their order", line: '{"v":{"b":2,"a":[true]}}', out: { v: '{"b":2,"a":[true]}' } },
  {
    it: "escapes HTML inside of JSON",
    line: '{"v":{"a":"<x>&\\u2028\\b"}}',
    out: { v: '{"a":"\\u003cx\\u003e\\u0026\\u2028\\u0008"}' },
  },
  {
    it: "prints numbers inside as JSON",
    line: '{"v":[1e21,1e-8,-0,12345678901234567890]}',
    out: { v: "[1e+21,1e-08,-0,12345678901234567000]" },
  },
  { it: "takes control characters after an escape", line: '{"v":"a\\"b\tc"}', out: { v: 'a"b\tc' } },
  { it: "takes none before an escape", line: '{"v":"a\tb\\"c"}', out: {} },
  { it: "skips what is nested too deep", line: `{"v":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, out: {} },
  { it: "takes the last of two keys", line: '{"v":"first","v":"second"}', out: { v: "second" } },
  { it: "knows upper from lower case", line: '{"V":"case"}', out: {} },
  { it: "does not find what objects inherit", line: '{"a":1}', json: { expressions: { v: "constructor" } }, out: {} },
  { it: "leaves other lines alone", line: "text", out: {} },
  { it: "leaves lists alone", line: '[{"v":1}]', out: {} },
  { it: "uses the name as expression", line: '{"v":1}', json: { expressions: { v: "" } }, out: { v: "1" } },
  {
    it: "skips an expression that fails",
    line: '{"v":1}',
    json: { expressions: { n: "length(nope)", v: "v" } },
    out: { v: "1" },
  },
  {
    it: "takes keys by regex",
    line: '{"k8s_a":1,"k8s_o":{"x":1},"k8s_n":null,"other":2}',
    json: { regex: "^k8s_" },
    out: { k8s_a: "1", k8s_o: '{"x":1}' },
  },
])("$it", ({ line, json = { expressions: { v: "v" } }, out }) => {
  expect(extracted(json, line)).toEqual(out);
});

test("reads another extracted value, also one that was an object", () => {
  const stages = [
    { json: { expressions: { inner: "" } } },
    { json: { source: "inner", expressions: { deep: "a.b" } } },
    moveAll,
  ];
  const line = (inner: unknown) => JSON.stringify({ inner });
  const lines = [line('{"a":{"b":1}}'), line({ a: { b: 2 } }), line(3), "{}"];
  const { out } = runStages(
    stages,
    lines.map(each => ({ line: each })),
  );
  expect(out.map(({ metadata }) => metadata["deep"])).toEqual(["1", "2", undefined, undefined]);
});

test.for([
  { line: '{"a":1}', kept: true },
  { line: ' {"a":"spaces"} ', kept: true },
  { line: "null", kept: true },
  { line: '{"a":1} trailing', kept: false },
  { line: "{a:1}", kept: false },
  { line: '{"a":1,}', kept: false },
  { line: "[]", kept: false },
  { line: '"text"', kept: false },
  { line: "12", kept: false },
  { line: "", kept: false },
  { line: '{"a":"tab\there"}', kept: false },
  { line: '{"a":01}', kept: false },
  { line: '\ufeff{"a":"bom"}', kept: false },
])("drop_malformed: is %o kept", ({ line, kept }) => {
  expect(runStages([{ json: { expressions: { a: "" }, drop_malformed: true } }], [{ line }]).out.length).toBe(
    kept ? 1 : 0,
  );
});

test.for([
  { it: "nothing to extract", json: {}, message: "stage.json: JMES expressions or regex is required" },
  { it: "an empty source", json: { expressions: { a: "" }, source: "" }, message: "stage.json: empty source" },
  {
    it: "a bad expression",
    json: { expressions: { a: "b." } },
    message:
      'stage.json: could not compile JMES expression: expected a name, "[" or "{", got the end of the expression',
  },
  {
    it: "a bad regex",
    json: { regex: "(" },
    message: "stage.json: invalid regular expression: error parsing regexp: missing closing ): `(`",
  },
])("refuses $it", ({ json, message }) => {
  expect(() => compilePlain([{ json }])).toThrow(problem(message));
});
