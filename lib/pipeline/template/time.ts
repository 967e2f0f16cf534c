/** Go's `time.Time` as templates see it. */
export class GoTime {
  /** Since the epoch; `undefined` is the zero time, the beginning of year 1. */
  readonly nanoseconds: bigint;
  /** IANA name; times of templates are UTC where nothing else is asked for. */
  readonly zone: string;
  constructor(nanoseconds: bigint, zone = "UTC") {
    this.nanoseconds = nanoseconds;
    this.zone = zone;
  }
  toString(): string {
    return String(this.nanoseconds);
  }
}
export function callMethod(_time: GoTime, _name: string, _args: readonly unknown[]): unknown {
  return undefined;
}
