/** Times and durations. */
import { parseDuration } from "../../eval/duration.ts";
import { civil, type Location, loadLocation, timeOf, toNanoseconds } from "../../telemetry/gotime/layout.ts";
import { fail } from "../error.ts";
import { duration, int, literalText, optional, text, time } from "../params.ts";
import { Duration, int64, type OttlValue, Time } from "../value.ts";
import { printer, reader } from "./ctime.ts";
import { define, type FunctionTable } from "./define.ts";

const durationAs = (convert: (nanoseconds: bigint) => OttlValue) =>
  define({
    params: { duration },
    build:
      ({ duration: get }) =>
      context =>
        convert(get(context).nanoseconds),
  });

const timeAs = (convert: (time: Time) => OttlValue) =>
  define({
    params: { time },
    build:
      ({ time: get }) =>
      context =>
        convert(get(context)),
  });

const parts = (time: Time) => civil(timeOf(time.nanoseconds, time.zone));

/** Rounds down, also before 1970. */
const floorDivide = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by;

function parsed(value: string): bigint {
  try {
    return parseDuration(value);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function zoneOf(name: string): Location {
  try {
    return loadLocation(name);
  } catch (error) {
    return fail(`failed to load location ${name}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Go's zero time is the year 1: from there truncation counts. */
const sinceYearOne = 62_135_596_800n * 1_000_000_000n;

export const times: FunctionTable = {
  Now: define({ params: {}, build: () => context => new Time(BigInt(Math.trunc(context.now * 1000)) * 1000n) }),
  Duration: define({
    params: { duration: text },
    pure: true,
    build:
      ({ duration: get }) =>
      context =>
        new Duration(parsed(get(context))),
  }),
  Time: define({
    params: { time: text, format: literalText, location: optional(text), locale: optional(literalText) },
    build({ time: get, format, location }) {
      if (format === "") throw new Error("format cannot be nil");
      const read = reader(format);
      return context => {
        const zone = zoneOf(location?.(context) ?? "");
        const value = get(context);
        if (value === "") return fail("time cannot be nil");
        const result = read(value, zone, context.now);
        return typeof result === "string" ? fail(result) : new Time(toNanoseconds(result), result.zone);
      };
    },
  }),
  FormatTime: define({
    params: { time, format: literalText },
    build({ time: get, format }) {
      if (format === "") throw new Error("format cannot be nil");
      const layout = printer(format);
      return context => {
        const { nanoseconds, zone } = get(context);
        return layout.format(timeOf(nanoseconds, zone));
      };
    },
  }),
  TruncateTime: define({
    params: { time, duration },
    build:
      ({ time: get, duration: by }) =>
      context => {
        const { nanoseconds, zone } = get(context);
        const step = by(context).nanoseconds;
        if (step <= 0n) return new Time(nanoseconds, zone);
        const since = nanoseconds + sinceYearOne;
        return new Time(nanoseconds - (((since % step) + step) % step), zone);
      },
  }),
  Unix: define({
    params: { seconds: int, nanoseconds: optional(int) },
    build:
      ({ seconds, nanoseconds }) =>
      context =>
        new Time(seconds(context) * 1_000_000_000n + (nanoseconds?.(context) ?? 0n)),
  }),
  UnixNano: timeAs(({ nanoseconds }) => int64(nanoseconds)),
  UnixMicro: timeAs(({ nanoseconds }) => floorDivide(nanoseconds, 1000n)),
  UnixMilli: timeAs(({ nanoseconds }) => floorDivide(nanoseconds, 1_000_000n)),
  UnixSeconds: timeAs(({ nanoseconds }) => floorDivide(nanoseconds, 1_000_000_000n)),
  Year: timeAs(value => BigInt(parts(value).year)),
  Month: timeAs(value => BigInt(parts(value).month)),
  Day: timeAs(value => BigInt(parts(value).day)),
  Hour: timeAs(value => BigInt(parts(value).hour)),
  Minute: timeAs(value => BigInt(parts(value).minute)),
  Second: timeAs(value => BigInt(parts(value).second)),
  Nanosecond: timeAs(value => BigInt(timeOf(value.nanoseconds).nanoseconds)),
  Weekday: timeAs(value => BigInt(parts(value).weekday)),
  Hours: durationAs(nanoseconds => wholeAndRest(nanoseconds, 3_600_000_000_000n)),
  Minutes: durationAs(nanoseconds => wholeAndRest(nanoseconds, 60_000_000_000n)),
  Seconds: durationAs(nanoseconds => wholeAndRest(nanoseconds, 1_000_000_000n)),
  Milliseconds: durationAs(nanoseconds => nanoseconds / 1_000_000n),
  Microseconds: durationAs(nanoseconds => nanoseconds / 1000n),
  Nanoseconds: durationAs(nanoseconds => nanoseconds),
};

/** As Go computes it, so that the last digit is the same. */
const wholeAndRest = (nanoseconds: bigint, unit: bigint): number =>
  Number(nanoseconds / unit) + Number(nanoseconds % unit) / Number(unit);
