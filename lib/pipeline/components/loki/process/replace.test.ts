import { expect, test } from "vitest";
import { compilePlain, runStages } from "./run-stages.ts";

const lineOf = (replace: Record<string, unknown>, line: string) => runStages([{ replace }], [{ line }]).out[0]?.line;

test.for([
  {
    it: "replaces what groups match",
    expression: "password=(\\S+)",
    replace: "***",
    line: "password=one password=two",
    out: "password=*** password=***",
  },
  {
    it: "leaves lines without match",
    expression: "password=(\\S+)",
    replace: "***",
    line: "password=",
    out: "password=",
  },
  { it: "leaves lines without groups", expression: "hash=[0-9]+", replace: "x", line: "hash=42", out: "hash=42" },
  {
    it: "runs a template for each group",
    expression: "(\\w+)@([\\w.]+)",
    replace: "{{ .Value | ToUpper }}",
    line: "ann@a.org and bob@b.io",
    out: "ANN@A.ORG and BOB@B.IO",
  },
  {
    it: "counts what a group matched",
    expression: "tok_([a-z]+)(\\d+)",
    replace: "{{ .Value | len }}",
    line: "tok_abc123 tok_z9",
    out: "tok_33 tok_11",
  },
  { it: "leaves groups inside of replaced ones", expression: "((a)b)", replace: "x", line: "ab ab", out: "x x" },
  { it: "removes", expression: "(x+)", replace: "", line: "axxbxc", out: "abc" },
  {
    it: "leaves the line where the template fails",
    expression: "(\\d+)",
    replace: '{{ .Value | Replace "a" "b" 1 }}',
    line: "1 2",
    out: "1 2",
  },
  {
    it: "leaves the line where the template is none",
    expression: "(\\d+)",
    replace: "{{ .Value",
    line: "1 2",
    out: "1 2",
  },
  { it: "knows the extracted values", expression: "(\\d+)", replace: "{{ .app }}", line: "1", out: "shop" },
  { it: "knows characters beyond ASCII", expression: "(é)", replace: "e", line: "日é日é", out: "日e日e" },
])("$it", ({ expression, replace, line, out }) => {
  expect(lineOf({ expression, replace }, line)).toBe(out);
});

test("named groups become extracted values, those of the first match", () => {
  const stage = { replace: { expression: "(?P<user>\\w+)@(?P<domain>[\\w.]+)", replace: "{{ .Value | ToUpper }}" } };
  const { out } = runStages([stage, { structured_metadata: { regex: "^[^a]" } }], [{ line: "ann@a.org bob@b.io" }]);
  expect(out[0]).toEqual({
    labels: { app: "shop" },
    line: "ANN@A.ORG BOB@B.IO",
    metadata: { user: "ANN", domain: "A.ORG" },
  });
});

test("source: changes the extracted value and leaves the line", () => {
  const stages = [
    { json: { expressions: { body: "" } } },
    { replace: { source: "body", expression: "(x+)", replace: "" } },
  ];
  const { out } = runStages(
    [...stages, { structured_metadata: { values: { body: "" } } }],
    [{ line: '{"body":"axb"}' }, { line: "axb" }],
  );
  expect(out.map(({ line, metadata }) => [line, metadata])).toEqual([
    ['{"body":"axb"}', { body: "ab" }],
    ["axb", {}],
  ]);
});

test.for([
  {
    it: "an empty expression",
    expression: "",
    message: "stage.replace.expression: empty regular expression not allowed",
  },
  {
    it: "a bad expression",
    expression: "(",
    message: "stage.replace.expression: error parsing regexp: missing closing ): `(`",
  },
])("refuses $it", ({ expression, message }) => {
  expect(() => compilePlain([{ replace: { expression } }])).toThrow(message);
});
