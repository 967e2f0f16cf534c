/**
 * Consistent probability sampling (OTEP 235): an item with 56 bits of randomness passes a threshold if they are not below it.
 * Numbers of 56 bits are held in two halves of 28.
 */
export interface Bits56 {
  readonly high: number;
  readonly low: number;
}

const half = 2 ** 28;
const whole = 1n << 56n;

/** Everything passes. */
export const always: Bits56 = { high: 0, low: 0 };
/** Nothing passes. */
export const never: Bits56 = { high: half, low: 0 };
/** Passes every threshold but `never`. */
export const anyRandomness: Bits56 = { high: half - 1, low: half - 1 };

export const passes = (randomness: Bits56, threshold: Bits56): boolean =>
  randomness.high > threshold.high || (randomness.high === threshold.high && randomness.low >= threshold.low);

export const isLess = (a: Bits56, b: Bits56): boolean => a.high < b.high || (a.high === b.high && a.low < b.low);

const fromBigInt = (value: bigint): Bits56 => ({ high: Number(value >> 28n), low: Number(value & 0xfffffffn) });
const toBigInt = ({ high, low }: Bits56): bigint => (BigInt(high) << 28n) | BigInt(low);

const hex7 = (value: number): string => value.toString(16).padStart(7, "0");

/** As in `rv`: fourteen hex digits. */
export const randomnessText = ({ high, low }: Bits56): string => hex7(high) + hex7(low);

/** As in `th`: without trailing zeros; `never` has no text. */
export function thresholdText(threshold: Bits56): string {
  if (threshold.high === half) return "";
  return randomnessText(threshold).replace(/0+$/, "") || "0";
}

/** Reads `rv`; `undefined` for what is none. */
export function readRandomness(text: string): Bits56 | undefined {
  return /^[0-9a-fA-F]{14}$/.test(text) ? readHex(text) : undefined;
}

/** Reads `th`; `undefined` for what is none. */
export function readThreshold(text: string): Bits56 | undefined {
  return /^[0-9a-fA-F]{1,14}$/.test(text) ? readHex(text.padEnd(14, "0")) : undefined;
}

const readHex = (digits: string): Bits56 => ({
  high: Number.parseInt(digits.slice(0, 7), 16),
  low: Number.parseInt(digits.slice(7), 16),
});

/** The share of items that pass. */
export const probabilityOf = (threshold: Bits56): number => Number(whole - toBigInt(threshold)) / Number(whole);

export const minProbability = 2 ** -56;

/** The exponent that `frexp` gives: the number is between a half and one times two to its power. */
function exponentOf(value: number): number {
  if (value === 0) return 0;
  let exponent = Math.floor(Math.log2(value)) + 1;
  while (value >= 2 ** exponent) exponent++;
  while (value < 2 ** (exponent - 1)) exponent--;
  return exponent;
}

/**
 * The threshold that lets a share of items pass, with so many significant hex digits; near 0 and 1 there are more. `undefined`
 * for what is no probability.
 */
export function thresholdOf(probability: number, precision: number): Bits56 | undefined {
  if (!(probability >= minProbability && probability <= 1)) return undefined;
  if (probability === 1) return always;
  const more = (value: number) => Math.floor(-exponentOf(value) / 4);
  const digits = Math.min(14, (precision || 14) + Math.max(0, more(probability), more(1 - probability)));
  let threshold = whole - BigInt(Math.round(probability * Number(whole)));
  const shift = BigInt(4 * (14 - digits));
  if (shift > 0n) threshold = ((threshold + (1n << (shift - 1n))) >> shift) << shift;
  return fromBigInt(threshold);
}
