/** Durations in Go's spelling. */

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const limit = 1n << 63n;

/** Nanoseconds of a text as `time.ParseDuration` reads it; throws an Error with Go's words. */
export function parseGoDuration(text: string): bigint {
  const quoted = JSON.stringify(text);
  const invalid = () => new Error(`time: invalid duration ${quoted}`);
  const negative = text.startsWith("-");
  const rest = text.replace(/^[-+]/, "");
  if (rest === "0") return 0n;
  if (rest === "") throw invalid();
  let total = 0n;
  for (let at = 0; at < rest.length; ) {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest.slice(at));
    const [all = "", whole = "", fraction = ""] = number ?? [];
    if (whole === "" && fraction === "") throw invalid();
    at += all.length;
    const unit = /^[^.0-9]+/.exec(rest.slice(at))?.[0];
    if (unit === undefined) throw new Error(`time: missing unit in duration ${quoted}`);
    const size = Object.hasOwn(units, unit) ? units[unit] : undefined;
    if (size === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    at += unit.length;
    const digits = fraction.slice(0, 18);
    total += BigInt(whole || "0") * size + (BigInt(digits || "0") * size) / 10n ** BigInt(digits.length);
    if (total > limit || (total === limit && !negative)) throw invalid();
  }
  return negative ? -total : total;
}
