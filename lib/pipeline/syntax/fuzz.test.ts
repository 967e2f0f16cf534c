/** What parsed keeps its meaning when it is formatted. */
import { expect, test } from "vitest";
import { decodeSource, parseFile } from "./parser.ts";
import { positionOf } from "./position.ts";
import { printFile } from "./print.ts";
import { formatDiagnostics } from "./report.ts";

/** A small linear congruential generator: the same files in every run. */
function randomFrom(seed: number) {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return { below, pick: <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0] };
}

type Random = ReturnType<typeof randomFrom>;

/** Writes random statements with random spacing and comments; only what Alloy's formatter itself breaks is left out. */
class Writer {
  readonly #random: Random;
  constructor(random: Random) {
    this.#random = random;
  }

  body(depth: number): string {
    const statements = Array.from({ length: this.#random.below(5) }, () => this.statement(depth));
    return statements.map(statement => `${this.lines()}${statement}${this.lineEnd()}`).join("");
  }

  statement(depth: number): string {
    if (depth > 3 || this.#random.below(3) > 0) return `${this.name()}${this.gap()}=${this.gap()}${this.expr(depth)}`;
    const label = this.#random.below(2) === 0 ? `"${this.name()}"${this.gap()}` : "";
    const names = this.#random.pick([this.name(), `${this.name()}.${this.name()}`]);
    return `${names}${this.gap()}${label}{\n${this.body(depth + 1)}}`;
  }

  expr(depth: number): string {
    const next = () => this.expr(depth + 1);
    const leaf = () =>
      this.#random.pick(["1", "2.5", "1e3", '"x y"', '"é\\n\\u00e9"', "`a\nb`", "true", "null", this.name()]);
    if (depth > 5) return leaf();
    return this.#random.pick([
      leaf,
      leaf,
      () => `[${this.list(next)}]`,
      () => `{${this.list(() => `${this.key()}${this.gap()}=${this.gap()}${next()}`)}}`,
      () => `${this.name()}(${next()},${this.gap()}${next()})`,
      () => `${this.name()}.${this.name()}[${next()}]`,
      () => `${next()}${this.gap()}${this.operator()}${this.gap()}${next()}`,
      () => `(${next()})`,
      () => `${this.#random.pick(["-", "!"])}${next()}`,
    ])();
  }

  list(item: () => string): string {
    const items = Array.from({ length: this.#random.below(4) }, item);
    return items.map(text => `${this.lines()}${text},${this.#random.pick(["", " ", "\n", " // after\n"])}`).join("");
  }

  name = () => this.#random.pick(["a", "bb", "long_name", "été", "_x1"]);
  key = () => this.#random.pick(["k", "kk", '"key"', '"key-2"', '""']);
  operator = () => this.#random.pick(["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^"]);
  gap = () => this.#random.pick(["", " ", "  ", "\t", " /* c */ "]);
  lines = () => this.#random.pick(["", "", "\n", "\n\n\n", "// c\n", "/* c\n  d */\n"]);
  lineEnd = () => this.#random.pick(["\n", "\n", " // end\n", " /* end */\n", "\r\n"]);
}

/** Trees without places: those move. */
const meaning = (text: string) =>
  JSON.stringify(parseFile({ name: "in.alloy", text }).file.body, (key, value: unknown) =>
    ["start", "end", "open", "close", "opStart", "raw"].includes(key)
      ? undefined
      : typeof value === "bigint"
        ? `${value}n`
        : value,
  );

test("1000 valid files: formatting keeps the tree and the comments", () => {
  const random = randomFrom(7);
  for (let i = 0; i < 1000; i++) {
    const text = new Writer(random).body(0);
    const parsed = parseFile({ name: "in.alloy", text });
    expect(formatDiagnostics(parsed.diagnostics), text).toBe("");
    const printed = printFile(parsed.file);
    const again = parseFile({ name: "in.alloy", text: printed });
    expect(formatDiagnostics(again.diagnostics), `${text}\n----\n${printed}`).toBe("");
    expect(meaning(printed), `${text}\n----\n${printed}`).toBe(meaning(text));
    expect(again.file.comments.map(comment => comment.text)).toEqual(parsed.file.comments.map(comment => comment.text));
  }
});

const megabyte = 1024 * 1024;

/** What would fill the stack of a pattern, or be read again and again, if it were done badly. */
test.for([
  { it: "escaped bytes", text: `a = "${"\\x41".repeat(megabyte)}"`, mistakes: [] },
  { it: "escaped characters", text: `a = "${"\\u00e9".repeat(megabyte)}"`, mistakes: [] },
  { it: "a label", text: `a "${"é".repeat(megabyte)}" { }`, mistakes: [] },
  { it: "an identifier", text: `${"é".repeat(megabyte)} = 1`, mistakes: [] },
  { it: "digits", text: `a = ${"1".repeat(megabyte)}`, mistakes: [] },
  { it: "octal digits", text: `a = 0${"1".repeat(megabyte)}`, mistakes: [] },
  { it: "a raw string of lines", text: `a = \`${"x\r\n".repeat(megabyte)}\``, mistakes: [] },
  { it: "comments on one line", text: `a = 1 ${"/**/ ".repeat(megabyte / 8)}`, mistakes: [] },
  { it: "blank lines", text: "\n".repeat(megabyte), mistakes: [] },
  { it: "only carriage returns", text: "a = 1\r".repeat(10_000), mistakes: ["1:7 expected TERMINATOR, got IDENT"] },
  { it: "a comment without end", text: `/*${"x".repeat(megabyte)}`, mistakes: ["1:1 block comment not terminated"] },
  { it: "a string without end", text: `a = "${"x".repeat(megabyte)}`, mistakes: ["1:5 string literal not terminated"] },
  {
    it: "a long block name",
    text: "a.".repeat(megabyte),
    mistakes: [`1:${2 * megabyte + 1} expected identifier, got EOF`],
  },
])("a megabyte of one thing is read and printed: $it", ({ text, mistakes }) => {
  const { file, diagnostics } = parseFile({ name: "in.alloy", text });
  expect(
    diagnostics.map(({ start, message }) => `${positionOf(file.source, start).line}:${start + 1} ${message}`),
  ).toEqual(mistakes);
  expect(formatDiagnostics(diagnostics).length).toBeLessThan(4096);
  printFile(file);
});

test.for([
  { it: "NUL", byte: 0, message: "illegal character NUL" },
  { it: "bytes that are no UTF-8", byte: 0xff, message: "illegal UTF-8 encoding" },
])("a megabyte of $it ends after ten thousand mistakes", ({ byte, message }) => {
  const { source } = decodeSource("in.alloy", Buffer.alloc(megabyte, byte));
  const { diagnostics } = parseFile(source);
  expect(diagnostics.length).toBe(10_000);
  expect(diagnostics[0]?.message).toBe(message);
});

test.for([
  { it: "a lone surrogate", text: 'a = "\ud800x"' },
  { it: "the other half", text: "a = `\udfff`" },
  { it: "halves in the wrong order", text: "// \udc00\ud800" },
])("takes $it in a text that was never bytes", ({ text }) => {
  const { file, diagnostics } = parseFile({ name: "in.alloy", text });
  expect(new Set(diagnostics.map(({ message }) => message))).toEqual(new Set(["illegal UTF-8 encoding"]));
  printFile(file);
  formatDiagnostics(diagnostics);
});
