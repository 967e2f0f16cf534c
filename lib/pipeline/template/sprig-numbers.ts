/** Sprig's arithmetic: over integers of 64 bits, over float64s, and over decimals for `addf` and its like. */
import { type Context, type Fn, fn, fnIn } from "./functions.ts";
import { int64, integerOf, sprintf, TemplateError } from "./values.ts";

/** Any value as an integer, fractions cut off; what is no number is 0. */
export function toInt(value: unknown): bigint {
  if (typeof value === "number") return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : 0n;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "string") return textToInt(value);
  return value === null || value === undefined ? 0n : (integerOf(value) ?? 0n);
}

/** A fraction is cut off; a leading `0x`, `0b`, `0o` or `0` says the base. */
function textToInt(text: string): bigint {
  const [, whole] = /^([-+]?\d*)(?:\.\d*)?$/.exec(text) ?? [];
  const digits = whole === undefined ? text : whole === "" || whole === "-" || whole === "+" ? `${whole}0` : whole;
  const [, sign = "", number = ""] =
    /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/.exec(digits) ?? [];
  if (number === "") return 0n;
  const size = BigInt(/^0[0-7]+$/.test(number) ? `0o${number}` : number);
  const value = sign === "-" ? -size : size;
  return BigInt.asIntN(64, value) === value ? value : 0n;
}

/** Any value as a float64; what is no number is 0. */
export function toFloat(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : 0;
  return Number(toInt(value));
}

const sum = (values: readonly unknown[]): bigint => values.reduce((total: bigint, value) => total + toInt(value), 0n);

function divide(a: unknown, b: unknown): bigint {
  const divisor = toInt(b);
  if (divisor === 0n) throw new TemplateError("runtime error: integer divide by zero");
  return toInt(a) / divisor;
}

function remainder(a: unknown, b: unknown): bigint {
  const divisor = toInt(b);
  if (divisor === 0n) throw new TemplateError("runtime error: integer divide by zero");
  return toInt(a) % divisor;
}

function extreme(sign: 1 | -1) {
  return (first: unknown, ...others: unknown[]) => {
    let best = toInt(first);
    for (const other of others.map(toInt)) if (sign > 0 ? other > best : other < best) best = other;
    return int64(best);
  };
}

function round(value: unknown, places: number, ...roundOn: number[]): number {
  const power = 10 ** places;
  const digit = power * toFloat(value);
  const fraction = digit - Math.trunc(digit);
  return (fraction >= (roundOn[0] ?? 0.5) ? Math.ceil(digit) : Math.floor(digit)) / power;
}

/** `digits × 10^exponent`. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function toDecimal(value: unknown): Decimal {
  const [mantissa = "0", exponent = "0"] = toFloat(value).toExponential().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

const toNumber = ({ digits, exponent }: Decimal): number => Number(`${digits}e${exponent}`);

function align(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const scale = (decimal: Decimal) => decimal.digits * 10n ** BigInt(decimal.exponent - exponent);
  return [scale(a), scale(b), exponent];
}

const add = (a: Decimal, b: Decimal): Decimal => {
  const [left, right, exponent] = align(a, b);
  return { digits: left + right, exponent };
};
const subtract = (a: Decimal, b: Decimal): Decimal => add(a, { ...b, digits: -b.digits });
const multiply = (a: Decimal, b: Decimal): Decimal => ({
  digits: a.digits * b.digits,
  exponent: a.exponent + b.exponent,
});

/** To 16 places, half away from zero. */
function divideDecimal(a: Decimal, b: Decimal): Decimal {
  if (b.digits === 0n) throw new TemplateError("decimal division by 0");
  const [left, right] = align(a, b);
  const scaled = left * 10n ** 17n;
  const quotient = scaled / right;
  return { digits: (quotient + (quotient < 0n ? -5n : 5n)) / 10n, exponent: -16 };
}

const decimals =
  (operate: (a: Decimal, b: Decimal) => Decimal) =>
  (first: unknown, ...others: unknown[]): number =>
    toNumber(others.map(toDecimal).reduce(operate, toDecimal(first)));

function untilStep(start: number, stop: number, step: number): bigint[] {
  const numbers: bigint[] = [];
  if (step === 0 || (stop < start ? step > 0 : step < 0)) return numbers;
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) numbers.push(BigInt(i));
  return numbers;
}

/** As the shell's `seq`. */
function sequence(...params: number[]): string {
  const [a = 0, b = 0, c = 0] = params;
  const forward = (from: number, to: number) => (to < from ? -1 : 1);
  switch (params.length) {
    case 1:
      return untilStep(1, a + forward(1, a), forward(1, a)).join(" ");
    case 2:
      return untilStep(a, b + forward(a, b), forward(a, b)).join(" ");
    case 3: {
      const step = forward(a, c);
      if ((step > 0 && b < 0) || (step < 0 && b > 0)) return "";
      return untilStep(a, c + step, b).join(" ");
    }
    default:
      return "";
  }
}

function octal(value: unknown): bigint {
  const text = sprintf("%v", [value]);
  return /^[+-]?[0-7]+$/.test(text)
    ? text.startsWith("-")
      ? -BigInt(`0o${text.slice(1)}`)
      : BigInt(`0o${text.replace("+", "")}`)
    : 0n;
}

export const numberFunctions: Readonly<Record<string, Fn>> = {
  atoi: fn("string", (text: string) => (/^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : 0n)),
  int: fn("any", toInt),
  int64: fn("any", (value: unknown) => int64(toInt(value))),
  float64: fn("any", toFloat),
  toDecimal: fn("any", (value: unknown) => int64(octal(value))),
  seq: fn("int...", sequence),
  until: fn("int", (count: number) => untilStep(0, count, count < 0 ? -1 : 1)),
  untilStep: fn("int int int", untilStep),
  add1: fn("any", (value: unknown) => int64(toInt(value) + 1n)),
  add: fn("any...", (...values: unknown[]) => int64(sum(values))),
  sub: fn("any any", (a: unknown, b: unknown) => int64(toInt(a) - toInt(b))),
  div: fn("any any", (a: unknown, b: unknown) => int64(divide(a, b))),
  mod: fn("any any", (a: unknown, b: unknown) => int64(remainder(a, b))),
  mul: fn("any any...", (...values: unknown[]) => int64(values.map(toInt).reduce((a, b) => a * b))),
  randInt: fnIn("int int", ({ random }: Context, from: number, to: number) => {
    if (to <= from) throw new TemplateError("invalid argument to Intn");
    return BigInt(from + Math.floor(random() * (to - from)));
  }),
  add1f: fn("any", (value: unknown) => decimals(add)(value, 1)),
  addf: fn("any...", (...values: unknown[]) => decimals(add)(0, ...values)),
  subf: fn("any any...", decimals(subtract)),
  divf: fn("any any...", decimals(divideDecimal)),
  mulf: fn("any any...", decimals(multiply)),
  biggest: fn("any any...", extreme(1)),
  max: fn("any any...", extreme(1)),
  min: fn("any any...", extreme(-1)),
  maxf: fn("any any...", (...values: unknown[]) => Math.max(...values.map(toFloat))),
  minf: fn("any any...", (...values: unknown[]) => Math.min(...values.map(toFloat))),
  ceil: fn("any", (value: unknown) => Math.ceil(toFloat(value))),
  floor: fn("any", (value: unknown) => Math.floor(toFloat(value))),
  round: fn("any int float64...", round),
};
