/** Randomness by hashing: FNV-1a in 32 bits over a seed and bytes, of which 14 decide. */
import type { Bits56 } from "./threshold.ts";

const prime = 0x01000193;
const basis = 0x811c9dc5;

/** How many buckets the hash is divided into. */
export const buckets = 0x4000;

/** The hash's state after the seed. */
export function seeded(seed: number): number {
  let hash = basis;
  for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((seed >>> shift) & 0xff), prime);
  return hash >>> 0;
}

export function hashRange(state: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = state;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), prime); // within the range
  return hash >>> 0;
}

/** 56 bits that decide as the hash does: the bucket counted from above, the bits that are left mixed, the bucket. */
export function randomnessOfHash(hash: number): Bits56 {
  const bucket = hash & (buckets - 1);
  const unused = hash >>> 18;
  const mixed = unused ^ (unused << 10);
  return {
    high: (((buckets - 1 - bucket) << 14) | ((mixed >>> 14) & 0x3fff)) >>> 0,
    low: (((mixed & 0x3fff) << 14) | bucket) >>> 0,
  };
}
