import { describe, expect, test } from "vitest";
import { type Diagnostic, errorAt, type Source } from "./diagnostic.ts";
import { formatDiagnostic, formatDiagnosticLine, formatDiagnostics, positionOf, toJson } from "./report.ts";

const process = `loki.process "p" {
  forward_to {
    x = 1
  }
}
`;

function at(text: string, part: string, message: string): Diagnostic {
  const start = text.indexOf(part);
  return errorAt({ name: "in.alloy", text }, { start, end: start + part.length }, message);
}

describe("an excerpt", () => {
  test.for([
    {
      it: "marks a part of a line, with a line before and after",
      diagnostic: at('a {\n  b = "loud"\n}\n', '"loud"', 'unrecognized log level "loud"'),
      out: [
        'Error: in.alloy:2:7: unrecognized log level "loud"',
        "",
        "1 | a {",
        '2 |   b = "loud"',
        "  |       ^^^^^^",
        "3 | }",
      ],
    },
    {
      it: "draws a line along several lines",
      diagnostic: at(
        process,
        "forward_to {\n    x = 1\n  }",
        '"forward_to" must be an attribute, but is used as a block',
      ),
      out: [
        'Error: in.alloy:2:3: "forward_to" must be an attribute, but is used as a block',
        "",
        '1 |   loki.process "p" {',
        "2 |     forward_to {",
        "  |  ___^^^^^^^^^^^^",
        "3 | |     x = 1",
        "4 | |   }",
        "  | |_^^^",
        "5 |   }",
      ],
    },
    {
      it: "draws it from the margin, and shows the empty last line",
      diagnostic: at(process, process.trimEnd(), 'missing required attribute "forward_to"'),
      out: [
        'Error: in.alloy:1:1: missing required attribute "forward_to"',
        "",
        '1 |   loki.process "p" {',
        "  |  _^^^^^^^^^^^^^^^^^^",
        "2 | |   forward_to {",
        "3 | |     x = 1",
        "4 | |   }",
        "5 | | }",
        "  | |_^",
        "6 |   ",
      ],
    },
    {
      it: "pads line numbers",
      diagnostic: at(`${"\n".repeat(8)}a\nb`, "a", "wrong"),
      out: ["Error: in.alloy:9:1: wrong", "", " 8 | ", " 9 | a", "   | ^", "10 | b"],
    },
    {
      it: "counts columns in bytes and draws a caret per character",
      diagnostic: at('é = "日本" + x', '"日本"', "wrong"),
      out: ["Error: in.alloy:1:6: wrong", "", '1 | é = "日本" + x', "  |     ^^^^"],
    },
    {
      it: "shows tabs as four spaces, and no carets under them",
      diagnostic: at("\ta\tb\r\n", "a\tb", "wrong"),
      out: ["Error: in.alloy:1:2: wrong", "", "1 |     a    b", "  |     ^    ^", "2 | "],
    },
    {
      it: "shows no caret behind the end of a line",
      diagnostic: at("a = 1\n", "\n", "expected {, got TERMINATOR"),
      out: ["Error: in.alloy:1:6: expected {, got TERMINATOR", "", "1 | a = 1", "  |      ", "2 | "],
    },
    {
      it: "shows a wrong byte as the replacement character",
      diagnostic: at('"\uDCFF"', "\uDCFF", "illegal UTF-8 encoding"),
      out: ["Error: in.alloy:1:2: illegal UTF-8 encoding", "", '1 | "\uFFFD"', "  |  ^"],
    },
  ])("$it", ({ diagnostic, out }) => {
    expect(formatDiagnostic(diagnostic)).toBe(out.join("\n"));
  });

  test("says Warning for a warning, and takes more lines of context", () => {
    const diagnostic: Diagnostic = { ...at("a\nb\nc\nd\ne", "c", "old"), severity: "warning" };
    expect(formatDiagnostic(diagnostic, { context: 2 })).toBe(
      "Warning: in.alloy:3:1: old\n\n1 | a\n2 | b\n3 | c\n  | ^\n4 | d\n5 | e",
    );
  });

  test("has colours for a terminal", () => {
    expect(formatDiagnostic(at("a", "a", "wrong"), { color: true }).split("\n")[0]).toBe(
      "\x1b[31;1mError: \x1b[0m\x1b[1min.alloy:1:1: wrong\x1b[0m",
    );
  });

  test("has the hint below it, if hints are wanted", () => {
    const diagnostic: Diagnostic = { ...at("a", "a", "wrong"), hint: 'did you mean "b"?' };
    expect(formatDiagnostic(diagnostic)).toBe("Error: in.alloy:1:1: wrong\n\n1 | a\n  | ^");
    expect(formatDiagnostic(diagnostic, { hints: true })).toBe(
      'Error: in.alloy:1:1: wrong\n\n1 | a\n  | ^\n\nHint: did you mean "b"?',
    );
    expect(formatDiagnostic({ ...diagnostic, start: -1 }, { hints: true, color: true })).toBe(
      '\x1b[31;1mError: \x1b[0m\x1b[1m-: wrong\x1b[0m\n\n\x1b[36;1mHint:\x1b[0m did you mean "b"?',
    );
  });

  test("is missing where there is no place", () => {
    const source: Source = { name: "in.alloy", text: "a" };
    const diagnostic = errorAt(
      source,
      { start: -1, end: -1 },
      " should be one of [number string] for binop +, got null",
    );
    expect(formatDiagnostic(diagnostic)).toBe("Error: -:  should be one of [number string] for binop +, got null");
  });

  test("stands apart from the next by a blank line", () => {
    const list = [at("a b", "a", "one"), at("a b", "b", "two")];
    expect(formatDiagnostics(list)).toBe(
      "Error: in.alloy:1:1: one\n\n1 | a b\n  | ^\n\nError: in.alloy:1:3: two\n\n1 | a b\n  |   ^",
    );
  });
});

test("one line: place and message", () => {
  expect(formatDiagnosticLine(at("a\n b", "b", "wrong"))).toBe("in.alloy:2:2: wrong");
});

test("one line: a source without a name has line and column", () => {
  expect(formatDiagnosticLine(errorAt({ name: "", text: "a" }, { start: 0, end: 1 }, "wrong"))).toBe("1:1: wrong");
});

test("JSON: the place as printed, and as editors count", () => {
  expect(toJson({ ...at("x\né日 = {\n}\n", "{\n}", "wrong"), hint: "did you mean this?" })).toEqual({
    file: "in.alloy",
    line: 2,
    column: 9,
    range: { start: { line: 1, character: 5 }, end: { line: 2, character: 1 } },
    severity: "error",
    message: "wrong",
    hint: "did you mean this?",
  });
});

test.for([
  { it: "counts surrogates as two", text: 'a = "😀" + x', part: "x", from: [1, 14], characters: [11, 12] },
  { it: "does not count a byte order mark for editors", text: "\uFEFFa", part: "a", from: [1, 4], characters: [0, 1] },
])("JSON: $it", ({ text, part, from, characters }) => {
  const { line, column, range } = toJson(at(text, part, "wrong"));
  expect([line, column]).toEqual(from);
  expect([range.start.character, range.end.character]).toEqual(characters);
});

test("JSON: ends with the file", () => {
  const at1 = { line: 0, character: 1 };
  expect(toJson(errorAt({ name: "in.alloy", text: "a" }, { start: 1, end: 2 }, "wrong")).range).toEqual({
    start: at1,
    end: at1,
  });
});

test("JSON: no place is the beginning", () => {
  const start = { line: 0, character: 0 };
  expect(toJson(errorAt({ name: "in.alloy", text: "a" }, { start: -1, end: -1 }, "wrong"))).toEqual({
    file: "in.alloy",
    line: 1,
    column: 1,
    range: { start, end: start },
    severity: "error",
    message: "wrong",
  });
});

test("positions: forwards, backwards, and from line to line", () => {
  const source: Source = { name: "in.alloy", text: "ééé\n日日" };
  const offsets = [3, 2, 0, 1, 4, 6, 5];
  expect(offsets.map(offset => Object.values(positionOf(source, offset)).join(":"))).toEqual([
    "1:7",
    "1:5",
    "1:1",
    "1:3",
    "2:1",
    "2:7",
    "2:4",
  ]);
});

test.for([
  {
    it: "of a long line shows what is around the place",
    text: `a = "${"é".repeat(3000)}@${"x".repeat(3000)}"`,
    part: "@",
    out: [
      "Error: in.alloy:1:6006: wrong",
      "",
      `1 | …${"é".repeat(200)}@${"x".repeat(399)}…`,
      `  | ${" ".repeat(201)}^`,
    ],
  },
  {
    it: "of a long line that is only near begins at its start",
    text: `${"x".repeat(3000)}\na`,
    part: "a",
    out: ["Error: in.alloy:2:1: wrong", "", `1 | ${"x".repeat(400)}…`, "2 | a", "  | ^"],
  },
])("an excerpt $it", ({ text, part, out }) => {
  expect(formatDiagnostic(at(text, part, "wrong")).split("\n")).toEqual(out);
});

test("an excerpt of very many lines leaves out those in the middle", () => {
  const text = `a {\n${"b\n".repeat(5000)}}`;
  const lines = formatDiagnostic(at(text, text, "wrong")).split("\n");
  const middle = lines.findIndex(line => line.endsWith("…"));
  expect(lines.slice(middle - 1, middle + 2)).toEqual([" 200 | | b", "     | …", "4802 | | b"]);
  expect(lines.slice(0, 5)).toEqual(["Error: in.alloy:1:1: wrong", "", "   1 |   a {", "     |  _^^^", "   2 | | b"]);
  expect(lines.slice(-2)).toEqual(["5002 | | }", "     | |_^"]);
});
