import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DeliveryError } from "../../../delivery/errors.ts";
import { collect, testHost, testInvocation, testTime } from "../../../graph/testing.ts";
import type { HttpReply, HttpRequest, HttpTrigger, RecordsTrigger } from "../../../graph/trigger.ts";
import { printLabels } from "../../../telemetry/loki/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { encodePush } from "../../../telemetry/loki/push.ts";
import { compressBlock } from "../../../telemetry/snappy.ts";
import { lokiRelabel } from "../relabel.ts";
import { lokiSourceApi } from "./api.ts";

/** A component, its routes, and what comes out of it. */
function source(args: Record<string, unknown> = {}, refusal?: Error) {
  const out = collect<LogBatch>(refusal);
  const decoded = { ...lokiSourceApi.args.decode({ forward_to: [], ...args }), forward_to: [out] };
  const instance = lokiSourceApi.build(decoded, testHost({ id: "loki.source.api.in" }));
  if (instance instanceof Promise) throw new Error("should be built at once");
  const [http, records] = instance.triggers as [HttpTrigger, RecordsTrigger]; // it has one of each
  const send = (path: string, body: string | Uint8Array, headers: HttpRequest["headers"] = {}): Promise<HttpReply> => {
    const route = http.routes.find(each => each.path === path);
    if (!route) throw new Error(`should have a route ${path}`);
    return route.handle({ method: "POST", path, query: "", headers, body: Buffer.from(body) }, testInvocation());
  };
  return { http, records, send, streams: () => out.batches.flatMap(shown) };
}

const shown = (batch: LogBatch) =>
  batch.flatMap(({ labels, entries }) =>
    entries.map(({ timestamp, line, metadata }) => [
      printLabels(labels),
      line,
      timestamp === BigInt(testTime) * 1_000_000n ? "now" : timestamp,
      ...metadata,
    ]),
  );

const json = { "content-type": "application/json" };
const pushOf = (stream: Record<string, unknown>, ...values: unknown[]) =>
  JSON.stringify({ streams: [{ stream, values }] });
const protobufOf = (labels: string, line: string) =>
  compressBlock(encodePush(new Map([[labels, [{ timestamp: 5n, line, metadata: [] }]]])));

const path = "/loki/api/v1/push";

describe("a push is stored", () => {
  test.for<{
    it: string;
    args?: Record<string, unknown>;
    body: string | Uint8Array;
    headers?: HttpRequest["headers"];
    streams: unknown[];
  }>([
    {
      it: "of JSON, at the time of its arrival",
      body: pushOf({ a: "b" }, ["1", "line"]),
      headers: json,
      streams: [['{a="b"}', "line", "now"]],
    },
    {
      it: "of JSON with parameters behind its type",
      body: pushOf({ a: "b" }, ["1", "line"]),
      headers: { "content-type": "Application/JSON; charset=utf-8" },
      streams: [['{a="b"}', "line", "now"]],
    },
    {
      it: "at its own time where that is wanted",
      args: { use_incoming_timestamp: true },
      body: pushOf({ a: "b" }, ["7", "line"]),
      headers: json,
      streams: [['{a="b"}', "line", 7n]],
    },
    {
      it: "with structured metadata",
      body: pushOf({ a: "b" }, ["1", "line", { m: "n" }]),
      headers: json,
      streams: [['{a="b"}', "line", "now", "m", "n"]],
    },
    {
      it: "of gzip",
      body: gzipSync(pushOf({ a: "b" }, ["1", "line"])),
      headers: { ...json, "content-encoding": "gzip" },
      streams: [['{a="b"}', "line", "now"]],
    },
    {
      it: "of protobuf, which any other type means",
      body: protobufOf('{a="b"}', "line"),
      headers: {},
      streams: [['{a="b"}', "line", "now"]],
    },
    {
      it: "of protobuf that says it is snappy",
      body: protobufOf('{a="b"}', "line"),
      headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
      streams: [['{a="b"}', "line", "now"]],
    },
    {
      it: "with the configuration's labels, which win",
      args: { labels: { a: "mine", c: "d" } },
      body: pushOf({ a: "b" }, ["1", "line"]),
      headers: json,
      streams: [['{a="mine", c="d"}', "line", "now"]],
    },
    {
      it: "without labels that begin with two underscores",
      body: pushOf({ a: "b", __tenant_id__: "t", __x: "y" }, ["1", "line"]),
      headers: json,
      streams: [['{a="b"}', "line", "now"]],
    },
    {
      it: "with the tenant of the request",
      body: pushOf({ a: "b" }, ["1", "line"]),
      headers: { ...json, "x-scope-orgid": "t" },
      streams: [['{__tenant_id__="t", a="b"}', "line", "now"]],
    },
    {
      it: "without a tenant where there are several",
      body: pushOf({ a: "b" }, ["1", "line"]),
      headers: { ...json, "x-scope-orgid": "t|u" },
      streams: [['{a="b"}', "line", "now"]],
    },
    { it: "not where no label is left", body: pushOf({}, ["1", "line"]), headers: json, streams: [] },
    {
      it: "also without labels of its own where the configuration has some",
      args: { labels: { c: "d" } },
      body: pushOf({}, ["1", "line"]),
      headers: json,
      streams: [['{c="d"}', "line", "now"]],
    },
  ])("$it", async ({ args, body, headers, streams: expected }) => {
    const { send, streams } = source(args);
    expect(await send(path, body, headers)).toEqual({ status: 204 });
    expect(streams()).toEqual(expected);
  });

  test("as rules make of it, which see labels with two underscores, and may drop it", async () => {
    const rules = [
      { source_labels: ["__hidden"], target_label: "shown" },
      { source_labels: ["drop"], regex: "yes", action: "drop" },
    ];
    const { rule } = lokiRelabel.args.decode({ forward_to: [], rule: rules });
    const out = collect<LogBatch>();
    const decoded = { ...lokiSourceApi.args.decode({ forward_to: [] }), forward_to: [out], relabel_rules: rule };
    const instance = lokiSourceApi.build(decoded, testHost());
    if (instance instanceof Promise) throw new Error("should be built at once");
    const [http] = instance.triggers as [HttpTrigger]; // it has one
    for (const stream of [
      { a: "b", __hidden: "x" },
      { a: "b", drop: "yes" },
    ]) {
      const reply = await http.routes[0]?.handle(
        { method: "POST", path, query: "", headers: json, body: Buffer.from(pushOf(stream, ["1", "line"])) },
        testInvocation(),
      );
      expect(reply).toEqual({ status: 204 });
    }
    expect(out.batches.flatMap(shown)).toEqual([['{a="b", shown="x"}', "line", "now"]]);
  });
});

describe("a push is refused", () => {
  test.for<{
    it: string;
    args?: Record<string, unknown>;
    body: string | Uint8Array;
    headers?: HttpRequest["headers"];
    status: number;
  }>([
    { it: "that is cut", body: pushOf({ a: "b" }, ["1", "line"]).slice(0, -3), headers: json, status: 400 },
    { it: "that is empty", body: "", headers: json, status: 400 },
    {
      it: "that is JSON but says otherwise",
      body: pushOf({ a: "b" }, ["1", "line"]),
      headers: { "content-type": "text/plain" },
      status: 400,
    },
    {
      it: "of another encoding",
      body: pushOf({ a: "b" }, ["1", "line"]),
      headers: { ...json, "content-encoding": "br" },
      status: 400,
    },
    { it: "of broken gzip", body: "no gzip", headers: { ...json, "content-encoding": "gzip" }, status: 400 },
    {
      it: "of protobuf in gzip",
      body: gzipSync(protobufOf('{a="b"}', "line")),
      headers: { "content-encoding": "gzip" },
      status: 400,
    },
    { it: "of labels that are none", body: protobufOf("{a=b}", "line"), status: 400 },
    {
      it: "of protobuf above the limit",
      args: { max_send_message_size: "10B" },
      body: protobufOf('{a="b"}', "line"),
      status: 400,
    },
    {
      it: "whole where one entry is bad",
      body: pushOf({ a: "b" }, ["1", "line"], ["x", "line"]),
      headers: json,
      status: 400,
    },
  ])("$it", async ({ args, body, headers, status }) => {
    const { send, streams } = source(args);
    expect(await send(path, body, headers)).toMatchObject({ status });
    expect(streams()).toEqual([]);
  });
});

describe("plain lines", () => {
  test.for<{
    it: string;
    args?: Record<string, unknown>;
    body: string;
    headers?: HttpRequest["headers"];
    streams: unknown[];
  }>([
    {
      it: "are an entry each; empty ones are none, blanks and nothing else of them stay",
      body: "one\r\n\n  two \nthree",
      streams: [
        ["{}", "one", "now"],
        ["{}", "  two ", "now"],
        ["{}", "three", "now"],
      ],
    },
    {
      it: "have the configuration's labels only",
      args: { labels: { a: "b" } },
      body: "one\n",
      headers: { "x-scope-orgid": "t" },
      streams: [['{a="b"}', "one", "now"]],
    },
    { it: "may be none", body: "", streams: [] },
    {
      it: "have the time of their arrival in any case",
      args: { use_incoming_timestamp: true },
      body: "one",
      streams: [["{}", "one", "now"]],
    },
  ])("$it", async ({ args, body, headers, streams: expected }) => {
    const { send, streams } = source(args);
    expect(await send("/loki/api/v1/raw", body, headers)).toEqual({ status: 204 });
    expect(streams()).toEqual(expected);
  });
});

test.for<{ it: string; error: Error; reply: HttpReply }>([
  {
    it: "that may pass later is 503, with the time to wait",
    error: new DeliveryError("no time is left", { kind: "retry", retryAfterMs: 2500 }),
    reply: { status: 503, headers: { "retry-after": "3" }, body: "no time is left\n" },
  },
  {
    it: "without a time is 503, too",
    error: new DeliveryError("no connection", { kind: "retry" }),
    reply: { status: 503, headers: { "retry-after": "1" }, body: "no connection\n" },
  },
  {
    it: "for good is 400",
    error: new DeliveryError("push refused, got status 400", { kind: "reject" }),
    reply: { status: 400, body: "push refused, got status 400\n" },
  },
  {
    it: "of its size is 413",
    error: new DeliveryError("push refused, got status 413", { kind: "split" }),
    reply: { status: 413, body: "push refused, got status 413\n" },
  },
  {
    it: "that nobody thought of is 503",
    error: new TypeError("oops"),
    reply: { status: 503, headers: { "retry-after": "1" }, body: "oops\n" },
  },
])("a failure below $it", async ({ error, reply }) => {
  const { send } = source({}, error);
  expect(await send(path, pushOf({ a: "b" }, ["1", "line"]), json)).toEqual(reply);
  expect(await send("/loki/api/v1/raw", "line")).toEqual(reply);
});

test("listens where its http block says", () => {
  const { http } = source({ http: { listen_address: "127.0.0.1", listen_port: 9, server_write_timeout: "5s" } });
  const { routes, ...trigger } = http;
  expect(trigger).toEqual({ kind: "http", host: "127.0.0.1", port: 9, authenticated: false });
  expect(routes.map(({ method, path: to, answerWithinMs }) => `${method} ${to} ${answerWithinMs}`)).toEqual([
    "POST /loki/api/v1/push 5000",
    "POST /api/v1/push 5000",
    "POST /loki/api/v1/raw 5000",
    "POST /api/v1/raw 5000",
    "GET /ready undefined",
  ]);
});

test("without an http block listens on 8080; no limit of time is none", async () => {
  expect(source().http).toMatchObject({ host: "", port: 8080 });
  expect(source({ http: { server_write_timeout: "0s" } }).http.routes[0]?.answerWithinMs).toBeUndefined();
});

test("is ready", async () => {
  expect(await source().send("/ready", "")).toEqual({ status: 200, body: "ready\n" });
});

describe("records", () => {
  test.for<{ it: string; record: Parameters<RecordsTrigger["push"]>[0]; streams: unknown[] }>([
    {
      it: "of JSON",
      record: { format: "loki", encoding: "json", body: Buffer.from(pushOf({ a: "b" }, ["1", "line"])) },
      streams: [['{a="b"}', "line", "now"]],
    },
    {
      it: "of protobuf, with a tenant",
      record: { format: "loki", encoding: "protobuf", body: protobufOf('{a="b"}', "line"), tenant: "t" },
      streams: [['{__tenant_id__="t", a="b"}', "line", "now"]],
    },
  ])("$it", async ({ record, streams: expected }) => {
    const { records, streams } = source();
    await records.push(record, testInvocation());
    expect(streams()).toEqual(expected);
  });

  test("of another format are refused for good", async () => {
    const { records } = source();
    const record = { format: "cloudwatch_logs", body: new Uint8Array() } as const;
    await expect(records.push(record, testInvocation())).rejects.toMatchObject({
      kind: "reject",
      message: "loki.source.api takes Loki pushes, got cloudwatch_logs",
    });
  });
});

test.for<{ it: string; args: Record<string, unknown>; problems: object[] }>([
  { it: "none of the defaults", args: {}, problems: [] },
  {
    it: "a port that is none",
    args: { http: { listen_port: 70_000 } },
    problems: [{ path: ["http", "listen_port"], message: "listen_port should be from 0 to 65535, got 70000" }],
  },
  {
    it: "TLS without a key",
    args: { http: { tls: { cert_pem: "c" } } },
    problems: [{ path: ["http", "tls"], message: "tls should have a key, got neither key_pem nor key_file" }],
  },
])("problems: $it", ({ args, problems }) => {
  const decoded = lokiSourceApi.args.decode({ forward_to: [], ...args });
  expect([...(lokiSourceApi.check?.(decoded) ?? [])]).toEqual(problems);
});
