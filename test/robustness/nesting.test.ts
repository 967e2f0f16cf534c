/** However deep a file nests, every step from its text to its values ends with a result or a message, not with a full stack. */
import { describe, expect, test } from "vitest";
import { blockDefinitions, knownElsewhere } from "../../lib/pipeline/components/index.ts";
import { evaluate } from "../../lib/pipeline/eval/evaluate.ts";
import { traversalsOf } from "../../lib/pipeline/eval/references.ts";
import { printValue } from "../../lib/pipeline/eval/stringify.ts";
import { EvaluationError } from "../../lib/pipeline/eval/value.ts";
import { checkConfiguration } from "../../lib/pipeline/graph/check.ts";
import type { Expr, File, Statement } from "../../lib/pipeline/syntax/ast.ts";
import { fromJson, toJson } from "../../lib/pipeline/syntax/json.ts";
import { maxNesting, parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { printExpr, printFile } from "../../lib/pipeline/syntax/print.ts";
import { formatDiagnostics } from "../../lib/pipeline/syntax/report.ts";

const options = { definitions: blockDefinitions, knownElsewhere, stability: "experimental", community: true } as const;

interface Construct {
  readonly it: string;
  readonly open: string;
  readonly close?: string;
  readonly inner?: string;
  readonly before?: string;
}

const constructs: readonly Construct[] = [
  { it: "blocks", open: "a {\n", close: "}\n", inner: "", before: "" },
  { it: "blocks with labels on one line", open: 'loki.process "a" { ', close: " }\n", inner: "", before: "" },
  { it: "blocks of a component", open: 'stage.match { selector = "{}"\n', close: "}\n", inner: "", before: "" },
  { it: "blocks used as values", open: "a = b {\n", close: "}\n", inner: "", before: "" },
  { it: "parentheses", open: "(", close: ")" },
  { it: "lists", open: "[", close: "]" },
  { it: "lists on lines of their own", open: "[\n1,\n", close: ",\n]" },
  { it: "objects", open: "{a=", close: "}" },
  { it: "objects with text as names", open: '{\n"a b" = ', close: ",\n}" },
  { it: "calls as arguments", open: "f(", close: ")" },
  { it: "calls of the standard library", open: "string.trim_space(", close: ")" },
  { it: "calls of what is called", open: "", close: "()", inner: "f" },
  { it: "unary minus", open: "-" },
  { it: "unary not", open: "!", inner: "true" },
  { it: "both unary operators", open: "!-" },
  { it: "sums to the left", open: "", close: " + 1" },
  { it: "sums to the right", open: "1 + (", close: ")" },
  { it: "powers to the right", open: "1 ^ " },
  { it: "all levels of precedence", open: "true || true && 1 == 1 + 2 * 3 ^ (", close: ")" },
  { it: "indexes inside indexes", open: "a[", close: "]", inner: "a" },
  { it: "indexes one after the other", open: "", close: "[0]", inner: "a" },
  { it: "fields", open: "", close: ".b", inner: "a" },
  { it: "comments between", open: "(/* c */", close: "// d\n)" },
];

const textOf = ({ open, close = "", inner = "1", before = "x = " }: Construct, levels: number) =>
  `${before}${open.repeat(levels)}${inner}${close.repeat(levels)}\n`;

function* expressionsOf(statements: readonly Statement[]): Generator<Expr> {
  for (const statement of statements) {
    if (statement.kind === "attribute") yield statement.value;
    else yield* expressionsOf(statement.body);
  }
}

function tryToEvaluate(expr: Expr): void {
  try {
    printValue(evaluate(expr, { variables: new Map() }));
  } catch (error) {
    expect(error).toBeInstanceOf(EvaluationError);
  }
}

/** Everything that is done with a tree. */
function walk(file: File): void {
  printFile(file);
  formatDiagnostics(checkConfiguration([file], options));
  fromJson(toJson(file));
  for (const expr of expressionsOf(file.body)) {
    printExpr(expr);
    traversalsOf(expr);
    tryToEvaluate(expr);
  }
}

const parse = (text: string) => parseFile({ name: "in.alloy", text });

describe.for(constructs)("$it", construct => {
  test("10,000 levels are refused with a place", () => {
    const { file, diagnostics } = parse(textOf(construct, 10_000));
    expect(diagnostics.map(({ message }) => message)).toContain(`nesting should be at most ${maxNesting} levels deep`);
    formatDiagnostics(diagnostics);
    walk(file);
  });

  test("10,000 that never end are refused, too", () => {
    const { file, diagnostics } = parse(textOf({ ...construct, close: "" }, 10_000));
    formatDiagnostics(diagnostics);
    walk(file);
  });

  test("what nests as deep as it may goes through all steps", () => {
    const nests = (levels: number) =>
      parse(textOf(construct, levels)).diagnostics.every(({ message }) => !message.startsWith("nesting"));
    let [levels, tooMany] = [0, maxNesting + 1];
    while (tooMany - levels > 1) {
      const middle = (levels + tooMany) >> 1;
      if (nests(middle)) levels = middle;
      else tooMany = middle;
    }
    expect(levels).toBeGreaterThan(maxNesting / 8); // one level of all precedences is seven of the tree
    walk(parse(textOf(construct, levels)).file);
  });
});
