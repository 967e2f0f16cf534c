import { expect, test } from "vitest";
import { loadProbes } from "../../test/functions/probes.ts";
import { type CallOptions, startCall } from "./call.ts";

const late = "work should end before the deadline of the invocation, got none of it done in time";

test.for<{ it: string; remaining: number | undefined; options: CallOptions; deadline: number }>([
  { it: "a tenth of a short time", remaining: 3000, options: {}, deadline: 2700 },
  { it: "a second of a long time", remaining: 60_000, options: {}, deadline: 59_000 },
  { it: "as much as it is told", remaining: 60_000, options: { reserveMs: 5000 }, deadline: 55_000 },
  { it: "not more than there is", remaining: 1000, options: { reserveMs: 5000 }, deadline: 0 },
  { it: "a second of the time that it has without a context", remaining: undefined, options: {}, deadline: 29_000 },
  {
    it: "a second of what it is told to have without a context",
    remaining: undefined,
    options: { withoutContextMs: 11_000 },
    deadline: 10_000,
  },
])("a call keeps back $it", async ({ remaining, options, deadline }) => {
  const { pipeline } = await loadProbes("", { clock: () => 1_700_000_000_000 });
  const context = remaining === undefined ? undefined : { getRemainingTimeInMillis: () => remaining };
  const call = startCall(pipeline, context, options);
  call.end();
  expect(call.invocation.now).toBe(1_700_000_000_000);
  expect(call.invocation.deadline).toBe(1_700_000_000_000 + deadline);
});

test("an invocation has the name of its request", async () => {
  const { pipeline } = await loadProbes("");
  const call = startCall(pipeline, { awsRequestId: "0c0d5a4e" });
  call.end();
  expect(call.invocation.id).toBe("0c0d5a4e");
});

test("work that is not done at the deadline fails so that it can come again, and is told to stop", async () => {
  const { pipeline } = await loadProbes("");
  const call = startCall(pipeline, { getRemainingTimeInMillis: () => 1 });
  await expect(call.inTime(new Promise(() => {}))).rejects.toMatchObject({ message: late, retryable: true });
  expect(call.invocation.signal?.aborted).toBe(true);
});

test("work that is done in time is not stopped", async () => {
  const { pipeline } = await loadProbes("");
  const call = startCall(pipeline, { getRemainingTimeInMillis: () => 60_000 });
  expect(await call.inTime(Promise.resolve("done"))).toBe("done");
  call.end();
  expect(call.invocation.signal?.aborted).toBe(false);
});
