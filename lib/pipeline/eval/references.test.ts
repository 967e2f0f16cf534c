import { expect, test } from "vitest";
import { parseExpression } from "../syntax/parser.ts";
import { hintForReference, traversalsOf } from "./references.ts";
import { stdlib } from "./stdlib/index.ts";

function parse(text: string) {
  const { expr } = parseExpression({ name: "test.alloy", text });
  if (!expr) throw new Error("no expression");
  return expr;
}

test.for<[string, string[]]>([
  ["1 + 2", []],
  ["local.file.f.content", ["local.file.f.content"]],
  ['"a" + (b.c + -d)', ["b.c", "d"]],
  ["[a, {k = b.c}, !d]", ["a", "b.c", "d"]],
  ["a.b[c.d].e", ["a.b", "c.d"]],
  ["string.to_upper(a.b)", ["a.b"]],
  ["array.concat(a.targets, [b])[c]", ["a.targets", "b", "c"]],
  ["m.f(x).y", ["m.f", "x"]],
  ['sys.env("A") + env("B") + constants.os', []],
])("%s refers to %j", ([text, paths]) => {
  const found = traversalsOf(parse(text)).map(({ path }) => path.map(({ name }) => name));
  expect(found.filter(([first = ""]) => !stdlib.has(first)).map(path => path.join("."))).toStrictEqual(paths);
});

test("each part of a reference has its range", () => {
  expect(traversalsOf(parse("1 + ab.c.d"))).toStrictEqual([
    {
      path: [
        { name: "ab", start: 4, end: 6 },
        { name: "c", start: 7, end: 8 },
        { name: "d", start: 9, end: 10 },
      ],
      start: 4,
      end: 10,
    },
  ]);
});

test("names of the standard library are among them", () => {
  expect(traversalsOf(parse('env("A")')).map(({ path }) => path[0]?.name)).toStrictEqual(["env"]);
  expect(traversalsOf(parse("string.x")).map(({ path }) => path.length)).toStrictEqual([2]);
});

const declared = ["loki.write.default", "loki.process.p", "local.file.key"];

test.for([
  { it: "a label", path: "loki.write.deflt.receiver", out: "loki.write.default.receiver" },
  { it: "a component", path: "loki.wirte.default.receiver", out: "loki.write.default.receiver" },
  { it: "a component alone", path: "local.file.kye", out: "local.file.key" },
  { it: "a forgotten label", path: "loki.write.receiver", out: "loki.write.default.receiver" },
  { it: "a namespace of functions", path: "strings.join", out: "string.join" },
  { it: "a function", path: "coalece", out: "coalesce" },
  { it: "a function without its namespace", path: "from_json", out: "encoding.from_json" },
  { it: "a constant", path: "constant.hostname", out: "constants.hostname" },
  { it: "no other label", path: "loki.write.none.receiver", out: undefined },
  { it: "what is like nothing", path: "mystery.thing", out: undefined },
])("hints at $it", ({ path, out }) => {
  expect(hintForReference(path.split("."), declared)).toBe(out && `did you mean "${out}"?`);
});
