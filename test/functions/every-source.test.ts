/** What holds for every source of logs at its defaults. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { recorded, recordedNames } from "./events.ts";
import { type EverySource, loadEverySource } from "./every-source.ts";

let every: EverySource;
beforeAll(async () => {
  vi.stubEnv("AMALGAM_KAFKA_PARTIAL_FAILURES", "true");
  every = await loadEverySource();
  for (const name of recordedNames()) await every.handler(recorded(name)).catch(() => {});
});
afterAll(async () => {
  await every.close();
  vi.unstubAllEnvs();
});

test("the only label is job, whatever events say of accounts, log groups, streams, topics and objects", () => {
  const { batches } = every.take();
  const streams = batches.flat();
  expect([...new Set(streams.map(({ labels }) => labels.join("=")))].sort()).toEqual([
    "", // Firehose, as in Alloy
    "env=prod", // what its delivery stream says itself
    "job=cloudwatch_logs",
    "job=eventbridge",
    "job=kafka",
    "job=kinesis",
    "job=sns",
    "job=sqs",
  ]);
});

test("what a log group's entries come from is beside them and not in their labels", async () => {
  every.take();
  await every.handler(recorded("cloudwatch-logs"));
  const [first] = every
    .take()
    .batches.flat()
    .flatMap(({ entries }) => entries);
  expect(first?.metadata).toEqual([
    "log_group",
    "/aws/lambda/checkout",
    "log_stream",
    "2026/01/15/[$LATEST]8f2c7d1be3a94f0b9d6c1f0a2b3c4d5e",
    "account_id",
    "123456789012",
  ]);
});

test("no line that passes is in the function's log, which would be paid for once more", async () => {
  every.take();
  for (const name of recordedNames()) await every.handler(recorded(name)).catch(() => {});
  const lines = every
    .take()
    .batches.flat()
    .flatMap(({ entries }) => entries.map(({ line }) => line.trim()));
  expect(lines.length).toBeGreaterThan(20);
  expect(every.log.length).toBeGreaterThan(0);
  const text = every.log.join("\n");
  const quoted = (line: string) => JSON.stringify(line).slice(1, -1);
  expect(lines.filter(line => line && text.includes(quoted(line)))).toEqual([]);
});
