/** `README.md` has every variable and output: its tables are written by `UPDATE=1 npx vitest run infra/terraform/readme.test.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const readme = path.join(import.meta.dirname, "README.md");

interface Block {
  readonly name: string;
  readonly text: string;
}

/** Blocks of one kind in a file that `terraform fmt` has formatted. */
const blocksOf = (file: string, kind: string): Block[] =>
  [
    ...readFileSync(path.join(import.meta.dirname, file), "utf8").matchAll(
      new RegExp(`^${kind} "(\\w+)" \\{\n(.*?)\n\\}$`, "gms"),
    ),
  ].map(([, name = "", text = ""]) => ({ name, text }));

/** An argument, which ends where the next one of the same indentation starts. */
const argumentOf = ({ text }: Block, name: string): string =>
  new RegExp(`^  ${name} += (.*?)(?=\n(?:  \\w|\n)|$(?![\\s\\S]))`, "ms").exec(text)?.[1]?.replaceAll(/\s+/g, " ") ??
  "";

const description = (block: Block): string => argumentOf(block, "description").slice(1, -1).replaceAll('\\"', '"');

const isObject = (type: string): boolean => /^(map\()?object\(/.test(type);

/** Fields of an object are in its description. */
const typeOf = (block: Block): string => {
  const type = argumentOf(block, "type");
  return isObject(type) ? (type.startsWith("map") ? "map(object)" : "object") : type;
};

const tables: Readonly<Record<string, () => string[]>> = {
  variables: () => [
    "| variable | type | default | what it is |",
    "| --- | --- | --- | --- |",
    ...blocksOf("variables.tf", "variable").map(
      block =>
        `| \`${block.name}\` | \`${typeOf(block)}\` | \`${argumentOf(block, "default")}\` | ${description(block)} |`,
    ),
  ],
  outputs: () => [
    "| output | what it is |",
    "| --- | --- |",
    ...blocksOf("outputs.tf", "output").map(block => `| \`${block.name}\` | ${description(block)} |`),
  ],
};

test.for(Object.keys(tables))("the table of %s is that of the module", name => {
  const text = readFileSync(readme, "utf8");
  const [begin, end] = [`<!-- ${name}:`, `<!-- /${name} -->`].map(each => text.indexOf(each)) as [number, number]; // of two texts
  const from = text.indexOf("\n", begin) + 1;
  const table = `${tables[name]?.().join("\n")}\n`;
  if (process.env["UPDATE"]) writeFileSync(readme, text.slice(0, from) + table + text.slice(end));
  else expect(text.slice(from, end)).toBe(table);
});

test("each variable has a type, a default and a sentence, each output a sentence", () => {
  const variables = blocksOf("variables.tf", "variable");
  const outputs = blocksOf("outputs.tf", "output");
  expect(
    variables.filter(block => !typeOf(block) || !argumentOf(block, "default") || !description(block).endsWith(".")),
  ).toEqual([]);
  expect(outputs.filter(block => !description(block).endsWith("."))).toEqual([]);
  const lines = readFileSync(path.join(import.meta.dirname, "variables.tf"), "utf8").match(/^variable "/gm) ?? [];
  expect(variables.length).toBe(lines.length);
});
