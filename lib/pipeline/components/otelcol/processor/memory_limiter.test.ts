import { expect, test } from "vitest";
import { keyValues, logRequest } from "../../../ottl/testing.ts";
import { openPipeline, problemsOf } from "../testing.ts";
import { limitsOf } from "./memory_limiter.ts";

/** A semicolon is a line break. */
const config = (body: string) => `
  otelcol.processor.memory_limiter "m" {
    ${body.replaceAll("; ", "\n")}
    output {
      logs = [test.sink.out.input]
    }
  }
  test.sink "out" { }
`;

const logs = logRequest({ attributes: keyValues({ a: 1n }) });

test("below the limit all passes", async () => {
  const pipeline = await openPipeline(config('check_interval = "1s"; limit = "1TiB"'));
  await pipeline.push("otelcol.processor.memory_limiter.m", "logs", logs);
  expect(pipeline.received).toHaveLength(1);
  await pipeline.close();
});

test("above it data is refused, and may come again", async () => {
  const pipeline = await openPipeline(config('check_interval = "1s"; limit = "2MiB"'));
  await expect(pipeline.push("otelcol.processor.memory_limiter.m", "logs", logs)).rejects.toMatchObject({
    message: "data refused due to high memory usage",
    retryable: true,
    status: 503,
  });
  expect(pipeline.received).toHaveLength(0);
  await pipeline.close();
});

const MiB = 1 << 20;
const none = { limit: 0, spike_limit: 0, limit_percentage: 0, spike_limit_percentage: 0 };

test.for<[it: string, args: Partial<typeof none>, hard: number, soft: number]>([
  ["without a spike limit it is a fifth", { limit: 100 * MiB }, 100 * MiB, 80 * MiB],
  ["with one", { limit: 100 * MiB, spike_limit: 10 * MiB }, 100 * MiB, 90 * MiB],
  ["sizes count whole MiB", { limit: 100.9 * MiB, spike_limit: 1.9 * MiB }, 100 * MiB, 99 * MiB],
  ["shares of the memory", { limit_percentage: 50, spike_limit_percentage: 10 }, 500 * MiB, 400 * MiB],
])("limits: %s", ([, args, hard, soft]) => {
  expect(limitsOf({ ...none, ...args }, () => 1000 * MiB)).toEqual({ hard, soft });
});

const share = "limit_percentage and spike_limit_percentage must be greater than 0 and and less or equal than 100";

test.for<[it: string, body: string, message: string]>([
  ["no interval", 'check_interval = "0s"; limit = "1MiB"', "check_interval must be greater than zero"],
  ["no limit", 'check_interval = "1s"', "either limit or limit_percentage must be set to greater than zero"],
  [
    "both limits",
    'check_interval = "1s"; limit = "1MiB"; limit_percentage = 5',
    "either limit or limit_percentage must be set, but not both",
  ],
  [
    "a spike limit above the limit",
    'check_interval = "1s"; limit = "1MiB"; spike_limit = "2MiB"',
    "spike_limit must be less than limit",
  ],
  ["a share above all", 'check_interval = "1s"; limit_percentage = 101; spike_limit_percentage = 5', share],
  ["no spike share", 'check_interval = "1s"; limit_percentage = 50', share],
])("mistake: %s", async ([, body, message]) => {
  expect(await problemsOf(config(body))).toEqual([`${message} @ otelcol.processor.memory_limiter "m" {`]);
});
