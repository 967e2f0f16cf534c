/**
 * Elastic tab stops: cells that stand above each other get one width. The rules are those of Go's text/tabwriter, which
 * Alloy's formatter relies on, down to what it does to tabs inside string literals.
 */

/** A vertical tab ends a cell, too, but a column of nothing but empty ones takes no room. */
const [hardTab, softTab, newline, formfeed] = ["\t", "\v", "\n", "\f"];
const separators = /[\t\v\n\f]/;
const tabWidth = 8;
const padding = 1;

interface Column {
  width: number;
  soft: boolean;
}

interface Chunk {
  text: string;
  /** Kept as it is, blanks at the end and all: a comment. */
  readonly verbatim: boolean;
}

interface Cell {
  readonly chunks: Chunk[];
  width: number;
  /** Whether a hard tab ended it. */
  hard: boolean;
  column: Column | undefined;
}

const emptyCell = (): Cell => ({ chunks: [], width: 0, hard: false, column: undefined });

/** Takes text with tabs and gives it back aligned, without blanks at the ends of lines. */
export class Aligner {
  readonly #out = new Trimmer();
  #lines: Cell[][] = [];
  #line: Cell[] = [];
  #cell = emptyCell();
  /** The columns that reach down to the line before. */
  #columns: Column[] = [];

  /** Adds text in which tabs end cells, a line feed a line, and a form feed a line and all columns. */
  write(text: string): void {
    if (!separators.test(text)) {
      this.#append(text, false);
      return;
    }
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const char = text[i];
      if (char !== hardTab && char !== softTab && char !== newline && char !== formfeed) continue;
      this.#append(text.slice(start, i), false);
      start = i + 1;
      this.#endCell(char === hardTab);
      if (char === newline || char === formfeed) this.#endLine(char === formfeed);
    }
    this.#append(text.slice(start), false);
  }

  /** Adds text that nothing is looked for in. */
  writeVerbatim(text: string): void {
    this.#append(text, true);
  }

  /** Gives all that was written, aligned. */
  finish(): string {
    if (this.#cell.chunks.length > 0) this.#endCell(false);
    this.#joinColumns();
    this.#lines.push(this.#line);
    this.#flush(false);
    return this.#out.finish();
  }

  #append(text: string, verbatim: boolean): void {
    if (text === "") return;
    const last = this.#cell.chunks.at(-1);
    if (last && !verbatim && !last.verbatim) last.text += text;
    else this.#cell.chunks.push({ text, verbatim });
    this.#cell.width += characters(text);
  }

  #endCell(hard: boolean): void {
    this.#cell.hard = hard;
    this.#line.push(this.#cell);
    this.#cell = emptyCell();
  }

  #endLine(endsColumns: boolean): void {
    this.#joinColumns();
    const alone = this.#line.length === 1;
    this.#lines.push(this.#line);
    this.#line = [];
    if (!endsColumns && !alone) return;
    this.#flush(true);
    this.#columns = [];
  }

  /** Puts each cell into the column that stands above it. The last cell ends at no tab, so it belongs to none. */
  #joinColumns(): void {
    const cells = this.#line.slice(0, -1);
    this.#columns = cells.map((cell, i) => {
      const column = this.#columns[i] ?? { width: 0, soft: true };
      column.width = Math.max(column.width, cell.width + padding);
      if (cell.width > 0 || cell.hard) column.soft = false;
      cell.column = column;
      return column;
    });
  }

  #flush(endsLine: boolean): void {
    this.#lines.forEach((line, i) => {
      this.#writeLine(line);
      if (endsLine || i + 1 < this.#lines.length) this.#out.endLine();
    });
    this.#lines = [];
  }

  #writeLine(line: readonly Cell[]): void {
    let indenting = true;
    for (const { chunks, width, column } of line) {
      for (const { text, verbatim } of chunks) {
        if (verbatim) this.#out.writeVerbatim(text);
        else this.#out.write(text);
        indenting = false;
      }
      const room = !column || column.soft ? 0 : column.width;
      if (indenting) this.#out.write("\t".repeat(Math.ceil(room / tabWidth)));
      else if (room > 0) this.#out.write(" ".repeat(room - width));
    }
  }
}

/** Removes blanks at the ends of lines. */
class Trimmer {
  #out = "";
  #blanks = "";

  /** Adds a part of a line. */
  write(text: string): void {
    let end = text.length;
    while (end > 0 && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
    if (end === 0) {
      this.#blanks += text;
      return;
    }
    this.writeVerbatim(text.slice(0, end));
    this.#blanks = text.slice(end);
  }

  writeVerbatim(text: string): void {
    this.#out += this.#blanks + text;
    this.#blanks = "";
  }

  endLine(): void {
    this.#out += "\n";
    this.#blanks = "";
  }

  finish(): string {
    return this.#out;
  }
}

/** Counts characters, not UTF-16 units. */
function characters(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) count--;
  }
  return count;
}
