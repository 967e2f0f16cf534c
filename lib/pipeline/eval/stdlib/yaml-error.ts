/** What Go's YAML reader would say of a text that does not parse. */

/** An error of the reader used here: its code, its words, the offset. */
export interface YamlProblem {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

/** The message in libyaml's words. Its lines count from zero where the parser complains and from one where the scanner does, and line zero isn't told. */
export function goYamlMessage(text: string, problems: readonly YamlProblem[]): string {
  const [problem] = problems;
  if (!problem) return "";
  const at = problem.pos[0];
  const line = lineAt(text, at);
  switch (problem.code) {
    case "TAB_AS_INDENT":
    case "BAD_SCALAR_START":
      return scanner(line, "found character that cannot start any token");
    case "BAD_DQ_ESCAPE":
      return scanner(line, "found unknown escape character");
    case "BAD_ALIAS":
      return scanner(line, "did not find expected alphabetic or numeric character");
    case "BLOCK_AS_IMPLICIT_KEY":
      return valueNotAllowed(text, at);
    case "MULTILINE_IMPLICIT_KEY":
      return problems[1]?.message.includes("block-seq-ind") ? noKey(text, at) : valueNotAllowed(text, at);
    case "BLOCK_IN_FLOW":
      return flowNotClosed(text, at, line);
    case "MISSING_CHAR":
      return missing(text, problem, line);
    case "BAD_INDENT":
      return badIndent(text, problem, line);
    case "UNEXPECTED_TOKEN":
      return unexpected(text, problem, line);
    case "RESOURCE_EXHAUSTION":
      return "exceeded max depth of 1000";
    default:
      return parser(line, problem.message);
  }
}

const scanner = (line: number, message: string) => (line ? `line ${line + 1}: ${message}` : message);
const parser = (line: number, message: string) => (line ? `line ${line}: ${message}` : message);
const lineAt = (text: string, offset: number) => text.slice(0, offset).split("\n").length - 1;

/** The end of the text lies at the start of a line, even if no line break ends the last one. */
const endLine = (text: string) => lineAt(text, text.length) + (text === "" || text.endsWith("\n") ? 0 : 1);

function valueNotAllowed(text: string, from: number): string {
  const colon = text.slice(from).search(/:(?:\s|$)/);
  return scanner(lineAt(text, colon < 0 ? from : from + colon), "mapping values are not allowed in this context");
}

/** The parser names the line where the collection starts that it is in, and the wrong line only if that is the first. */
function noKey(text: string, at: number, message = "did not find expected key"): string {
  return parser(collectionLine(text, at) || lineAt(text, at), message);
}

/** The first line of the block collection that what stands at an offset would belong to. */
function collectionLine(text: string, at: number): number {
  const lines = text.split("\n");
  const wrong = lineAt(text, at);
  const indent = (line: string) => line.search(/[^ ]/);
  const inner = indent(lines[wrong] ?? "");
  let first = wrong;
  let outer = inner;
  for (let i = wrong - 1; i >= 0; i--) {
    const here = indent(lines[i] ?? "");
    if (here < 0 || here > outer) continue;
    if (here < outer && first !== wrong) break;
    [first, outer] = [i, here];
  }
  return first;
}

function flowNotClosed(text: string, at: number, line: number): string {
  const open = openBracket(text.slice(0, at));
  const closing = open && text[open.at] === "{" ? "}" : "]";
  return parser((open?.line ?? 0) || line, `did not find expected ',' or '${closing}'`);
}

/** The innermost bracket that is still open at the end of a text. */
function openBracket(text: string): { at: number; line: number } | undefined {
  const open: number[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"|'[^']*'|#[^\n]*|[[\]{}]/gs;
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    if (match[0] === "[" || match[0] === "{") open.push(match.index);
    else if (match[0] === "]" || match[0] === "}") open.pop();
  }
  const at = open.at(-1);
  return at === undefined ? undefined : { at, line: lineAt(text, at) };
}

function missing(text: string, { message, pos: [at] }: YamlProblem, line: number): string {
  if (!message.includes("quote")) return scanner(line, "could not find expected ':'");
  const quote = message.startsWith('Missing closing "') ? '"' : "'";
  const start = lineAt(text, Math.max(0, text.lastIndexOf(quote, at)));
  return scanner(start || lineAt(text, text.length), "found unexpected end of stream");
}

function badIndent(text: string, { message, pos: [at] }: YamlProblem, line: number): string {
  if (message.startsWith("All sequence")) return noKey(text, at, "did not find expected '-' indicator");
  if (!message.startsWith("Flow")) return noKey(text, at);
  const before = text.trimEnd();
  if (at < before.length - 1) return flowNotClosed(text, at, line);
  if (/[[{,:]$/.test(before)) return parser(endLine(text), "did not find expected node content");
  return flowNotClosed(text, text.length, endLine(text));
}

function unexpected(text: string, { message, pos: [at] }: YamlProblem, line: number): string {
  if (message.includes("block-seq-ind on same line")) {
    return scanner(line, "block sequence entries are not allowed in this context");
  }
  if (message.includes("YAML document")) return parser(line, "did not find expected node content");
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const startsLine = text.slice(lineStart, at).trim() === "";
  const first = text.split("\n")[collectionLine(text, at)] ?? "";
  return noKey(text, at, startsLine && /^ *- /.test(first) ? "did not find expected '-' indicator" : undefined);
}
