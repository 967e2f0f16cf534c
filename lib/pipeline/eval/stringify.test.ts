import { expect, test } from "vitest";
import { printValue } from "./stringify.ts";
import { Capsule, FunctionValue, OptionalSecret, Secret, Target, type Value } from "./value.ts";

test.for<[string, Value, string]>([
  ["null", null, "null"],
  ["a text", 'a"b\n', '"a\\"b\\n"'],
  ["numbers", [1n, 1.5, 1e21], "[1, 1.5, 1e+21]"],
  [
    "an object",
    new Map<string, Value>([
      ["a", true],
      ["b c", []],
    ]),
    '{a = true, "b c" = []}',
  ],
  ["a secret", new Secret("hush"), "(secret)"],
  ["a secret in an object", new Map([["password", new Secret("hush")]]), "{password = (secret)}"],
  ["an optional secret", new OptionalSecret(true, "hush"), "(secret)"],
  ["an optional secret that is none", new OptionalSecret(false, "x"), '"x"'],
  ["a capsule", new Capsule("loki.LogsReceiver", {}), 'capsule("loki.LogsReceiver")'],
  ["a function", new FunctionValue("to_upper", () => null), "function(to_upper)"],
  [
    "a target",
    new Target(
      new Map([
        ["b", "2"],
        ["a", "1"],
      ]),
    ),
    '{a = "1", b = "2"}',
  ],
])("prints %s", ([, value, text]) => {
  expect(printValue(value)).toBe(text);
});

test("cuts what is too long to show", () => {
  const printed = printValue(Array(300_000).fill("abcdefgh"));
  expect(printed.length).toBe(1024 * 1024 + 1);
  expect(printed.at(-1)).toBe("…");
});
