import { describe, expect, test } from "vitest";
import type { Expr, Statement } from "./ast.ts";
import { decodeSource, maxNesting, parseExpression, parseFile } from "./parser.ts";
import { positionOf } from "./position.ts";

/** The tree as text, every grouping shown. */
function shape(expr: Expr): string {
  switch (expr.kind) {
    case "literal":
      return expr.raw;
    case "array":
      return `[${expr.items.map(shape).join(" ")}]`;
    case "object":
      return `{${expr.fields.map(({ key, quoted, value }) => `${quoted ? "quoted " : ""}${key.name}: ${shape(value)}`).join(", ")}}`;
    case "identifier":
      return expr.name;
    case "access":
      return `(. ${shape(expr.target)} ${expr.field.name})`;
    case "index":
      return `([] ${shape(expr.target)} ${shape(expr.index)})`;
    case "call":
      return `(call ${[expr.callee, ...expr.args].map(shape).join(" ")})`;
    case "unary":
      return `(${expr.op} ${shape(expr.operand)})`;
    case "binary":
      return `(${expr.op} ${shape(expr.left)} ${shape(expr.right)})`;
    case "paren":
      return `(paren ${shape(expr.inner)})`;
    default:
      return expr satisfies never;
  }
}

function outline(body: readonly Statement[]): string {
  const lines = body.map(statement => {
    if (statement.kind === "attribute") return `${statement.name.name} = ${shape(statement.value)}`;
    const label = statement.label ? ` "${statement.label.name}"` : "";
    return `${statement.name.name}${label} { ${outline(statement.body)} }`;
  });
  return lines.join("; ");
}

function mistakes(text: string): string[] {
  const { diagnostics } = parseFile({ name: "in.alloy", text });
  return diagnostics.map(({ source, start, end, message }) => {
    const from = positionOf(source, start);
    return `${from.line}:${from.column}+${end - start} ${message}`;
  });
}

describe("expressions", () => {
  test.for([
    { it: "multiplies before it adds", text: "1 + 2 * 3", out: "(+ 1 (* 2 3))" },
    { it: "groups operators of one precedence from the left", text: "1 - 2 - 3 + 4", out: "(+ (- (- 1 2) 3) 4)" },
    { it: "groups powers from the right", text: "2 ^ 3 ^ 2 * 4", out: "(* (^ 2 (^ 3 2)) 4)" },
    { it: "binds unary minus before the power", text: "-2 ^ 2", out: "(^ (- 2) 2)" },
    { it: "nests unary operators", text: "!!-a", out: "(! (! (- a)))" },
    {
      it: "ranks or, and, comparison, sum",
      text: "a || b && c == d + 1 || e",
      out: "(|| (|| a (&& b (== c (+ d 1)))) e)",
    },
    { it: "keeps parentheses", text: "((1))", out: "(paren (paren 1))" },
    {
      it: "chains access, index and call",
      text: "a.b[0](c, d,).e",
      out: "(. (call ([] (. a b) 0) c d) e)",
    },
    {
      it: "takes trailing commas and line breaks in brackets",
      text: "[\n1,\n[],\n{\n},\n]",
      out: "[1 [] {}]",
    },
    {
      it: "takes keys as identifiers and strings, undecoded",
      text: '{a = 1, "b-c" = 2, "" = 3, `d` = 4, "e\\n" = 5}',
      out: '{a: 1, quoted b-c: 2, "": 3, quoted d: 4, quoted e\\n: 5}',
    },
    { it: "continues on the next line after an operator", text: "1 +\n2", out: "(+ 1 2)" },
    { it: "takes comments anywhere between tokens", text: "1 /* a */ + // b\n /* c */ 2", out: "(+ 1 2)" },
    { it: "takes letters of any script", text: "été.日本1", out: "(. été 日本1)" },
    { it: "takes a number before a field access", text: "1 .a", out: "(. 1 a)" },
  ])("$it", ({ text, out }) => {
    const { expr, diagnostics } = parseExpression({ name: "", text });
    expect(diagnostics).toEqual([]);
    expect(expr && shape(expr)).toBe(out);
  });

  test.for([
    { it: "wants something", text: "", out: ["1:1 expected expression, got EOF"] },
    { it: "wants nothing after it", text: "1 2", out: ["1:3 expected TERMINATOR, got NUMBER"] },
    { it: "wants one line", text: "1\n", out: [] },
    { it: "reports a missing operand", text: "1 + ", out: ["1:5 expected expression, got EOF"] },
  ])("a single expression: $it", ({ text, out }) => {
    const { expr, diagnostics } = parseExpression({ name: "", text });
    const lines = diagnostics.map(({ source, start, message }) => {
      const { line, column } = positionOf(source, start);
      return `${line}:${column} ${message}`;
    });
    expect(lines).toEqual(out);
    expect(expr === undefined).toBe(out.length > 0);
  });
});

describe("literals", () => {
  test.for<{ it: string; raw: string; value: bigint | number | string | boolean | null }>([
    { it: "an integer is a bigint", raw: "12", value: 12n },
    { it: "an integer above 2^63 stays exact", raw: "18446744073709551615", value: 18446744073709551615n },
    { it: "an integer above 2^64 is a float", raw: "18446744073709551616", value: 18446744073709552000 },
    { it: "a leading zero means octal", raw: "010", value: 8n },
    { it: "what is not octal after a zero is a float", raw: "08", value: 8 },
    { it: "a point makes a float", raw: "5.", value: 5 },
    { it: "a float may begin with a point", raw: ".5", value: 0.5 },
    { it: "an exponent makes a float", raw: "1E-3", value: 0.001 },
    { it: "true", raw: "true", value: true },
    { it: "null", raw: "null", value: null },
    { it: "simple escapes", raw: '"\\a\\b\\f\\n\\r\\t\\v\\\\\\""', value: '\x07\b\f\n\r\t\v\\"' },
    { it: "characters by number", raw: '"\\u00e9\\U0001F600"', value: "é😀" },
    { it: "bytes by number are UTF-8 together", raw: '"\\xc3\\xa9\\101\\x41"', value: "éAA" },
    { it: "bytes that are no UTF-8 become the replacement", raw: '"\\xff"', value: "\uFFFD" },
    { it: "a raw string has no escapes", raw: '`a\\n"b`', value: 'a\\n"b' },
    { it: "a raw string loses its carriage returns", raw: "`a\r\nb`", value: "a\nb" },
  ])("$it", ({ raw, value }) => {
    const { expr } = parseExpression({ name: "", text: raw });
    expect(expr).toMatchObject({ kind: "literal", raw, value });
  });
});

describe("statements", () => {
  test.for([
    { it: "reads attributes and blocks", text: 'a = 1\nb.c "d" { e = 2 }', out: 'a = 1; b.c "d" { e = 2 }' },
    { it: "takes an empty label for none", text: 'a "" {}', out: "a {  }" },
    { it: "joins a name with blanks in it", text: "a . b {}", out: "a.b {  }" },
    { it: "ends a statement at a comment that ends the line", text: "a = 1 /* x */ // y\nb = 2", out: "a = 1; b = 2" },
    { it: "ends a statement in a comment of several lines", text: "a = 1 /* x\n*/ b = 2", out: "a = 1; b = 2" },
    { it: "skips a byte order mark", text: "\uFEFFa = 1", out: "a = 1" },
    { it: "takes an empty file", text: "\n\n", out: "" },
  ])("$it", ({ text, out }) => {
    const { file, diagnostics } = parseFile({ name: "in.alloy", text });
    expect(diagnostics).toEqual([]);
    expect(outline(file.body)).toBe(out);
  });

  test("keep their ranges and those of their parts", () => {
    const text = 'a.b "c" {\n  d = f(1)[0]\n}\n';
    const [block] = parseFile({ name: "in.alloy", text }).file.body;
    const at = (part: string) => ({ start: text.indexOf(part), end: text.indexOf(part) + part.length });
    expect(block).toMatchObject({
      ...at(text.trimEnd()),
      name: { name: "a.b", ...at("a.b") },
      label: { name: "c", ...at('"c"') },
      open: text.indexOf("{"),
      close: text.indexOf("}"),
      body: [
        {
          ...at("d = f(1)[0]"),
          name: { name: "d", ...at("d") },
          value: { kind: "index", ...at("f(1)[0]"), open: text.indexOf("["), target: { kind: "call", ...at("f(1)") } },
        },
      ],
    });
  });

  test("keep their comments, without carriage returns", () => {
    const text = "// a\r\nb = /* c\r\n*\r/ 1 // d";
    const { comments } = parseFile({ name: "in.alloy", text: `${text}\n/*x*\r\r/*/` }).file;
    expect(comments.map(comment => comment.text)).toEqual(["// a", "/* c\n*\r/ 1 // d\n/*x*\r/*/"]);
    expect(text.slice(comments[0]?.start, comments[0]?.end)).toBe("// a\r");
  });
});

describe("mistakes", () => {
  test.for([
    {
      it: "names what a statement lacks",
      text: "a\nb = 1",
      out: [
        "1:2+1 expected block label, got TERMINATOR",
        "2:1+1 expected attribute assignment or block body, got IDENT",
      ],
    },
    {
      it: "names what a name lacks",
      text: "a. = 1",
      out: ["1:4+1 expected identifier, got ="],
    },
    {
      it: "covers a dotted attribute name",
      text: "a.b = 1",
      out: ['1:1+3 attribute names may only consist of a single identifier with no "."'],
    },
    { it: "covers an attribute's label", text: 'a "b" = 1', out: ["1:3+3 attribute names may not have labels"] },
    { it: "covers its empty label, too", text: 'a "" = 1', out: ["1:3+2 attribute names may not have labels"] },
    {
      it: "wants a quoted label",
      text: "a `b` {}",
      out: ['1:3+1 expected block label to be a double quoted string, but got "`b`"'],
    },
    {
      it: "wants no keyword as label",
      text: 'a "null" {}',
      out: ['1:3+1 expected block label to be a valid identifier, but got "null"'],
    },
    {
      it: "covers a block used as a value",
      text: 'a = b "c" {\n x = 1\n}',
      out: ["1:5+16 cannot use a block as an expression"],
    },
    {
      it: "wants a field name",
      text: "a = {1 = 2}",
      out: ["1:6+1 expected field name (string or identifier), got NUMBER"],
    },
    {
      it: "reports one mistake of the grammar per line",
      text: "a = (1\nb = 2",
      out: ["1:7+1 expected ), got TERMINATOR", "2:1+1 expected TERMINATOR, got IDENT"],
    },
    {
      it: "reports every mistake of the text on a line",
      text: "a = # $",
      out: [
        "1:5+1 illegal character U+0023 '#'",
        "1:5+1 expected expression, got ILLEGAL",
        "1:7+1 illegal character U+0024 '$'",
      ],
    },
    {
      it: "names what cannot be printed by its number",
      text: "a = \x01",
      out: ["1:5+1 illegal character U+0001", "1:5+1 expected expression, got ILLEGAL"],
    },
    {
      it: "wants both characters of an operator",
      text: "a = b | c & d",
      out: ["1:8+1 missing second | in ||", "1:12+1 missing second & in &&"],
    },
    { it: "counts columns in bytes", text: 'é = "日" 1', out: ["1:12+1 expected TERMINATOR, got NUMBER"] },
    {
      it: "reports an escape that the file ends in",
      text: 'a = "\\',
      out: ["1:7+1 escape sequence not terminated", "1:5+1 string literal not terminated"],
    },
    {
      it: "reports a byte order mark in the middle",
      text: "a = \uFEFF1",
      out: ["1:5+1 illegal byte order mark", "1:5+1 expected expression, got ILLEGAL"],
    },
    {
      it: "reports NUL",
      text: "a = 1\0",
      out: ["1:6+1 illegal character NUL", "1:6+1 illegal character U+0000", "1:6+1 expected TERMINATOR, got ILLEGAL"],
    },
    {
      it: "reports what is illegal in a comment twice, when it looked ahead",
      text: "a = 1 /* \0 */\n",
      out: ["1:10+1 illegal character NUL", "1:10+1 illegal character NUL"],
    },
    { it: "and once when it did not", text: "/* \0 */ a = 1\n", out: ["1:4+1 illegal character NUL"] },
  ])("$it", ({ text, out }) => {
    expect(mistakes(text)).toEqual(out);
  });

  test.for([
    { it: "parentheses", text: `a = ${"(".repeat(10_000)}` },
    { it: "lists", text: `a = ${"[".repeat(10_000)}` },
    { it: "objects", text: `a = ${"{a=".repeat(10_000)}` },
    { it: "calls", text: `a = ${"f(".repeat(10_000)}` },
    { it: "indexes", text: `a = ${"f[".repeat(10_000)}` },
    { it: "unary operators", text: `a = ${"!".repeat(10_000)}1` },
    { it: "powers", text: `a = 1${"^1".repeat(10_000)}` },
    { it: "a long sum", text: `a = 1${"+1".repeat(10_000)}` },
    { it: "a long chain of fields", text: `a = b${".b".repeat(10_000)}` },
    { it: "blocks", text: "a {\n".repeat(10_000) },
    { it: "blocks used as values", text: "a = b {\n".repeat(10_000) },
  ])("nesting has a limit: $it", ({ text }) => {
    const { diagnostics } = parseFile({ name: "in.alloy", text });
    expect(diagnostics.map(({ message }) => message)).toEqual([`nesting should be at most ${maxNesting} levels deep`]);
  });

  test("what nests less parses", () => {
    expect(mistakes(`a = ${"(".repeat(maxNesting - 1)}1${")".repeat(maxNesting - 1)}`)).toEqual([]);
  });

  test("a file that is no configuration ends after ten thousand", () => {
    expect(mistakes("@".repeat(20_000))).toHaveLength(10_000);
  });
});

describe("decodeSource", () => {
  const decode = (...bytes: (number | string)[]) => {
    const parts = bytes.map(part => (typeof part === "number" ? Uint8Array.of(part) : new TextEncoder().encode(part)));
    return decodeSource("in.alloy", Buffer.concat(parts)).source;
  };

  test.for([
    { it: "keeps text", bytes: ["a = 日"], out: "a = 日" },
    { it: "keeps a byte order mark for the columns", bytes: [0xef, 0xbb, 0xbf, "a"], out: "\uFEFFa" },
    { it: "keeps each wrong byte apart", bytes: ["é", 0xff, 0xc3, "x", 0xe6, 0x97], out: "é\uDCFF\uDCC3x\uDCE6\uDC97" },
    {
      it: "takes no overlong form and no surrogate",
      bytes: [0xc0, 0x80, 0xed, 0xa0, 0x80],
      out: "\uDCC0\uDC80\uDCED\uDCA0\uDC80",
    },
    { it: "takes four bytes", bytes: ["😀", 0xf5], out: "😀\uDCF5" },
  ])("$it", ({ bytes, out }) => {
    expect(decode(...bytes).text).toBe(out);
  });

  test("parsing reports wrong bytes at their own columns", () => {
    const { diagnostics } = parseFile(decode(0xef, 0xbb, 0xbf, 'a = "é', 0xff, 0xfe, '"'));
    expect(diagnostics.map(({ source, start, message }) => [positionOf(source, start).column, message])).toEqual([
      [11, "illegal UTF-8 encoding"],
      [12, "illegal UTF-8 encoding"],
    ]);
  });
});
