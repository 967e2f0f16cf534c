/** What a layout is made of: pieces of text and elements of a time. */

export type Element =
  | "year"
  | "shortYear"
  | "month"
  | "paddedMonth"
  | "monthName"
  | "shortMonthName"
  | "weekday"
  | "shortWeekday"
  | "day"
  | "spacedDay"
  | "paddedDay"
  | "spacedYearDay"
  | "paddedYearDay"
  | "hour"
  | "hour12"
  | "paddedHour12"
  | "minute"
  | "paddedMinute"
  | "second"
  | "paddedSecond"
  | "PM"
  | "pm"
  | "zone"
  | "offset"
  | "fraction"
  | "optionalFraction";

export interface Step {
  /** The text before the element. */
  readonly prefix: string;
  /** `undefined` at the end of the layout. */
  readonly element: Element | undefined;
  /** The element as the layout has it. */
  readonly text: string;
}

/** In the order in which they are tried at a place; Go's rules as expressions. */
const elements: readonly (readonly [RegExp, Element])[] = [
  [/January/y, "monthName"],
  [/Jan(?![a-z])/y, "shortMonthName"],
  [/Monday/y, "weekday"],
  [/Mon(?![a-z])/y, "shortWeekday"],
  [/MST/y, "zone"],
  [/01/y, "paddedMonth"],
  [/02/y, "paddedDay"],
  [/03/y, "paddedHour12"],
  [/04/y, "paddedMinute"],
  [/05/y, "paddedSecond"],
  [/06/y, "shortYear"],
  [/002/y, "paddedYearDay"],
  [/15/y, "hour"],
  [/1/y, "month"],
  [/2006/y, "year"],
  [/2/y, "day"],
  [/_2(?!006)/y, "spacedDay"],
  [/__2/y, "spacedYearDay"],
  [/3/y, "hour12"],
  [/4/y, "minute"],
  [/5/y, "second"],
  [/PM/y, "PM"],
  [/pm/y, "pm"],
  [/[-Z]07(?:0000|:00:00|00|:00)?/y, "offset"],
  [/[.,](?:0+|9+)(?![0-9])/y, "fraction"],
];

export function splitLayout(layout: string): readonly Step[] {
  const steps: Step[] = [];
  let start = 0;
  for (let at = 0; at < layout.length; ) {
    const found = elementAt(layout, at);
    if (!found) {
      at++;
      continue;
    }
    steps.push({ ...found, prefix: layout.slice(start, at) });
    at += found.text.length;
    start = at;
  }
  steps.push({ prefix: layout.slice(start), element: undefined, text: "" });
  return steps;
}

function elementAt(layout: string, at: number): { element: Element; text: string } | undefined {
  for (const [pattern, element] of elements) {
    pattern.lastIndex = at;
    const text = pattern.exec(layout)?.[0];
    if (text === undefined) continue;
    return { element: element === "fraction" && text[1] === "9" ? "optionalFraction" : element, text };
  }
  return undefined;
}

export const monthNames: readonly string[] = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
export const weekdayNames: readonly string[] = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];
export const shortNames = (names: readonly string[]): readonly string[] => names.map(name => name.slice(0, 3));
