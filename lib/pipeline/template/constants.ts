/** Go's string literals. */
import { goString } from "./bytes.ts";

const short: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** The text of a literal in double quotes or backticks; `undefined` for a bad escape. */
export function unquoteGo(literal: string): string | undefined {
  if (literal.startsWith("`")) return literal.slice(1, -1).replaceAll("\r", "");
  const body = literal.slice(1, -1);
  if (!body.includes("\\")) return body;
  const parts: Buffer[] = [];
  let bad = false;
  for (const [part, code] of body.matchAll(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S])|[^\\]+/g,
  )) {
    if (code === undefined) parts.push(Buffer.from(part, "utf8"));
    else if (short[code] !== undefined) parts.push(Buffer.from(short[code], "utf8"));
    else if (code.length === 1) bad = true;
    else if (code.startsWith("x")) parts.push(Buffer.of(Number.parseInt(code.slice(1), 16)));
    else if (/^[0-7]/.test(code)) parts.push(Buffer.of(Number.parseInt(code, 8) & 0xff));
    else {
      const point = Number.parseInt(code.slice(1), 16);
      if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) bad = true;
      else parts.push(Buffer.from(String.fromCodePoint(point), "utf8"));
    }
  }
  return bad ? undefined : goString(Buffer.concat(parts));
}
