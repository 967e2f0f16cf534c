/** A user's mistake is data: what is wrong, and the exact place in the exact source. */

/** A named text: a configuration file, or the content of a module. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** A half-open range of a source, in UTF-16 code units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Diagnostic extends Range {
  readonly severity: "error" | "warning";
  readonly source: Source;
  /** Lower case, one line, no final period: names the user's thing, what was expected, what was got. */
  readonly message: string;
  /** What the user may have meant. Apart from the message, which is Alloy's. */
  readonly hint?: string;
}

/** Makes an error at a range of a source. */
export function errorAt(source: Source, { start, end }: Range, message: string, hint?: string): Diagnostic {
  return { severity: "error", source, start, end, message, ...(hint !== undefined && { hint }) };
}
