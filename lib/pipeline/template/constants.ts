/** Go's string literals. */
import { decodeEscapes } from "../syntax/escapes.ts";
import { goString } from "./bytes.ts";

/** The text of a literal in double quotes or backticks; `undefined` for a bad escape. */
export function unquoteGo(literal: string): string | undefined {
  if (literal.startsWith("`")) return literal.slice(1, -1).replaceAll("\r", "");
  const body = literal.slice(1, -1);
  if (!body.includes("\\")) return body;
  let isBad = false;
  const bad = () => {
    isBad = true;
    return "";
  };
  const text = decodeEscapes(body, { bad, decode: goString });
  return isBad ? undefined : text;
}
