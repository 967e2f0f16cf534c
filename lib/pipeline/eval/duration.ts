/** Durations as Go's time package reads and prints them: `1h2m3s`, `1.5s`, `300ms`. Nanoseconds, 64 bits. */
import { goQuoteBytes } from "../syntax/quote.ts";

export const nanosecond = 1n;
export const microsecond = 1000n;
export const millisecond = 1_000_000n;
export const second = 1_000_000_000n;
export const minute = 60n * second;
export const hour = 60n * minute;

const units: Readonly<Record<string, bigint>> = {
  ns: nanosecond,
  us: microsecond,
  "\u00b5s": microsecond, // micro sign
  "\u03bcs": microsecond, // Greek mu
  ms: millisecond,
  s: second,
  m: minute,
  h: hour,
};

const limit = 1n << 63n;

/** Nanoseconds of a duration; a text that is none throws an error with Go's message. */
export function parseDuration(text: string): bigint {
  const invalid = () => new Error(`time: invalid duration ${goQuoteBytes(text)}`);
  let rest = text;
  const negative = rest.startsWith("-");
  if (negative || rest.startsWith("+")) rest = rest.slice(1);
  if (rest === "0") return 0n;
  if (rest === "") throw invalid();
  let total = 0n;
  while (rest !== "") {
    const [number, whole = "", point, fraction = ""] = /^([0-9]*)(\.)?([0-9]*)/.exec(rest) ?? [""];
    if (whole === "" && (point === undefined || fraction === "")) throw invalid();
    if (BigInt(whole || "0") > limit) throw invalid();
    rest = rest.slice(number.length);
    const [name] = /^[^.0-9]*/.exec(rest) ?? [""];
    if (name === "") throw new Error(`time: missing unit in duration ${goQuoteBytes(text)}`);
    const unit = Object.hasOwn(units, name) ? units[name] : undefined;
    if (unit === undefined)
      throw new Error(`time: unknown unit ${goQuoteBytes(name)} in duration ${goQuoteBytes(text)}`);
    rest = rest.slice(name.length);
    total += BigInt(whole || "0") * unit + fractionOf(fraction, unit);
    if (total > limit) throw invalid();
  }
  if (total === limit && !negative) throw invalid();
  return negative ? -total : total;
}

/** What the digits after the point are worth: as in Go a float product cut to whole nanoseconds, digits beyond 2^63 ignored. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    if (value > (limit - 1n) / 10n) break;
    const next = value * 10n + BigInt(digit);
    if (next > limit) break;
    value = next;
    scale *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** Prints a duration as Go does: `1m0s`, `1.5ms`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const value = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (value < microsecond) return `${sign}${value}ns`;
  if (value < millisecond) return `${sign}${decimal(value, 3)}\u00b5s`;
  if (value < second) return `${sign}${decimal(value, 6)}ms`;
  const minutes = value / minute;
  const seconds = `${decimal(value % minute, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** A value of 10^-places with a point where it needs one. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  const whole = digits.slice(0, -places);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** Milliseconds, with a fraction where there is one. */
export const toMilliseconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1e6;
