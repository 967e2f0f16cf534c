import { describe, expect, test } from "vitest";
import { object } from "../eval/schema.ts";
import type { Diagnostic } from "../syntax/diagnostic.ts";
import { parseFile } from "../syntax/parser.ts";
import { type Definition, defineComponent, type Stability } from "./component.ts";
import { buildNodes, type NodeOptions } from "./nodes.ts";

const part = (name: string, stability: Stability = "generally-available") =>
  defineComponent({
    name,
    summary: "Only for tests.",
    stability,
    args: object({}),
    build: () => ({}),
  }) as unknown as Definition; // only known as a definition there

const options: NodeOptions = {
  definitions: new Map(
    [part("test.a"), part("test.b"), part("test.new", "experimental")].map(each => [each.name, each]),
  ),
  knownElsewhere: new Map([
    ["other.known", "generally-available"],
    ["other.new", "experimental"],
    ["other.community", "community"],
  ]),
  stability: "generally-available",
};

function nodes(texts: string | string[], more: Partial<NodeOptions> = {}) {
  const diagnostics: Diagnostic[] = [];
  const files = [texts].flat().map((text, i) => parseFile({ name: `${i}.alloy`, text }).file);
  const built = buildNodes(files, { ...options, ...more }, diagnostics);
  return {
    built,
    order: built.ordered.map(({ id, references }) => (references.length ? `${id} <- ${references.join(" ")}` : id)),
    said: diagnostics.map(
      ({ source, start, end, message, hint }) =>
        `${source.text.slice(start, end).split("\n")[0]} » ${message}${hint ? ` (${hint})` : ""}`,
    ),
  };
}

describe("components are ordered", () => {
  test.for<{ it: string; text: string | string[]; order: string[] }>([
    {
      it: "as they stand where nothing is referred to",
      text: 'test.b "x" { }\ntest.a "y" { }',
      order: ["test.b.x", "test.a.y"],
    },
    {
      it: "after those that they refer to",
      text: 'test.a "x" {\nv = [test.b.y.out]\n}\ntest.b "y" {\nw {\nv = test.a.z.out\n}\n}\ntest.a "z" { }',
      order: ["test.a.z", "test.b.y <- test.a.z", "test.a.x <- test.b.y"],
    },
    {
      it: "with each reference once",
      text: 'test.a "x" {\nv = test.b.y.one\nw = test.b.y.two\n}\ntest.b "y" { }',
      order: ["test.b.y", "test.a.x <- test.b.y"],
    },
    {
      it: "across files",
      text: ['test.a "x" {\nv = test.b.y\n}', 'test.b "y" { }'],
      order: ["test.b.y", "test.a.x <- test.b.y"],
    },
    { it: "also in a long chain", text: Array.from({ length: 3000 }, (_, i) => `test.a "n${i}" {\n${i ? `v = test.a.n${i - 1}.out` : ""}\n}`).reverse().join("\n"), order: Array.from({ length: 3000 }, (_, i) => `test.a.n${i}${i ? ` <- test.a.n${i - 1}` : ""}`) }, // biome-ignore format: generated
  ])("$it", ({ text, order }) => {
    const { order: given, said } = nodes(text);
    expect({ given, said }).toEqual({ given: order, said: [] });
  });

  test("functions, constants and the folder are no components", () => {
    expect(nodes('test.a "x" {\nv = string.to_upper(module_path) + constants.os\n}')).toMatchObject({
      order: ["test.a.x"],
      said: [],
    });
  });

  test("blocks that configure the process are apart, and may refer to components", () => {
    const { built, said } = nodes('logging {\nwrite_to = [test.a.x.receiver]\n}\ntest.a "x" { }');
    expect(built.configBlocks.map(({ block, references }) => [block.name.name, references])).toEqual([
      ["logging", ["test.a.x"]],
    ]);
    expect(said).toEqual([]);
  });
});

describe("what is wrong is told", () => {
  test.for<{ it: string; text: string | string[]; more?: Partial<NodeOptions>; said: string[] }>([
    { it: "an attribute at the top", text: "a = 1", said: ["a » unrecognized attribute a"] },
    {
      it: "a misspelt component, with what it may mean",
      text: 'test.aa "x" { }',
      said: ['test.aa » cannot find the definition of component name "test.aa" (did you mean "test.a"?)'],
    },
    {
      it: "a component that is not built here",
      text: 'other.known "x" { }',
      said: ['other.known » component "other.known" is not supported by Amalgam yet'],
    },
    {
      it: "a component that is too young, whether it is built here or not",
      text: 'test.new "x" { }\nother.new "y" { }',
      said: ["test.new", "other.new"].map(
        name =>
          `${name} » component "${name}" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features`,
      ),
    },
    { it: "not where the young are allowed", text: 'test.new "x" { }', more: { stability: "experimental" }, said: [] },
    {
      it: "a component of the community",
      text: 'other.community "x" { }',
      said: [
        'other.community » the component "other.community" is a community component. Use the --feature.community-components.enabled command-line flag to enable community components',
      ],
    },
    {
      it: "that it is not built here where the community is allowed",
      text: 'other.community "x" { }',
      more: { community: true },
      said: ['other.community » component "other.community" is not supported by Amalgam yet'],
    },
    {
      it: "a function that is too young",
      text: 'test.a "x" {\nv = [array.group_by([], "k", true)]\n}',
      said: [
        'array.group_by » array.group_by is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features',
      ],
    },
    { it: "a missing label", text: "test.a { }", said: ['test.a » component "test.a" must have a label'] },
    {
      it: "a name that was given before, also in another file",
      text: ['test.a "x" { }', '\n  test.a "x" { }'],
      said: ['test.a " » block test.a.x already declared at 0.alloy:1:1'],
    },
    {
      it: "a reference that leads nowhere, with what it may mean",
      text: 'test.a "xyz" { }\ntest.b "y" {\nv = test.a.xyy.out\n}',
      said: [
        'test.a.xyy.out » component "test.a.xyy.out" does not exist or is out of scope (did you mean "test.a.xyz.out"?)',
      ],
    },
    {
      it: "every member of a cycle",
      text: 'test.a "x" {\nv = test.b.y\n}\ntest.b "y" {\nv = test.a.z\n}\ntest.a "z" {\nv = test.a.x\n}\ntest.b "w" {\nv = test.a.x\n}',
      said: ['test.a "x" {', 'test.a "z" {', 'test.b "y" {']
        .toSorted()
        .map(head => `${head} » cycle detected: test.a.x, test.a.z, test.b.y`),
    },
    {
      it: "a component that refers to itself",
      text: 'test.a "x" {\nv = test.a.x.out\n}',
      said: ['test.a "x" { » cannot reference self'],
    },
    {
      it: "blocks that belong into modules",
      text: 'argument "a" { }\nexport "b" { }',
      said: [
        'argument "a" { } » argument blocks only allowed inside a module',
        'export "b" { } » export blocks only allowed inside a module',
      ],
    },
  ])("$it", ({ text, more, said }) => {
    expect(nodes(text, more).said.toSorted()).toEqual(said.toSorted());
  });
});
