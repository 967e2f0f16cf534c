/** Numbers as the expositions write them: Go's `ParseFloat` syntax in, OpenMetrics' canonical `le` and `quantile` out. */

/** 10^0 to 10^22: the powers of ten that a double holds exactly. */
export const exactPowers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinity = /^[+-]?inf(?:inity)?$/i;

/**
 * Reads what Prometheus' parsers take as a float, `undefined` for what they refuse: hexadecimal floats and underscores,
 * and numbers too large for a double.
 */
export function parseFloatText(text: string): number | undefined {
  if (decimal.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (infinity.test(text)) return text.charCodeAt(0) === 45 ? -Infinity : Infinity;
  return /^nan$/i.test(text) ? Number.NaN : undefined;
}

/** Where the number ended that `parseDecimal` read; -1 when it is none that it can read exactly. */
export let decimalEnd = -1;

/**
 * Reads a decimal from bytes, quickly and exactly: a mantissa below 2^53 and a power of ten that a double holds need one rounding only.
 * Everything else (more digits, `Inf`, `NaN`, errors) is left to `parseFloatText`: `decimalEnd` is -1 then.
 */
export function parseDecimal(bytes: Uint8Array, start: number): number {
  let at = start;
  let byte = bytes[at] as number; // a line end follows every number
  const negative = byte === 45;
  if (negative) byte = bytes[++at] as number; // as above
  const first = at;
  let mantissa = 0;
  while (byte >= 48 && byte <= 57) {
    mantissa = mantissa * 10 + (byte - 48);
    byte = bytes[++at] as number; // as above
  }
  let digits = at - first;
  let power = 0;
  if (byte === 46) {
    const point = at;
    byte = bytes[++at] as number; // as above
    while (byte >= 48 && byte <= 57) {
      mantissa = mantissa * 10 + (byte - 48);
      byte = bytes[++at] as number; // as above
    }
    power = point + 1 - at;
    digits -= power;
  }
  decimalEnd = -1;
  if (digits === 0) return 0;
  if (byte === 101 || byte === 69) {
    byte = bytes[++at] as number; // as above
    const down = byte === 45;
    if (down || byte === 43) byte = bytes[++at] as number; // as above
    const from = at;
    let exponent = 0;
    while (byte >= 48 && byte <= 57) {
      exponent = exponent * 10 + (byte - 48);
      byte = bytes[++at] as number; // as above
    }
    if (at === from) return 0;
    power += down ? -exponent : exponent;
  }
  if (mantissa > Number.MAX_SAFE_INTEGER || power > 22 || power < -22) return 0;
  decimalEnd = at;
  const value =
    power === 0
      ? mantissa
      : power > 0
        ? mantissa * (exactPowers[power] as number)
        : mantissa / (exactPowers[-power] as number); // within the table
  return negative ? -value : value;
}

/** Formats as OpenMetrics wants `le` and `quantile`: as Go's `%g`, with `.0` where there is neither point nor exponent. */
export function formatOpenMetricsFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = formatGoFloat(value);
  return /[e.]/.test(text) ? text : `${text}.0`;
}

/** Formats a finite number as Go's `strconv.FormatFloat(value, 'g', -1, 64)`: an exponent below -4 or above 5 is written out. */
export function formatGoFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", power = ""] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value); // JavaScript writes these without an exponent too
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
