/** Recorded events through the bundled functions, run as Lambda runs them, to a real backend on this machine. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bundle } from "../../functions/bundle.ts";
import { decodePushProtobuf } from "../../lib/pipeline/telemetry/loki/push.ts";
import { uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { recorded, recordedNames } from "./events.ts";
import { objectEvents } from "./object-events.ts";
import { recordEvents } from "./record-events.ts";
import { type RunningFunction, startFunction } from "./runtime-api.ts";
import { type Received, type Sink, startSink } from "./sink.ts";

const config = `
otelcol.receiver.otlp "in" {
  http { }
  output {
    traces  = [otelcol.exporter.otlphttp.out.input]
    logs    = [otelcol.exporter.otlphttp.out.input]
    metrics = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.exporter.otlphttp "out" {
  client {
    endpoint    = sys.env("SINK")
    compression = "none"
  }
}

loki.source.api "in" {
  http { }
  use_incoming_timestamp = true
  forward_to             = [loki.write.out.receiver]
}

loki.source.cloudwatch_logs "in" {
  forward_to = [loki.write.out.receiver]
}

loki.write "out" {
  endpoint {
    url = sys.env("SINK") + "/loki/api/v1/push"
  }
}
`;

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-function-"));
let sink: Sink;
let running: RunningFunction;

/** Writes and bundles a configuration; gives the folder to deploy. */
async function deploy(name: string, text: string): Promise<string> {
  const outdir = path.join(folder, name);
  mkdirSync(outdir);
  const file = path.join(outdir, "main.alloy");
  writeFileSync(file, text);
  await bundle({ config: file, outdir, target: "aws" });
  return outdir;
}

beforeAll(async () => {
  sink = await startSink();
  running = await startFunction({ taskRoot: await deploy("all", config), env: { SINK: sink.url } });
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

/** What a backend got, as lines of logs, or names of spans, metrics and bodies that stand in the bytes. */
function contentOf({ path: where, body, headers }: Received): string {
  if (where === "/loki/api/v1/push") {
    const lines = decodePushProtobuf(uncompressBlock(body, 1 << 20)).flatMap(({ entries }) =>
      entries.map(({ line }) => line.trim()),
    );
    return `${where}: ${lines.sort().join(" | ")}`;
  }
  const text = (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("latin1");
  return `${where}: ${text.match(/POST \/cart\/checkout|SELECT carts|payment accepted|card declined|http\.server\.active_requests|orders/g)?.join(" | ")}`;
}

const traces = "/v1/traces: POST /cart/checkout | SELECT carts";
const otlpLogs = "/v1/logs: payment accepted | card declined";
const metrics = "/v1/metrics: http.server.active_requests | orders";
const push =
  '/loki/api/v1/push: card declined | level=info msg="order placed" order=1001 | level=warn msg="slow upstream" ms=812';
const cloudwatch =
  '/loki/api/v1/push: REPORT RequestId: 4f2c8a63-7b1d-4c55-9e0f-3a6d2b1c0e9f\tDuration: 8.41 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 71 MB | START RequestId: 4f2c8a63-7b1d-4c55-9e0f-3a6d2b1c0e9f Version: $LATEST | {"level":"info","msg":"order placed","order":1001}';
const taken = { batchItemFailures: [] };

const answered = [
  { event: "function-url-otlp-traces", answer: { statusCode: 200 }, got: [traces] },
  { event: "function-url-otlp-logs", answer: { statusCode: 200 }, got: [otlpLogs] },
  { event: "function-url-otlp-metrics-gzip", answer: { statusCode: 200 }, got: [metrics] },
  { event: "function-url-loki-push", answer: { statusCode: 204 }, got: [push] },
  { event: "function-url-loki-push-snappy", answer: { statusCode: 204 }, got: [push] },
  { event: "function-url-unknown-path", answer: { statusCode: 404 }, got: [] },
  { event: "function-url-wrong-method", answer: { statusCode: 405 }, got: [] },
  { event: "http-api-otlp-metrics", answer: { statusCode: 200 }, got: [metrics] },
  { event: "rest-api-otlp-traces", answer: { statusCode: 200 }, got: [traces] },
  { event: "rest-api-otlp-traces-protobuf", answer: { statusCode: 200 }, got: [traces] },
  { event: "alb-loki-push", answer: { statusCode: 204, statusDescription: "204 No Content" }, got: [push] },
  { event: "alb-loki-push-multi-value", answer: { statusCode: 204, multiValueHeaders: {} }, got: [push] },
  { event: "alb-health-check", answer: { statusCode: 200 }, got: [] },
  { event: "cloudwatch-logs", answer: null, got: [cloudwatch] },
  { event: "cloudwatch-logs-control-message", answer: null, got: [] },
  { event: "sqs-otlp-traces-json", answer: taken, got: [traces] },
  { event: "sqs-otlp-logs-json", answer: taken, got: [otlpLogs] },
  { event: "sqs-otlp-metrics-json", answer: taken, got: [metrics] },
  { event: "sqs-otlp-protobuf", answer: taken, got: [otlpLogs, metrics, traces] },
  { event: "sqs-otlp-protobuf-attributes", answer: taken, got: [traces] },
  { event: "sqs-loki-push", answer: taken, got: [push] },
  { event: "sqs-loki-push-snappy", answer: taken, got: [push] },
  { event: "sqs-cloudwatch-logs", answer: taken, got: [cloudwatch] },
  { event: "sqs-cloudwatch-logs-json", answer: taken, got: [cloudwatch] },
  { event: "sqs-cloudwatch-logs-gzip", answer: taken, got: [cloudwatch] },
  { event: "sqs-cloudwatch-logs-control-message", answer: taken, got: [] },
  { event: "sqs-sns-otlp-traces", answer: taken, got: [traces] },
  { event: "sqs-sns-loki-push", answer: taken, got: [push] },
  { event: "sqs-sns-cloudwatch-logs", answer: taken, got: [cloudwatch] },
  { event: "eventbridge-rule", answer: null, got: [] },
  { event: "eventbridge-scheduler", answer: null, got: [] },
  { event: "malformed/function-url-bad-json", answer: { statusCode: 400 }, got: [] },
  { event: "malformed/function-url-bad-protobuf", answer: { statusCode: 400 }, got: [] },
  { event: "malformed/function-url-bad-base64", answer: { statusCode: 400 }, got: [] },
  { event: "malformed/function-url-truncated-gzip", answer: { statusCode: 400 }, got: [] },
];

test.for(answered)("$event", async ({ event, answer, got }) => {
  const { result, error } = await running.invoke(recorded(event));
  expect(error).toBeUndefined();
  if (answer === null) expect(result).toBe(null);
  else expect(result).toMatchObject(answer);
  expect(sink.take().map(contentOf).sort()).toEqual(got);
});

const failing = [
  { event: "malformed/cloudwatch-logs-bad-base64", error: /^awslogs\.data should be base64, got something else$/ },
  { event: "malformed/cloudwatch-logs-truncated-gzip", error: /^awslogs\.data should be gzip: / },
  { event: "malformed/cloudwatch-logs-bad-json", error: /^cloudwatch logs message should be JSON: / },
  {
    event: "malformed/unknown",
    error: /^event should be a request, records, logs or a schedule, got an object with the keys /,
  },
  {
    event: "schedule-component",
    error: /^amalgam\.schedule should name a component with a schedule, got prometheus\.scrape\.default; /,
  },
];

test.for(failing)("$event fails the invocation", async ({ event, error }) => {
  const answer = await running.invoke(recorded(event));
  expect(answer.error?.errorMessage).toMatch(error);
  expect(sink.take()).toEqual([]);
});

const partial = [
  { event: "malformed/sqs-bad-base64", failed: [0] },
  { event: "malformed/sqs-truncated-gzip", failed: [0] },
  { event: "malformed/sqs-bad-json", failed: [0] },
  { event: "malformed/sqs-unknown-json", failed: [0] },
  { event: "malformed/sqs-unknown-bytes", failed: [0] },
  { event: "sqs-mixed-batch", failed: [2] },
  { event: "sqs-fifo", failed: [1, 2] },
];

test.for(partial)("of $event only what failed goes back", async ({ event, failed }) => {
  const sent = recorded(event);
  const { result } = await running.invoke(sent);
  expect(result).toEqual({ batchItemFailures: failed.map(i => ({ itemIdentifier: sent.Records[i].messageId })) });
});

test("every recorded event is shown here", () => {
  const own = [...answered, ...failing, ...partial].map(({ event }) => event);
  const shown = [...own, ...recordEvents, ...objectEvents].sort();
  expect(shown).toEqual([...recordedNames(), ...recordedNames("malformed")].sort());
});

test("messages of a batch meet in one request", async () => {
  const event = recorded("sqs-loki-push");
  const [record] = event.Records;
  event.Records = Array.from({ length: 10 }, (_, i) => ({ ...record, messageId: String(i), messageAttributes: {} }));
  expect((await running.invoke(event)).result).toEqual(taken);
  expect(sink.take().length).toBe(1);
});

test.for([
  {
    it: "a queue",
    event: "sqs-loki-push",
    answer: { result: { batchItemFailures: [{ itemIdentifier: recorded("sqs-loki-push").Records[0].messageId }] } },
  },
  { it: "a log subscription", event: "cloudwatch-logs", answer: { error: { errorType: "DeliveryError" } } },
  { it: "a client", event: "function-url-loki-push", answer: { result: { statusCode: 503 } } },
])("what a backend refuses for now goes back to $it before the deadline", async ({ event, answer }) => {
  sink.answer(503, { "retry-after": "60" });
  expect(await running.invoke(recorded(event), { timeoutMs: 1500 })).toMatchObject(answer);
});

test("a configuration at AMALGAM_CONFIG takes the place of the one in the bundle", async () => {
  const other = path.join(folder, "other.alloy");
  writeFileSync(other, config.replace('loki.source.cloudwatch_logs "in"', 'loki.source.cloudwatch_logs "other"'));
  const second = await startFunction({
    taskRoot: path.join(folder, "all"),
    env: { SINK: sink.url, AMALGAM_CONFIG: other },
  });
  expect((await second.invoke(recorded("cloudwatch-logs"))).result).toBe(null);
  await second.stop();
  expect(sink.take().map(contentOf)).toEqual([cloudwatch]);
});

test.for([
  {
    it: "OTLP to OTLP",
    text: config.slice(0, config.indexOf("loki.")),
    events: [
      "function-url-otlp-traces",
      "function-url-otlp-logs",
      "http-api-otlp-metrics",
      "function-url-otlp-metrics-gzip",
    ],
  },
  {
    it: "logs to Loki",
    text: config.slice(config.indexOf("loki.")),
    events: ["function-url-loki-push", "function-url-loki-push-snappy", "cloudwatch-logs", "sqs-loki-push"],
  },
] as const)("$it needs nothing of what comes later", async ({ it, text, events }) => {
  const taskRoot = await deploy(it, text);
  rmSync(path.join(taskRoot, "later.cjs"));
  const second = await startFunction({ taskRoot, env: { SINK: sink.url } });
  for (const event of events) {
    const { error } = await second.invoke(recorded(event));
    expect(error).toBe(undefined);
    expect(sink.take().map(contentOf)).toHaveLength(1);
  }
  await second.stop();
});

test("a tenant that a message's attribute names reaches the backend", async () => {
  await running.invoke(recorded("sqs-sns-loki-push"));
  expect(sink.take().map(({ headers }) => headers["x-scope-orgid"])).toEqual(["tenant-a"]);
});

test("a configuration that does not load fails the start with its reasons", async () => {
  const taskRoot = await deploy("bad", 'loki.source.api "in" {\n  forward_to = [sys.env("NOWHERE")]\n}\n');
  const bad = await startFunction({ taskRoot });
  const { error } = await bad.invoke(recorded("function-url-loki-push"));
  await bad.stop();
  expect(error?.errorMessage).toMatch(/^the configuration does not load\nError: main\.alloy:2:17: /);
});

test("what a message went back for stands in the log as JSON", async () => {
  const before = running.log().length;
  await running.invoke(recorded("malformed/sqs-unknown-json"));
  const lines = () =>
    running
      .log()
      .slice(before)
      .trim()
      .split("\n")
      .filter(line => line && !line.startsWith('{"_aws"'));
  await expect
    .poll(() => lines().map(line => JSON.parse(line)))
    .toEqual([
      {
        timestamp: expect.stringMatching(/Z$/),
        level: "error",
        message: "message goes back to its queue",
        requestId: expect.stringMatching(/^[\da-f-]{36}$/),
        messageId: recorded("malformed/sqs-unknown-json").Records[0].messageId,
        queue: "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry",
        received: 1,
        error:
          "message should be OTLP, a Loki push, CloudWatch Logs or an SNS notification of one of them, got JSON with the keys Records",
      },
    ]);
});

test("each invocation leaves its embedded metrics in the log before it is answered", async () => {
  const taskRoot = path.join(folder, "all");
  const fresh = await startFunction({ taskRoot, env: { SINK: sink.url } });
  const quiet = await startFunction({ taskRoot, env: { SINK: sink.url, AMALGAM_METRICS: "off" } });
  for (const each of [fresh, quiet]) await each.invoke(recorded("function-url-loki-push"));
  await expect.poll(() => fresh.log()).toContain("\n");
  const lines = [fresh, quiet].map(each => each.log().split("\n").filter(Boolean));
  for (const each of [fresh, quiet]) await each.stop();
  expect(lines.map(of => of.map(line => JSON.parse(line)))).toEqual([
    [
      expect.objectContaining({
        _aws: { Timestamp: expect.any(Number), CloudWatchMetrics: [expect.objectContaining({ Namespace: "Amalgam" })] },
        FunctionName: "amalgam",
        ColdStarts: 1,
        ReceivedRecords: 1,
        SentItems: 3,
        RequestDuration: [expect.any(Number)],
      }),
    ],
    [],
  ]);
});

test("what the bundled configuration did not name is told when another names it", async () => {
  const other = path.join(folder, "formats.alloy");
  writeFileSync(
    other,
    config.replace('sys.env("SINK") + "/loki/api/v1/push"', 'string.format("%s/loki/api/v1/push", sys.env("SINK"))'),
  );
  const second = await startFunction({
    taskRoot: path.join(folder, "all"),
    env: { SINK: sink.url, AMALGAM_CONFIG: other },
  });
  const { error } = await second.invoke(recorded("cloudwatch-logs"));
  await second.stop();
  expect(error?.errorMessage).toContain(
    "string should be named by the configuration that was bundled, got it only at run time",
  );
});

test("imported modules are in the bundle, which needs neither their files nor a parser", async () => {
  const modules = path.join(folder, "modules");
  mkdirSync(modules);
  writeFileSync(
    path.join(modules, "mark.alloy"),
    `declare "mark" {
  argument "to" { }
  argument "with" { }

  loki.process "it" {
    stage.static_labels { values = { mark = argument.with.value } }
    forward_to = argument.to.value
  }

  export "receiver" { value = loki.process.it.receiver }
}`,
  );
  writeFileSync(
    path.join(modules, "all.alloy"),
    `import.file "inner" { filename = "mark.alloy" }

declare "marked" {
  argument "to" { }

  inner.mark "m" {
    to   = argument.to.value
    with = "from a module"
  }

  export "receiver" { value = inner.mark.m.receiver }
}`,
  );
  const taskRoot = await deploy(
    "importing",
    `import.file "lib" { filename = "../modules/all.alloy" }

loki.source.api "in" {
  http { }
  forward_to = [lib.marked.x.receiver]
}

lib.marked "x" { to = [loki.write.out.receiver] }

loki.write "out" {
  endpoint { url = sys.env("SINK") + "/loki/api/v1/push" }
}
`,
  );
  rmSync(modules, { recursive: true });
  rmSync(path.join(taskRoot, "later.cjs"));
  const second = await startFunction({ taskRoot, env: { SINK: sink.url } });
  const { result, error } = await second.invoke(recorded("function-url-loki-push"));
  await second.stop();
  expect({ result, error }).toMatchObject({ result: { statusCode: 204 }, error: undefined });
  const [request] = sink.take();
  const [stream] = decodePushProtobuf(uncompressBlock(request?.body ?? Buffer.alloc(0), 1 << 20));
  expect(stream?.labels).toEqual(expect.arrayContaining(["mark", "from a module"]));
});
