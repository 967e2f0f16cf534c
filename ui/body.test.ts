import { expect, test } from "vitest";
import { evaluate } from "../lib/pipeline/eval/evaluate.ts";
import { blocks, choice, object, optional } from "../lib/pipeline/eval/schema.ts";
import { int, list, map, optionalSecret, secret, string } from "../lib/pipeline/eval/types.ts";
import { Capsule, OptionalSecret, Secret, Target, type Value } from "../lib/pipeline/eval/value.ts";
import { expressionsOf } from "../lib/pipeline/graph/nodes.ts";
import type { Expr } from "../lib/pipeline/syntax/ast.ts";
import { decodeSource, parseFile } from "../lib/pipeline/syntax/parser.ts";
import { argumentsJson, dataJson, exportsJson, shortText, valueJson } from "./body.ts";

const field = (type: Parameters<typeof optional>[0]) => optional(type, undefined, "x");
const stage = object({ source: field(string) });
const schema = object({
  url: field(string),
  n: field(int),
  token: field(secret),
  access_key: field(string),
  content: field(optionalSecret),
  http_headers: field(map(list(secret))),
  to: field(list(string)),
  endpoint: blocks(object({ password: field(secret), password_file: field(string) }), "x"),
  stage: choice({ json: stage }, "x"),
});
const variables = new Map<string, Value>([
  ["file", new Map<string, Value>([["content", new Secret("hidden")]])],
  ["receiver", new Capsule("loki.LogsReceiver", {})],
]);

function json(text: string) {
  const { file } = parseFile(decodeSource("x.alloy", Buffer.from(text)).source);
  const values = new Map<Expr, Value>();
  for (const expr of expressionsOf(file.body)) values.set(expr, evaluate(expr, { variables }));
  return argumentsJson(file.body, schema, values);
}
const attr = (name: string, value: unknown, expression?: string) => ({
  name,
  type: "attr",
  value,
  ...(expression !== undefined && { expression }),
});
const secretValue = { type: "capsule", value: "(secret)" };

test.for([
  { it: "shows a text", text: `url = "http://x"`, body: [attr("url", { type: "string", value: "http://x" })] },
  { it: "shows a negative number as a value", text: `n = -3`, body: [attr("n", { type: "number", value: -3 })] },
  { it: "shows null", text: `n = null`, body: [attr("n", { type: "null" })] },
  { it: "hides a literal that a secret is made of", text: `token = "hidden"`, body: [attr("token", secretValue)] },
  { it: "hides how a secret is put together", text: `token = "hid" + "den"`, body: [attr("token", secretValue)] },
  {
    it: "hides what is called a key, though it is a text",
    text: `access_key = "hidden"`,
    body: [attr("access_key", secretValue)],
  },
  {
    it: "shows a text where a secret may be given",
    text: `content = "plain"`,
    body: [attr("content", { type: "string", value: "plain" })],
  },
  {
    it: "hides a secret wherever it is given, and shows where it is from",
    text: `url = file.content`,
    body: [attr("url", secretValue, "file.content")],
  },
  {
    it: "hides values of secrets in objects, not their keys",
    text: `http_headers = { "X-Key" = ["hidden"] }`,
    body: [
      attr("http_headers", {
        type: "object",
        value: [{ key: "X-Key", value: { type: "array", value: [secretValue] } }],
      }),
    ],
  },
  {
    it: "hides the password of a URL",
    text: `url = "https://me:hidden@x.com:80/a"`,
    body: [attr("url", { type: "string", value: "https://me:(secret)@x.com:80/a" })],
  },
  {
    it: "shows the expression beside what it gives",
    text: `to = [receiver]`,
    body: [
      attr("to", { type: "array", value: [{ type: "capsule", value: 'capsule("loki.LogsReceiver")' }] }, "[receiver]"),
    ],
  },
  {
    it: "shows blocks, and hides secrets in them",
    text: `endpoint {\n  password = "hidden"\n  password_file = "/etc/key"\n}`,
    body: [
      {
        name: "endpoint",
        type: "block",
        body: [attr("password", secretValue), attr("password_file", { type: "string", value: "/etc/key" })],
      },
    ],
  },
  {
    it: "shows blocks of a group",
    text: `stage.json {\n  source = "a"\n}`,
    body: [{ name: "stage.json", type: "block", body: [attr("source", { type: "string", value: "a" })] }],
  },
])("$it", ({ text, body }) => {
  expect(json(text)).toEqual(body);
  expect(JSON.stringify(json(text))).not.toContain("hidden");
});

test.for([
  {
    it: "an integer that JSON can't hold is a text",
    value: 2n ** 63n,
    json: { type: "number", value: "9223372036854775808" },
  },
  { it: "an infinite number is a text", value: Number.POSITIVE_INFINITY, json: { type: "number", value: "+Inf" } },
  { it: "a secret file content", value: new OptionalSecret(true, "x"), json: secretValue },
  { it: "a plain file content", value: new OptionalSecret(false, "x"), json: { type: "string", value: "x" } },
  {
    it: "a target is its labels, sorted",
    value: new Target(
      new Map([
        ["b", "2"],
        ["a", "1"],
      ]),
    ),
    json: {
      type: "object",
      value: [
        { key: "a", value: { type: "string", value: "1" } },
        { key: "b", value: { type: "string", value: "2" } },
      ],
    },
  },
])("$it", ({ value, json }) => {
  expect(valueJson(value)).toEqual(json);
});

test("exports are attributes", () => {
  expect(exportsJson(new Map<string, Value>([["content", new Secret("hidden")]]))).toEqual([
    attr("content", secretValue),
  ]);
});

test.for([
  { it: "a text", value: "a", text: `"a"` },
  { it: "a list", value: [1n, true, null], text: "[1, true, null]" },
  {
    it: "an object",
    value: new Map<string, Value>([
      ["a", "x"],
      ["b", [1.5]],
    ]),
    text: `{a = "x", b = [1.5]}`,
  },
  { it: "a secret", value: new Secret("hidden"), text: "(secret)" },
  {
    it: "a field that is called a secret",
    value: new Map<string, Value>([["api_key", "hidden"]]),
    text: "{api_key = (secret)}",
  },
  {
    it: "such a field further in",
    value: [new Map<string, Value>([["a", new Map([["token", "hidden"]])]])],
    text: "[{a = {token = (secret)}}]",
  },
  {
    it: "a field that is called a secret and is not set",
    value: new Map<string, Value>([["token", null]]),
    text: "{token = null}",
  },
  {
    it: "the file of a secret",
    value: new Map<string, Value>([["token_file", "/run/t"]]),
    text: `{token_file = "/run/t"}`,
  },
  {
    it: "a long list up to its limit",
    value: Array.from({ length: 1000 }, () => "abc"),
    text: `["abc", "abc", "abc", "abc", "abc", "abc…`,
  },
])("data on one line: $it", ({ value, text }) => {
  expect(shortText(dataJson(value), 40)).toBe(text);
});
