import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

const lineOf = (stage: Record<string, Record<string, unknown>>, line: string) =>
  runStages([stage], [{ line }]).out[0]?.line;

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
