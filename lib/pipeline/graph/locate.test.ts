import { expect, test } from "vitest";
import { parseFile } from "../syntax/parser.ts";
import { locateInBlock } from "./locate.ts";

const text = `x "y" {
  url  = "u"
  list = ["a", "b"]
  map  = {k = [1, 2]}
  rule { regex = "r0" }
  rule {
    regex = "r1"
    inner { deep = 5 }
  }
  stage.json { expr = "j" }
  stage.drop { expr = "d" }
}`;
const [block] = parseFile({ name: "a", text }).file.body;

test.for<{ path: (string | number)[]; at: string }>([
  { path: [], at: text },
  { path: ["url"], at: '"u"' },
  { path: ["list", 1], at: '"b"' },
  { path: ["list", 9], at: '["a", "b"]' },
  { path: ["map", "k", 0], at: "1" },
  { path: ["map", "none"], at: "{k = [1, 2]}" },
  { path: ["rule", 1, "regex"], at: '"r1"' },
  { path: ["rule", 0], at: 'rule { regex = "r0" }' },
  { path: ["rule", "regex"], at: '"r0"' },
  { path: ["rule", 1, "inner", "deep"], at: "5" },
  { path: ["rule", 7], at: text },
  { path: ["stage", 1, "expr"], at: '"d"' },
  { path: ["gone"], at: text },
  { path: ["rule", 0, "gone"], at: 'rule { regex = "r0" }' },
])("$path", ({ path, at }) => {
  if (block?.kind !== "block") throw new Error("should be a block");
  const { start, end } = locateInBlock(block, path);
  expect(text.slice(start, end)).toBe(at);
});
