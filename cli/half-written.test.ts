import { expect, test } from "vitest";
import { decodeSource, parseFile } from "../lib/pipeline/syntax/parser.ts";
import { formatDiagnosticLine } from "../lib/pipeline/syntax/report.ts";
import { recover } from "./half-written.ts";

function recovered(text: string) {
  const { source } = decodeSource("x", Buffer.from(text));
  const { file, diagnostics } = parseFile(source);
  const { broken, ...rest } = recover(file, diagnostics);
  return {
    blocks: rest.file.body.map(({ name, start }) => `${name.name} ${start}`),
    broken: broken.map(({ start, end }) => text.slice(start, end).split("\n")[0]),
    says: rest.diagnostics.map(formatDiagnosticLine),
  };
}

test.for([
  {
    it: "a value is missing",
    text: "a {\n  b =\n}\nc { }\n",
    blocks: ["a 0", "c 12"],
    broken: ["a {"],
    says: ["x:3:1: expected expression, got }"],
  },
  {
    it: "a block is not closed, and the next one begins at the margin",
    text: 'a "b" {\n  c = 1\n\nd "e" {\n  f = 2\n}\n',
    blocks: ["a 0", "d 17"],
    broken: ['a "b" {'],
    says: ["x:4:1: expected }, got EOF"],
  },
  {
    it: "a list is not closed",
    text: "a {\n  b = [1,\n\nc { }\n",
    blocks: ["a 0", "c 15"],
    broken: ["a {"],
    says: ["x:4:1: expected ], got EOF"],
  },
  {
    it: "a text is not closed",
    text: 'a {\n  b = "x\n}\n\nc { }\n',
    blocks: ["a 0", "c 16"],
    broken: ["a {"],
    says: ["x:2:7: string literal not terminated"],
  },
  {
    it: "something stands between blocks",
    text: "a { }\n}\nb { }\n",
    blocks: ["a 0", "b 8"],
    broken: [""],
    says: ["x:2:1: expected identifier, got }"],
  },
  {
    it: "a block ends in the middle of its head",
    text: 'a { }\nloki.write "x"\n',
    blocks: ["a 0"],
    broken: [""],
    says: ["x:2:15: expected block body, got TERMINATOR"],
  },
])("where $it, the other blocks are there", ({ text, blocks, broken, says }) => {
  const found = recovered(text);
  expect({ blocks: found.blocks, broken: found.broken }).toEqual({ blocks, broken });
  expect(found.says).toEqual(says);
});

test("a heading inside a raw text is none, where the text is right", () => {
  const text = "a {\n  b = `\nc { }\n`\n}\nd {\n  e =\n}\n";
  expect(recovered(text).blocks).toEqual(["a 0", "d 22"]);
});
