import { expect, test } from "vitest";
import { compileCondition } from "./compile.ts";
import type { ContextName } from "./context.ts";
import { allFunctions } from "./functions/index.ts";
import { contextOf, evaluate, keyValues, logRequest, type Plain, plainMap, run } from "./testing.ts";

const attributes = {
  m: { x: 1n, l: [1n, "two", undefined] },
  l: [{ k: "v" }, [7n]],
  s: "text",
  key: "s",
  idx: 1n,
  emptymap: {},
};

test.for<[it: string, expression: string, result: Plain]>([
  ["a key in a map", 'attributes["m"]["x"]', 1n],
  ["an item of a list in a map", 'attributes["m"]["l"][1]', "two"],
  ["an item out of range fails", 'attributes["m"]["l"][9]', "fails: index 9 out of bounds"],
  ["a key that is missing is nil", 'attributes["m"]["nope"]', undefined],
  ["a key of what is missing is nil", 'attributes["nope"]["deeper"]', undefined],
  ["a map in a list", 'attributes["l"][0]["k"]', "v"],
  ["a list in a list", 'attributes["l"][1][0]', 7n],
  ["a key that is computed", 'attributes[attributes["key"]]', "text"],
  ["an index that is computed", 'attributes["l"][attributes["idx"]][0]', 7n],
  ["what a converter gives has items", 'Split("a,b,c", ",")[2]', "c"],
  ["and no more than that", 'Split("a,b,c", ",")[3]', "fails: index 3 out of bounds"],
  ["an index below zero fails", 'attributes["l"][-1]', "fails: index -1 out of bounds"],
  ["a text can't be indexed", 'attributes["s"]["x"]', "fails: type Str does not support string indexing"],
  [
    "a list has no keys",
    'attributes["l"]["k"]',
    "fails: unable to resolve an integer index in slice: invalid key type",
  ],
  ["a map has no indexes", 'attributes["m"][0]', "fails: unable to resolve a string index in map: invalid key type"],
])("index: %s", ([, expression, result]) => {
  expect(evaluate(expression, attributes)).toEqual(result);
});

test.for<[it: string, statement: string, changed: Plain]>([
  ["a new attribute", 'set(attributes["new"], 1)', { new: 1n }],
  ["maps on the way are made", 'set(attributes["new"]["a"]["b"], 1)', { new: { a: { b: 1n } } }],
  [
    "in a map that is there",
    'set(attributes["emptymap"]["y"], {"z": [1, "2"]})',
    { emptymap: { y: { z: [1n, "2"] } } },
  ],
  ["in a list that is there", 'set(attributes["m"]["l"][0], "zero")', { m: { x: 1n, l: ["zero", "two", undefined] } }],
  ["nil changes nothing", 'set(attributes["s"], nil)', {}],
  ["a condition that doesn't hold", 'set(attributes["s"], 1) where attributes["idx"] == 2', {}],
  [
    "a copy of a map is one",
    'set(attributes["copy"], attributes["m"])',
    { copy: { x: 1n, l: [1n, "two", undefined] } },
  ],
])("write: %s", ([, statement, changed]) => {
  const context = contextOf("log", logRequest({ attributes: keyValues(attributes) }));
  expect(run(statement, "log", context)).toBeUndefined();
  expect(plainMap(context.log.attributes)).toEqual({ ...attributes, ...(changed as object) }); // all are maps
});

test.for<[it: string, condition: string, holds: boolean]>([
  ["and before or", "true or false and false", true],
  ["parentheses", "(true or false) and false", false],
  ["not before and", "not false and false", false],
  ["not of a comparison", 'not attributes["idx"] == 1', false],
  ["not not", "not (not true)", true],
  ["three of or", "false or false or true", true],
  ["three of and", "true and true and false", false],
  ["what stands behind true isn't asked", 'true or attributes["s"]["x"] == 1', true],
  ["what stands behind false isn't asked", 'false and attributes["s"]["x"] == 1', false],
  ["a converter alone", 'IsString(attributes["s"])', true],
  ["an attribute with a text", 'attributes["s"] == "text"', true],
  ["an attribute without it", 'attributes["s"] != "text"', false],
])("logic: %s", ([, condition, holds]) => {
  const context = contextOf("log", logRequest({ attributes: keyValues(attributes) }));
  expect(compileCondition(condition, { context: "log", functions: allFunctions })(context)).toBe(holds);
});

test("a converter alone should give a truth value", () => {
  expect(run('set(attributes["a"], 1) where Len("a")', "log", contextOf("log", logRequest({})))).toBe(
    "fails: value returned from a converter should be bool, got int64",
  );
});

test.for<[it: string, context: ContextName, statement: string, problem: string]>([
  [
    "a path with a typo",
    "span",
    'set(nmae, "x")',
    'invalid argument "target" of "set": unknown path "nmae" in the span context, did you mean "name"?, at 4',
  ],
  [
    "a path of another context",
    "log",
    "set(kind, 1)",
    'invalid argument "target" of "set": unknown path "kind" in the log context, at 4',
  ],
  [
    "a path below the context",
    "span",
    'set(spanevent.name, "x")',
    'invalid argument "target" of "set": unknown path "spanevent.name" in the span context, at 4',
  ],
  [
    "a function with a typo",
    "log",
    'set(attributes["a"], Substrin("a", 0, 1))',
    'invalid argument "value" of "set": undefined function "Substrin", did you mean "Substring"?, at 21',
  ],
  [
    "a function of another context",
    "log",
    'set(attributes["a"], IsRootSpan())',
    'invalid argument "value" of "set": function "IsRootSpan" can\'t be used in the log context, only in span, at 21',
  ],
  [
    "an enum with a typo",
    "span",
    "set(kind, SPAN_KIND_SERVR)",
    'invalid argument "value" of "set": unknown enum "SPAN_KIND_SERVR" in the span context, did you mean "SPAN_KIND_SERVER"?, at 10',
  ],
  [
    "too few arguments",
    "log",
    'set(attributes["a"])',
    'incorrect number of arguments of "set": expected 2, got 1, at 0',
  ],
  [
    "too many arguments",
    "log",
    'set(attributes["a"], Trim("a", "b", "c"))',
    'invalid argument "value" of "set": incorrect number of arguments of "Trim": expected 1 to 2, got 3, at 21',
  ],
  [
    "an unknown parameter",
    "log",
    'set(target = attributes["a"], valu = 1)',
    'no such parameter: valu, did you mean "value"?, at 30',
  ],
  ["a name, then none", "log", 'set(target = attributes["a"], 1)', "unnamed argument used after named argument, at 30"],
  ["a value where a path should be", "log", 'set("a", 1)', 'invalid argument "target" of "set": must be a path, at 4'],
  [
    "an index on a text",
    "log",
    'set(severity_text["a"], 1)',
    'invalid argument "target" of "set": "severity_text" can\'t be indexed, at 4',
  ],
  [
    "an index in the middle of a path",
    "log",
    'set(resource["a"].attributes, 1)',
    'invalid argument "target" of "set": unknown path "resource.attributes" in the log context, at 4',
  ],
  [
    "a literal of the wrong kind",
    "log",
    'set(attributes["a"], Len(ToUpperCase(5)))',
    'invalid argument "value" of "set": invalid argument "target" of "Len": invalid argument "target" of "ToUpperCase": expected string but got int64, at 37',
  ],
  [
    "a number that is none",
    "log",
    'set(attributes["a"], Double("abc"))',
    'invalid argument "value" of "set": invalid argument "target" of "Double": strconv.ParseFloat: parsing "abc": invalid syntax, at 28',
  ],
  [
    "an id that is none",
    "log",
    'set(trace_id, TraceID("xyz"))',
    'invalid argument "value" of "set": TraceID should have 32 hex digits, got "xyz", at 14',
  ],
  [
    "the name of a function as a value",
    "log",
    'set(attributes["a"], Trim)',
    'invalid argument "value" of "set": expected a value, got the name of a function "Trim", at 21',
  ],
])("load: %s", ([, name, statement, problem]) => {
  const context = contextOf("log", logRequest({}));
  expect(run(statement, name, context)).toBe(`load: ${problem}`);
});

test("arguments may have names, in any order", () => {
  expect(evaluate('Substring(start = 1, target = "abcdef", length = 2)')).toBe("bc");
});

test("the cache is the record's own", () => {
  const context = contextOf("log", logRequest({}));
  expect(run(['set(cache["a"], 1)', 'set(attributes["a"], cache["a"])'], "log", context)).toBeUndefined();
  context.clearCache();
  expect(run('set(attributes["b"], cache["a"])', "log", context)).toBeUndefined();
  expect(plainMap(context.log.attributes)).toEqual({ a: 1n });
});
