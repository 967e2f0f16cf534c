/** What parsed keeps its meaning when it is formatted. */
import { expect, test } from "vitest";
import { parseFile } from "./parser.ts";
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
