/** Nothing is lost: what was acknowledged is at the backend, counted record by record, while processes are killed. */
import type { SQSBatchResponse } from "aws-lambda";
import { expect, onTestFinished, test } from "vitest";
import { loadFunction } from "../../functions/aws/entry.ts";
import { createHandler, type Handler } from "../../functions/aws/handler.ts";
import { createLogger } from "../../functions/local/log.ts";
import { lokiSourceApi } from "../../lib/pipeline/components/loki/source/api.ts";
import { lokiWrite } from "../../lib/pipeline/components/loki/write.ts";
import { otelcolExporterOtlphttp } from "../../lib/pipeline/components/otelcol/exporter/otlphttp.ts";
import { otelcolReceiverOtlp } from "../../lib/pipeline/components/otelcol/receiver/otlp.ts";
import type { Definition } from "../../lib/pipeline/graph/component.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { type Backend, startBackend } from "./support/backend.ts";
import { type Batch, startLoad } from "./support/client.ts";
import { encode } from "./support/decode.ts";
import { freePorts } from "./support/ports.ts";
import { startAmalgam, writeConfig } from "./support/process.ts";
import { until } from "./support/until.ts";

/** Two ways through the process. Writers give up soon, so that clients must try again, too. */
const configuration = (backend: string, loki: number, otlp: number): string => `
loki.source.api "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = ${loki}
  }
  forward_to = [loki.write.out.receiver]
}

loki.write "out" {
  endpoint {
    url                 = "${backend}/loki/api/v1/push"
    min_backoff_period  = "20ms"
    max_backoff_period  = "50ms"
    max_backoff_retries = 3
  }
}

otelcol.receiver.otlp "in" {
  http {
    endpoint = "127.0.0.1:${otlp}"
  }
  output {
    traces = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.exporter.otlphttp "out" {
  client {
    endpoint = "${backend}"
  }
  retry_on_failure {
    initial_interval = "20ms"
    max_interval     = "50ms"
    max_elapsed_time = "100ms"
  }
}
`;

const lokiPush = (ids: readonly string[]): string =>
  JSON.stringify({ streams: [{ stream: { job: "load" }, values: ids.map(id => [`${Date.now()}000000`, id]) }] });

const otlpTraces = (ids: readonly string[]): Buffer =>
  encode("Traces", {
    resource_spans: [
      {
        scope_spans: [
          {
            spans: ids.map(name => ({
              trace_id: Buffer.alloc(16, 1),
              span_id: Buffer.alloc(8, 2),
              name,
              start_time_unix_nano: "1700000000000000000",
              end_time_unix_nano: "1700000001000000000",
            })),
          },
        ],
      },
    ],
  });

/** Batches of five: half of them log lines, half of them spans. */
const batchOf =
  (loki: number, otlp: number) =>
  (n: number): Batch => {
    const [kind, port] = n % 2 ? ["span", otlp] : ["line", loki];
    const ids = Array.from({ length: 5 }, (_, i) => `${kind}-${n}-${i}`);
    const at = `http://127.0.0.1:${port}`;
    return {
      ids,
      post:
        kind === "span"
          ? { url: `${at}/v1/traces`, headers: { "content-type": "application/x-protobuf" }, body: otlpTraces(ids) }
          : { url: `${at}/loki/api/v1/push`, headers: { "content-type": "application/json" }, body: lokiPush(ids) },
    };
  };

interface Sent {
  readonly sent: readonly string[];
  readonly acknowledged: readonly string[];
}

/** The account of a run: nothing may be missing or made up, and what came twice is counted. */
function accountOf({ sent, acknowledged }: Sent, stored: ReadonlyMap<string, number>) {
  const known = new Set(sent);
  const done = new Set(acknowledged);
  const missing = acknowledged.filter(id => !stored.has(id));
  const duplicates = [...stored.values()].reduce((sum, count) => sum + count - 1, 0);
  return {
    result: {
      missing,
      neverAcknowledged: sent.filter(id => !done.has(id)),
      strange: [...stored.keys()].filter(id => !known.has(id)),
    },
    summary: `${sent.length} sent, ${acknowledged.length} acknowledged, ${stored.size} stored, ${missing.length} missing, ${duplicates} duplicates`,
  };
}

const nothingLost = { missing: [], neverAcknowledged: [], strange: [] };

/** Resolves when the backend has stored so many more records. */
async function untilMore(backend: Backend, count: number): Promise<void> {
  const before = backend.stored().size;
  await until(() => backend.stored().size >= before + count, `the backend stores ${count} more records`);
}

/** Kills the backend twice under the load, and starts it again when somebody has noticed. */
async function killTwice(backend: Backend, noticed: () => number): Promise<void> {
  for (let kill = 0; kill < 2; kill++) {
    await untilMore(backend, 500);
    await backend.kill();
    const before = noticed();
    await until(() => noticed() > before, "somebody is asked to try again while the backend is gone");
    await backend.start();
  }
  await untilMore(backend, 500);
}

/** What comes first: the end of the plan, or the failure of the load. */
async function under(load: { readonly done: Promise<void> }, plan: Promise<unknown>): Promise<void> {
  await Promise.race([plan, load.done.then(() => plan)]);
}

/** How often a process has told that something waits for its backend. */
const handedOver = ({ log }: { log(): string }): number => log().split("it waits to be delivered").length - 1;

/** Resolves when the backend has all that was acknowledged. */
const untilDelivered = (backend: Backend, { acknowledged }: Sent): Promise<unknown> =>
  until(
    () => {
      const stored = backend.stored();
      return acknowledged.every(id => stored.has(id));
    },
    () => `${acknowledged.length} records are at the backend, which has ${backend.stored().size}`,
  );

test("what clients push while the backend is killed twice is acknowledged, and there in the end", async () => {
  const backend = await startBackend();
  const [loki = 0, otlp = 0] = await freePorts(2);
  const amalgam = await startAmalgam(writeConfig(configuration(backend.url, loki, otlp)));
  const load = startLoad(batchOf(loki, otlp), 8);
  await under(
    load,
    killTwice(backend, () => handedOver(amalgam)),
  );
  await load.finish();
  await untilDelivered(backend, load);
  const { result, summary } = accountOf(load, backend.stored());
  expect(result, summary).toEqual(nothingLost);
  expect(load.broken, `${summary}; connections to amalgam broke`).toBe(0);
});

test("what waits for the backend when the process is killed is delivered by the next one", async () => {
  const backend = await startBackend();
  const [loki = 0, otlp = 0] = await freePorts(2);
  const config = writeConfig(configuration(backend.url, loki, otlp));
  const amalgam = await startAmalgam(config);
  await backend.kill();
  const load = startLoad(batchOf(loki, otlp), 8);
  await under(
    load,
    until(() => load.acknowledged.length > 200, "clients have their answers though the backend is gone"),
  );
  await load.finish();
  expect(backend.stored().size).toBe(0);
  amalgam.signal("SIGKILL");
  await amalgam.exited;
  await startAmalgam(config);
  await backend.start();
  await untilDelivered(backend, load);
  const { result, summary } = accountOf(load, backend.stored());
  expect(result, summary).toEqual(nothingLost);
});

test("what the local process answered well before it was killed twice is at the backend", async () => {
  const backend = await startBackend();
  const [loki = 0, otlp = 0] = await freePorts(2);
  const config = writeConfig(configuration(backend.url, loki, otlp));
  let amalgam = await startAmalgam(config);
  const load = startLoad(batchOf(loki, otlp), 8);
  const plan = async () => {
    for (let kill = 0; kill < 2; kill++) {
      await untilMore(backend, 500);
      amalgam.signal("SIGKILL");
      expect(await amalgam.exited).toEqual({ code: null, signal: "SIGKILL" });
      amalgam = await startAmalgam(config);
    }
    await untilMore(backend, 500);
  };
  await under(load, plan());
  await load.finish();
  const { result, summary } = accountOf(load, backend.stored());
  expect(result, summary).toEqual(nothingLost);
  expect(load.broken, `${summary}; the load went on while amalgam was gone`).toBeGreaterThan(0);
});

/** A function with its own pipeline, as each of its instances has. */
async function startFunction(backend: string): Promise<Handler> {
  const { file, diagnostics } = parseFile({ name: "config.alloy", text: configuration(backend, 3100, 4318) });
  expect(diagnostics).toEqual([]);
  const definitions = [lokiSourceApi, lokiWrite, otelcolExporterOtlphttp, otelcolReceiverOtlp];
  const pipeline = await loadFunction([file], {
    definitions: definitions as unknown as Definition[], // each has types of its own
    stability: "generally-available",
    directory: "/",
    log: createLogger({ write: () => {} }),
  });
  onTestFinished(() => pipeline.close());
  return createHandler(pipeline);
}

interface Message {
  readonly id: string;
  readonly ids: readonly string[];
  readonly body: string;
}

function messageOf(n: number): Message {
  const ids = Array.from({ length: 3 }, (_, i) => `${n % 2 ? "span" : "line"}-${n}-${i}`);
  return { id: `message-${n}`, ids, body: n % 2 ? otlpTraces(ids).toString("base64") : lokiPush(ids) };
}

const sqsEvent = (messages: readonly Message[]) => ({
  Records: messages.map(({ id, body }) => ({
    messageId: id,
    receiptHandle: id,
    body,
    attributes: { ApproximateReceiveCount: "1" },
    messageAttributes: {},
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:telemetry",
  })),
});

/** A queue with a visibility timeout of nothing: brings exactly those again that the function names, or all when it fails. */
function startQueue(handlers: readonly Handler[]) {
  const waiting: Message[] = [];
  let stopped = false;
  let n = 0;
  const queue = {
    sent: [] as string[],
    acknowledged: [] as string[],
    returned: 0,
    done: Promise.resolve(),
    finish: () => {
      stopped = true;
      return queue.done;
    },
  };
  const receive = (): Message[] => {
    while (!stopped && waiting.length < 10) {
      const message = messageOf(n++);
      queue.sent.push(...message.ids);
      waiting.push(message);
    }
    return waiting.splice(0, 10);
  };
  const poll = async (handler: Handler) => {
    for (let batch = receive(); batch.length; batch = receive()) {
      const answer = await handler(sqsEvent(batch), { getRemainingTimeInMillis: () => 5000 });
      const { batchItemFailures } = answer as SQSBatchResponse; // what the adapter of queues gives
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const message of batch) {
        if (failed.delete(message.id)) waiting.push(message);
        else queue.acknowledged.push(...message.ids);
      }
      expect([...failed], "names of messages that were not in the batch").toEqual([]);
      queue.returned += batchItemFailures.length;
    }
  };
  queue.done = Promise.all(handlers.map(poll)).then(() => {});
  queue.done.catch(() => {}); // whoever waits for it is told
  return queue;
}

test("what a function takes off a queue while the backend is killed twice is there, and the rest stays in the queue", async () => {
  const backend = await startBackend();
  const queue = startQueue([await startFunction(backend.url), await startFunction(backend.url)]);
  await under(
    queue,
    killTwice(backend, () => queue.returned),
  );
  await queue.finish();
  const { result, summary } = accountOf(queue, backend.stored());
  expect(result, `${summary}; ${queue.returned} messages went back`).toEqual(nothingLost);
});
