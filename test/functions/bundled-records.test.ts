/** Recorded events of streams, topics, Firehose, Kafka and event buses through a bundled function, run as Lambda runs it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bundle } from "../../functions/bundle.ts";
import { decodePushProtobuf } from "../../lib/pipeline/telemetry/loki/push.ts";
import { uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { recorded } from "./events.ts";
import { failing, goingOnFrom, recordsConfig, taking } from "./record-events.ts";
import { type RunningFunction, startFunction } from "./runtime-api.ts";
import { type Received, type Sink, startSink } from "./sink.ts";

const config = `
otelcol.receiver.otlp "in" {
  http { }
  output {
    traces = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.exporter.otlphttp "out" {
  client {
    endpoint    = sys.env("SINK")
    compression = "none"
  }
}

loki.source.cloudwatch_logs "in" {
  forward_to = [loki.write.out.receiver]
}

loki.write "out" {
  endpoint {
    url = sys.env("SINK") + "/loki/api/v1/push"
  }
}
${recordsConfig}`;

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-records-"));
let sink: Sink;
let running: RunningFunction;

beforeAll(async () => {
  sink = await startSink();
  const outdir = path.join(folder, "all");
  mkdirSync(outdir);
  writeFileSync(path.join(outdir, "main.alloy"), config);
  await bundle({ config: path.join(outdir, "main.alloy"), outdir, target: "aws" });
  running = await startFunction({ taskRoot: outdir, env: { SINK: sink.url, AMALGAM_KAFKA_PARTIAL_FAILURES: "true" } });
});
beforeEach(() => {
  sink.answer(200);
  sink.take();
});
afterAll(async () => {
  await running.stop();
  await sink.close();
  rmSync(folder, { recursive: true });
});

const streamsOf = ({ body }: Received) => decodePushProtobuf(uncompressBlock(body, 1 << 20));

/** Lines of logs, sorted, or names that stand in the bytes. */
function contentOf(received: Received): string {
  if (received.path === "/loki/api/v1/push") {
    const lines = streamsOf(received).flatMap(({ entries }) => entries.map(({ line }) => line.trim()));
    return `${received.path}: ${lines.sort().join(" | ")}`;
  }
  const text = received.body.toString("latin1");
  return `${received.path}: ${text.match(/POST \/cart\/checkout|SELECT carts|payment accepted|card declined|http\.server\.active_requests|orders/g)?.join(" | ")}`;
}

test.for(taking)("$event is taken", async ({ event, answer, got }) => {
  const { result, error } = await running.invoke(recorded(event));
  expect(error).toBeUndefined();
  if (answer === null) expect(result).toBe(null);
  else expect(result).toMatchObject(answer);
  expect(sink.take().map(contentOf).sort()).toEqual(got);
});

test.for(goingOnFrom)("$event comes again from where it failed", async ({ event, answer, got }) => {
  const { result, error } = await running.invoke(recorded(event));
  expect(error).toBeUndefined();
  expect(result).toEqual(answer);
  expect(sink.take().map(contentOf).sort()).toEqual(got);
});

test.for(failing)("$event fails the invocation", async ({ event, error }) => {
  const answer = await running.invoke(recorded(event));
  expect(answer.error?.errorMessage).toMatch(error);
  expect(sink.take()).toEqual([]);
});

test.for([
  { it: "a stream", event: "kinesis-lines", at: 0, answer: { result: { batchItemFailures: [{}] } } },
  {
    it: "a topic of Kafka",
    event: "kafka-lines",
    answer: {
      result: {
        batchItemFailures: [
          { itemIdentifier: { partition: "orders-0", offset: 15 } },
          { itemIdentifier: { partition: "orders-1", offset: 3 } },
        ],
      },
    },
  },
  { it: "a topic", event: "sns-alarm", answer: { error: { errorType: "DeliveryError" } } },
  { it: "Firehose, which tries again", event: "firehose-transform", answer: { error: { errorType: "DeliveryError" } } },
  { it: "Firehose over HTTP", event: "function-url-firehose", answer: { result: { statusCode: 503 } } },
  { it: "an event bus", event: "eventbridge-routed", answer: { error: { errorType: "DeliveryError" } } },
])("what a backend refuses for now goes back to $it", async ({ event, answer }) => {
  sink.answer(503, { "retry-after": "60" });
  expect(await running.invoke(recorded(event), { timeoutMs: 1500 })).toMatchObject(answer);
});

test("what a backend never takes is marked for Firehose, which puts it aside", async () => {
  sink.answer(400);
  const event = recorded("firehose-transform");
  const { result } = await running.invoke(event, { timeoutMs: 1500 });
  expect(result).toEqual({
    records: event.records.map((record: { recordId: string; data: string }) => ({
      recordId: record.recordId,
      result: "ProcessingFailed",
      data: record.data,
    })),
  });
});

test("labels and metadata say where an entry comes from", async () => {
  await running.invoke(recorded("sqs-lines"));
  const [stream] = sink.take().flatMap(streamsOf);
  expect([stream?.labels, stream?.entries.map(({ timestamp, metadata }) => [timestamp, metadata])]).toEqual([
    ["job", "sqs"],
    [
      [
        1768471200000000000n,
        ["queue", "shop-lines", "message_id", "5d1e2f3a-0001-4000-8000-000000000001", "tenant", "a"],
      ],
      [1768471200000000000n, ["queue", "shop-lines", "message_id", "5d1e2f3a-0001-4000-8000-000000000002"]],
    ],
  ]);
});

test("without provisioned pollers a failure in a batch of Kafka fails all of it", async () => {
  const second = await startFunction({ taskRoot: path.join(folder, "all"), env: { SINK: sink.url } });
  const { error } = await second.invoke(recorded("malformed/kafka"));
  await second.stop();
  expect(error?.errorMessage).toMatch(/wire type/);
});
