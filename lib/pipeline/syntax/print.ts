/** Writes a syntax tree as `alloy fmt` does. */
import { Aligner } from "./align.ts";
import type {
  ArrayExpr,
  Attribute,
  Block,
  CallExpr,
  Comment,
  Expr,
  File,
  LiteralExpr,
  ObjectExpr,
  Statement,
} from "./ast.ts";
import type { Range, Source } from "./diagnostic.ts";
import { lineOf } from "./position.ts";
import { goQuote } from "./quote.ts";

/** Formats a file that parsed without mistakes, with its comments; the text ends with a line break. */
export function printFile(file: File): string {
  const printer = new Printer(file.source, file.comments);
  printer.statements(file.body);
  return `${printer.finish()}\n`;
}

/** Formats an expression without comments: with its source on the lines that it has there, without it on one. */
export function printExpr(expr: Expr, source?: Source): string {
  const printer = new Printer(source, []);
  printer.expr(expr);
  return printer.finish();
}

/** Blanks wait for the text after them, because a comment may come between; `>` and `<` indent, "" was dropped. */
type Blank = " " | "\v" | "\n" | "\f" | ">" | "<" | "";

const maxBlankLines = 1;

class Printer {
  readonly #out = new Aligner();
  readonly #source: Source | undefined;
  readonly #comments: readonly (readonly Comment[])[];
  #nextComments = 0;
  #blanks: Blank[] = [];
  #indent = 0;
  #lineStart = true;
  #empty = true;
  /**
   * Where the output stands in the source, for comments: exact at a token whose offset is known, guessed from what was
   * written after it. That comments move behind `)` comes from such a guess, in Alloy as here.
   */
  #offset = 0;
  #line = 1;
  /** Line of the source on which the last text ended. */
  #lastLine = 1;
  #afterInteger = false;

  constructor(source: Source | undefined, comments: readonly Comment[]) {
    this.#source = source;
    this.#comments = source ? groupComments(source, comments) : [];
  }

  finish(): string {
    this.#writeComments(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    return this.#out.finish();
  }

  statements(statements: readonly Statement[]): void {
    statements.forEach((statement, i) => {
      const previous = statements[i - 1];
      if (previous && (statement.kind === "block" || this.#blankLineBetween(previous, statement))) this.#blank("\f");
      if (statement.kind === "block") this.#block(statement);
      else this.#attribute(statement);
      // A statement of several lines ends the columns.
      this.#blank(this.#onOneLine(statement) ? "\n" : "\f");
    });
  }

  #attribute({ name, value }: Attribute): void {
    this.#text(name.name, name.start);
    this.#blank("\v");
    this.#text("=");
    this.#blank(" ");
    this.expr(value);
  }

  #block({ name, label, open, body, close }: Block): void {
    this.#text(name.name, name.start);
    this.#blank(" ");
    if (label) {
      this.#text(goQuote(label.name), label.start);
      this.#blank(" ");
    }
    this.#text("{", open);
    this.#blank(">");
    this.#blank(body.length > 0 ? "\f" : " ");
    this.statements(body);
    this.#blank("<");
    this.#text("}", close);
  }

  expr(expr: Expr): void {
    switch (expr.kind) {
      case "literal":
        this.#literal(expr);
        break;
      case "array":
        this.#array(expr);
        break;
      case "object":
        this.#object(expr);
        break;
      case "identifier":
        this.#text(expr.name, expr.start);
        break;
      case "access":
        this.expr(expr.target);
        if (this.#afterInteger) this.#blank(" "); // `1.` would be a number
        this.#text(".");
        this.#text(expr.field.name);
        break;
      case "index":
        this.expr(expr.target);
        this.#text("[", expr.open);
        this.expr(expr.index);
        this.#text("]", expr.end - 1);
        break;
      case "call":
        this.#call(expr);
        break;
      case "unary":
        this.#text(expr.op, expr.start);
        this.expr(expr.operand);
        break;
      case "binary":
        this.expr(expr.left);
        this.#blank(" ");
        this.#text(expr.op, expr.opStart);
        this.#blank(" ");
        this.expr(expr.right);
        break;
      case "paren":
        this.#text("(");
        this.expr(expr.inner);
        this.#text(")");
        break;
      default:
        expr satisfies never;
    }
  }

  #literal({ type, raw, start }: LiteralExpr): void {
    this.#text(raw.startsWith("`") ? raw.replaceAll("\r", "") : raw, start);
    this.#afterInteger = type === "number" && /^\d+$/.test(raw);
  }

  #array({ items, start, end }: ArrayExpr): void {
    this.#text("[", start);
    let previousEnd = start;
    items.forEach((item, i) => {
      const newLine = this.#differentLines(previousEnd, item.start);
      // Indented before the line break, so that comments between are, too.
      if (newLine) this.#blank(">", "\f");
      else if (i > 0) this.#blank(" ");
      this.expr(item);
      if (i + 1 < items.length) this.#text(",");
      if (newLine) this.#blank("<");
      previousEnd = lastOf(item);
    });
    if (items.length > 0 && this.#differentLines(previousEnd, end - 1)) {
      this.#text(",");
      this.#blank(">", "\f", "<");
    }
    this.#text("]", end - 1);
  }

  #object({ fields, start, end }: ObjectExpr): void {
    this.#text("{", start);
    this.#blank(">");
    let previousEnd = start;
    fields.forEach(({ key, quoted, value }, i) => {
      const previous = fields[i - 1];
      if (this.#differentLines(previousEnd, key.start)) {
        this.#blank(previous && this.#onOneLine(previous.value) ? "\n" : "\f");
      } else if (previous) this.#blank(" ");
      this.#text(quoted ? goQuote(key.name) : key.name, key.start);
      this.#blank("\v");
      this.#text("=");
      this.#blank(" ");
      this.expr(value);
      if (i + 1 < fields.length) this.#text(",");
      previousEnd = key.start + key.name.length - 1;
    });
    if (fields.length > 0 && this.#differentLines(previousEnd, end - 1)) {
      this.#text(",");
      this.#blank("\f");
    }
    this.#blank("<");
    this.#text("}", end - 1);
  }

  #call({ callee, args, open, end }: CallExpr): void {
    this.expr(callee);
    this.#text("(");
    let previousEnd = open ?? lastOf(callee);
    args.forEach((arg, i) => {
      const newLine = this.#differentLines(previousEnd, arg.start);
      if (newLine) this.#blank("\f", ">");
      this.expr(arg);
      previousEnd = lastOf(arg);
      if (i + 1 < args.length) {
        this.#text(",");
        this.#blank(" ");
      }
      if (newLine) this.#blank("<");
    });
    if (this.#differentLines(previousEnd, end - 1)) {
      if (args.length > 0) this.#text(","); // Alloy writes it without arguments, too, and cannot read that
      this.#blank("\f");
    }
    this.#text(")");
  }

  #lineAt(offset: number): number {
    return this.#source ? lineOf(this.#source, offset) : 1;
  }

  #differentLines(a: number, b: number): boolean {
    return this.#source !== undefined && this.#lineAt(a) !== this.#lineAt(b);
  }

  #onOneLine(node: Range): boolean {
    return !this.#differentLines(node.start, lastOf(node));
  }

  #blankLineBetween(before: Range, after: Range): boolean {
    return this.#lineAt(after.start) - this.#lineAt(lastOf(before)) > 1;
  }

  #blank(...blanks: Blank[]): void {
    this.#blanks.push(...blanks);
    this.#afterInteger = false;
  }

  /** Writes a token, after the comments that stand before it. */
  #text(text: string, offset?: number): void {
    if (offset !== undefined) {
      this.#offset = offset;
      this.#line = this.#lineAt(offset);
    }
    const [at, line] = [this.#offset, this.#line];
    if (!this.#writeComments(at, line)) this.#writeBlanks(this.#blanks.length);
    this.#write(text, at, line, text.includes("\f")); // a form feed in a string is no line break
    this.#afterInteger = false;
  }

  /** Writes the comments before a token, and the blanks between them and it; false when there are none. */
  #writeComments(offset: number, line: number): boolean {
    let last: Comment | undefined;
    for (;;) {
      const group = this.#comments[this.#nextComments];
      if (!group || (group[0]?.start ?? 0) > offset) break;
      this.#nextComments++;
      for (const comment of group) {
        this.#writeBlanksBefore(comment, line);
        this.#write(comment.text, comment.start, this.#lineAt(comment.start), true);
        last = comment;
      }
    }
    if (last && line !== Number.POSITIVE_INFINITY) this.#writeBlanksAfter(last, line);
    return last !== undefined;
  }

  #writeBlanksBefore(comment: Comment, nextLine: number): void {
    if (this.#empty) return;
    const line = this.#lineAt(comment.start);
    if (line === this.#lastLine) {
      // A comment at the end of its line stands in a column of its own.
      this.#writeBlank(line === nextLine ? " " : "\t");
      return;
    }
    // Only the indentation is applied: the line breaks of the source count, not those that wait.
    const kept = this.#blanks.findIndex(blank => blank !== ">" && blank !== "<");
    if (kept >= 0) {
      this.#writeBlanks(kept);
      this.#blanks[0] = ""; // a next comment stops here, too
    }
    if (line > this.#lastLine) this.#writeBlank("\f", lineBreaks(line - this.#lastLine));
  }

  #writeBlanksAfter(comment: Comment, nextLine: number): void {
    const lastLine = this.#lineAt(comment.start + comment.text.length - 1);
    if (comment.text.startsWith("/*") && lastLine === nextLine) this.#writeBlank(" ");
    // Where the place is only guessed, Alloy may write a token behind a line comment, which swallows it.
    const breaks = Math.max(nextLine - this.#lastLine, comment.text.startsWith("//") ? 1 : 0);
    const endsColumns = this.#blanks.includes("\f");
    this.#blanks = this.#blanks.filter(blank => blank === ">" || blank === "<");
    this.#writeBlanks(this.#blanks.length);
    if (breaks > 0) this.#writeBlank(endsColumns ? "\f" : "\n", lineBreaks(breaks));
  }

  #writeBlanks(count: number): void {
    if (count === 0) return;
    const blanks = this.#blanks;
    this.#blanks = blanks.length === count ? [] : blanks.slice(count);
    for (const blank of blanks.slice(0, count)) {
      if (blank === ">") this.#indent++;
      else if (blank === "<") this.#indent--;
      else if (blank !== "") this.#writeBlank(blank);
    }
  }

  #writeBlank(blank: " " | "\t" | "\v" | "\n" | "\f", count = 1): void {
    this.#writeIndent();
    this.#out.write(blank.repeat(count));
    this.#offset += count;
    if (blank !== "\n" && blank !== "\f") this.#lineStart = false;
    else {
      this.#line += count;
      this.#lineStart = true;
    }
  }

  #writeIndent(): void {
    if (!this.#lineStart || this.#indent === 0) return;
    this.#out.write("\t".repeat(this.#indent));
    this.#offset += this.#indent;
    this.#lineStart = false;
  }

  #write(text: string, offset: number, line: number, verbatim: boolean): void {
    this.#writeIndent();
    if (verbatim) this.#out.writeVerbatim(text);
    else this.#out.write(text);
    this.#lineStart = false;
    this.#empty = false;
    this.#offset = offset + text.length;
    this.#line = line + lineFeeds(text);
    this.#lastLine = this.#line;
  }
}

/** Offset of a node's last character. */
const lastOf = ({ end }: Range) => end - 1;

const lineBreaks = (lines: number) => Math.min(lines, maxBlankLines + 1);

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Comments that follow each other without a blank line or a token between are written together. */
function groupComments(source: Source, comments: readonly Comment[]): Comment[][] {
  const groups: Comment[][] = [];
  let group: Comment[] = [];
  for (const comment of comments) {
    const previous = group.at(-1);
    const joined =
      previous &&
      lineOf(source, comment.start) <= lineOf(source, previous.start) + lineFeeds(previous.text) + 1 &&
      source.text.slice(previous.end, comment.start).trim() === "";
    if (joined) group.push(comment);
    else {
      group = [comment];
      groups.push(group);
    }
  }
  return groups;
}
