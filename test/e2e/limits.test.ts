/** What clients send too much of, or wrong, is refused with a reason, takes no memory, and disturbs nobody. */
import { request } from "node:http";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { compress as compressBody } from "../../lib/pipeline/delivery/compress.ts";
import { type Answer, post } from "./support/client.ts";
import { encode } from "./support/decode.ts";
import { freePorts } from "./support/ports.ts";
import { type Amalgam, startAmalgam, writeConfig } from "./support/process.ts";
import { type Sink, startSink } from "./support/sink.ts";

interface Setup {
  readonly amalgam: Amalgam;
  readonly sink: Sink;
  readonly loki: string;
  readonly otlp: string;
}

async function start(): Promise<Setup> {
  const sink = await startSink();
  const [loki = 0, otlp = 0] = await freePorts(2);
  const config = writeConfig(`
    loki.source.api "in" {
      http {
        listen_address = "127.0.0.1"
        listen_port    = ${loki}
      }
      forward_to            = [loki.write.out.receiver]
      max_send_message_size = "2MiB"
    }
    loki.write "out" {
      endpoint {
        url = "${sink.url}/loki/api/v1/push"
      }
    }
    otelcol.receiver.otlp "in" {
      http {
        endpoint              = "127.0.0.1:${otlp}"
        max_request_body_size = "2MiB"
      }
      output {
        traces = [otelcol.exporter.otlphttp.out.input]
        logs   = [otelcol.exporter.otlphttp.out.input]
      }
    }
    otelcol.exporter.otlphttp "out" {
      client {
        endpoint = "${sink.url}"
      }
    }
  `);
  const amalgam = await startAmalgam(config);
  return {
    amalgam,
    sink,
    loki: `http://127.0.0.1:${loki}/loki/api/v1/push`,
    otlp: `http://127.0.0.1:${otlp}/v1/traces`,
  };
}

const mebibyte = 1 << 20;
const zeros = Buffer.alloc(16 * mebibyte);
const times = (count: number, bytes: Uint8Array): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes));

/** A block that declares a GiB, as a length of five bytes with seven bits each, and has none of it. */
const snappyLie = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0x00, 0x61]);
/** Bodies that hold a GiB, or as much as the format allows: gzip and zstd join members. */
const bombs = {
  gzip: times(64, gzipSync(zeros)),
  zstd: times(64, zstdCompressSync(zeros)),
  deflate: deflateSync(Buffer.alloc(128 * mebibyte), { level: 1 }),
  snappy: compressBody(zeros, "snappy"),
  "x-snappy-framed": times(8, compressBody(zeros, "x-snappy-framed")),
  lz4: compressBody(zeros, "lz4"),
};

const protobuf = { "content-type": "application/x-protobuf" };
const json = { "content-type": "application/json" };
const traces = (name: string): Buffer =>
  encode("Traces", {
    resource_spans: [
      { scope_spans: [{ spans: [{ trace_id: Buffer.alloc(16, 1), span_id: Buffer.alloc(8, 1), name }] }] },
    ],
  });
const push = (line: string): string =>
  JSON.stringify({ streams: [{ stream: { a: "b" }, values: [["1700000000000000000", line]] }] });

test("compressed bombs are refused and take no memory, and what is pushed meanwhile arrives", async () => {
  const { amalgam, sink, loki, otlp } = await start();
  const { peak: before } = await amalgam.memory();
  const attack = [
    ...Object.entries(bombs).flatMap(([encoding, body]) =>
      [protobuf, json].map(type => ({
        it: `otlp ${type["content-type"]} ${encoding}`,
        url: otlp,
        headers: { ...type, "content-encoding": encoding },
        body,
        status: 413,
      })),
    ),
    {
      it: "otlp snappy lie",
      url: otlp,
      headers: { ...protobuf, "content-encoding": "snappy" },
      body: snappyLie,
      status: 413,
    },
    { it: "loki gzip", url: loki, headers: { ...json, "content-encoding": "gzip" }, body: bombs.gzip, status: 413 },
    {
      it: "loki deflate",
      url: loki,
      headers: { ...json, "content-encoding": "deflate" },
      body: bombs.deflate,
      status: 413,
    },
    // Alloy answers 400 where a protobuf body exceeds max_send_message_size
    { it: "loki snappy", url: loki, headers: protobuf, body: bombs.snappy, status: 400 },
    { it: "loki snappy lie", url: loki, headers: protobuf, body: snappyLie, status: 400 },
    {
      it: "loki zstd, which it does not know",
      url: loki,
      headers: { ...json, "content-encoding": "zstd" },
      body: bombs.zstd,
      status: 400,
    },
  ];
  const good = Array.from({ length: 50 }, (_, n) => [
    { it: `span ${n}`, url: otlp, headers: protobuf, body: traces(`span ${n}`), status: 200 },
    { it: `line ${n}`, url: loki, headers: json, body: push(`line ${n}`), status: 204 },
  ]).flat();
  // one after the other in four queues, mixed
  const rest = [...attack, ...attack, ...good].sort((a, b) => (a.body.length % 7) - (b.body.length % 7));
  const answers: { it: string; status: number; text: string }[] = [];
  const worker = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      const { status, text } = await post(next).catch(
        (error: Error): Answer => ({ status: 0, retryAfterMs: 0, text: error.message }),
      );
      if (status !== next.status) answers.push({ it: next.it, status, text });
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  expect(answers).toEqual([]);
  const lines = sink.entries.map(({ line }) => line).sort();
  expect(lines).toEqual(good.flatMap(({ it }) => (it.startsWith("line") ? [it] : [])).sort());
  const { peak } = await amalgam.memory();
  expect(peak - before, `MiB at the peak: ${before} before, ${peak} behind`).toBeLessThan(400);
});

test("a body that goes on beyond the limit is answered while it is sent", async () => {
  const { otlp, loki } = await start();
  for (const url of [otlp, loki]) {
    const { answer, sent } = await stream(url);
    expect({ url, status: answer }).toEqual({ url, status: 413 });
    expect(sent, "MiB that were sent").toBeLessThan(200);
  }
});

/** Sends a body without end and without a length until there is an answer. */
function stream(url: string): Promise<{ answer: number; sent: number }> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    const outgoing = request(url, { method: "POST", headers: protobuf }, response => {
      response.resume();
      resolve({ answer: response.statusCode ?? 0, sent });
      clearInterval(timer);
      outgoing.destroy();
    });
    outgoing.once("error", reject);
    const timer = setInterval(() => {
      if (outgoing.writableNeedDrain) return;
      sent++;
      outgoing.write(zeros.subarray(0, mebibyte));
    }, 1);
  });
}

test("a body that says that it is too long is answered", async () => {
  const { otlp, loki } = await start();
  for (const url of [otlp, loki]) {
    const { status } = await post({ url, headers: protobuf, body: times(7, zeros) });
    expect({ url, status }).toEqual({ url, status: 413 });
  }
});

const gzipped = { "content-encoding": "gzip" };
/** An attribute that holds lists in lists, written from the inside. */
function nested(depth: number): Buffer {
  const field = (number: number, bytes: Buffer): Buffer => {
    const length: number[] = [];
    for (let rest = bytes.length; ; rest >>>= 7) {
      length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) break;
    }
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
  };
  let value = Buffer.from([0x10, 0x01]);
  // a value in field 5 of AnyValue, which is a list of values in its field 1
  for (let i = 0; i < depth; i++) value = field(5, field(1, value)) as Buffer<ArrayBuffer>;
  return [9, 2, 2, 1].reduce(
    (bytes, number, i) => field(number, i === 0 ? Buffer.concat([field(1, Buffer.from("k")), field(2, bytes)]) : bytes),
    value as Buffer,
  );
}

interface Malformed {
  readonly it: string;
  readonly to: "traces" | "logs" | "loki";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly status: number;
}

const malformed: readonly Malformed[] = [
  { it: "OTLP JSON that is cut off", to: "traces", headers: json, body: '{"resourceSpans":[', status: 400 },
  { it: "OTLP JSON that is not an object", to: "traces", headers: json, body: "[]", status: 400 },
  {
    it: "OTLP JSON with a wrong type",
    to: "traces",
    headers: json,
    body: '{"resourceSpans":[{"scopeSpans":7}]}',
    status: 400,
  },
  {
    it: "OTLP JSON of ten thousand lists in lists",
    to: "logs",
    headers: json,
    body: `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${'{"arrayValue":{"values":['.repeat(10_000)}{"intValue":1}${"]}}".repeat(10_000)}}]}]}]}`,
    status: 400,
  },
  {
    it: "OTLP protobuf that is cut off",
    to: "traces",
    headers: protobuf,
    body: traces("span").subarray(0, -1),
    status: 400,
  },
  { it: "OTLP protobuf that is none", to: "traces", headers: protobuf, body: "this is text", status: 400 },
  {
    it: "OTLP protobuf of ten thousand lists in lists",
    to: "traces",
    headers: protobuf,
    body: nested(10_000),
    status: 400,
  },
  {
    it: "OTLP with gzip that is none",
    to: "traces",
    headers: { ...protobuf, ...gzipped },
    body: "not compressed",
    status: 400,
  },
  {
    it: "OTLP with gzip that is cut off",
    to: "traces",
    headers: { ...protobuf, ...gzipped },
    body: gzipSync(traces("span")).subarray(0, -9),
    status: 400,
  },
  {
    it: "OTLP with an encoding that nobody knows",
    to: "traces",
    headers: { ...protobuf, "content-encoding": "br" },
    body: "x",
    status: 400,
  },
  { it: "OTLP as text", to: "traces", headers: { "content-type": "text/plain" }, body: "x", status: 415 },
  { it: "Loki JSON that is cut off", to: "loki", headers: json, body: '{"streams":[', status: 400 },
  {
    it: "Loki JSON with a time that is none",
    to: "loki",
    headers: json,
    body: '{"streams":[{"stream":{"a":"b"},"values":[["yesterday","x"]]}]}',
    status: 400,
  },
  {
    it: "Loki JSON of a hundred thousand lists in lists",
    to: "loki",
    headers: json,
    body: `{"streams":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    status: 400,
  },
  { it: "Loki protobuf that is not compressed", to: "loki", headers: protobuf, body: "this is text", status: 400 },
  {
    it: "Loki protobuf with a copy from before the beginning",
    to: "loki",
    headers: protobuf,
    body: Buffer.from([0x08, 0xfe, 0xff, 0xff]),
    status: 400,
  },
  {
    it: "Loki protobuf that is cut off",
    to: "loki",
    headers: protobuf,
    body: compressBody(Buffer.from([0x0a, 0x20, 0x0a]), "snappy") as Buffer,
    status: 400,
  },
  {
    it: "Loki with gzip that is none",
    to: "loki",
    headers: { ...json, ...gzipped },
    body: "not compressed",
    status: 400,
  },
];

test("malformed bodies are refused, each with a reason, and what is pushed behind them arrives", async () => {
  const { amalgam, sink, otlp, loki } = await start();
  const urls = { traces: otlp, logs: otlp.replace("/v1/traces", "/v1/logs"), loki };
  const answers: object[] = [];
  for (const { it, to, headers, body } of malformed) {
    const { status, text } = await post({ url: urls[to], headers, body });
    answers.push({ it, status, saysWhy: /\S/.test(text) });
  }
  expect(answers).toEqual(malformed.map(({ it, status }) => ({ it, status, saysWhy: true })));
  expect((await post({ url: loki, headers: json, body: push("behind") })).status).toBe(204);
  expect(sink.entries).toEqual([{ labels: '{a="b"}', line: "behind" }]);
  expect(amalgam.log()).not.toMatch(/level=error/);
});
