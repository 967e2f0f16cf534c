/** Prints times by a layout. */
import { type Civil, civilOf } from "./civil.ts";
import { monthNames, type Step, weekdayNames } from "./steps.ts";
import type { GoTime } from "./time.ts";

export function formatSteps(steps: readonly Step[], time: GoTime): string {
  const offset = time.zone.offsetAt(time.seconds);
  const date = civilOf(time.seconds + offset);
  let text = "";
  for (const step of steps) text += step.prefix + formatElement(step, time, date, offset);
  return text;
}

function formatElement({ element, text }: Step, time: GoTime, date: Civil, offset: number): string {
  switch (element) {
    case undefined:
      return "";
    case "year":
      return padded(date.year, 4);
    case "shortYear":
      return padded(Math.abs(date.year) % 100, 2);
    case "month":
      return String(date.month);
    case "paddedMonth":
      return padded(date.month, 2);
    case "monthName":
      return monthNames[date.month - 1] as string; // from 1 to 12
    case "shortMonthName":
      return (monthNames[date.month - 1] as string).slice(0, 3); // as above
    case "weekday":
      return weekdayNames[date.weekday] as string; // from 0 to 6
    case "shortWeekday":
      return (weekdayNames[date.weekday] as string).slice(0, 3); // as above
    case "day":
      return String(date.day);
    case "spacedDay":
      return String(date.day).padStart(2);
    case "paddedDay":
      return padded(date.day, 2);
    case "spacedYearDay":
      return String(date.yearDay).padStart(3);
    case "paddedYearDay":
      return padded(date.yearDay, 3);
    case "hour":
      return padded(date.hour, 2);
    case "hour12":
      return String(date.hour % 12 || 12);
    case "paddedHour12":
      return padded(date.hour % 12 || 12, 2);
    case "minute":
      return String(date.minute);
    case "paddedMinute":
      return padded(date.minute, 2);
    case "second":
      return String(date.second);
    case "paddedSecond":
      return padded(date.second, 2);
    case "PM":
      return date.hour >= 12 ? "PM" : "AM";
    case "pm":
      return date.hour >= 12 ? "pm" : "am";
    case "zone":
      return time.zone.abbreviationAt(time.seconds) || formatOffset(offset, "-0700");
    case "offset":
      return formatOffset(offset, text);
    case "fraction":
      return text.charAt(0) + fractionDigits(time, text);
    case "optionalFraction": {
      const digits = fractionDigits(time, text).replace(/0+$/, "");
      return digits === "" ? "" : text.charAt(0) + digits;
    }
    default:
      return element satisfies never;
  }
}

const padded = (value: number, width: number): string =>
  value < 0 ? `-${String(-value).padStart(width, "0")}` : String(value).padStart(width, "0");

/** As many digits as the layout has, at most nine. */
const fractionDigits = ({ nanoseconds }: GoTime, text: string): string =>
  padded(nanoseconds, 9).slice(0, text.length - 1);

function formatOffset(offset: number, layout: string): string {
  if (offset === 0 && layout.startsWith("Z")) return "Z";
  const minutes = Math.trunc(Math.abs(offset) / 60); // whole ones, the sign is theirs
  const sign = offset <= -60 ? "-" : "+";
  const colon = layout.includes(":") ? ":" : "";
  let text = sign + padded(Math.trunc(minutes / 60), 2);
  if (layout.length > 3) text += colon + padded(minutes % 60, 2);
  if (layout.length > 6) text += colon + padded(Math.abs(offset) % 60, 2);
  return text;
}
