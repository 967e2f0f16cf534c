import { describe, expect, test } from "vitest";
import { parseFile } from "../syntax/parser.ts";
import { evaluate } from "./evaluate.ts";
import {
  block,
  blocks,
  choice,
  defaultBlock,
  locate,
  type ObjectSchema,
  object,
  optional,
  refused,
  refusedBlock,
  required,
  requiredBlock,
  requiredBlocks,
} from "./schema.ts";
import { bool, bytes, duration, int, list, map, oneOf, string } from "./types.ts";

const inner = object({ size: optional(int, 5, "…"), name: required(string, "…") });
const nested: ObjectSchema<unknown> = object({
  step: choice(() => ({ one: inner, group: nested }), "…"),
});
const schema = object({
  must: optional(string, undefined, "…"),
  count: optional(int, 10, "…"),
  flag: optional(bool, true, "…"),
  wait: optional(duration, "30s", "…"),
  names: optional(list(string), ["a"], "…"),
  labels: optional(map(string), undefined, "…"),
  size: optional(bytes, "1KiB", "…"),
  mode: optional(oneOf("mode", ["x", "y"]), "x", "…"),
  gone: refused(string, "can't be used: it is gone", "…"),
  one: block(inner, "…"),
  own: defaultBlock(object({ level: optional(int, 3, "…") }), "…"),
  many: blocks(inner, "…"),
  off: refusedBlock(object({}), "is not supported", "…"),
  step: choice({ drop: object({}), keep: inner }, "…"),
});

/** Decodes the body of `x { … }`; reports as `line:column-column message`. */
function decode(text: string, of: ObjectSchema<unknown> = schema) {
  const source = { name: "a", text: `x {\n${text}\n}` };
  const [statement] = parseFile(source).file.body;
  if (statement?.kind !== "block") throw new Error("should be a block");
  const reports: string[] = [];
  const report = ({ start, end }: { start: number; end: number }, message: string, hint?: string) => {
    reports.push(`${source.text.slice(start, end).split("\n")[0]} » ${message}${hint ? ` (${hint})` : ""}`);
  };
  const args = of.decodeBody(statement.body, statement, {
    report,
    evaluate: expr => evaluate(expr, { variables: new Map() }),
    reportMismatch: (expr, _, { path, message }) => report(locate(expr, path), message),
  });
  return { args, reports };
}

const defaults = {
  must: undefined,
  count: 10,
  flag: true,
  wait: 30_000,
  names: ["a"],
  labels: undefined,
  size: 1024,
  mode: "x",
  gone: undefined,
  one: undefined,
  own: { level: 3 },
  many: [],
  off: undefined,
  step: [],
};

describe("a body that fits", () => {
  test.for<{ it: string; text: string; out: object }>([
    { it: "has its defaults where nothing is given", text: "", out: {} },
    { it: "has what is given", text: 'count = 2\nflag = false\nmode = "y"', out: { count: 2, flag: false, mode: "y" } },
    {
      it: "has Go's zero values where null is given, whatever the default",
      text: "count = null\nflag = null\nwait = null\nnames = null\nsize = null",
      out: { count: 0, flag: false, wait: 0, names: [], size: 0 },
    },
    { it: "has nothing where null is given and there is no default", text: "must = null\nlabels = null", out: {} },
    { it: "has a block with its own defaults", text: 'one { name = "n" }', out: { one: { size: 5, name: "n" } } },
    { it: "has a block's fields in the place of its defaults", text: "own { level = 1 }", out: { own: { level: 1 } } },
    {
      it: "has many blocks in the order of the text",
      text: 'many { name = "b" }\nmany { name = "a" }',
      out: {
        many: [
          { size: 5, name: "b" },
          { size: 5, name: "a" },
        ],
      },
    },
    {
      it: "has blocks of several kinds in one list",
      text: 'step.keep { name = "k" }\nstep.drop { }\nstep.keep { name = "l" }',
      out: {
        step: [
          { kind: "keep", args: { size: 5, name: "k" } },
          { kind: "drop", args: {} },
          { kind: "keep", args: { size: 5, name: "l" } },
        ],
      },
    },
    { it: "may label an inner block", text: 'one "x" { name = "n" }', out: { one: { size: 5, name: "n" } } },
  ])("$it", ({ text, out }) => {
    expect(decode(text)).toEqual({ args: { ...defaults, ...out }, reports: [] });
  });

  test("a required attribute takes null as its zero value", () => {
    expect(decode("name = null", inner)).toEqual({ args: { size: 5, name: "" }, reports: [] });
  });

  test("a schema may hold itself", () => {
    expect(decode('step.group {\nstep.one { name = "n" }\n}', nested).args).toEqual({
      step: [{ kind: "group", args: { step: [{ kind: "one", args: { size: 5, name: "n" } }] } }],
    });
  });
});

describe("a body that does not fit is reported", () => {
  const needs = object({
    a: required(int, "…"),
    b: requiredBlock(inner, "…"),
    c: requiredBlocks(inner, "…"),
    d: optional(int, 1, "…"),
  });
  test.for<{ it: string; text: string; of?: ObjectSchema<unknown>; reports: string[] }>([
    {
      it: "an attribute that is not known, with what it may mean",
      text: "cuont = 1",
      reports: ['cuont = 1 » unrecognized attribute name "cuont" (did you mean "count"?)'],
    },
    {
      it: "an attribute that is nothing like the others",
      text: "zzzzzz = 1",
      reports: ['zzzzzz = 1 » unrecognized attribute name "zzzzzz"'],
    },
    {
      it: "a block that is not known",
      text: "step.kep { }",
      reports: ['step.kep { } » unrecognized block name "step.kep" (did you mean "step.keep"?)'],
    },
    {
      it: "the name of a choice without a kind",
      text: "step { }",
      reports: ['step { } » unrecognized block name "step"'],
    },
    { it: "a choice as an attribute", text: "step = 1", reports: ['step = 1 » unrecognized attribute name "step"'] },
    {
      it: "a block as an attribute",
      text: "one = { }",
      reports: ['one = { } » "one" must be a block, but is used as an attribute'],
    },
    {
      it: "an attribute as a block",
      text: "count { }",
      reports: ['count { } » "count" must be an attribute, but is used as a block'],
    },
    {
      it: "an attribute given twice",
      text: "count = 1\ncount = 2",
      reports: ['count = 2 » attribute "count" may only be provided once'],
    },
    {
      it: "a block given twice, at both places",
      text: "own { }\nown { }",
      reports: ['own { } » block "own" may only be specified once', 'own { } » block "own" may only be specified once'],
    },
    {
      it: "an argument that can't be used",
      text: 'gone = "x"',
      reports: ['gone = "x" » "gone" can\'t be used: it is gone'],
    },
    { it: "a block that can't be used", text: "off { }", reports: ['off { } » "off" is not supported'] },
    {
      it: "the part of a value that is wrong",
      text: 'names = ["a", true]',
      reports: ["true » should be string, got bool"],
    },
    {
      it: "all that is missing, after all that is wrong",
      of: needs,
      text: "d = true",
      reports: [
        "true » should be number, got bool",
        'x { » missing required attribute "a"',
        'x { » missing required block "b"',
        'x { » missing required block "c"',
      ],
    },
    {
      it: "what is wrong in the order of the text, what is missing in a block at the block",
      text: 'zzzzzz = 1\nmany { }\nflag = "no"\nmany { size = "x" }',
      reports: [
        'zzzzzz = 1 » unrecognized attribute name "zzzzzz"',
        'many { } » missing required attribute "name"',
        '"no" » should be bool, got string',
        '"x" » should be number, got string',
        'many { size = "x" } » missing required attribute "name"',
      ],
    },
  ])("$it", ({ text, of = schema, reports }) => {
    expect(decode(text, of).reports).toEqual(reports);
  });
});

describe("plain data", () => {
  test("decodes as a body does", () => {
    expect(
      schema.decode({ count: 2, wait: "1m", many: [{ name: "n" }], one: { name: "o", size: 1 }, step: [{ drop: {} }] }),
    ).toEqual({
      ...defaults,
      count: 2,
      wait: 60_000,
      many: [{ size: 5, name: "n" }],
      one: { size: 1, name: "o" },
      step: [{ kind: "drop", args: {} }],
    });
  });

  test("is refused with all that is wrong", () => {
    expect(() => schema.decode({ nope: 1, names: ["a", true], many: [{}], step: [{ fly: {} }] })).toThrow(
      new Error(
        [
          'unrecognized name "nope"',
          "names.1: should be string, got bool",
          'many.missing required attribute "name"',
          'step.unrecognized block name "fly"',
        ].join("\n"),
      ),
    );
  });
});
