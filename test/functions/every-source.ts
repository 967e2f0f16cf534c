/** A function with every source of logs at its defaults, and with something for all else; it keeps what reaches it. */
import { loadFunction } from "../../functions/aws/entry.ts";
import { createHandler, type Handler } from "../../functions/aws/handler.ts";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { object, required } from "../../lib/pipeline/eval/schema.ts";
import { type Definition, defineComponent } from "../../lib/pipeline/graph/component.ts";
import { logs } from "../../lib/pipeline/graph/kinds.ts";
import { receiver } from "../../lib/pipeline/graph/receiver.ts";
import type { HttpRequest, Trigger } from "../../lib/pipeline/graph/trigger.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import type { LogBatch } from "../../lib/pipeline/telemetry/loki/model.ts";

const config = `
test.anything "in" { }
test.logs "out" { }
loki.source.cloudwatch_logs "in" { forward_to = [test.logs.out.receiver] }
loki.source.sqs "in" { forward_to = [test.logs.out.receiver] }
loki.source.sns "in" { forward_to = [test.logs.out.receiver] }
loki.source.kinesis "in" { forward_to = [test.logs.out.receiver] }
loki.source.eventbridge "in" { forward_to = [test.logs.out.receiver] }
loki.source.kafka "in" {
  brokers                = ["a:9092"]
  topics                 = ["orders"]
  labels                 = { job = "kafka" }
  use_incoming_timestamp = true
  forward_to             = [test.logs.out.receiver]
}
loki.source.awsfirehose "in" {
  http { }
  access_key             = "example-key"
  use_incoming_timestamp = true
  forward_to             = [test.logs.out.receiver]
}
`;

type See = (batch: LogBatch | undefined, what: unknown) => void;

const testLogs = (see: See) =>
  defineComponent({
    name: "test.logs",
    summary: "Notes streams.",
    stability: "generally-available",
    args: object({}),
    exports: object({ receiver: required(receiver(logs), "Takes them.") }),
    build: () => ({ exports: { receiver: { consume: async batch => see(batch, batch) } } }),
  });

const paths = ["/v1/traces", "/v1/logs", "/v1/metrics", "/loki/api/v1/push"];

const testAnything = (see: See) => {
  const note = async (what: { readonly body: Uint8Array }) =>
    see(undefined, { ...what, body: Buffer.from(what.body).toString("latin1") });
  const handle = async (request: HttpRequest) => {
    await note(request);
    return { status: 200 };
  };
  const triggers: readonly Trigger[] = [
    { kind: "records", format: "otlp", sources: ["queue", "topic", "stream", "kafka"], push: note },
    { kind: "records", format: "loki", sources: ["queue", "topic", "stream", "kafka"], push: note },
    { kind: "objects", buckets: [], read: async given => see(undefined, given) as undefined },
    { kind: "schedule", everyMs: 60_000, run: async () => see(undefined, "schedule") },
    {
      kind: "http",
      host: "127.0.0.1",
      port: 4318,
      authenticated: false,
      routes: paths.map(path => ({ path, maxBodyBytes: 1 << 20, handle })),
    },
  ];
  return defineComponent({
    name: "test.anything",
    summary: "Notes what has no other component.",
    stability: "generally-available",
    args: object({}),
    build: () => ({ triggers }),
  });
};

export interface EverySource {
  readonly handler: Handler;
  /** What arrived since it was called last. */
  readonly take: () => { readonly all: readonly unknown[]; readonly batches: readonly LogBatch[] };
  /** Lines of the function's log, with their fields. */
  readonly log: readonly string[];
  readonly close: () => Promise<void>;
}

export async function loadEverySource(): Promise<EverySource> {
  let all: unknown[] = [];
  let batches: LogBatch[] = [];
  const log: string[] = [];
  const see: See = (batch, what) => {
    all.push(what);
    if (batch) batches.push(batch);
  };
  const tell = (...line: unknown[]) => void log.push(JSON.stringify(line));
  const { file, diagnostics } = parseFile({ name: "test.alloy", text: config });
  if (diagnostics.length) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const ours = [testLogs(see), testAnything(see)] as unknown as Definition[]; // have types of their own
  const pipeline = await loadFunction([file], {
    definitions: [...definitions.values(), ...ours],
    stability: "generally-available",
    directory: "/",
    log: { debug: tell, info: tell, warn: tell, error: tell },
    environment: { clock: () => 1_800_000_000_000 },
  });
  return {
    handler: createHandler(pipeline),
    log,
    close: () => pipeline.close(),
    take() {
      const taken = { all, batches };
      [all, batches] = [[], []];
      return taken;
    },
  };
}
