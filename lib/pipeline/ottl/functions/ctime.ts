/** Layouts with per cent signs (`%Y-%m-%d`). */
import {
  addYears,
  civil,
  compileLayout,
  type GoTime,
  type Layout,
  type Location,
  loadLocation,
  timeOf,
  toNanoseconds,
} from "../../telemetry/gotime/layout.ts";

/** How each directive is printed, in Go's words. */
const printed: Readonly<Record<string, string>> = {
  a: "Mon",
  A: "Monday",
  b: "Jan",
  B: "January",
  c: "Mon Jan 02 15:04:05 2006",
  d: "02",
  D: "01/02/2006",
  e: "_2",
  f: "999999",
  F: "2006-01-02",
  g: "2",
  h: "Jan",
  H: "15",
  i: "-07",
  I: "03",
  j: "-07:00",
  k: "-07:00:00",
  l: "3",
  L: "999",
  m: "01",
  M: "04",
  n: "\n",
  o: "_1",
  p: "PM",
  P: "pm",
  q: "1",
  r: "03:04:05 pm",
  R: "15:04",
  s: "999999999",
  S: "05",
  t: "\t",
  T: "15:04:05",
  w: "-070000",
  x: "01/02/2006",
  X: "15:04:05",
  y: "06",
  Y: "2006",
  z: "Z0700",
  Z: "MST",
  "%": "%",
};

/** Reading takes numbers without their zeros too, and more than one form of some. */
const read: Readonly<Record<string, readonly string[]>> = {
  c: ["Mon Jan _2 15:4:5 2006"],
  d: ["_2"],
  D: ["1/_2/2006", "1/_2/06"],
  e: ["_2"],
  F: ["2006-1-_2"],
  g: ["_2"],
  I: ["3"],
  m: ["1"],
  M: ["4"],
  o: ["1"],
  q: ["1"],
  r: ["3:4:5 pm"],
  R: ["15:4"],
  S: ["5"],
  T: ["15:4:5"],
  x: ["1/_2/2006", "1/_2/06"],
  X: ["15:4:5"],
  z: ["Z0700", "Z07:00", "Z07"],
};

const directive = /%(.)/g;

/** How a layout with per cent signs prints a time; an unknown directive throws an Error. */
export const printer = (format: string): Layout => compileLayout(format.replace(directive, element));

function element(whole: string, letter: string): string {
  const found = Object.hasOwn(printed, letter) ? printed[letter] : undefined;
  if (found === undefined) throw new Error(`unsupported directive: ${whole}`);
  return found;
}

/** Reads a time; gives a message for a text of another form. `now` is in milliseconds and says which year is meant. */
export type TimeReader = (text: string, zone: Location, now: number) => GoTime | string;

/** How a layout with per cent signs reads times; one that can't throws an Error. */
export function reader(format: string): TimeReader {
  check(format);
  const layouts = forms(format).map(layout => compileLayout(layout));
  let last = layouts[0];
  return (text, zone, now) => {
    let result = last?.parseTime(text, zone) ?? "";
    if (typeof result === "string" && layouts.length > 1) {
      for (const layout of layouts) {
        result = layout.parseTime(text, zone);
        if (typeof result === "string") continue;
        last = layout;
        break;
      }
    }
    if (typeof result === "string" || !last) return result;
    const placed = inNamedZone(result, last, text, zone);
    return typeof placed === "string" ? placed : withYear(placed, now);
  };
}

function check(format: string): void {
  if (/\d/.test(format)) throw new Error("format string should not contain decimals");
  const alone = /[^.,]%[Lfs]/.exec(format);
  if (alone) throw new Error(`invalid fractional seconds directive: '${alone[0]}'. must be preceded with '.' or ','`);
  for (const [whole, letter = ""] of format.matchAll(directive)) element(whole, letter);
}

function forms(format: string): string[] {
  let layouts = [""];
  let from = 0;
  for (const { 0: whole, 1: letter = "", index } of format.matchAll(directive)) {
    const before = format.slice(from, index);
    const alternatives = Object.hasOwn(read, letter) ? read[letter] : undefined;
    const elements = alternatives ?? [element(whole, letter)];
    layouts = layouts.flatMap(layout => elements.map(part => layout + before + part));
    from = index + whole.length;
  }
  return layouts.map(layout => layout + format.slice(from));
}

/** An abbreviation that the location doesn't know, as `CET`, has no offset yet: the zone of that name may have. */
function inNamedZone(time: GoTime, layout: Layout, text: string, location: Location): GoTime | string {
  const { seconds, zone } = time;
  const name = zone.abbreviationAt(seconds);
  if (zone.offsetAt(seconds) !== 0 || name === "UTC" || name === location.abbreviationAt(seconds)) return time;
  try {
    const again = layout.parseTime(text, loadLocation(name));
    return typeof again === "string" ? time : again;
  } catch (error) {
    return `failed to load location ${name}: ${error instanceof Error ? error.message : error}`;
  }
}

const aWeek = 7 * 86_400;

/** A time without a year is of this year, or of the last one where that would be more than a week ahead. */
function withYear(time: GoTime, now: number): GoTime {
  const { year } = civil(time);
  if (year > 0) return time;
  const today = timeOf(BigInt(Math.trunc(now)) * 1_000_000n, time.zone);
  const placed = addYears(time, civil(today).year - year);
  const ahead = toNanoseconds(placed) > toNanoseconds({ ...today, seconds: today.seconds + aWeek });
  return ahead ? addYears(placed, -1) : placed;
}
