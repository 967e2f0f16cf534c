/**
 * Layouts of Go's time package: an example of how the reference time (Mon Jan 2 15:04:05 MST 2006) would be written says how
 * times are read and printed.
 *
 *     const layout = compileLayout("02.01.2006 15:04");
 *     layout.parse("06.05.2024 07:08", loadLocation("Europe/Berlin")); // nanoseconds since the epoch, or a message
 */
import { formatSteps } from "./format.ts";
import { type Location, utc } from "./location.ts";
import { parseSteps } from "./parse.ts";
import { splitLayout } from "./steps.ts";
import { type GoTime, timeOf, toNanoseconds } from "./time.ts";

export { type Location, loadLocation, utc } from "./location.ts";
export { addYears, civil, type GoTime, timeOf, toNanoseconds } from "./time.ts";

/** Go's named layouts. */
export const layouts = {
  Layout: "01/02 03:04:05PM '06 -0700",
  ANSIC: "Mon Jan _2 15:04:05 2006",
  UnixDate: "Mon Jan _2 15:04:05 MST 2006",
  RubyDate: "Mon Jan 02 15:04:05 -0700 2006",
  RFC822: "02 Jan 06 15:04 MST",
  RFC822Z: "02 Jan 06 15:04 -0700",
  RFC850: "Monday, 02-Jan-06 15:04:05 MST",
  RFC1123: "Mon, 02 Jan 2006 15:04:05 MST",
  RFC1123Z: "Mon, 02 Jan 2006 15:04:05 -0700",
  RFC3339: "2006-01-02T15:04:05Z07:00",
  RFC3339Nano: "2006-01-02T15:04:05.999999999Z07:00",
  Kitchen: "3:04PM",
  Stamp: "Jan _2 15:04:05",
  StampMilli: "Jan _2 15:04:05.000",
  StampMicro: "Jan _2 15:04:05.000000",
  StampNano: "Jan _2 15:04:05.000000000",
  DateTime: "2006-01-02 15:04:05",
  DateOnly: "2006-01-02",
  TimeOnly: "15:04:05",
} as const;

export interface Layout {
  /** Nanoseconds since the epoch, or Go's message for a text of another form. The location holds where the text names none. */
  parse(text: string, location?: Location): bigint | string;
  /** As `parse`, with the zone that the text names. */
  parseTime(text: string, location?: Location): GoTime | string;
  format(time: GoTime): string;
}

/** Compiles a layout; any text is one. */
export function compileLayout(layout: string): Layout {
  const steps = splitLayout(layout);
  const parseTime = (text: string, location: Location = utc) => parseSteps(steps, layout, text, location);
  return {
    parseTime,
    parse: (text, location) => {
      const time = parseTime(text, location);
      return typeof time === "string" ? time : toNanoseconds(time);
    },
    format: time => formatSteps(steps, time),
  };
}

/** Prints nanoseconds since the epoch; to print many by one layout, compile it. */
export const formatTime = (nanoseconds: bigint, layout: string, location: Location = utc): string =>
  compileLayout(layout).format(timeOf(nanoseconds, location));
