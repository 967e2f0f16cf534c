import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const extracted = (template: string, line = "{}", source = "out") =>
  runStages(
    [
      { json: { expressions: { name: "", n: "", nil: "" } } },
      { template: { source, template } },
      { structured_metadata: { regex: "^(out|name|n|nil)$" } },
    ],
    [{ line }],
  ).out[0]?.metadata;

test.for([
  { it: "sets a value", template: "{{ .name | ToUpper }}", line: '{"name":"ann"}', out: { name: "ann", out: "ANN" } },
  {
    it: "sees numbers as text",
    template: '{{ .n }}{{ printf "%T" .n }}',
    line: '{"n":1e21}',
    out: { n: "1000000000000000000000", out: "1000000000000000000000string" },
  },
  {
    it: "sees labels and the line",
    template: "{{ .app }} {{ .Entry | len }}",
    line: '{"n":"é"}',
    out: { n: "é", out: "shop 10" },
  },
  {
    it: "sees its own old value",
    source: "name",
    template: "<{{ .Value }}>",
    line: '{"name":"x"}',
    out: { name: "<x>" },
  },
  { it: "stores that there is no value", template: "{{ .nokey }}", out: { out: "<no value>" } },
  {
    it: "takes null for missing",
    template: "{{ if .nil }}yes{{ else }}no{{ end }}",
    line: '{"nil":null}',
    out: { out: "no" },
  },
  {
    it: "deletes the value if nothing comes out",
    source: "name",
    template: "{{ if false }}x{{ end }}",
    line: '{"name":"x"}',
    out: {},
  },
  {
    it: "leaves the value if it fails",
    source: "name",
    template: "{{ ToLower .nokey }}",
    line: '{"name":"X"}',
    out: { name: "X" },
  },
])("template: $it", ({ template, line, source, out }) => {
  expect(extracted(template, line, source)).toEqual(out);
});

test("template: a label of the entry is gone from the values, not from the labels", () => {
  const stages = [
    { template: { source: "app", template: "{{ if false }}x{{ end }}" } },
    { structured_metadata: { values: { seen: "app" } } },
  ];
  expect(
    runStages([stages[0] as never, { labels: { values: { copy: "app" } } }], [{ line: "" }]).out[0]?.labels,
  ).toEqual({ app: "shop" });
});

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

test("pack: puts labels and values into the line", () => {
  const stages = [
    { json: { expressions: { user: "", n: "", nil: "" } } },
    { pack: { labels: ["zone", "user", "n", "nil", "absent"], ingest_timestamp: false } },
  ];
  const line = '{"user":"<ann>","n":1.0,"nil":null}';
  expect(runStages(stages, [{ line, labels: { app: "shop", zone: "z" } }]).out).toEqual([
    {
      labels: { app: "shop" },
      line: '{"n":"1","user":"\\u003cann\\u003e","zone":"z","_entry":"{\\"user\\":\\"\\u003cann\\u003e\\",\\"n\\":1.0,\\"nil\\":null}"}',
      metadata: {},
    },
  ]);
  expect(runStages([{ pack: { labels: [] } }], [{ line: "" }]).out).toEqual([
    { labels: { app: "shop" }, line: '{"_entry":""}', metadata: {}, time: 1_785_542_400_000_000_000n },
  ]);
});

test.for([
  {
    it: "a template for nothing",
    stage: { template: { source: "", template: "" } },
    message: "stage.template: template source value is required",
  },
  {
    it: "no output",
    stage: { output: { source: "" } },
    message: "stage.output: output source value is required if output is specified",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});

test("refuses a template that is none", () => {
  expect(() => compilePlain([{ template: { source: "a", template: "{{ nope }}" } }])).toThrow(
    'stage.template.template: template: pipeline_template:1: function "nope" not defined',
  );
});
