/** JSON as Go's encoding/json writes it: keys sorted, `<`, `>` and `&` escaped. */

import { boundText, mapText } from "./bounds.ts";
import { formatFloat } from "./gofloat.ts";
import { GoNamed, GoStruct, type GoValue, sortedKeys } from "./gofmt.ts";

export { goFloat } from "./gofloat.ts";

/** The JSON text of plain data. Throws an Error with Go's words for numbers that JSON does not have. */
export function goJson(value: GoValue): string {
  const done: string[] = [];
  let out: string[] = [];
  let length = 0;
  const emit = (text: string) => {
    length += text.length;
    boundText(length);
    if (out.push(text) < 100_000) return;
    done.push(out.join(""));
    out = [];
  };
  write(value, emit);
  return done.join("") + out.join("");
}

function write(value: GoValue, emit: (text: string) => void): void {
  if (value === null || typeof value !== "object") emit(scalar(value));
  else if (value instanceof GoNamed) write(value.value, emit);
  else if (value instanceof GoStruct) writeFields(value.fields, emit);
  else if (value instanceof Map) {
    writeFields(
      sortedKeys(value).map(key => [key, value.get(key) ?? null]),
      emit,
    );
  } else writeItems(value as readonly GoValue[], emit); // all else is handled
}

function scalar(value: null | boolean | bigint | number | string): string {
  if (typeof value === "string") return goJsonString(value);
  return typeof value === "number" ? goJsonNumber(value) : String(value);
}

function writeItems(items: readonly GoValue[], emit: (text: string) => void): void {
  emit("[");
  items.forEach((item, i) => {
    if (i > 0) emit(",");
    write(item, emit);
  });
  emit("]");
}

function writeFields(fields: readonly (readonly [string, GoValue])[], emit: (text: string) => void): void {
  emit("{");
  fields.forEach(([name, field], i) => {
    emit(`${i > 0 ? "," : ""}${goJsonString(name)}:`);
    write(field, emit);
  });
  emit("}");
}

const unsafe = /[<>&\u2028\u2029]/g;

/** A string of JSON with Go's escapes. */
export function goJsonString(text: string): string {
  return `"${mapText(text, escapedPiece)}"`;
}

const escapedPiece = (text: string): string =>
  JSON.stringify(text.toWellFormed())
    .slice(1, -1)
    .replace(unsafe, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A float in JSON. JavaScript chooses the same digits and the same limits for exponents as Go. */
export function goJsonNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`json: unsupported value: ${formatFloat(value, "g", -1)}`);
  return Object.is(value, -0) ? "-0" : String(value);
}
