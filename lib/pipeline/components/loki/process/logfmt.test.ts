import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const mapping = { level: "", message: "msg", dur: "", ok: "", dotted: "a.b-c" };
const extracted = (line: string, logfmt: Record<string, unknown> = { mapping }) =>
  runStages([{ logfmt }, { structured_metadata: { regex: "^[^a]" } }], [{ line }]).out[0]?.metadata;

test.for([
  {
    it: "takes values, quoted ones and bare keys",
    line: 'level=info msg="hello world" dur=12ms ok',
    out: { level: "info", message: "hello world", dur: "12ms", ok: "" },
  },
  { it: "takes empty values", line: 'level="" msg= dur= x=1', out: { level: "", message: "", dur: "" } },
  {
    it: "decodes escapes",
    line: 'msg="esc \\"q\\" \\\\ \\n \\u00e9" level=WARN',
    out: { message: 'esc "q" \\ \n é', level: "WARN" },
  },
  { it: "takes the last of several", line: "level=a level=b level=c", out: { level: "c" } },
  { it: "stops at a missing key", line: "level=a =novalue level=x", out: { level: "a" } },
  { it: "stops at an open quote", line: 'level=a msg="unterminated level=info', out: { level: "a" } },
  { it: "stops at a second equals sign", line: "level=info msg=with=equals dur=1", out: { level: "info" } },
  { it: "stops at a quote inside", line: 'level=info msg=a"b dur=1', out: { level: "info" } },
  { it: "stops at a bad escape", line: 'level=info msg="\\q" dur=1', out: { level: "info" } },
  { it: "knows letters beyond ASCII", line: "ключ=значение level=ünï", out: { level: "ünï" } },
  { it: "splits at any blank", line: "level=info\tmsg=tabbed", out: { level: "info", message: "tabbed" } },
  { it: "takes blanks around = as bare keys", line: "level = spaced", out: { level: "" } },
  { it: "takes keys with dots and dashes", line: "a.b-c=1", out: { dotted: "1" } },
  {
    it: "takes single quotes as they are",
    line: "msg='single quoted' level=sq",
    out: { message: "'single", level: "sq" },
  },
  { it: "takes several lines as records", line: "level=a\r\nmsg=b", out: { level: "a", message: "b" } },
  {
    it: "stops at a line too long for its buffer",
    line: `level=a\nmsg=${"x".repeat(65_536)}\ndur=1`,
    out: { level: "a" },
  },
  { it: "takes JSON for nothing", line: '{"level":"json"}', out: {} },
  {
    it: "takes keys by regex",
    line: "http_code=200 user=ann other=1 level=x",
    logfmt: { regex: "^(http_|user)", mapping: { lvl: "level" } },
    out: { http_code: "200", user: "ann", lvl: "x" },
  },
])("$it", ({ line, logfmt, out }) => {
  expect(extracted(line, logfmt)).toEqual(out);
});

test("reads another extracted value", () => {
  const stages = [
    { json: { expressions: { inner: "log" } } },
    { logfmt: { source: "inner", mapping: { k: "" } } },
    { output: { source: "k" } },
  ];
  expect(
    runStages(stages, [{ line: '{"log":"k=v"}' }, { line: '{"log":5}' }, { line: "k=raw" }]).out.map(
      ({ line }) => line,
    ),
  ).toEqual(["v", '{"log":5}', "k=raw"]);
});

test("refuses to extract nothing", () => {
  expect(() => compilePlain([{ logfmt: {} }])).toThrow(problem("stage.logfmt: logfmt mapping or regex is required"));
});
