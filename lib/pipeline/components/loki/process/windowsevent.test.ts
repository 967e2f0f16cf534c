import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

const extracted = (stages: readonly Record<string, Record<string, unknown>>[], line: string) =>
  runStages([...stages, { structured_metadata: { regex: "^[^am]" } }], [{ line }]).out[0]?.metadata;

const message = (text: unknown, more: object = {}) => JSON.stringify({ message: text, ...more });

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
