import { expect, test } from "vitest";
import { DeliveryError } from "./errors.ts";
import { Outage } from "./outage.ts";

const failure = (retryAfterMs?: number) =>
  new DeliveryError("push refused, got status 503", { kind: "retry", status: 503, retryAfterMs });

/** What an outage says at these times, after failures at others. */
function outageOf(...failures: readonly (readonly [now: number, retryAfterMs?: number])[]): Outage {
  const outage = new Outage();
  for (const [now, retryAfterMs] of failures) outage.failed(failure(retryAfterMs), now, `invocation at ${now}`);
  return outage;
}

test.for<{ it: string; failures: [number, number?][]; open: number }>([
  { it: "one failure blocks for a second", failures: [[0]], open: 1000 },
  { it: "failures of what was under way count once", failures: [[0], [10], [999]], open: 1000 },
  { it: "each failure after that doubles the time", failures: [[0], [1000], [3000]], open: 7000 },
  { it: "a backend that names a time gets it", failures: [[0, 30_000]], open: 30_000 },
  { it: "nobody waits for more than a minute", failures: [[0, 3_600_000]], open: 60_000 },
])("$it", ({ failures, open }) => {
  const outage = outageOf(...failures);
  const blocked = outage.blocks(open - 1);
  expect([blocked?.message, blocked?.status, blocked?.retryAfterMs]).toEqual(["push refused, got status 503", 503, 1]);
  expect(outage.blocks(open)).toBe(undefined);
  expect(outage.lasts).toBe(true); // until something is delivered
});

test("what else an invocation has, in which one delivery failed, is blocked at any time", () => {
  const outage = outageOf([0], [5000]);
  expect(outage.blocksRestOf("invocation at 5000")?.message).toBe("push refused, got status 503");
  expect(outage.blocksRestOf("invocation at 0")).toBe(undefined);
});

test("a delivery ends it", () => {
  const outage = outageOf([0], [1000]);
  outage.ended();
  expect([outage.lasts, outage.blocks(1001), outage.blocksRestOf("invocation at 1000")]).toEqual([
    false,
    undefined,
    undefined,
  ]);
  outage.failed(failure(), 2000, "next");
  expect(outage.blocks(2999)?.retryAfterMs).toBe(1);
  expect(outage.blocks(3000)).toBe(undefined);
});
