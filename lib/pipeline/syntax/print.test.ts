import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeSource, parseExpression, parseFile } from "./parser.ts";
import { printExpr, printFile } from "./print.ts";

function format(text: string): string {
  const { file, diagnostics } = parseFile({ name: "in.alloy", text });
  expect(diagnostics).toEqual([]);
  return printFile(file);
}

describe("a file", () => {
  test.for([
    { it: "is one line break when it is empty", text: "", out: "\n" },
    { it: "has one space around the signs of a line", text: "a=1+2*- 3", out: "a = 1 + 2 * -3\n" },
    { it: "has its equals signs in one column", text: "a = 1\nbcd = 2", out: "a   = 1\nbcd = 2\n" },
    { it: "counts characters for it", text: "é = 1\nbcd = 2", out: "é   = 1\nbcd = 2\n" },
    { it: "has at most one blank line", text: "a = 1\n\n\n\nbcd = 2", out: "a = 1\n\nbcd = 2\n" },
    { it: "has a blank line before a block", text: "a = 1\nb {}", out: "a = 1\n\nb { }\n" },
    { it: "has none after one", text: "b {}\na = 1", out: "b { }\na = 1\n" },
    { it: "opens a block of one line", text: 'b "l" {c=1}', out: 'b "l" {\n\tc = 1\n}\n' },
    { it: "joins an expression on one line", text: "a = 1 +\n  2", out: "a = 1 + 2\n" },
    {
      it: "keeps the lines of a list, and ends the last with a comma",
      text: "a = [1,\n2,\n]",
      out: "a = [1,\n\t2,\n]\n",
    },
    {
      it: "keeps the lines of a call, and ends the last with a comma",
      text: "a = f(\n1,\n)",
      out: "a = f(\n\t1,\n)\n",
    },
    {
      it: "aligns the fields of an object",
      text: 'a = {\nb=1,\n"c-d"=2,\n}',
      out: 'a = {\n\tb     = 1,\n\t"c-d" = 2,\n}\n',
    },
    { it: "removes carriage returns", text: "a = `x\r\ny`\r\n", out: "a = `x\ny`\n" },
    { it: "keeps a number apart from a field access", text: "a = 1 .b", out: "a = 1 .b\n" },
    { it: "writes no comma into an empty call of two lines, unlike Alloy", text: "a = f(\n)", out: "a = f(\n)\n" },
    { it: "keeps a form feed in a string, unlike Alloy", text: 'a = "b\fc"', out: 'a = "b\fc"\n' },
    // The next three are what Alloy does, and not what one would wish for.
    { it: "escapes a key's backslashes once more", text: 'a = {"b\\"c" = 1}', out: 'a = {"b\\\\\\"c" = 1}\n' },
    { it: "takes a tab in a string for a column", text: 'a = "b\tc"', out: 'a = "b c"\n' },
    { it: "removes blanks at the ends of a raw string's lines", text: "a = `b \nc`", out: "a = `b\nc`\n" },
  ])("$it", ({ text, out }) => {
    expect(format(text)).toBe(out);
  });
});

describe("comments", () => {
  test.for([
    { it: "keep blank lines, but one at most", text: "// a\n\n\n// b\na = 1", out: "// a\n\n// b\na = 1\n" },
    {
      it: "at the ends of lines stand in one column",
      text: "a = 1 // x\nb = 20 // y",
      out: "a = 1  // x\nb = 20 // y\n",
    },
    { it: "keep the blanks at their ends", text: "a = 1 // x \t ", out: "a = 1 // x \t \n" },
    { it: "in a line have one space around them", text: "a = /*x*/1", out: "a = /*x*/ 1\n" },
    { it: "keep blocks together", text: "a {}\n// x\nb {}", out: "a { }\n// x\nb { }\n" },
    { it: "are indented in a block", text: "a {\n// x\nb = 1\n  // y\n}", out: "a {\n\t// x\n\tb = 1\n\t// y\n}\n" },
    { it: "are indented in a list", text: "a = [\n// x\n1,\n// y\n]", out: "a = [\n\t// x\n\t1,\n\t// y\n]\n" },
    { it: "leave an empty block open", text: "a {\n// x\n}", out: "a {\n\t// x\n}\n" },
    { it: "never swallow what follows, unlike Alloy's", text: "a = [// x\n(1),\n]", out: "a = [ // x\n\t(1),\n]\n" },
    { it: "may be alone", text: "\n\n/* x\n y */", out: "/* x\n y */\n" },
    { it: "at the end of an attribute save the blank line", text: "a = 1 // x\nb {}", out: "a = 1 // x\nb { }\n" },
    {
      it: "of several lines keep their own indentation",
      text: "a {\n/* x\n  y */\n}",
      out: "a {\n\t/* x\n  y */\n}\n",
    },
  ])("$it", ({ text, out }) => {
    expect(format(text)).toBe(out);
  });
});

describe("an expression", () => {
  test.for([
    { it: "is spaced", text: "a.b[ 0 ]( 1,- 2 )+[ 1,2 ]", out: "a.b[0](1, -2) + [1, 2]" },
    { it: "has its objects without spaces", text: '{ a=1, "b c"=[ ] }', out: '{a = 1, "b c" = []}' },
    { it: "keeps parentheses", text: "( 1+2 )*3", out: "(1 + 2) * 3" },
    { it: "is on one line without its source", text: "[\n1,\n{\na = 2,\n},\n]", out: "[1, {a = 2}]" },
  ])("$it", ({ text, out }) => {
    const { expr } = parseExpression({ name: "", text });
    expect(expr && printExpr(expr)).toBe(out);
  });

  test("keeps its lines with its source", () => {
    const source = { name: "", text: "[\n1,\n{\na = 2,\n},\n]" };
    const { expr } = parseExpression(source);
    expect(expr && printExpr(expr, source)).toBe("[\n\t1,\n\t{\n\t\ta = 2,\n\t},\n]");
  });
});

describe("files that show many rules at once", () => {
  const folder = join(import.meta.dirname, "cases");
  const names = readdirSync(folder).filter(name => name.endsWith(".in"));

  test.for(names)("%s", name => {
    const { source } = decodeSource(name, readFileSync(join(folder, name)));
    const expected = readFileSync(join(folder, name.replace(/in$/, "expected")), "utf8");
    expect(format(source.text)).toBe(expected);
  });
});
