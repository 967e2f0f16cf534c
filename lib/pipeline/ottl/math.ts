/** Arithmetic: integers wrap at 64 bits, an int and a double give a double; times and durations add and subtract. */
import type { MathOperator } from "./ast.ts";
import { fail } from "./error.ts";
import { Duration, int64, type OttlValue, Time, typeName } from "./value.ts";

/** The result of an operation; kinds that don't fit fail. */
export function calculate(a: OttlValue, operator: MathOperator, b: OttlValue): OttlValue {
  if (typeof a === "bigint") {
    if (typeof b === "bigint") return integers(a, operator, b);
    if (typeof b === "number") return doubles(Number(a), operator, b);
    return fail(`${typeName(b)} must be int64 or float64`);
  }
  if (typeof a === "number") {
    if (typeof b === "bigint") return doubles(a, operator, Number(b));
    if (typeof b === "number") return doubles(a, operator, b);
    return fail(`${typeName(b)} must be int64 or float64`);
  }
  if (a instanceof Time) return times(a, operator, b);
  if (a instanceof Duration) return durations(a, operator, b);
  return fail(`${typeName(a)} must be int64, float64, time.Time or time.Duration`);
}

/** A number with the other sign. */
export function negate(value: OttlValue): OttlValue {
  if (typeof value === "bigint") return int64(-value);
  if (typeof value === "number") return -value;
  return fail(`unsupported unary minus operation on type ${typeName(value)}`);
}

function integers(a: bigint, operator: MathOperator, b: bigint): bigint {
  switch (operator) {
    case "+":
      return int64(a + b);
    case "-":
      return int64(a - b);
    case "*":
      return int64(a * b);
    case "/":
      return b === 0n ? fail("attempted to divide by 0") : int64(a / b);
    default:
      return operator satisfies never;
  }
}

function doubles(a: number, operator: MathOperator, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? fail("attempted to divide by 0") : a / b;
    default:
      return operator satisfies never;
  }
}

const onlyAddition = "only addition and subtraction supported for time.Time and time.Duration";

function times(a: Time, operator: MathOperator, b: OttlValue): OttlValue {
  if (operator !== "+" && operator !== "-") return fail(onlyAddition);
  if (b instanceof Duration) {
    return new Time(operator === "+" ? a.nanoseconds + b.nanoseconds : a.nanoseconds - b.nanoseconds, a.zone);
  }
  if (operator === "-" && b instanceof Time) return new Duration(saturated(a.nanoseconds - b.nanoseconds));
  return fail(
    operator === "+"
      ? `time.Time must be added to time.Duration; found ${typeName(b)} instead`
      : `time.Time or time.Duration must be subtracted from time.Time; found ${typeName(b)} instead`,
  );
}

function durations(a: Duration, operator: MathOperator, b: OttlValue): OttlValue {
  if (operator !== "+" && operator !== "-") return fail(onlyAddition);
  if (b instanceof Duration) {
    return new Duration(int64(operator === "+" ? a.nanoseconds + b.nanoseconds : a.nanoseconds - b.nanoseconds));
  }
  if (operator === "+" && b instanceof Time) return new Time(b.nanoseconds + a.nanoseconds, b.zone);
  return fail(
    operator === "+"
      ? `time.Duration must be added to time.Duration or time.Time; found ${typeName(b)} instead`
      : `time.Duration must be subtracted from time.Duration; found ${typeName(b)} instead`,
  );
}

const limit = 1n << 63n;

/** Go's difference of times ends at the largest duration. */
function saturated(nanoseconds: bigint): bigint {
  if (nanoseconds >= limit) return limit - 1n;
  return nanoseconds < -limit ? -limit : nanoseconds;
}
