import { expect, test } from "vitest";
import { partOf, sizesOf } from "./bundle-sizes.ts";

const components = ["loki.process", "loki.source.api"];

test.for([
  { it: "a component", file: "lib/pipeline/components/loki/source/api.ts", part: "loki.source.api" },
  { it: "a part of a component", file: "lib/pipeline/components/loki/process/json.ts", part: "loki.process" },
  {
    it: "what components share",
    file: "lib/pipeline/components/loki/source/server-args.ts",
    part: "shared by components",
  },
  { it: "the language", file: "lib/pipeline/eval/schema.ts", part: "language" },
  { it: "a model of telemetry", file: "lib/pipeline/telemetry/otlp/node.ts", part: "telemetry: otlp" },
  { it: "a room of the library", file: "lib/pipeline/ottl/parse.ts", part: "ottl" },
  { it: "a trigger", file: "functions/aws/sqs.ts", part: "triggers" },
  { it: "a package", file: "node_modules/re2js/build/index.js", part: "re2js" },
  { it: "a package with a scope", file: "node_modules/@middy/core/index.js", part: "@middy/core" },
  { it: "a module of Node", file: "builtin:node:fs", part: "Node's modules" },
  { it: "the entry", file: "entry:function:entry", part: "configuration" },
  {
    it: "the library in a package",
    file: "later:/app/node_modules/amalgam/dist/lib/pipeline/eval/gofloat.js",
    part: "language",
  },
])("$it is told by its file", ({ file, part }) => {
  expect(partOf(file, components)).toBe(part);
});

test("the sizes of all parts together are the files, the largest first", () => {
  const inputs = {
    "functions/aws/sqs.ts": { bytesInOutput: 20 },
    "lib/pipeline/eval/schema.ts": { bytesInOutput: 50 },
  };
  const output = { bytes: 0, inputs, imports: [], exports: [] };
  const sizes = sizesOf(
    { inputs: {}, outputs: { "index.js": output } },
    {
      components,
      outputs: new Map([
        ["index.mjs", "x".repeat(75)],
        ["redis.mjs", "y".repeat(30)],
      ]),
    },
  );
  expect(sizes).toEqual([
    { name: "language", bytes: 50 },
    { name: "redis.mjs", bytes: 30 },
    { name: "triggers", bytes: 20 },
    { name: "the rest", bytes: 5 },
  ]);
});
