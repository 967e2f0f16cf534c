import { expect, test } from "vitest";
import { testInvocation } from "./testing.ts";
import { countUsage, Usage } from "./usage.ts";

test("is settled when nothing is inside, at once or later", async () => {
  const usage = new Usage();
  await usage.settled();
  usage.enter();
  usage.enter();
  let settled = false;
  const waiting = usage.settled().then(() => {
    settled = true;
  });
  usage.leave();
  await Promise.resolve();
  expect([usage.count, settled]).toEqual([1, false]);
  usage.leave();
  await waiting;
  expect([usage.count, settled]).toEqual([0, true]);
});

test("all ways in from outside are counted while they run, also those that fail", async () => {
  const usage = new Usage();
  const counts: number[] = [];
  const work = async () => {
    counts.push(usage.count);
    throw new Error("no");
  };
  const instance = countUsage(
    {
      triggers: [
        {
          kind: "http",
          host: "",
          port: 0,
          authenticated: false,
          routes: [{ path: "/", maxBodyBytes: 1, handle: work }],
        },
        { kind: "schedule", everyMs: 1, run: work },
        { kind: "records", format: "loki", sources: ["queue"], push: work },
      ],
      tick: { everyMs: 1, run: work },
    },
    usage,
  );
  const invocation = testInvocation();
  for (const trigger of instance.triggers ?? []) {
    const running = trigger.kind === "http" ? trigger.routes[0]?.handle({} as never, invocation) : trigger.kind === "schedule" ? trigger.run(invocation) : trigger.kind === "records" ? trigger.push({} as never, invocation) : trigger.read({} as never, invocation); // biome-ignore format: one choice
    await expect(running).rejects.toThrow("no");
  }
  await expect(instance.tick?.run(invocation)).rejects.toThrow("no");
  expect([counts, usage.count]).toEqual([[1, 1, 1, 1], 0]);
});

test("an instance without any is the same", () => {
  expect(countUsage({ exports: 5 }, new Usage())).toEqual({ exports: 5 });
});
