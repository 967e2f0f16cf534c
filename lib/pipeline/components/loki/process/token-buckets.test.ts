import { expect, test } from "vitest";
import { giveBack, TokenBuckets } from "./token-buckets.ts";

const second = 1000;
const make = (rate: number, burst: number, capacity = 10) => new TokenBuckets({ rate, burst, capacity });

test.for([
  { it: "gives the burst at once", rate: 1, burst: 2, at: [0, 0, 0], taken: [true, true, false] },
  { it: "fills at the rate", rate: 2, burst: 1, at: [0, 400, 500, 999, 1000], taken: [true, false, true, false, true] },
  {
    it: "holds no more than the burst",
    rate: 100,
    burst: 2,
    at: [0, 9000, 9000, 9000],
    taken: [true, true, true, false],
  },
  { it: "gives whole tokens only, thirds add up", rate: 3, burst: 1, at: [0, 333, 334], taken: [true, false, true] },
  {
    it: "stays where time goes back",
    rate: 1,
    burst: 1,
    at: [5000, 4000, 5999, 6000],
    taken: [true, false, false, true],
  },
])("take $it", ({ rate, burst, at, taken }) => {
  const buckets = make(rate, burst);
  expect(at.map(now => buckets.take(buckets.get("", now), now))).toEqual(taken);
});

test("reserve says how long to wait, one token after the other", () => {
  const buckets = make(4, 2);
  const bucket = buckets.get("", 0);
  expect([0, 0, 0, 0, 250].map(now => buckets.reserve(bucket, now))).toEqual([0, 0, 250, 500, 500]);
  giveBack(bucket, 3);
  expect(buckets.reserve(bucket, second)).toBe(0);
});

test("forgets the keys that were not asked for in two generations", () => {
  const buckets = make(0.001, 1, 2);
  const take = (key: string) => buckets.take(buckets.get(key, 0), 0);
  expect(["a", "b", "a", "c", "a", "d", "e", "f", "a"].map(take)).toEqual([
    true, // a
    true, // b: the generation is full
    false, // a: still in the old one
    true, // c: the young one is full with a and c
    false, // a
    true, // d
    true, // e: full
    true, // f
    true, // a: forgotten
  ]);
});
