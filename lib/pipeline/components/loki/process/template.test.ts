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
  {
    it: "a template for nothing",
    stage: { template: { source: "", template: "" } },
    message: "stage.template: template source value is required",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});

test("refuses a template that is none", () => {
  expect(() => compilePlain([{ template: { source: "a", template: "{{ nope }}" } }])).toThrow(
    'stage.template.template: template: pipeline_template:1: function "nope" not defined',
  );
});
