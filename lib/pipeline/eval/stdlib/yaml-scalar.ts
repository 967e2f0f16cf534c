/** What a plain scalar means to Go's yaml.v3. */
import type { Value } from "../value.ts";
import { decodeBase64 } from "./base64.ts";

const words = new Map<string, Value>([
  ["", null],
  ["~", null],
  ["null", null],
  ["Null", null],
  ["NULL", null],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
  [".nan", Number.NaN],
  [".NaN", Number.NaN],
  [".NAN", Number.NaN],
]);

const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const maxUint64 = 18446744073709551615n;
const maxInt64 = 9223372036854775807n;

/** Null, booleans, numbers, timestamps; everything else is text. */
export function resolvePlain(text: string): Value {
  return resolve(text, true)[1];
}

/** What a scalar behind a tag means. Throws an Error with Go's words. */
export function resolveTagged(tag: string, text: string): Value {
  if (tag === "!!binary") return decodeBinary(text);
  if (!resolvable.has(tag)) return text;
  const [found, value] = resolve(text, tag === "!!timestamp");
  if (found === tag) return value;
  if (tag === "!!float" && typeof value === "bigint" && value <= maxInt64) return Number(value);
  throw new Error(`yaml: cannot decode ${found} \`${text}\` as a ${tag}`);
}

/** The other tags leave the text as it is. */
const resolvable: ReadonlySet<string> = new Set(["!!bool", "!!int", "!!float", "!!null", "!!timestamp"]);

function decodeBinary(text: string): string {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(decodeBase64(text, "standard"));
  } catch {
    throw new Error("yaml: !!binary value contains invalid base64 data");
  }
}

function resolve(text: string, times: boolean): [tag: string, value: Value] {
  const word = words.get(text);
  if (word !== undefined) return [word === null ? "!!null" : typeof word === "boolean" ? "!!bool" : "!!float", word];
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text))
    return ["!!float", text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY];
  if (!/^[-+.0-9]/.test(text)) return ["!!str", text];
  const time = times ? timestamp(text) : undefined;
  if (time !== undefined) return ["!!timestamp", time];
  const plain = text.replaceAll("_", "");
  const whole = integer(plain);
  if (whole !== undefined) return ["!!int", whole];
  const value = float.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(value) ? ["!!float", value] : ["!!str", text];
}

/** Decimal, `0x`, `0o`, `0b`, and octal behind a zero. */
function integer(text: string): bigint | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]+|0|[1-9][0-9]*)$/.exec(text);
  if (!match) return undefined;
  const [, sign, digits = ""] = match;
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  if (sign === "-") return size > maxInt64 + 1n ? undefined : -size;
  return size > (sign === "+" ? maxInt64 : maxUint64) ? undefined : size;
}

const forms: readonly RegExp[] = [
  /^(\d{4})-(\d\d?)-(\d\d?)[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,](\d+))?(Z|[-+]\d\d:\d\d)$/,
  /^(\d{4})-(\d\d?)-(\d\d?) +(\d\d?):(\d\d?):(\d\d?)(?:[.,](\d+))?$/,
  /^(\d{4})-(\d\d?)-(\d\d?)$/,
];

/** A date or time, written as Go writes it: `2024-01-02T00:00:00Z`. */
function timestamp(text: string): string | undefined {
  const match = forms.map(form => form.exec(text)).find(found => found !== null);
  if (!match) return undefined;
  const [, year = "", month = "", day = "", hour = "0", minute = "0", second = "0", fraction = "", zone] = match;
  const two = (part: string) => part.padStart(2, "0");
  const iso = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
  if (Number.isNaN(Date.parse(`${iso}Z`)) || new Date(`${iso}Z`).toISOString().slice(0, 19) !== iso) return undefined;
  return iso + (fraction && `.${fraction.slice(0, 9)}`).replace(/\.?0+$/, "") + offset(zone);
}

function offset(zone: string | undefined): string {
  if (zone === undefined || zone === "Z") return "Z";
  const [, sign, hours = "0", minutes = "00"] = /^([-+])(\d{1,2}):?(\d{2})?$/.exec(zone) ?? [];
  if (Number(hours) === 0 && Number(minutes) === 0) return "Z";
  return `${sign}${hours.padStart(2, "0")}:${minutes}`;
}
