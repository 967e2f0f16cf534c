/** Formats of stage.timestamp: names of well-known layouts, Unix times, Go layouts. Those without year mean the one nearest to now. */
import { ProblemError } from "../../../graph/component.ts";
import {
  addYears,
  civil,
  compileLayout,
  type Location,
  layouts,
  loadLocation,
  timeOf,
  toNanoseconds,
} from "../../../telemetry/gotime/layout.ts";

/** Nanoseconds since the epoch; `undefined` where the text has another form. `now` is in milliseconds. */
export type TimeParser = (text: string, now: number) => bigint | undefined;

/** Compiles a format; the location holds for layouts written out, where the text names no zone. */
export function compileTimeFormat(format: string, location?: Location): TimeParser {
  switch (format) {
    case "Unix":
      return unixSeconds;
    case "UnixMs":
      return unix(1_000_000n);
    case "UnixUs":
      return unix(1000n);
    case "UnixNs":
      return unix(1n);
    case "ANSIC":
    case "UnixDate":
    case "RubyDate":
    case "RFC822":
    case "RFC822Z":
    case "RFC850":
    case "RFC1123":
    case "RFC1123Z":
    case "RFC3339":
    case "RFC3339Nano":
      return written(layouts[format], undefined);
    default:
      return format.includes("06") ? written(format, location) : withoutYear(format, location);
  }
}

/** A time zone by its name. */
export function compileLocation(name: string): Location {
  try {
    return loadLocation(name);
  } catch (error) {
    throw new ProblemError(`invalid location specified: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function written(layout: string, location: Location | undefined): TimeParser {
  const compiled = compileLayout(layout);
  return text => {
    const time = compiled.parse(text, location);
    return typeof time === "bigint" ? time : undefined;
  };
}

/** The year is that of now, or the next or last one around New Year. */
function withoutYear(layout: string, location: Location | undefined): TimeParser {
  const compiled = compileLayout(layout);
  return (text, now) => {
    const time = compiled.parseTime(text, location);
    if (typeof time === "string") return undefined;
    const { year, month } = civil(time);
    if (year !== 0) return undefined;
    const today = civil(timeOf(BigInt(Math.trunc(now)) * 1_000_000n));
    const shift = month === 12 && today.month === 1 ? -1 : month === 1 && today.month === 12 ? 1 : 0;
    return toNanoseconds(addYears(time, today.year + shift));
  };
}

const int64 = (text: string): bigint | undefined => {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, value) === value ? value : undefined;
};

/** Overflows as Go's int64 does. */
const unix =
  (nanoseconds: bigint): TimeParser =>
  text => {
    const value = int64(text);
    return value === undefined ? undefined : BigInt.asIntN(64, value * nanoseconds);
  };

const unixSeconds: TimeParser = text => {
  const parts = text.split(".");
  const seconds = int64(parts[0] ?? "");
  if (seconds === undefined || parts.length > 2) return undefined;
  if (parts[1] === undefined) return seconds * 1_000_000_000n;
  const fraction = int64(parts[1]);
  if (fraction === undefined) return undefined;
  return seconds * 1_000_000_000n + BigInt(Math.trunc(Number(fraction) * 10 ** (9 - parts[1].length)));
};
