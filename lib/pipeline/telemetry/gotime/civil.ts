/** The calendar: days since the epoch and dates, by the Gregorian rules for all years. */

export interface Civil {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** From 0, Sunday. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
}

export const secondsPerDay = 86_400;

export const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/** Days before a month from 1 to 13, without a leap day. */
export const daysBeforeMonth = (month: number): number => daysBefore[month - 1] ?? 0;

export const daysIn = (month: number, year: number): number =>
  month === 2 && isLeapYear(year) ? 29 : daysBeforeMonth(month + 1) - daysBeforeMonth(month);

/** Days since 1970-01-01; a month or day beyond its range counts on. */
export function daysFromDate(year: number, month: number, day: number): number {
  const years = year + Math.floor((month - 1) / 12);
  const monthIndex = (((month - 1) % 12) + 12) % 12;
  const before = years - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const leapDay = monthIndex > 1 && isLeapYear(years) ? 1 : 0;
  return before * 365 + leapDays - 719_162 + (daysBefore[monthIndex] as number) + leapDay + day - 1; // monthIndex is below 12
}

/** Date and time of day of seconds since the epoch. */
export function civilOf(seconds: number): Civil {
  const days = Math.floor(seconds / secondsPerDay);
  const rest = seconds - days * secondsPerDay;
  // Years begin in March here, so that the leap day is their last.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysFromDate(year, 1, 1) + 1,
  };
}
