/** Sprig's dates. What is no time means now; what is a number, seconds since the epoch. */
import { formatDuration, parseDuration } from "../eval/duration.ts";
import { compileLayout, type Location, loadLocation, utc } from "../telemetry/gotime/layout.ts";
import { type Context, type Fn, fn, fnIn } from "./functions.ts";
import { GoTime, zeroTime } from "./time.ts";
import { GoNamed, integerOf, TemplateError } from "./values.ts";

const nowOf = ({ now }: Context): GoTime => new GoTime(BigInt(Math.trunc(now())) * 1_000_000n);

function timeOf(context: Context, value: unknown): GoTime {
  if (value instanceof GoTime) return value;
  const seconds = value === null || value === undefined ? undefined : integerOf(value);
  return seconds === undefined ? nowOf(context) : new GoTime(seconds * 1_000_000_000n);
}

function zoneOf(name: string): Location {
  try {
    return loadLocation(name);
  } catch {
    return utc;
  }
}

const inZone = (context: Context, layout: string, value: unknown, zone: string): string =>
  new GoTime(timeOf(context, value).nanoseconds, zoneOf(zone)).format(layout);

function modify(text: string, time: GoTime): GoTime {
  try {
    return new GoTime(time.nanoseconds + parseDuration(text), time.location);
  } catch (error) {
    throw new TemplateError(error instanceof Error ? error.message : String(error));
  }
}

function modifyOrLeave(text: string, time: GoTime): GoTime {
  try {
    return modify(text, time);
  } catch (error) {
    if (error instanceof TemplateError) return time;
    throw error;
  }
}

function parse(layout: string, text: string): GoTime | string {
  const time = compileLayout(layout).parse(text);
  return typeof time === "bigint" ? new GoTime(time) : time;
}

function mustParse(layout: string, text: string): GoTime {
  const time = parse(layout, text);
  if (typeof time === "string") throw new TemplateError(time);
  return time;
}

function parseOrZero(layout: string, text: string): GoTime {
  const time = parse(layout, text);
  return typeof time === "string" ? zeroTime : time;
}

/** Rounded to seconds, half away from zero. */
function ago(context: Context, value: unknown): string {
  const since = nowOf(context).nanoseconds - timeOf(context, value).nanoseconds;
  const half = since < 0n ? -500_000_000n : 500_000_000n;
  return formatDuration(((since + half) / 1_000_000_000n) * 1_000_000_000n);
}

/** Rounds to the largest unit of what is left: `2h`, `3mo`. */
function durationRound(context: Context, value: unknown): string {
  const nanoseconds = nanosecondsOf(context, value);
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const units: readonly (readonly [bigint, string])[] = [
    [365n * 86_400n, "y"],
    [30n * 86_400n, "mo"],
    [86_400n, "d"],
    [3600n, "h"],
    [60n, "m"],
    [1n, "s"],
  ];
  for (const [seconds, unit] of units) {
    const length = seconds * 1_000_000_000n;
    if (size > length) return `${size / length}${unit}`;
  }
  return "0s";
}

function nanosecondsOf(context: Context, value: unknown): bigint {
  if (typeof value === "string") {
    try {
      return parseDuration(value);
    } catch {
      return 0n;
    }
  }
  if (value instanceof GoTime) return nowOf(context).nanoseconds - value.nanoseconds;
  return value instanceof GoNamed ? (integerOf(value) ?? 0n) : 0n;
}

const date = (context: Context, layout: string, value: unknown) => inZone(context, layout, value, "Local");
const htmlLayout = "2006-01-02";
const dateModify = fn("string time", modifyOrLeave);
const mustDateModify = fn("string time", modify);
const dateInZone = fnIn("string any string", inZone);

export const dateFunctions: Readonly<Record<string, Fn>> = {
  ago: fnIn("any", ago),
  date: fnIn("string any", date),
  date_in_zone: dateInZone,
  dateInZone,
  date_modify: dateModify,
  dateModify,
  must_date_modify: mustDateModify,
  mustDateModify,
  durationRound: fnIn("any", durationRound),
  htmlDate: fnIn("any", (context: Context, value: unknown) => inZone(context, htmlLayout, value, "Local")),
  htmlDateInZone: fnIn("any string", (context: Context, value: unknown, zone: string) =>
    inZone(context, htmlLayout, value, zone),
  ),
  now: fnIn("", nowOf),
  toDate: fn("string string", parseOrZero),
  mustToDate: fn("string string", mustParse),
  unixEpoch: fn("time", (time: GoTime) => String(time.nanoseconds / 1_000_000_000n)),
};
