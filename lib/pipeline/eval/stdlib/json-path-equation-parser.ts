/** Reads what a filter of a JSONPath says. Operators are read from left to right, and put into their order afterwards. */
import type { Value } from "../value.ts";
import { type Equation, nothing, type Operand } from "./json-path-equation.ts";
import type { PathReader } from "./json-path-parser.ts";

/** How strong operators bind: the lowest number first. */
const strengths: ReadonlyMap<string, number> = new Map([
  ...["!", "length", "count", "match", "search"].map(op => [op, 0] as const),
  ...["*", "/"].map(op => [op, 1] as const),
  ...["+", "-"].map(op => [op, 2] as const),
  ...["==", "!=", "<", ">", "<=", ">=", "in", "empty", "~=", "=~", "has", "exists"].map(op => [op, 3] as const),
  ...["||", "&&"].map(op => [op, 4] as const),
]);
const strength = (op: string) => strengths.get(op) ?? 0;

/** With more brackets or operators no filter was meant. */
const maxDepth = 100;

/** While it is read. A group is what stands in round brackets. */
type Draft =
  | { readonly kind: "leaf"; readonly leaf: Equation }
  | { readonly kind: "operation"; readonly op: string; left: Draft; right: Draft | undefined };

/** Reads an equation up to the bracket that closes it. */
export function parseEquation(reader: PathReader): Equation {
  return finish(withoutGroups(ordered(read(reader)), undefined));
}

function finish(draft: Draft | undefined): Equation {
  if (!draft) return { kind: "constant", value: null };
  if (draft.kind === "leaf") return draft.leaf;
  const { op, left, right } = draft;
  return { kind: "operation", op, left: finish(left), right: finish(right) };
}

/** Turns `a && (b == c)` as it was read, which is to the right, by how strong the operators bind. */
function ordered(draft: Draft): Draft {
  if (draft.kind === "leaf") return draft;
  draft.left = ordered(draft.left);
  const { right } = draft;
  if (right?.kind !== "operation") return draft;
  if (strength(draft.op) <= strength(right.op)) {
    draft.right = right.left;
    right.left = draft;
    return ordered(right);
  }
  draft.right = ordered(right);
  if (draft.right.kind === "operation" && strength(draft.op) <= strength(draft.right.op)) return ordered(draft);
  return draft;
}

/** Brackets stay only where they change something: what stands alone in them is a value, and no question whether it is there. */
function withoutGroups(draft: Draft | undefined, outer: string | undefined): Draft | undefined {
  if (draft?.kind !== "operation") return draft;
  const { op, left } = draft;
  const needless = outer === undefined || (left.kind === "operation" && strength(left.op) < strength(outer));
  if (op === "(" && needless) return withoutGroups(left, outer);
  draft.left = withoutGroups(left, op) ?? left;
  draft.right = withoutGroups(draft.right, op);
  return draft;
}

function read(reader: PathReader): Draft {
  if (++reader.depth > maxDepth) reader.fail("nested too deep");
  let draft = readOperand(reader);
  while (!reader.atEnd) {
    const byte = reader.skipBlanks();
    if (byte === "," || byte === ")" || byte === "]" || byte === "") break;
    const op = readOperator(reader);
    draft = { kind: "operation", op, left: draft, right: read(reader) };
  }
  reader.depth--;
  return draft;
}

const constant = (value: Operand): Draft => ({ kind: "leaf", leaf: { kind: "constant", value } });

function readOperand(reader: PathReader): Draft {
  const byte = reader.skipBlanks();
  if (byte === "@" || byte === "$") return { kind: "leaf", leaf: { kind: "path", path: reader.path() } };
  if (byte === "[") return constant(readList(reader));
  if (byte === "N") return readNothing(reader);
  if (!/[!\-0-9'"(/]/.test(byte) || byte === "") return readWord(reader);
  reader.at++;
  switch (byte) {
    case "!":
      // takes all that follows, weaker operators as well
      return { kind: "operation", op: "!", left: read(reader), right: undefined };
    case "'":
    case '"':
      return constant(reader.quoted(byte));
    case "(": {
      const left = read(reader);
      if (reader.skipBlanks() !== ")") reader.fail("not terminated");
      reader.at++;
      return { kind: "operation", op: "(", left, right: undefined };
    }
    case "/":
      return constant(readRegex(reader));
    default:
      return constant(readNumber(reader, byte));
  }
}

function readNothing(reader: PathReader): Draft {
  for (const character of "Nothing") {
    if (reader.next !== character) reader.fail("expected Nothing");
    reader.at++;
  }
  return constant(nothing);
}

function readWord(reader: PathReader): Draft {
  const start = reader.at;
  while (/[a-z]/.test(reader.next)) reader.at++;
  const word = reader.slice(start, reader.at);
  if (word === "true" || word === "false") return constant(word === "true");
  if (word === "null") return constant(null);
  if (!strengths.has(word)) {
    reader.at = start;
    reader.fail(`'${word}' is not a value or function`);
  }
  if (reader.next !== "(") reader.fail(`expected a ${word} function`);
  reader.at++;
  const left = read(reader);
  let right: Draft | undefined;
  if (reader.skipBlanks() === ",") {
    reader.at++;
    right = read(reader);
  }
  if (reader.skipBlanks() !== ")") reader.fail("not terminated");
  reader.at++;
  return { kind: "operation", op: word, left, right };
}

/** The longest run of bytes that may be part of operators; it must be one. */
function readOperator(reader: PathReader): string {
  let op = "";
  reader.skipBlanks();
  while (/[!&*+\-/<=>ehi|~]/.test(reader.next) || beginsOperator(op, reader.next)) {
    op += reader.next;
    if (op.length > 1 && op.endsWith("-")) reader.fail(`'${op}' is not a valid operation`);
    reader.at++;
    if (reader.atEnd) reader.fail("equation not terminated");
  }
  if (!strengths.has(op)) reader.fail(`'${op}' is not a valid operation`);
  return op === "=~" ? "~=" : op;
}

const beginsOperator = (op: string, next: string): boolean =>
  op !== "" && next !== "" && [...strengths.keys()].some(each => each.startsWith(op + next));

function readList(reader: PathReader): Value {
  reader.at++;
  const items: Value[] = [];
  while (!reader.atEnd) {
    const item = read(reader);
    const value = item.kind === "leaf" && item.leaf.kind === "constant" ? item.leaf.value : null;
    items.push(typeof value === "symbol" || value instanceof RegExp ? null : value);
    const byte = reader.takeBehindBlanks();
    if (byte === "]") break;
    if (byte !== ",") reader.fail("expected a comma or an array close");
  }
  return items;
}

function readRegex(reader: PathReader): RegExp {
  const start = reader.at;
  while (!reader.atEnd) {
    const byte = reader.take();
    if (byte === "/") break;
    if (byte === "\\") reader.at++;
  }
  try {
    return new RegExp(reader.slice(start, reader.at - 1), "u");
  } catch (error) {
    return reader.fail((error as Error).message); // RegExp throws SyntaxErrors only
  }
}

function readNumber(reader: PathReader, first: string): Value {
  const digits = /^[0-9]*(?:\.[0-9]*(?:[eE][-+]?[0-9]*)?|[eE][-+]?[0-9]*)?/.exec(reader.rest())?.[0] ?? "";
  reader.at += digits.length;
  const text = first + digits;
  if (reader.atEnd && /[eE][-+]?$/.test(text)) reader.fail("expected a number");
  if (/[.eE]/.test(text)) return Number.isNaN(Number(text)) ? 0 : Number(text);
  if (text === "-") reader.fail('strconv.ParseInt: parsing "-": invalid syntax');
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value)) reader.fail(`strconv.ParseInt: parsing "${text}": value out of range`);
  return value;
}
