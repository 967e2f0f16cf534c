import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const lineOf = (stage: Record<string, Record<string, unknown>>, line: string) =>
  runStages([stage], [{ line }]).out[0]?.line;
const extracted = (stages: readonly Record<string, Record<string, unknown>>[], line: string) =>
  runStages([...stages, { structured_metadata: { regex: "^[^am]" } }], [{ line }]).out[0]?.metadata;

test.for([
  { it: "colours", line: "\x1b[31mred\x1b[0m \x1b[1;32mbold\x1b[m \x1b[38;5;208mx", out: "red bold x" },
  { it: "cursor movements", line: "\x1b[2J\x1b[Hcleared \x1b[?25lcursor\x1b[K", out: "cleared cursor" },
  {
    it: "of a hyperlink only its beginning and end",
    line: "\x1b]8;;https://e.org\x07link\x1b]8;;\x07 after",
    out: "ttps://e.org\x07link after",
  },
  { it: "sequences with a C1 introducer", line: "\x9b31mC1\x9b0m", out: "C1" },
  { it: "no lone escapes", line: "lone \x1b here \x1b", out: "lone \x1b here \x1b" },
  { it: "nothing of plain lines", line: "plain [31m", out: "plain [31m" },
])("decolorize: removes $it", ({ line, out }) => {
  expect(lineOf({ decolorize: {} }, line)).toBe(out);
});

test.for([
  { it: "a number", luhn: {}, line: "paid 4111111111111111 ok", out: "paid **REDACTED** ok" },
  { it: "numbers in words", luhn: {}, line: "x4111111111111111y,378282246310005", out: "x**REDACTED**y,**REDACTED**" },
  { it: "zeros", luhn: {}, line: "0000000000000000", out: "**REDACTED**" },
  { it: "no wrong number", luhn: {}, line: "4111111111111112", out: "4111111111111112" },
  { it: "no short number", luhn: {}, line: "79927398713", out: "79927398713" },
  {
    it: "no number beyond 64 bits",
    luhn: {},
    line: "411111111111111111111111111111",
    out: "411111111111111111111111111111",
  },
  {
    it: "no other digits",
    luhn: {},
    line: "４１１１１１１１１１１１１１１１",
    out: "４１１１１１１１１１１１１１１１",
  },
  {
    it: "numbers with delimiters",
    luhn: { delimiters: " -", replacement: "[CARD]", min_length: 12 },
    line: "a 4111-1111 1111-1111 b",
    out: "a [CARD] b",
  },
  {
    it: "no number that is skipped",
    luhn: { skip_regex: "id=\\d+" },
    line: "id=4111111111111111 4111111111111111",
    out: "id=4111111111111111 **REDACTED**",
  },
  { it: "and puts another value into the line", luhn: { source: "app" }, line: "x", out: "shop" },
])("luhn: replaces $it", ({ luhn, line, out }) => {
  expect(lineOf({ luhn }, line)).toBe(out);
});

test.for([
  {
    it: "a record",
    line: '{"log":"hi\\n","stream":"stdout","time":"2024-02-29T23:59:59.999999999Z"}',
    out: { labels: { app: "shop", stream: "stdout" }, line: "hi\n", metadata: {}, time: 1_709_251_199_999_999_999n },
  },
  {
    it: "a record without stream",
    line: '{"log":"x","time":"2024-03-01T00:00:01Z"}',
    out: { labels: { app: "shop", stream: "" }, line: "x", metadata: {}, time: 1_709_251_201_000_000_000n },
  },
  {
    it: "a record with a bad time",
    line: '{"log":"x","stream":"stderr","time":"yesterday"}',
    out: { labels: { app: "shop", stream: "stderr" }, line: "x", metadata: {} },
  },
  {
    it: "keys in another case",
    line: '{"LOG":"x","Stream":"stderr"}',
    out: { labels: { app: "shop", stream: "stderr" }, line: "x", metadata: {} },
  },
  {
    it: "no record without text",
    line: '{"stream":"stdout"}',
    out: { labels: { app: "shop" }, line: '{"stream":"stdout"}', metadata: {} },
  },
  {
    it: "no record with a number",
    line: '{"log":42,"stream":"stdout"}',
    out: { labels: { app: "shop" }, line: '{"log":42,"stream":"stdout"}', metadata: {} },
  },
  { it: "no other lines", line: "text", out: { labels: { app: "shop" }, line: "text", metadata: {} } },
])("docker: reads $it", ({ line, out }) => {
  expect(runStages([{ docker: {} }], [{ line }]).out).toEqual([out]);
});

const rules = [
  { limit: "20B", suffix: "..." },
  { limit: "5B", source_type: "label", sources: ["pod"] },
  { limit: "8B", suffix: "~cut", source_type: "structured_metadata" },
  { limit: "4B", source_type: "extracted", sources: ["msg", "n"] },
];

test.for([
  {
    it: "lines by bytes",
    entry: { line: "exactly twenty bytes+" },
    out: { line: "exactly twenty by...", metadata: { truncated: "line" } },
  },
  {
    it: "characters in half",
    entry: { line: "日本語日本語日本語" },
    out: { line: "日本語日本\ufffd...", metadata: { truncated: "line" } },
  },
  {
    it: "metadata",
    entry: { line: "s", metadata: { uni: "ééééé", m: "exactly8", k: "four" } },
    out: { line: "s", metadata: { uni: "éé~cut", m: "exac~cut", k: "four", truncated: "structured_metadata" } },
  },
  {
    it: "extracted text, no numbers",
    entry: { line: '{"msg":"abcdef","n":1}' },
    out: { line: '{"msg":"abcdef","...', metadata: { msg: "abcd", n: "1", truncated: "extracted,line" } },
  },
  { it: "nothing that is short", entry: { line: "short" }, out: { line: "short", metadata: {} } },
])("truncate: cuts $it", ({ entry, out }) => {
  const stages = [
    { json: { expressions: { msg: "", n: "" } } },
    { truncate: { rule: rules } },
    { structured_metadata: { values: { msg: "", n: "", truncated: "" } } },
  ];
  expect(runStages(stages, [entry]).out).toEqual([{ labels: { app: "shop" }, ...out }]);
});

test("truncate: cuts labels", () => {
  const { out } = runStages(
    [{ truncate: { rule: rules } }],
    [{ line: "", labels: { app: "longer-than-five", pod: "pod-abc" } }],
  );
  expect(out[0]?.labels).toEqual({ app: "longer-than-five", pod: "pod-a" });
});

const json = { json: { expressions: { message: "", Category: "" } } };
const message = (text: unknown, more: object = {}) => JSON.stringify({ message: text, ...more });

test.for([
  {
    it: "keys",
    line: message("Key One: v1\r\nNoColon\r\n9digit: nine\r\nURL: http://h:80/x"),
    out: { Key_One: "v1", _digit: "nine", URL: "http://h:80/x" },
  },
  {
    it: "keys that exist under another name",
    line: message("Category: b", { Category: "a" }),
    out: { Category: "a", Category_extracted: "b" },
  },
  {
    it: "keys that exist, if told so",
    args: { overwrite_existing: true },
    line: message("Category: b", { Category: "a" }),
    out: { Category: "b" },
  },
  {
    it: "only good keys, if told so",
    args: { drop_invalid_labels: true },
    line: message("A B: 1\r\nC: 2"),
    out: { C: "2" },
  },
])("eventlogmessage: takes $it", ({ line, args = {}, out }) => {
  expect(extracted([json, { eventlogmessage: args }], line)).toEqual(out);
});

test("eventlogmessage: drops an entry whose message is null, passes one without", () => {
  const stages = [{ json: { expressions: { message: "" } } }, { eventlogmessage: {} }];
  expect(runStages(stages, [{ line: "{}" }, { line: "garbage" }])).toEqual({
    out: [{ labels: { app: "shop" }, line: "garbage", metadata: {} }],
    dropped: [{ reason: "eventlogmessage_stage", items: 1 }],
  });
});

test.for([
  {
    it: "sections with titles",
    line: message(
      "Shared.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1\r\n\tName:\t\tkim\r\n\r\nAccess:\r\n\tList:\t\tRead\r\n\t\tWrite\r\n",
    ),
    out: { Description: "Shared.", Subject_SecurityID: "S-1", Subject_Name: "kim", Access_List: "Read,Write" },
  },
  {
    it: "keys of all kinds",
    line: message(
      "Line 1\r\nLine 2\r\n\r\nKey A:\tv\r\ncontinued\r\n\r\nGroup-1:\r\n\tSub Key:\t1\r\n\tSub Key:\t2\r\n\r\nstray\r\n\r\nLast:\tz",
    ),
    out: {
      Description: "Line 1Line 2",
      KeyA: "v,continued",
      "Group-1_SubKey": "1",
      "Group-1_SubKey_extracted": "2",
      Last: "z",
    },
  },
  {
    it: "one description where newlines are of another kind",
    line: message("unix\n\nSubject:\n\tName:\tx\n"),
    out: { Description: "unixSubject:Name:x" },
  },
])("windowsevent: takes $it", ({ line, out }) => {
  expect(extracted([{ json: { expressions: { message: "" } } }, { windowsevent: {} }], line)).toEqual(out);
});

test.for([
  {
    it: "a suffix as long as the limit",
    stage: { truncate: { rule: [{ limit: "3B", suffix: "..." }] } },
    message: "stage.truncate: suffix length cannot be greater than or equal to limit",
  },
  {
    it: "a limit of nothing",
    stage: { truncate: { rule: [{ limit: "0B" }] } },
    message: "stage.truncate: limit must be greater than zero",
  },
  {
    it: "names of lines",
    stage: { truncate: { rule: [{ limit: "3B", sources: ["a"] }] } },
    message: "stage.truncate: sources cannot be set when source_type is 'line'",
  },
  { it: "an empty source of numbers", stage: { luhn: { source: "" } }, message: "stage.luhn: empty source" },
])("refuses $it", ({ stage, message: text }) => {
  expect(() => compilePlain([stage])).toThrow(problem(text));
});
