/** Reads times by a layout, as strict and as lenient as Go is. */

import { goQuoteBytes } from "../../syntax/quote.ts";
import { daysBeforeMonth, daysFromDate, daysIn, isLeapYear, secondsPerDay } from "./civil.ts";
import { fixedZone, type Location, utc, type Zone } from "./location.ts";
import { type Element, monthNames, type Step, shortNames, weekdayNames } from "./steps.ts";
import { fromLocal, type GoTime } from "./time.ts";

/** The text at a place is not what the layout wants there. */
const bad = Symbol("bad");
/** What an element did: nothing wrong, not its form, or a number out of range, whose name it gives. */
type Outcome = undefined | typeof bad | string;

export function parseSteps(steps: readonly Step[], layout: string, text: string, location: Location): GoTime | string {
  const reader = new Reader(text);
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step; // below the length
    if (!reader.skip(step.prefix)) return mismatch(layout, text, reader.rest(), step.prefix);
    if (!step.element) {
      if (!reader.done()) return `parsing time ${goQuoteBytes(text)}: extra text: ${goQuoteBytes(reader.rest())}`;
      break;
    }
    const before = reader.at;
    const outcome = reader.read(step.element, step.text, steps[index + 1]);
    if (typeof outcome === "string") return `parsing time ${goQuoteBytes(text)}: ${outcome} out of range`;
    if (outcome === bad) return mismatch(layout, text, text.slice(before), step.text);
  }
  const problem = reader.settleDay();
  return problem === undefined ? reader.time(location) : `parsing time ${goQuoteBytes(text)}: ${problem}`;
}

const mismatch = (layout: string, text: string, rest: string, element: string): string =>
  `parsing time ${goQuoteBytes(text)} as ${goQuoteBytes(layout)}: cannot parse ${goQuoteBytes(rest)} as ${goQuoteBytes(element)}`;

const shortMonths = shortNames(monthNames);
const shortWeekdays = shortNames(weekdayNames);

class Reader {
  at = 0;
  readonly #text: string;
  #year = 0;
  #month = -1;
  #day = -1;
  #yearDay = -1;
  #hour = 0;
  #minute = 0;
  #second = 0;
  #nanoseconds = 0;
  #half: "am" | "pm" | undefined;
  #isUtc = false;
  #offset: number | undefined;
  #abbreviation = "";

  constructor(text: string) {
    this.#text = text;
  }

  done(): boolean {
    return this.at >= this.#text.length;
  }

  rest(): string {
    return this.#text.slice(this.at);
  }

  /** Passes over the text between elements; blanks stand for any number of blanks, none at the end. */
  skip(prefix: string): boolean {
    for (let i = 0; i < prefix.length; ) {
      if (prefix[i] === " ") {
        if (!this.done() && this.#text[this.at] !== " ") return false;
        while (prefix[i] === " ") i++;
        while (this.#text[this.at] === " ") this.at++;
        continue;
      }
      if (this.#text[this.at] !== prefix[i]) return false;
      i++;
      this.at++;
    }
    return true;
  }

  read(element: Element, layout: string, next: Step | undefined): Outcome {
    switch (element) {
      case "year":
        return this.#isDigit(0) ? this.#readYear(4) : bad;
      case "shortYear":
        return this.#readYear(2);
      case "month":
      case "paddedMonth":
        this.#month = this.#number(element === "paddedMonth");
        if (this.#month < 0) return bad;
        return this.#month === 0 || this.#month > 12 ? "month" : undefined;
      case "monthName":
        this.#month = this.#name(monthNames) + 1;
        return this.#month === 0 ? bad : undefined;
      case "shortMonthName":
        this.#month = this.#name(shortMonths) + 1;
        return this.#month === 0 ? bad : undefined;
      case "weekday":
        return this.#name(weekdayNames) < 0 ? bad : undefined;
      case "shortWeekday":
        return this.#name(shortWeekdays) < 0 ? bad : undefined;
      case "day":
      case "spacedDay":
      case "paddedDay":
        if (element === "spacedDay" && this.#text[this.at] === " ") this.at++;
        this.#day = this.#number(element === "paddedDay");
        return this.#day < 0 ? bad : undefined;
      case "spacedYearDay":
      case "paddedYearDay":
        return this.#readYearDay(element === "paddedYearDay");
      case "hour":
        this.#hour = this.#number(false);
        return this.#hour < 0 ? bad : this.#hour >= 24 ? "hour" : undefined;
      case "hour12":
      case "paddedHour12":
        this.#hour = this.#number(element === "paddedHour12");
        return this.#hour < 0 ? bad : this.#hour > 12 ? "hour" : undefined;
      case "minute":
      case "paddedMinute":
        this.#minute = this.#number(element === "paddedMinute");
        return this.#minute < 0 ? bad : this.#minute >= 60 ? "minute" : undefined;
      case "second":
      case "paddedSecond":
        return this.#readSecond(element === "paddedSecond", next);
      case "PM":
      case "pm":
        return this.#readHalf(element);
      case "zone":
        return this.#readZone();
      case "offset":
        return this.#readOffset(layout);
      case "fraction":
        return this.#readFraction(layout.length);
      case "optionalFraction":
        return this.#startsFraction() ? this.#readFraction(this.#fractionLength()) : undefined;
      default:
        return element satisfies never;
    }
  }

  /** Finds day and month from the day of the year, and whether the day exists. */
  settleDay(): string | undefined {
    if (this.#half === "pm" && this.#hour < 12) this.#hour += 12;
    else if (this.#half === "am" && this.#hour === 12) this.#hour = 0;
    if (this.#yearDay >= 0) {
      const problem = this.#settleYearDay();
      if (problem !== undefined) return problem;
    }
    if (this.#month < 0) this.#month = 1;
    if (this.#day < 0) this.#day = 1;
    return this.#day < 1 || this.#day > daysIn(this.#month, this.#year) ? "day out of range" : undefined;
  }

  time(location: Location): GoTime {
    const days = daysFromDate(this.#year, this.#month, this.#day);
    const local = days * secondsPerDay + this.#hour * 3600 + this.#minute * 60 + this.#second;
    const at = (seconds: number, zone: Zone): GoTime => ({ seconds, nanoseconds: this.#nanoseconds, zone });
    if (this.#isUtc) return at(local, utc);
    if (this.#offset !== undefined) {
      const seconds = local - this.#offset;
      const named = this.#abbreviation;
      const isLocal =
        location.offsetAt(seconds) === this.#offset && (!named || location.abbreviationAt(seconds) === named);
      return at(seconds, isLocal ? location : fixedZone(named, this.#offset));
    }
    if (this.#abbreviation !== "") return this.#timeByAbbreviation(local, location, at);
    return at(fromLocal(local, location), location);
  }

  /** An abbreviation that the location does not know counts as UTC, but `GMT+3` says its offset. */
  #timeByAbbreviation(local: number, location: Location, at: (seconds: number, zone: Zone) => GoTime): GoTime {
    const name = this.#abbreviation;
    const offset = location.offsetOf(name, local);
    if (offset !== undefined) return at(local - offset, location);
    const hours = name.length > 3 && name.startsWith("GMT") ? Number(name.slice(3)) : 0;
    return at(local, fixedZone(name, hours * 3600)); // Go does not move the time itself
  }

  #isDigit(ahead: number): boolean {
    const code = this.#text.charCodeAt(this.at + ahead);
    return code >= 0x30 && code <= 0x39;
  }

  #digit(ahead: number): number {
    return this.#text.charCodeAt(this.at + ahead) - 0x30;
  }

  /** A number of one or two digits, or of exactly two; -1 where there is none. */
  #number(twoDigits: boolean): number {
    if (!this.#isDigit(0)) return -1;
    if (!this.#isDigit(1)) {
      if (twoDigits) return -1;
      return this.#take(1).charCodeAt(0) - 0x30;
    }
    const value = this.#digit(0) * 10 + this.#digit(1);
    this.at += 2;
    return value;
  }

  #take(length: number): string {
    this.at += length;
    return this.#text.slice(this.at - length, this.at);
  }

  /** The place of a name in a list, in any case; -1 where none stands here. */
  #name(names: readonly string[]): number {
    let found = names.findIndex(name => this.#text.startsWith(name, this.at));
    if (found < 0) found = names.findIndex(name => sameLetters(this.#text.slice(this.at, this.at + name.length), name));
    if (found >= 0) this.at += (names[found] as string).length;
    return found;
  }

  /** The value of digits that stand here, -1 if there is something else among them. */
  #digits(ahead: number, count: number): number {
    let value = 0;
    for (let i = ahead; i < ahead + count; i++) {
      if (!this.#isDigit(i)) return -1;
      value = value * 10 + this.#digit(i);
    }
    return value;
  }

  #readYear(length: 2 | 4): Outcome {
    let year = this.#digits(0, length);
    if (year < 0) {
      const text = this.#text.slice(this.at, this.at + length);
      if (text.length < length || !/^[+-][0-9]+$/.test(text)) return bad;
      year = Number(text);
    }
    this.at += length;
    this.#year = length === 4 ? year : year >= 69 ? year + 1900 : year + 2000;
    return undefined;
  }

  #readYearDay(threeDigits: boolean): Outcome {
    for (let i = 0; i < 2 && !threeDigits; i++) if (this.#text[this.at] === " ") this.at++;
    let length = 0;
    while (length < 3 && this.#isDigit(length)) length++;
    if (length === 0 || (threeDigits && length < 3)) return bad;
    this.#yearDay = Number(this.#take(length));
    return undefined;
  }

  /** A fraction may follow even if the layout has none. */
  #readSecond(twoDigits: boolean, next: Step | undefined): Outcome {
    this.#second = this.#number(twoDigits);
    if (this.#second < 0) return bad;
    if (this.#second >= 60) return "second";
    if (!this.#startsFraction()) return undefined;
    if (next?.element === "fraction" || next?.element === "optionalFraction") return undefined;
    return this.#readFraction(this.#fractionLength());
  }

  #startsFraction(): boolean {
    const char = this.#text[this.at];
    return (char === "." || char === ",") && this.#isDigit(1);
  }

  #fractionLength(): number {
    let length = 1;
    while (this.#isDigit(length)) length++;
    return length;
  }

  /** A point or comma and digits, of which nine count. */
  #readFraction(length: number): Outcome {
    const point = this.#text[this.at];
    if (this.at + length > this.#text.length || (point !== "." && point !== ",")) return bad;
    const count = Math.min(length - 1, 9);
    let value = this.#digits(1, count);
    if (value < 0) {
      const found = /^([+-])([0-9]*)$/.exec(this.#text.slice(this.at + 1, this.at + 1 + count)); // Go takes a sign, even alone
      if (!found) return bad;
      value = Number(found[2]);
      if (found[1] === "-" && value > 0) return "fractional second";
    }
    this.at += length;
    this.#nanoseconds = value * (powersOfTen[9 - count] as number); // count is from 0 to 9
    return undefined;
  }

  #readHalf(element: "PM" | "pm"): Outcome {
    const text = this.#text.slice(this.at, this.at + 2);
    const half = text.toLowerCase();
    if ((half !== "am" && half !== "pm") || text !== (element === "PM" ? half.toUpperCase() : half)) return bad;
    this.#half = half;
    this.at += 2;
    return undefined;
  }

  #readOffset(layout: string): Outcome {
    if (layout.startsWith("Z") && this.#text[this.at] === "Z") {
      this.at++;
      this.#isUtc = true;
      return undefined;
    }
    const form = offsetForms[layout.length - 3];
    if (!form || this.at + layout.length > this.#text.length) return bad;
    for (const place of form.colons) if (this.#text[this.at + place] !== ":") return bad;
    let wrong = false;
    const values = [0, 0, 0];
    for (const [i, place] of form.numbers.entries()) {
      const value: number = wrong ? -1 : this.#digits(place, 2);
      wrong ||= value < 0;
      if (!wrong) values[i] = value;
    }
    const [hours = 0, minutes = 0, seconds = 0] = values;
    if (hours > 24) return "time zone offset hour";
    if (minutes > 60) return "time zone offset minute";
    if (seconds > 60) return "time zone offset second";
    const sign = this.#text[this.at];
    if (wrong || (sign !== "+" && sign !== "-")) return bad;
    this.at += layout.length;
    const offset = (hours * 60 + minutes) * 60 + seconds;
    this.#offset = sign === "-" ? -offset : offset;
    // Go's mark for no offset is an offset of -1 second, which is then not seen.
    if (this.#offset === -1) this.#offset = undefined;
    return undefined;
  }

  #readZone(): Outcome {
    if (this.#text.startsWith("UTC", this.at)) {
      this.at += 3;
      this.#isUtc = true;
      return undefined;
    }
    const length = abbreviationLength(this.rest());
    if (length === 0) return bad;
    this.#abbreviation = this.#take(length);
    return undefined;
  }

  #settleYearDay(): string | undefined {
    let day = this.#yearDay;
    let leapDay = false;
    if (isLeapYear(this.#year)) {
      leapDay = day === 60;
      if (day > 60) day--;
    }
    if (day < 1 || day > 365) return "day-of-year out of range";
    let month = 1;
    while (daysBeforeMonth(month + 1) < day) month++;
    const dayOfMonth = leapDay ? 29 : day - daysBeforeMonth(month);
    if (leapDay) month = 2;
    if (this.#month >= 0 && this.#month !== month) return "day-of-year does not match month";
    this.#month = month;
    if (this.#day >= 0 && this.#day !== dayOfMonth) return "day-of-year does not match day";
    this.#day = dayOfMonth;
    return undefined;
  }
}

const powersOfTen = Array.from({ length: 10 }, (_, power) => 10 ** power);

/** Where offsets have their numbers, by the length of their layout from 3: `-07`, `-0700`, `-07:00`, `-070000`, `-07:00:00`. */
const offsetForms: readonly ({ numbers: readonly number[]; colons: readonly number[] } | undefined)[] = [
  { numbers: [1], colons: [] },
  undefined,
  { numbers: [1, 3], colons: [] },
  { numbers: [1, 4], colons: [3] },
  { numbers: [1, 3, 5], colons: [] },
  undefined,
  { numbers: [1, 4, 7], colons: [3, 6] },
];

const sameLetters = (given: string, name: string): boolean =>
  /^[A-Za-z]+$/.test(given) && given.toLowerCase() === name.toLowerCase();

/** How much of a text looks like the abbreviation of a zone: three to five capitals, `GMT+3`, `+03`. */
function abbreviationLength(text: string): number {
  if (text.length < 3) return 0;
  if (text.startsWith("ChST") || text.startsWith("MeST")) return 4;
  if (text.startsWith("GMT")) return 3 + signedHours(text.slice(3));
  if (text[0] === "+" || text[0] === "-") return signedHours(text);
  const capitals = /^[A-Z]{0,6}/.exec(text)?.[0].length ?? 0;
  if (capitals === 5) return text[4] === "T" ? 5 : 0;
  if (capitals === 4) return text[3] === "T" || text.startsWith("WITA") ? 4 : 0;
  return capitals === 3 ? 3 : 0;
}

function signedHours(text: string): number {
  const found = /^[+-]([0-9]+)/.exec(text);
  return found && Number(found[1]) <= 23 ? found[0].length : 0;
}
