/** The reference is what the code says, and reads well. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import MarkdownIt from "markdown-it";
import { describe, expect, test } from "vitest";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import { evaluate } from "../../lib/pipeline/eval/evaluate.ts";
import { toGoPlain } from "../../lib/pipeline/eval/goplain.ts";
import { goJson } from "../../lib/pipeline/eval/json.ts";
import type { ObjectSchema } from "../../lib/pipeline/eval/schema.ts";
import { constantDocs, functionDocs } from "../../lib/pipeline/eval/stdlib/docs.ts";
import { deprecatedNames, stdlib } from "../../lib/pipeline/eval/stdlib/index.ts";
import { FunctionValue, type Value } from "../../lib/pipeline/eval/value.ts";
import { parseExpression } from "../../lib/pipeline/syntax/parser.ts";
import { slug } from "../../scripts/docs/markdown.ts";
import { bodiesOf, readableType } from "../../scripts/docs/model.ts";
import { reference } from "../../scripts/docs/reference.ts";
import { variantsOf } from "../../scripts/docs/variants.ts";
import { currentFiles, freshFiles, referenceFolder } from "../../scripts/docs.ts";

const fresh = freshFiles();
const pages = [...fresh].filter(([file]) => file.endsWith(".md"));
const whole = reference();

describe("docs/reference is what the schemas say; npm run docs writes it", () => {
  const current = currentFiles();
  test("the files", () => expect([...current.keys()].sort(), "run `npm run docs`").toEqual([...fresh.keys()].sort()));
  test.for([...fresh])("%s", ([file, text]) => expect(current.get(file), "run `npm run docs`").toBe(text));
});

test("it is the same twice", () => expect(freshFiles()).toEqual(fresh));

test("components.json is what components.schema.json says", () => {
  const schema = JSON.parse(readFileSync(new URL("components.schema.json", referenceFolder), "utf8"));
  const validate = new Ajv({ allErrors: true }).compile(schema);
  validate(JSON.parse(fresh.get("components.json") ?? ""));
  expect(validate.errors).toBe(null);
});

test("components.json leads from each block to its body", () => {
  for (const { name, bodies = {} } of [...whole.components, ...whole.blocks])
    for (const [at, { blocks }] of Object.entries(bodies))
      for (const { body } of blocks) expect(bodies[body], `${name}: ${at} > ${body}`).toBeDefined();
});

describe("what authors write", () => {
  test.for([...definitions.values()])("$name says what it is and how it works in a function", definition => {
    expect(definition.summary).toMatch(/^[A-Z].+\.$/);
    expect(definition.inFunctions ?? "nothing").toMatch(/^[A-Z`s].+\.$/);
  });

  test.for([...whole.components, ...whole.blocks])("$name: every argument and block has a description", subject => {
    for (const [at, body] of Object.entries(subject.bodies ?? {}))
      for (const { name, description } of [...body.arguments, ...body.blocks])
        expect(description, `${at} > ${name}`).toMatch(/^[^a-z].*[.`]$/s);
  });

  test.for([...definitions.values()])("$name: every kind of block has a description of its own", ({ name, args }) => {
    expect(groups(args).filter(block => !variantsOf(name)[block])).toEqual([]);
  });
});

/** Names of the blocks that are one of several kinds. */
const groups = (schema: ObjectSchema<unknown>): string[] =>
  Object.values(bodiesOf(schema, {})).flatMap(({ blocks }) =>
    blocks.flatMap(({ group, name }) => (group === undefined ? [] : name)),
  );

describe("types are printed for people", () => {
  test.for([
    { it: "what a Go string becomes", type: "string(headers.Action)", out: "string" },
    { it: "sizes", type: "string(units.Base2Bytes)", out: "size" },
    { it: "secrets in a map of lists", type: "map(list(capsule(alloytypes.Secret)))", out: "map(list(secret))" },
    { it: "receivers", type: "list(any(storage.Appendable))", out: "list(MetricsReceiver)" },
    { it: "what is not known by name", type: "capsule(*x.Handler)", out: "x.Handler" },
  ])("$it", ({ type, out }) => expect(readableType(type)).toBe(out));
});

const markdown = new MarkdownIt({ html: false });

interface Rendered {
  readonly anchors: readonly string[];
  readonly links: readonly string[];
  /** Text outside of code. */
  readonly text: string;
  /** Numbers of cells by table row, with the head's. */
  readonly rows: readonly { readonly cells: number; readonly head: number }[];
}

function render(text: string): Rendered {
  const tokens = markdown.parse(text, {});
  const inline = tokens.flatMap(({ children }) => children ?? []);
  const rows: { cells: number; head: number }[] = [];
  let head = 0;
  for (const { type } of tokens) {
    if (type === "table_open") head = 0;
    if (type === "tr_open") rows.push({ cells: 0, head });
    if (type === "th_open") head++;
    if (type === "th_open" || type === "td_open") (rows.at(-1) as { cells: number }).cells++; // a cell is in a row
  }
  return {
    anchors: tokens.flatMap((token, i) => (token.type === "heading_open" ? slug(plain(tokens[i + 1])) : [])),
    links: inline.flatMap(token => (token.type === "link_open" ? String(token.attrGet("href")) : [])),
    text: inline.flatMap(({ type, content }) => (type === "text" ? content : [])).join("\n"),
    rows,
  };
}

const plain = (token: { readonly children: readonly { readonly content: string }[] | null } | undefined): string =>
  (token?.children ?? []).map(({ content }) => content).join("");

describe("pages render", () => {
  const rendered = new Map(pages.map(([file, text]) => [file, render(text)]));

  test.for(pages)("%s: tables are whole", ([file, text]) => {
    const { rows, text: words } = rendered.get(file) as Rendered; // made of the same list
    expect(words).not.toMatch(/^\s*\|/m);
    expect(tableShapes(text)).toEqual([]);
    expect(rows.filter(({ cells, head }) => head !== 0 && cells !== head)).toEqual([]);
  });

  test.for(pages)("%s: links lead somewhere", ([file]) => {
    const { links } = rendered.get(file) as Rendered; // as above
    expect(links.filter(link => !leads(file, link))).toEqual([]);
  });

  test.for(pages)("%s: headings have names of their own", ([file]) => {
    const { anchors } = rendered.get(file) as Rendered; // as above
    expect(anchors.filter((anchor, i) => anchors.indexOf(anchor) !== i)).toEqual([]);
  });

  function leads(from: string, link: string): boolean {
    const [target = "", anchor] = link.split("#");
    const to = target === "" ? from : path.posix.join(path.posix.dirname(from), target);
    const page = rendered.get(to);
    if (page) return anchor === undefined || page.anchors.includes(anchor);
    return anchor === undefined && existsSync(path.join(fileURLToPath(referenceFolder), to));
  }
});

/** Lines of tables with another number of cells than their head. */
function tableShapes(text: string): string[] {
  const wrong: string[] = [];
  let head = 0;
  for (const line of text.replace(/^```[\s\S]*?^```$/gm, "").split("\n")) {
    if (!line.startsWith("|")) head = 0;
    else {
      const cells = line.replaceAll("\\|", "").split("|").length - 2;
      head ||= cells;
      if (cells !== head) wrong.push(line);
    }
  }
  return wrong;
}

describe("the standard library", () => {
  const flat = (values: ReadonlyMap<string, Value>, prefix = ""): string[] =>
    [...values].flatMap(([name, value]) => (value instanceof Map ? flat(value, `${name}.`) : `${prefix}${name}`));

  test("every function and constant is described, under its old name, too", () => {
    const described = functionDocs.flatMap(({ name, deprecated = [] }) => [name, ...[deprecated].flat()]);
    expect([...described, ...constantDocs.map(({ name }) => name)].sort()).toEqual(flat(stdlib).sort());
    expect(functionDocs.flatMap(({ deprecated = [] }) => deprecated).sort()).toEqual([...deprecatedNames].sort());
  });

  test("an old name is the same function", () => {
    for (const { name, deprecated } of functionDocs)
      if (deprecated !== undefined) expect(run(deprecated), name).toBe(run(name));
  });

  const examples = functionDocs.flatMap(({ examples }) => examples);
  test.for(examples)("$call", ({ call, result }) => expect(goJson(toGoPlain(run(call)))).toBe(result));

  const errors = functionDocs.flatMap(({ errors = [] }) => errors);
  test.for(errors)("$call fails", ({ call, message }) => expect(failure(call)).toBe(message));

  test("every function has an example", () => {
    expect(functionDocs.filter(({ examples }) => !examples.length)).toEqual([]);
    expect(run("string.format")).toBeInstanceOf(FunctionValue);
  });
});

function failure(call: string): string | undefined {
  try {
    run(call);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function run(text: string): Value {
  const { expr, diagnostics } = parseExpression({ name: "example.alloy", text });
  if (!expr) throw new Error(diagnostics[0]?.message);
  return evaluate(expr, { variables: new Map() });
}
