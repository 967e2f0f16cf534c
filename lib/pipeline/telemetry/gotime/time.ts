import { type Civil, civilOf, daysFromDate, secondsPerDay } from "./civil.ts";
import { utc, type Zone } from "./location.ts";

/** A time and where it was written. */
export interface GoTime {
  /** Since the epoch. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly zone: Zone;
}

const billion = 1_000_000_000n;

export function timeOf(nanoseconds: bigint, zone: Zone = utc): GoTime {
  const rest = ((nanoseconds % billion) + billion) % billion;
  return { seconds: Number((nanoseconds - rest) / billion), nanoseconds: Number(rest), zone };
}

export const toNanoseconds = ({ seconds, nanoseconds }: GoTime): bigint =>
  BigInt(seconds) * billion + BigInt(nanoseconds);

/** Date and time of day where the time was written. */
export const civil = ({ seconds, zone }: GoTime): Civil => civilOf(seconds + zone.offsetAt(seconds));

/** The same day and time of day in another year; a 29 February may become a 1 March. */
export function addYears(time: GoTime, years: number): GoTime {
  const { year, month, day, hour, minute, second } = civil(time);
  const local = daysFromDate(year + years, month, day) * secondsPerDay + hour * 3600 + minute * 60 + second;
  return { ...time, seconds: fromLocal(local, time.zone) };
}

/**
 * The time at which clocks of a zone show something, `local` counted as if it were UTC. Go's guess where they never show it or
 * show it twice: the offset of UTC's time of the same reading, corrected once.
 */
export function fromLocal(local: number, zone: Zone): number {
  const offset = zone.offsetAt(local);
  return offset === 0 ? local : local - zone.offsetAt(local - offset);
}
