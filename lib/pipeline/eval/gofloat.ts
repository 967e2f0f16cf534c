/** Floating-point numbers as Go's strconv writes them: shortest, or rounded exactly, half to even. */

export type FloatVerb = "b" | "e" | "E" | "f" | "F" | "g" | "G" | "x" | "X";

/** Writes a number as `strconv.FormatFloat(value, verb, precision, 64)` does; a precision of -1 means the fewest digits that read back. */
export function formatFloat(value: number, verb: FloatVerb, precision: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  switch (verb) {
    case "f":
    case "F":
      return sign + fixed(precision < 0 ? shortest(size) : roundedToFraction(size, precision), precision);
    case "e":
    case "E":
      return sign + exponential(precision < 0 ? shortest(size) : roundedToDigits(size, precision + 1), precision, verb);
    case "b":
      return sign + binary(size);
    case "x":
      return sign + hexadecimal(size, precision);
    case "X":
      return sign + hexadecimal(size, precision).toUpperCase();
    default:
      return sign + general(size, verb === "g" ? "e" : "E", precision);
  }
}

/** Writes a number as `%v` does: `0.1`, `1e+06`, `+Inf`. */
export function goFloat(value: number): string {
  return formatFloat(value, "g", -1);
}

/** `0.DIGITS` times ten to the power of `point`; no trailing zeros unless rounding asked for them. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

const zero: Decimal = { digits: "", point: 0 };

/** JavaScript finds the same shortest digits as Go. */
function shortest(size: number): Decimal {
  if (size === 0) return zero;
  const [mantissa = "", exponent = "0"] = size.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
}

/** The bits of the value: `mantissa × 2^exponent`. */
function parts(size: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n) & 0x7ff;
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  return { mantissa, exponent: (biased === 0 ? 1 : biased) - 1075 };
}

/** The exact value as a fraction of integers. */
function exact(size: number): { numerator: bigint; denominator: bigint } {
  const { mantissa, exponent } = parts(size);
  return exponent >= 0
    ? { numerator: mantissa << BigInt(exponent), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-exponent) };
}

/** The integer nearest to `size × 10^power`, half to even. */
function scaled(size: number, power: number): bigint {
  let { numerator, denominator } = exact(size);
  if (power >= 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

/** No float has more digits than this, before or behind the point; zeros follow. */
const maxDigits = 1_100;

function roundedToFraction(size: number, wanted: number): Decimal {
  const precision = Math.min(wanted, maxDigits);
  const digits = scaled(size, precision).toString();
  return digits === "0" ? zero : { digits, point: digits.length - precision };
}

function roundedToDigits(size: number, wanted: number): Decimal {
  if (size === 0) return zero;
  const count = Math.min(wanted, maxDigits);
  const { point } = shortest(size);
  const digits = scaled(size, count - point).toString();
  if (digits.length > count) return { digits: digits.slice(0, count), point: point + 1 }; // 9.99 became 10.0
  return { digits, point };
}

function fixed({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const rest = point > 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  const fraction = precision < 0 ? rest : rest.padEnd(precision, "0").slice(0, precision);
  return fraction ? `${whole}.${fraction}` : whole;
}

function exponential({ digits, point }: Decimal, precision: number, e: "e" | "E"): string {
  const exponent = digits ? point - 1 : 0;
  const first = digits[0] ?? "0";
  const fraction = precision < 0 ? digits.slice(1) : digits.slice(1).padEnd(precision, "0");
  const power = Math.abs(exponent).toString().padStart(2, "0");
  return `${first}${fraction ? `.${fraction}` : ""}${e}${exponent < 0 ? "-" : "+"}${power}`;
}

/** `%g`: the exponent form for what is very large or very small; never trailing zeros. */
function general(size: number, e: "e" | "E", precision: number): string {
  const wanted = precision === 0 ? 1 : precision;
  const raw = wanted < 0 ? shortest(size) : roundedToDigits(size, wanted);
  const decimal = { digits: raw.digits.replace(/0+$/, ""), point: raw.point };
  let limit = wanted < 0 ? 6 : wanted;
  if (wanted > decimal.digits.length && decimal.digits.length >= decimal.point) limit = decimal.digits.length;
  if (wanted < 0) limit = 6;
  const exponent = decimal.point - 1;
  if (decimal.digits && (exponent < -4 || exponent >= limit)) return exponential(decimal, -1, e);
  return fixed(decimal, -1);
}

function binary(size: number): string {
  const { mantissa, exponent } = parts(size);
  return `${mantissa}p${exponent < 0 ? "" : "+"}${exponent}`;
}

/** `0x1.8p+00`: one bit before the point, half to even where a precision cuts. */
function hexadecimal(size: number, precision: number): string {
  if (size === 0) return `0x0${precision > 0 ? `.${"0".repeat(precision)}` : ""}p+00`;
  let { mantissa, exponent } = parts(size);
  while (mantissa < 1n << 52n) [mantissa, exponent] = [mantissa << 1n, exponent - 1];
  exponent += 52;
  if (precision >= 0 && precision < 13) {
    const cut = BigInt(52 - precision * 4);
    const [rest, half] = [mantissa & ((1n << cut) - 1n), 1n << (cut - 1n)];
    mantissa >>= cut;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= cut;
    if (mantissa >> 53n) [mantissa, exponent] = [mantissa >> 1n, exponent + 1];
  }
  const digits = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, "0");
  const fraction = precision < 0 ? digits.replace(/0+$/, "") : digits.padEnd(precision, "0").slice(0, precision);
  const power = Math.abs(exponent).toString().padStart(2, "0");
  return `0x1${fraction ? `.${fraction}` : ""}p${exponent < 0 ? "-" : "+"}${power}`;
}
