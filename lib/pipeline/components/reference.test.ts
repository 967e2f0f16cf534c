/** Every component takes what Alloy's takes: the same arguments and blocks, of the same types, required or not, with the same defaults. */
import { describe, expect, test } from "vitest";
import { defaultText, plainType, readReference, type Section } from "../../../test/reference/reference.ts";
import type { Field, ObjectSchema } from "../eval/schema.ts";
import type { Definition } from "../graph/component.ts";
import { alloyComponents } from "./alloy.ts";
import { definitions } from "./index.ts";

/** Lines of the reference that are otherwise here; `ours` undefined: not at all. */
const differences: Readonly<Record<string, readonly Difference[]>> = {};

interface Difference {
  readonly alloy: string;
  readonly ours: string | undefined;
  readonly because: string;
}

const reference = readReference();
const alloys = [...definitions.values()].filter(({ ours }) => !ours);

describe("arguments, exports and stability are those of the reference", () => {
  test.for(alloys.map(definition => [definition.name, definition] as const))("%s", ([name, definition]) => {
    const section = reference.get(name) as Section; // the test below tells where one is missing
    expect(described(definition)).toEqual({ ...section, arguments: expected(section.arguments, differences[name]) });
  });
});

const expected = (lines: readonly string[], differ: readonly Difference[] = []): string[] =>
  lines
    .flatMap(line => {
      const difference = differ.find(({ alloy }) => alloy === line);
      return difference ? (difference.ours ?? []) : line;
    })
    .sort();

const described = ({ stability, args, exports }: Definition): Section => ({
  stability,
  arguments: schemaLines(args, []).sort(),
  exports: exports ? schemaLines(exports, []).sort() : [],
});

const schemaLines = ({ fields }: ObjectSchema<unknown>, parents: readonly string[]): string[] =>
  Object.entries(fields).flatMap(([name, field]) => linesOf(field, [...parents, name]));

function linesOf(field: Field, steps: readonly string[]): string[] {
  const place = steps.join("/");
  if (field.kind === "choice") {
    const holdsItself = steps.slice(0, -1).includes(steps.at(-1) as string); // a field has a name
    const variants = holdsItself ? [] : Object.entries(field.variants());
    const below = variants.flatMap(([name, schema]) => [
      `${place}/${name}: block (optional)`,
      ...schemaLines(schema, [...steps, name]),
    ]);
    return [`${place}: one of (optional many)`, ...below];
  }
  const need = field.required ? "required" : "optional";
  if (field.kind === "attribute")
    return [`${place}: ${plainType(field.type.name)} (${need})${defaultText(field.default)}`];
  return [`${place}: block (${need}${field.many ? " many" : ""})`, ...schemaLines(field.schema(), steps)];
}

test("every component that is not only ours is in the reference", () => {
  expect(alloys.map(({ name }) => name).filter(name => !reference.has(name))).toEqual([]);
});

test("the components that are known by name are those of the reference", () => {
  const stabilities = [...reference].map(([name, { stability }]) => [name, stability]);
  expect(Object.fromEntries(alloyComponents)).toEqual(Object.fromEntries(stabilities));
});

test("each difference is one", () => {
  for (const [name, list] of Object.entries(differences))
    for (const { alloy } of list) expect(reference.get(name)?.arguments, name).toContain(alloy);
});
