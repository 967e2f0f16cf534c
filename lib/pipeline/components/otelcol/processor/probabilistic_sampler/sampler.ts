/** What decides, by mode. */
import { buckets, seeded } from "./hash.ts";
import { type Bits56, isLess, minProbability, never, probabilityOf, thresholdOf } from "./threshold.ts";
import { OwnState } from "./trace-state.ts";

export type Sampler = { readonly kind: "never" | "consistent"; readonly decide: Decide } | HashSampler;

export interface HashSampler {
  readonly kind: "hash";
  readonly decide: Decide;
  /** Of the hash, after the seed. */
  readonly state: number;
  readonly threshold: Bits56;
  /** For items that come without a trace state. */
  readonly ownState: OwnState;
}

/** The threshold for an item that comes with one, or with none. */
type Decide = (incoming: Bits56 | undefined) => Bits56;

export interface SamplerArgs {
  readonly sampling_percentage: number;
  readonly hash_seed: number;
  readonly mode: "hash_seed" | "equalizing" | "proportional" | "";
  readonly sampling_precision: number;
}

/** The sampler that the arguments describe; without a mode it is the hash. */
export function makeSampler(args: SamplerArgs): Sampler {
  // the Collector computes with 32-bit floats here, and the last digits show
  const share = Math.min(100, Math.fround(args.sampling_percentage));
  if (share === 0) return { kind: "never", decide: () => never };
  const ratio = Math.max(minProbability, share / 100);
  const { mode } = args;
  if (mode === "hash_seed" || mode === "") return hashSampler(share, args.hash_seed);
  const fixed = thresholdOf(ratio, args.sampling_precision) ?? never;
  if (mode === "equalizing") {
    return { kind: "consistent", decide: incoming => (incoming && isLess(fixed, incoming) ? incoming : fixed) };
  }
  return {
    kind: "consistent",
    decide: incoming =>
      incoming ? (thresholdOf(probabilityOf(incoming) * ratio, args.sampling_precision) ?? never) : fixed,
  };
}

function hashSampler(share: number, seed: number): Sampler {
  const accepted = Math.trunc(Math.fround(share * Math.fround(buckets / 100)));
  if (accepted === 0) return { kind: "never", decide: () => never };
  const threshold = { high: (buckets - accepted) * buckets, low: 0 };
  return {
    kind: "hash",
    decide: () => threshold,
    state: seeded(seed),
    threshold,
    ownState: new OwnState(threshold),
  };
}
