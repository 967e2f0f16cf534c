/** Powers of floats by the steps that Go takes, so that the last digit is the same. */

/** `base ^ exponent`. */
export function goPower(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY)) return 1; // JavaScript has NaN
  if (!Number.isFinite(base) || !Number.isFinite(exponent) || base === 0 || exponent === 0) return base ** exponent;
  if (exponent === 0.5) return Math.sqrt(base);
  if (exponent === -0.5) return 1 / Math.sqrt(base);
  const size = Math.abs(exponent);
  let whole = Math.trunc(size);
  let fraction = size - whole;
  if ((fraction !== 0 && base < 0) || whole >= 2 ** 63) return base ** exponent;
  let mantissa = 1;
  if (fraction !== 0) {
    if (fraction > 0.5) {
      fraction--;
      whole++;
    }
    mantissa = Math.exp(fraction * Math.log(base));
  }
  const [factor, power] = squares(base, BigInt(whole), mantissa);
  return exponent < 0 ? scaled(1 / factor, -power) : scaled(factor, power);
}

/** Multiplies by a whole power; the powers of two are counted apart. */
function squares(base: number, exponent: bigint, start: number): [mantissa: number, power: number] {
  let mantissa = start;
  let power = 0;
  let [square, squarePower] = split(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (Math.abs(squarePower) > 4096) return [mantissa, power + squarePower]; // too large or too small anyway
    if (rest & 1n) {
      mantissa *= square;
      power += squarePower;
    }
    square *= square;
    squarePower *= 2;
    if (square < 0.5) {
      square += square;
      squarePower--;
    }
  }
  return [mantissa, power];
}

const view = new DataView(new ArrayBuffer(8));

/** A finite number as what is between a half and one, and a power of two. */
function split(value: number): [mantissa: number, power: number] {
  if (value === 0) return [value, 0];
  const small = Math.abs(value) < 2 ** -1022;
  view.setFloat64(0, small ? value * 2 ** 54 : value);
  const high = view.getUint32(0);
  view.setUint32(0, (high & 0x800fffff) | 0x3fe00000);
  return [view.getFloat64(0), ((high >>> 20) & 0x7ff) - 1022 - (small ? 54 : 0)];
}

/** `value × 2^power`, rounded once. */
function scaled(value: number, power: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const [mantissa, own] = split(value);
  const total = own + power;
  if (total > 1024) return value > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (total < -1075) return value > 0 ? 0 : -0;
  if (total > -1022) return mantissa * 2 * 2 ** (total - 1);
  return mantissa * 2 ** (total + 54) * 2 ** -54;
}
