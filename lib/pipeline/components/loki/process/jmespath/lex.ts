/** Tokens of JMESPath with the community's extensions (arithmetic, `let`, `$`), as Alloy's JSON stage reads it. */

export type TokenKind =
  | "." | "*" | "," | ":" | "{" | "}" | "[" | "]" | "[?" | "[]" | "(" | ")" | "@" | "$"
  | "+" | "-" | "×" | "÷" | "%" | "//" | "|" | "||" | "&" | "&&" | "!" | "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
  | "number" | "identifier" | "quoted" | "literal" | "string" | "variable" | "end"; // biome-ignore format: one kind a word

export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
}

/** An expression that is no JMESPath. */
export class JmespathSyntaxError extends Error {
  override readonly name = "JmespathSyntaxError";
}

const simple: Readonly<Record<string, TokenKind>> = {
  ".": ".", "*": "*", ",": ",", ":": ":", "{": "{", "}": "}", "]": "]", "(": "(", ")": ")", "@": "@", "+": "+", "%": "%",
  "\u2212": "-", "×": "×", "÷": "÷",
}; // biome-ignore format: a table

const double: Readonly<Record<string, readonly [second: string, both: TokenKind, one: TokenKind]>> = {
  "/": ["/", "//", "÷"],
  "|": ["|", "||", "|"],
  "<": ["=", "<=", "<"],
  ">": ["=", ">=", ">"],
  "!": ["=", "!=", "!"],
  "=": ["=", "==", "="],
  "&": ["&", "&&", "&"],
};

const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /-?[0-9]+/y;

/** Splits an expression; the last token is `end`. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp, from: number): string | undefined => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const char = text[at] as string; // at is inside
    const word = take(identifier, at);
    const digits = take(number, at);
    const pair = double[char];
    if (word !== undefined) {
      tokens.push({ kind: "identifier", value: word });
      at += word.length;
    } else if (digits !== undefined) {
      tokens.push({ kind: "number", value: digits });
      at += digits.length;
    } else if (char === "$") {
      const name = take(identifier, at + 1);
      tokens.push(name === undefined ? { kind: "$", value: char } : { kind: "variable", value: name });
      at += 1 + (name?.length ?? 0);
    } else if (char === "-") {
      tokens.push({ kind: "-", value: char });
      at++;
    } else if (char === "[") {
      const kind = text[at + 1] === "?" ? "[?" : text[at + 1] === "]" ? "[]" : "[";
      tokens.push({ kind, value: kind });
      at += kind.length;
    } else if (simple[char]) {
      tokens.push({ kind: simple[char], value: char });
      at++;
    } else if (pair) {
      const both = text[at + 1] === pair[0];
      tokens.push({ kind: both ? pair[1] : pair[2], value: char });
      at += both ? 2 : 1;
    } else if (char === '"' || char === "`" || char === "'") {
      const end = closing(text, at);
      tokens.push(quoted(char, text.slice(at + 1, end)));
      at = end + 1;
    } else if (/[ \t\r\n]/.test(char)) at++;
    else
      throw new JmespathSyntaxError(
        `unknown character ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`,
      );
  }
  tokens.push({ kind: "end", value: "" });
  return tokens;
}

function closing(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === text[start]) return i;
  }
  throw new JmespathSyntaxError(`unclosed delimiter ${text[start]}`);
}

function quoted(delimiter: string, body: string): Token {
  if (delimiter === "'") return { kind: "string", value: body.replace(/\\(['\\])/g, "$1") };
  if (delimiter === "`") return { kind: "literal", value: body.replaceAll("\\`", "`") };
  try {
    return { kind: "quoted", value: String(JSON.parse(`"${body}"`)) };
  } catch {
    throw new JmespathSyntaxError(`bad quoted identifier "${body}"`);
  }
}
