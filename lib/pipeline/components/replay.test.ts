import { expect, test } from "vitest";
import { type DeadLetter, memoryDeadLetters } from "../delivery/dead-letters.ts";
import type { Definition, Instance } from "../graph/component.ts";
import type { Invocation } from "../graph/invocation.ts";
import { otlpBatch } from "../graph/kinds.ts";
import { testHost, testInvocation, testTime } from "../graph/testing.ts";
import { labelsFrom } from "../telemetry/labels.ts";
import { decodePushProtobuf } from "../telemetry/loki/push.ts";
import { requestFromJson } from "../telemetry/otlp/json-read.ts";
import type { Sample } from "../telemetry/prometheus/model.ts";
import { uncompressBlock } from "../telemetry/snappy.ts";
import { lokiWrite } from "./loki/write.ts";
import { otelcolExporterOtlphttp } from "./otelcol/exporter/otlphttp.ts";
import { prometheusRemoteWrite } from "./prometheus/remote_write.ts";
import { readableBody } from "./readable-letter.ts";
import { type BackendAnswer, inTurn, startBackend } from "./testing.ts";

/** Builds a component as a local process has it; `consume` is that of its only export. */
async function built(definition: Definition, id: string, args: Readonly<Record<string, unknown>>) {
  const deadLetters = memoryDeadLetters();
  const host = testHost({ id, deadLetters, clock: Date.now });
  const instance: Instance = await definition.build(definition.args.decode(args), host);
  const [input] = Object.values(Object(instance.exports)) as [
    { consume(batch: unknown, of: Invocation): Promise<void> },
  ]; // as the schemas of writers say
  const invocation = () => testInvocation({ deadline: Date.now() + 5000 });
  return {
    letters: () => deadLetters.letters,
    consume: (batch: unknown) => input.consume(batch, invocation()),
    prepare: (letter: DeadLetter) => instance.replay?.(letter),
    replay: (...letters: DeadLetter[]) => Promise.all(letters.map(each => instance.replay?.(each).send(invocation()))),
  };
}

const refusing = () => {
  let open = false;
  const answer = (): BackendAnswer => ({ status: open ? 200 : 400, body: open ? "" : "no" });
  return {
    answer,
    open: () => {
      open = true;
    },
  };
};

const streams = [
  {
    labels: labelsFrom(Object.entries({ app: "shop", __tenant_id__: "t1" })),
    entries: [
      { timestamp: 1_700_000_000_123_456_789n, line: "paid\n", metadata: ["trace", "1"] },
      { timestamp: 1_700_000_000_123_456_790n, line: "", metadata: [] },
    ],
  },
];

const sample = (overrides: Partial<Sample> = {}): Sample => ({
  labels: labelsFrom(Object.entries({ __name__: "up", job: "shop" })),
  timestamp: Date.now() + 60_000, // locally nothing from before the start of the component is written
  value: 0.1,
  histogram: undefined,
  exemplars: undefined,
  metadata: undefined,
  startTimestamp: undefined,
  stale: false,
  ...overrides,
});

const samples = () => [
  sample({ metadata: { type: "gauge", help: "Whether.", unit: "" } }),
  sample({ labels: labelsFrom(Object.entries({ __name__: "gone" })), stale: true }),
];

const otlpLogs = (body = "paid") =>
  otlpBatch("logs", requestFromJson("logs", JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: body } }] }] }] }))); // biome-ignore format: one row

const loki = { definition: lokiWrite, id: "loki.write.out" };
const remoteWrite = { definition: prometheusRemoteWrite, id: "prometheus.remote_write.out" };
const otlp = { definition: otelcolExporterOtlphttp, id: "otelcol.exporter.otlphttp.out" };
const v2 = "io.prometheus.write.v2.Request";

test.for([
  { it: "Loki", ...loki, args: (url: string) => ({ endpoint: [{ url }], external_labels: { region: "eu" } }), batch: () => streams, format: "loki", items: 2 }, // biome-ignore format: one row
  { it: "remote write 1", ...remoteWrite, args: (url: string) => ({ endpoint: [{ url }] }), batch: samples, format: "remote_write_v1", items: 2 }, // biome-ignore format: one row
  { it: "remote write 2", ...remoteWrite, args: (url: string) => ({ endpoint: [{ url, protobuf_message: v2 }] }), batch: samples, format: "remote_write_v2", items: 2 }, // biome-ignore format: one row
  { it: "OTLP with gzip", ...otlp, args: (endpoint: string) => ({ client: { endpoint } }), batch: otlpLogs, format: "otlp_logs", items: 1 }, // biome-ignore format: one row
  { it: "OTLP as it is", ...otlp, args: (endpoint: string) => ({ client: { endpoint, compression: "none" } }), batch: otlpLogs, format: "otlp_logs", items: 1 }, // biome-ignore format: one row
  { it: "OTLP as JSON", ...otlp, args: (endpoint: string) => ({ client: { endpoint }, encoding: "json" }), batch: otlpLogs, format: "otlp_logs_json", items: 1 }, // biome-ignore format: one row
])("a letter of $it is sent as it was", async ({ definition, id, args, batch, format, items }) => {
  const { answer, open } = refusing();
  const { got, url } = await startBackend(answer);
  const { consume, prepare, replay, letters } = await built(definition as Definition, id, args(url)); // any of them
  await consume(batch());
  const [letter] = letters() as [DeadLetter]; // the request was refused
  expect([letter.format, letter.attempts]).toEqual([format, 1]);
  expect(prepare(letter)).toMatchObject({ destinations: [letter.destination], items });
  const { format: _, ...old } = letter; // as older versions wrote them
  open();
  await replay(letter);
  await replay(old);
  const sent = got.map(({ path, headers, body }) => ({ path, headers: { ...headers, connection: "" }, body }));
  expect(sent).toEqual([sent[0], sent[0], sent[0]]);
  expect(letters()).toHaveLength(1);
});

test("letters meet in one request with what is pending", async () => {
  const { answer, open } = refusing();
  const { got, url } = await startBackend(answer);
  const { consume, replay, letters } = await built(lokiWrite as Definition, "loki.write.out", { endpoint: [{ url }] }); // any of them
  for (const line of ["a", "b"]) await consume([{ labels: [], entries: [{ timestamp: 1n, line, metadata: [] }] }]);
  open();
  const pending = consume([{ labels: [], entries: [{ timestamp: 1n, line: "c", metadata: [] }] }]);
  await Promise.all([pending, replay(...letters())]);
  const bodies = got.map(({ body }) => decodePushProtobuf(uncompressBlock(body, 1 << 20)));
  expect(bodies.map(each => each.flatMap(({ entries }) => entries.map(({ line }) => line)))).toEqual([
    ["a"],
    ["b"],
    ["c", "a", "b"],
  ]);
});

test("a letter goes to the endpoint that refused it", async () => {
  const [one, two] = [await startBackend(inTurn(400, 200)), await startBackend(() => ({}))];
  const args = { endpoint: [{ url: two.url }, { url: one.url }] };
  const { consume, replay, letters } = await built(lokiWrite as Definition, "loki.write.out", args); // any of them
  await consume(streams);
  await replay(...letters());
  expect([one.got.length, two.got.length]).toEqual([2, 1]);
});

const letterOf = (overrides: Partial<DeadLetter>): DeadLetter => ({
  component: "loki.write.out",
  destination: "http://gone/push",
  reason: "no",
  time: testTime,
  format: "loki",
  contentType: "application/x-protobuf",
  body: new Uint8Array([0]),
  metadata: {},
  ...overrides,
});
const twoEndpoints = { endpoint: [{ url: "http://a/push" }, { url: "http://b/push" }] };

test.for([
  {
    it: "of an endpoint that has another URL",
    args: { endpoint: [{ url: "http://a/push" }] },
    letter: {},
    to: ["http://a/push"],
  },
  {
    it: "of another component",
    args: twoEndpoints,
    letter: { component: "loki.write.old" },
    to: ["http://a/push", "http://b/push"],
  },
  {
    it: "of another component for the same URL",
    args: twoEndpoints,
    letter: { component: "loki.write.old", destination: "http://b/push" },
    to: ["http://b/push"],
  },
])("a letter $it finds its way", async ({ args, letter, to }) => {
  const { prepare } = await built(lokiWrite as Definition, "loki.write.out", args); // any of them
  expect(prepare(letterOf(letter))?.destinations).toEqual(to);
});

test.for([
  {
    it: "that may be for any endpoint",
    args: twoEndpoints,
    letter: {},
    message: "loki.write.out should have an endpoint at http://gone/push, got http://a/push, http://b/push",
  },
  { it: "without an endpoint", args: {}, letter: {}, message: "loki.write.out should have an endpoint, got none" },
  {
    it: "of something else",
    args: { endpoint: [{ url: "http://a/push" }] },
    letter: { format: "otlp_logs" as const, component: "otelcol.exporter.otlphttp.out" },
    message: "the letter should be a push to Loki, got otlp_logs of otelcol.exporter.otlphttp.out",
  },
  {
    it: "that is broken",
    args: { endpoint: [{ url: "http://a/push" }] },
    letter: { body: new Uint8Array([9, 9]) },
    message: /snappy/,
  },
])("a letter $it can't be sent", async ({ args, letter, message }) => {
  const { prepare } = await built(lokiWrite as Definition, "loki.write.out", args); // any of them
  expect(() => prepare(letterOf(letter))).toThrow(message);
});

test("bodies are readable", async () => {
  const { url } = await startBackend(() => ({ status: 400 }));
  const bodyOf = async (definition: unknown, id: string, args: Readonly<Record<string, unknown>>, batch: unknown) => {
    const { consume, letters } = await built(definition as Definition, id, args); // any of them
    await consume(batch);
    return readableBody(letters()[0] as DeadLetter); // it was refused
  };
  expect(await bodyOf(lokiWrite, "loki.write.out", { endpoint: [{ url }] }, streams)).toEqual({
    streams: [
      {
        stream: { app: "shop" },
        values: [
          ["1700000000123456789", "paid\n", { trace: "1" }],
          ["1700000000123456790", ""],
        ],
      },
    ],
  });
  const rows = samples();
  expect(
    await bodyOf(prometheusRemoteWrite, "prometheus.remote_write.out", { endpoint: [{ url }] }, rows),
  ).toMatchObject([
    { labels: { __name__: "up", job: "shop" }, timestamp: rows[0]?.timestamp, value: 0.1 },
    { labels: { __name__: "gone" }, stale: true },
  ]);
  const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "paid" } }] }] }] };
  for (const encoding of ["proto", "json"])
    expect(
      await bodyOf(otelcolExporterOtlphttp, "o.out", { client: { endpoint: url }, encoding }, otlpLogs()),
    ).toMatchObject(logs);
  expect(readableBody(letterOf({ component: "other.writer.out", format: undefined }))).toBeUndefined();
});
