import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

const extracted = (stages: readonly Record<string, Record<string, unknown>>[], line: string) =>
  runStages([...stages, { structured_metadata: { regex: "^[^am]" } }], [{ line }]).out[0]?.metadata;

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
