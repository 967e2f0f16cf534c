/** The pieces that the reference is made of. */
import { describe, expect, test } from "vitest";
import {
  block,
  blocks,
  choice,
  type ObjectSchema,
  object,
  optional,
  refused,
  refusedBlock,
  required,
  requiredBlock,
} from "../../lib/pipeline/eval/schema.ts";
import { duration, list, oneOf, string } from "../../lib/pipeline/eval/types.ts";
import { anyOf, code, printJson, slug, table } from "../../scripts/docs/markdown.ts";
import { bodiesOf, refusalsOf } from "../../scripts/docs/model.ts";
import { usage } from "../../scripts/docs/usage.ts";

const tls = object({ ca: optional(string, undefined, "CA.") });
const nested: ObjectSchema<unknown> = object({
  wait: optional(duration, 0, "Wait."),
  step: choice(() => ({ again: nested, stop: object({}) }), "Steps."),
});

describe("schemas as data", () => {
  test("a body that comes again is the same one, and has its place outside of what is refused", () => {
    const schema = object({
      grpc: refusedBlock(object({ tls: block(tls, "TLS.") }), "can't be served", "gRPC."),
      http: blocks(object({ tls: block(tls, "TLS.") }), "HTTP."),
    });
    const found = bodiesOf(schema, {});
    expect(Object.keys(found)).toEqual(["", "http", "http > tls", "grpc"]);
    expect(found["grpc"]?.blocks[0]?.body).toBe("http > tls");
    expect(refusalsOf(found)).toEqual([{ path: "grpc", reason: "can't be served", description: "gRPC." }]);
  });

  test("a body that holds itself ends; kinds of blocks have descriptions of their own", () => {
    const again = {
      name: "step.again",
      required: false,
      many: true,
      group: "step",
      description: "Once more.",
      body: "",
    };
    const stop = { ...again, name: "step.stop", description: "Steps.", refused: "is not there", body: "step.stop" };
    const variants = {
      "step.again": { description: "Once more." },
      "step.stop": { description: "Steps.", refused: "is not there" },
    };
    expect(bodiesOf(nested, variants)).toEqual({
      "": {
        arguments: [{ name: "wait", type: "duration", required: false, default: "0s", description: "Wait." }],
        blocks: [again, stop],
      },
      "step.stop": { arguments: [], blocks: [] },
    });
  });

  test("words, those of a list too, and reasons are kept", () => {
    const color = oneOf("color", ["red", "blue"]);
    const schema = object({
      one: required(color, "One."),
      some: optional(list(color), ["red"], "Some."),
      none: refused(string, "can't be", "None."),
    });
    expect(bodiesOf(schema, {})[""]?.arguments).toEqual([
      { name: "one", type: "string", required: true, words: ["red", "blue"], description: "One." },
      {
        name: "some",
        type: "list(string)",
        required: false,
        default: ["red"],
        words: ["red", "blue"],
        description: "Some.",
      },
      { name: "none", type: "string", required: false, description: "None.", refused: "can't be" },
    ]);
  });
});

test("a skeleton has what is required, formatted", () => {
  const schema = object({
    url: required(string, "URL."),
    every: required(duration, "Time."),
    optional: optional(string, "", "Not there."),
    client: requiredBlock(object({ mode: required(oneOf("mode", ["a", "b"]), "Mode.") }), "Client."),
  });
  expect(usage("x.y", "LABEL", bodiesOf(schema, {}))).toBe(
    'x.y "LABEL" {\n\turl   = "URL"\n\tevery = "EVERY"\n\n\tclient {\n\t\tmode = "a"\n\t}\n}\n',
  );
  expect(usage("z", undefined, bodiesOf(object({}), {}))).toBe("z { }\n");
});

describe("Markdown", () => {
  test.for([
    { it: "a heading's name has no dots", got: slug("client > tls_config.a"), out: "client--tls_configa" },
    { it: "code with a backtick", got: code("a`b"), out: "`` a`b ``" },
    { it: "one item", got: anyOf(["a"]), out: "a" },
    { it: "three items", got: anyOf(["a", "b", "c"]), out: "a, b or c" },
    { it: "a bar in a cell", got: table(["a"], [["x | y"]]).join("\n"), out: "| a |\n| --- |\n| x \\| y |\n" },
    { it: "a table without rows", got: table(["a"], []).join("\n"), out: "" },
    {
      it: "JSON on lines",
      got: printJson({ a: [1, 2], b: [], c: {} }),
      out: '{\n  "a": [1, 2],\n  "b": [],\n  "c": {}\n}\n',
    },
    {
      it: "a list that is too long for its line",
      got: printJson(["x".repeat(60), "y".repeat(60)]),
      out: `[\n  "${"x".repeat(60)}",\n  "${"y".repeat(60)}"\n]\n`,
    },
  ])("$it", ({ got, out }) => expect(got).toBe(out));
});
