/** Go's `time.Time` as templates see it, with the methods that they use. */

import { daysFromDate, secondsPerDay } from "../telemetry/gotime/civil.ts";
import { civil, compileLayout, type Location, timeOf, utc } from "../telemetry/gotime/layout.ts";
import { TemplateError } from "./errors.ts";

export class GoTime {
  /** Since the epoch. */
  readonly nanoseconds: bigint;
  /** UTC where nothing else is asked for: it is what containers call local. */
  readonly location: Location;

  constructor(nanoseconds: bigint, location: Location = utc) {
    this.nanoseconds = nanoseconds;
    this.location = location;
  }

  format(layout: string): string {
    return compileLayout(layout).format(timeOf(this.nanoseconds, this.location));
  }

  toString(): string {
    return this.format("2006-01-02 15:04:05.999999999 -0700 MST");
  }
}

/** The beginning of year 1, which stands for no time. */
export const zeroTime = new GoTime(BigInt(daysFromDate(1, 1, 1) * secondsPerDay) * 1_000_000_000n);

/** `{{ now.Unix }}`, `{{ now.Format "2006" }}`. */
export function callMethod(time: GoTime, name: string, args: readonly unknown[]): unknown {
  const date = civil(timeOf(time.nanoseconds, time.location));
  switch (name) {
    case "Format":
      if (typeof args[0] !== "string") throw new TemplateError("wrong number of args for Format: want 1 got 0");
      return time.format(args[0]);
    case "String":
      return time.toString();
    case "Unix":
      return time.nanoseconds / 1_000_000_000n;
    case "UnixMilli":
      return time.nanoseconds / 1_000_000n;
    case "UnixMicro":
      return time.nanoseconds / 1000n;
    case "UnixNano":
      return time.nanoseconds;
    case "UTC":
      return new GoTime(time.nanoseconds);
    case "IsZero":
      return time.nanoseconds === zeroTime.nanoseconds;
    case "Year":
      return BigInt(date.year);
    case "Day":
      return BigInt(date.day);
    case "Hour":
      return BigInt(date.hour);
    case "Minute":
      return BigInt(date.minute);
    case "Second":
      return BigInt(date.second);
    case "YearDay":
      return BigInt(date.yearDay);
    case "Month":
      return time.format("January");
    case "Weekday":
      return time.format("Monday");
    default:
      throw new TemplateError(`can't evaluate field ${name} in type time.Time`);
  }
}
