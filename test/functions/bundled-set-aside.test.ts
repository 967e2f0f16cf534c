/** A bundled function for requests alone that gets something else, run as Lambda runs it: it is set aside, and read from there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "../../functions/bundle.ts";
import { readLetter } from "../../lib/pipeline/delivery/dead-letters-form.ts";
import { recorded } from "./events.ts";
import { type RunningFunction, startFunction } from "./runtime-api.ts";
import { type Sink, startSink } from "./sink.ts";

const config = `
otelcol.receiver.otlp "in" {
  http { }
  output {
    traces = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.exporter.otlphttp "out" {
  client {
    endpoint = "http://127.0.0.1:9"
  }
}
`;

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-aside-"));
let bucket: Sink;
let running: RunningFunction;

beforeAll(async () => {
  bucket = await startSink();
  bucket.answer(200);
  mkdirSync(path.join(folder, "out"));
  const file = path.join(folder, "main.alloy");
  writeFileSync(file, config);
  await bundle({ config: file, outdir: path.join(folder, "out"), target: "aws" });
  running = await startFunction({
    taskRoot: path.join(folder, "out"),
    env: {
      AMALGAM_DEAD_LETTERS: "s3://letters/Collector",
      AWS_ENDPOINT_URL: bucket.url,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
    },
  });
}, 60_000);
afterAll(async () => {
  await running.stop();
  await bucket.close();
  rmSync(folder, { recursive: true });
});

test.for([
  { event: "malformed/unknown", component: "aws.lambda", problem: "unreadable", result: null },
  { event: "malformed/sqs-unknown-bytes", component: "aws.sqs", problem: "unreadable", result: { batchItemFailures: [] } },
  { event: "kinesis-lines", component: "aws.kinesis", problem: "unreadable", result: { batchItemFailures: [] } },
  { event: "cloudwatch-logs", component: "aws.cloudwatch_logs", problem: "untaken", result: null },
  { event: "s3", component: "aws.s3", problem: "untaken", result: null },
])("$event is a letter of $component", async ({ event, component, problem, result }) => {
  const answer = await running.invoke(recorded(event));
  expect(answer.error).toBeUndefined();
  expect(answer.result ?? null).toEqual(result);
  const letters = bucket.take().map(({ body }) => readLetter(body));
  const { Records = [] } = recorded(event);
  expect(letters.length).toBe(Math.max(1, Records.length));
  for (const letter of letters) expect(letter).toMatchObject({ component, metadata: { problem }, format: "aws_event" });
  const bodies = letters.map(({ body }) => JSON.parse(Buffer.from(body).toString()));
  if (Records.length > 1) expect(bodies.flatMap(each => each.Records)).toEqual(Records);
  else expect(bodies).toEqual([recorded(event)]);
}); // biome-ignore format: a row is one line

test("a request is answered as before, and sets nothing aside", async () => {
  const { result } = await running.invoke(recorded("function-url-unknown-path"));
  expect(result).toMatchObject({ statusCode: 404 });
  expect(bucket.take()).toEqual([]);
});
