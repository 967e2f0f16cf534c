/** Formats of stage.timestamp: names of well-known layouts, Unix times, Go layouts. Those without year mean the one nearest to now. */
/** Nanoseconds since the epoch; `undefined` where the text has another form. `now` is in milliseconds. */
export type TimeParser = (text: string, now: number) => bigint | undefined;

const int64 = (text: string): bigint | undefined => {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, value) === value ? value : undefined;
};

/** Overflows as Go's int64 does. */
const unix =
  (nanoseconds: bigint): TimeParser =>
  text => {
    const value = int64(text);
    return value === undefined ? undefined : BigInt.asIntN(64, value * nanoseconds);
  };

const unixSeconds: TimeParser = text => {
  const parts = text.split(".");
  const seconds = int64(parts[0] ?? "");
  if (seconds === undefined || parts.length > 2) return undefined;
  if (parts[1] === undefined) return seconds * 1_000_000_000n;
  const fraction = int64(parts[1]);
  if (fraction === undefined) return undefined;
  return seconds * 1_000_000_000n + BigInt(Math.trunc(Number(fraction) * 10 ** (9 - parts[1].length)));
};

/** Compiles a format. */
export function compileTimeFormat(format: string, _location: string | undefined): TimeParser {
  switch (format) {
    case "Unix":
      return unixSeconds;
    case "UnixMs":
      return unix(1_000_000n);
    case "UnixUs":
      return unix(1000n);
    case "UnixNs":
      return unix(1n);
    default:
      return () => undefined;
  }
}
