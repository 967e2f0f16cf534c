import { expect, test } from "vitest";
import { testInvocation } from "../../../graph/testing.ts";
import { MemoryStore } from "../../../state/memory.ts";
import { inShard, measured, RoundCost, shardsFor } from "./shards.ts";

const targets = Array.from({ length: 10_000 }, (_, i) => `http://10.${i >> 8}.${i & 255}.1:9090/metrics`);

const shardOf = (key: string, count: number): number[] =>
  Array.from({ length: count }, (_, index) => index).filter(index => inShard(key, { index, count }));

test("each of 10,000 targets is scraped once a round, however often the number of shards changes", () => {
  let before: number[] | undefined;
  for (const count of [1, 2, 3, 7, 8, 20, 19, 5]) {
    const now = targets.map(key => shardOf(key, count));
    expect(now.filter(shards => shards.length !== 1)).toEqual([]);
    const sizes = Array.from({ length: count }, (_, index) => now.filter(([shard]) => shard === index).length);
    expect(Math.max(...sizes) / (targets.length / count)).toBeLessThan(1.2);
    before = now.flat();
  }
  const six = targets.map(key => shardOf(key, 6)[0] as number); // one each, as above
  const moved = six.filter((shard, i) => shard !== before?.[i]).length;
  expect(moved / targets.length).toBeLessThan(1.1 / 6); // from five shards to six: those of the new one, and no others
});

test.for([
  { it: "nothing is known", round: { targets: 500, msPerTarget: 0, intervalMs: 15_000 }, shards: 1 },
  { it: "it fits", round: { targets: 500, msPerTarget: 10, intervalMs: 15_000 }, shards: 1 },
  {
    it: "it takes more than half of the interval",
    round: { targets: 800, msPerTarget: 10, intervalMs: 15_000 },
    shards: 2,
  },
  { it: "it is much more", round: { targets: 10_000, msPerTarget: 20, intervalMs: 15_000 }, shards: 27 },
  { it: "there are fewer targets", round: { targets: 2, msPerTarget: 60_000, intervalMs: 15_000 }, shards: 2 },
  { it: "it is beyond all bounds", round: { targets: 100_000, msPerTarget: 1000, intervalMs: 1000 }, shards: 100 },
  { it: "there is none", round: { targets: 0, msPerTarget: 10, intervalMs: 15_000 }, shards: 1 },
])("a round has $shards shards where $it", ({ round, shards }) => {
  expect(shardsFor(round)).toBe(shards);
});

test("the cost of rounds is kept, and follows what changes much", async () => {
  const cost = new RoundCost(new MemoryStore(), "prometheus.scrape.a", "cost/15000");
  const after = async (ms: number) => {
    await cost.add(ms);
    return cost.read();
  };
  expect(await cost.read()).toBe(0);
  expect([await after(10), await after(11), await after(40)]).toEqual([10, 10, 19]);
});

test("a round is measured, and its result given on", async () => {
  const cost = new RoundCost(new MemoryStore(), "a", "b");
  const spin = async () => {
    let sum = 0;
    for (let i = 0; i < 20_000_000; i++) sum += i & 1;
    return sum === 10_000_000 ? "done" : "wrong";
  };
  expect(await measured(cost, 1, testInvocation(), spin)).toBe("done");
  expect(await cost.read()).toBeGreaterThan(0);
});
