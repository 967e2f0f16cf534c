import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DeliveryError } from "../../../delivery/errors.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import type { OtlpBatch } from "../../../graph/kinds.ts";
import { testHost, testInvocation } from "../../../graph/testing.ts";
import type { HttpReply, HttpRequest, HttpTrigger, RecordsTrigger, Signal } from "../../../graph/trigger.ts";
import { requestFromJson } from "../../../telemetry/otlp/json-read.ts";
import { requestToJson } from "../../../telemetry/otlp/json-write.ts";
import type { AuthHandler } from "../auth.ts";
import { otelcolReceiverOtlp, parseEndpoint } from "./otlp.ts";

const signals = ["traces", "metrics", "logs"] as const;

/** A component with an http block, whose wired signals lead to one place. */
function receiver(
  http: Record<string, unknown> = {},
  {
    wired = signals as readonly Signal[],
    refusal,
    auth,
  }: { wired?: readonly Signal[]; refusal?: Error; auth?: AuthHandler } = {},
) {
  const got: [Signal, unknown][] = [];
  const invocations: Invocation[] = [];
  const consumer = {
    async consume({ signal, data }: OtlpBatch, invocation: Invocation) {
      got.push([signal, JSON.parse(Buffer.from(requestToJson(signal, data.encode())).toString())]);
      invocations.push(invocation);
      if (refusal) throw refusal;
    },
  };
  const decoded = otelcolReceiverOtlp.args.decode({ http, output: {} });
  const output = Object.fromEntries(signals.map(signal => [signal, wired.includes(signal) ? [consumer] : []]));
  const args = { ...decoded, http: { ...decoded.http, ...(auth && { auth }) }, output };
  const instance = otelcolReceiverOtlp.build(args as never, testHost()); // with consumers and a handler in the place of capsules
  if (instance instanceof Promise) throw new Error("should be built at once");
  const [listener, records] = instance.triggers as [HttpTrigger, RecordsTrigger]; // it has one of each
  const send = (
    path: string,
    body: string | Uint8Array,
    headers: HttpRequest["headers"] = json,
    method = "POST",
  ): Promise<HttpReply> => {
    const route = listener.routes.find(each => each.path === path && each.method === method);
    if (!route) throw new Error(`should have a route ${method} ${path}`);
    return route.handle({ method, path, query: "", headers, body: Buffer.from(body) }, testInvocation());
  };
  return { listener, records, send, got, invocations };
}

const json = { "content-type": "application/json" };
const protobuf = { "content-type": "application/x-protobuf" };
const logs = {
  resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords: [{ body: { stringValue: "hi" } }] }] }],
};
const bytes = requestFromJson("logs", JSON.stringify(logs));
const textOf = ({ body }: HttpReply) => (typeof body === "string" ? body : Buffer.from(body ?? []).toString());

describe("a request is taken", () => {
  test.for<{
    it: string;
    body: string | Uint8Array;
    headers: HttpRequest["headers"];
    http?: Record<string, unknown>;
    got?: unknown[];
  }>([
    { it: "of JSON", body: JSON.stringify(logs), headers: json },
    {
      it: "of JSON with parameters behind its type, in any case",
      body: JSON.stringify(logs),
      headers: { "content-type": "Application/JSON;charset=utf-8" },
    },
    { it: "of protobuf", body: bytes, headers: protobuf },
    { it: "of gzip", body: gzipSync(bytes), headers: { ...protobuf, "content-encoding": "gzip" } },
    { it: "of zlib", body: deflateSync(bytes), headers: { ...protobuf, "content-encoding": "deflate" } },
    { it: "of zstd", body: zstdCompressSync(bytes), headers: { ...protobuf, "content-encoding": "zstd" } },
    { it: "of nothing in protobuf", body: "", headers: protobuf, got: [] },
    { it: "of an empty object", body: "{}", headers: json, got: [] },
    { it: "of null", body: "null", headers: json, got: [] },
  ])("$it", async ({ body, headers, got: expected = [["logs", logs]] }) => {
    const { send, got } = receiver();
    const reply = await send("/v1/logs", body, headers);
    expect(reply).toMatchObject({
      status: 200,
      headers: { "content-type": headers["content-type"]?.toLowerCase().split(";")[0] },
    });
    expect(got.filter(([, request]) => Object.keys(request as object).length > 0)).toEqual(expected); // requests are objects
  });

  test("and answered in its own encoding", async () => {
    const { send } = receiver();
    expect(textOf(await send("/v1/logs", "{}"))).toBe('{"partialSuccess":{}}');
    expect((await send("/v1/logs", "", protobuf)).body).toEqual(new Uint8Array([10, 0]));
  });
});

describe("a request is refused", () => {
  test.for<{
    it: string;
    http?: Record<string, unknown>;
    body: string | Uint8Array;
    headers: HttpRequest["headers"];
    status: number;
    says?: string;
  }>([
    {
      it: "of another type",
      body: "hi",
      headers: { "content-type": "text/plain" },
      status: 415,
      says: "415 unsupported media type, supported: [application/json, application/x-protobuf]",
    },
    { it: "without a type", body: "{}", headers: {}, status: 415 },
    {
      it: "of an encoding that nobody knows, whatever its type",
      body: "hi",
      headers: { "content-type": "text/plain", "content-encoding": "br" },
      status: 400,
      says: "unsupported Content-Encoding: br",
    },
    {
      it: "of identity, which is no encoding either",
      body: "{}",
      headers: { ...json, "content-encoding": "identity" },
      status: 400,
      says: '{"code":3,"message":"unsupported Content-Encoding: identity"}',
    },
    {
      it: "of an encoding that is not allowed",
      http: { compression_algorithms: ["gzip"] },
      body: zstdCompressSync(bytes),
      headers: { ...protobuf, "content-encoding": "zstd" },
      status: 400,
    },
    { it: "of broken gzip", body: "hi", headers: { ...json, "content-encoding": "gzip" }, status: 400 },
    { it: "of gzip that does not say so", body: gzipSync("{}"), headers: json, status: 500 },
    { it: "of nothing in JSON", body: "", headers: json, status: 400 },
    { it: "of broken JSON", body: "{", headers: json, status: 400 },
    { it: "of broken protobuf", body: "\u0001hi", headers: protobuf, status: 400 },
    {
      it: "of JSON with a wrong id",
      body: '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"12"}]}]}]}',
      headers: json,
      status: 400,
    },
    {
      it: "that decompresses to too much",
      http: { max_request_body_size: "10B" },
      body: gzipSync(bytes),
      headers: { ...protobuf, "content-encoding": "gzip" },
      status: 413,
    },
  ])("$it", async ({ http, body, headers, status, says }) => {
    const { send, got } = receiver(http);
    const reply = await send("/v1/logs", body, headers);
    expect(reply.status).toBe(status);
    if (says) expect(textOf(reply)).toBe(says);
    expect(got).toEqual([]);
  });
});

test.for<{ it: string; error: Error; status: number; retryAfter?: string; says: string }>([
  {
    it: "that may pass later",
    error: new DeliveryError("no time is left", { kind: "retry", retryAfterMs: 2500 }),
    status: 503,
    retryAfter: "3",
    says: '{"code":14,"message":"no time is left"}',
  },
  {
    it: "of too many requests",
    error: new DeliveryError("push refused, got status 429", { kind: "retry", status: 429, retryAfterMs: 1000 }),
    status: 429,
    retryAfter: "1",
    says: '{"code":8,"message":"push refused, got status 429"}',
  },
  {
    it: "that nobody thought of",
    error: new TypeError("oops"),
    status: 503,
    retryAfter: "1",
    says: '{"code":14,"message":"oops"}',
  },
  {
    it: "for good",
    error: new DeliveryError("refused", { kind: "reject" }),
    status: 400,
    says: '{"code":3,"message":"refused"}',
  },
  {
    it: "of its size",
    error: new DeliveryError("too large", { kind: "split" }),
    status: 413,
    says: '{"code":8,"message":"too large"}',
  },
])("a failure below $it is $status", async ({ error, status, retryAfter, says }) => {
  const { send } = receiver({}, { refusal: error });
  const reply = await send("/v1/logs", JSON.stringify(logs));
  expect([reply.status, reply.headers?.["retry-after"], textOf(reply)]).toEqual([status, retryAfter, says]);
});

describe("authentication", () => {
  const auth: AuthHandler = {
    server: async ({ headers }) =>
      headers["authorization"] === "yes"
        ? { ok: true, attributes: new Map([["who", "me"]]) }
        : { ok: false, reply: { status: 401, body: "who are you?\n" } },
  };

  test("refuses before anything is read, and lets browsers see that", async () => {
    const { send, got } = receiver({ cors: { allowed_origins: ["*"] } }, { auth });
    expect(await send("/v1/logs", "{", { origin: "https://a" })).toMatchObject({
      status: 401,
      body: "who are you?\n",
      headers: { "access-control-allow-origin": "*" },
    });
    expect(got).toEqual([]);
  });

  test("tells what is below who sends", async () => {
    const { send, invocations } = receiver({}, { auth });
    await send("/v1/logs", JSON.stringify(logs), { ...json, authorization: "yes" });
    expect(invocations.map(({ auth: who }) => who)).toEqual([new Map([["who", "me"]])]);
  });

  test("makes the address open to the world", () => {
    expect(receiver({}, { auth }).listener.authenticated).toBe(true);
    expect(receiver().listener.authenticated).toBe(false);
  });

  test("is not asked of a browser that asks whether it may send", async () => {
    const { send } = receiver({ cors: { allowed_origins: ["*"] } }, { auth });
    expect(
      await send("/v1/logs", "", { origin: "https://a", "access-control-request-method": "POST" }, "OPTIONS"),
    ).toMatchObject({ status: 204 });
  });
});

test("request headers go on only where that is wanted", async () => {
  const body = JSON.stringify(logs);
  const headers = { ...json, "x-mine": "yes", gone: undefined };
  const [plain, included] = [receiver(), receiver({ include_metadata: true })];
  await plain.send("/v1/logs", body, headers);
  await included.send("/v1/logs", body, headers);
  expect(plain.invocations[0]?.metadata).toBeUndefined();
  expect(included.invocations[0]?.metadata).toEqual(
    new Map([
      ["content-type", ["application/json"]],
      ["x-mine", ["yes"]],
    ]),
  );
});

describe("listens", () => {
  test("at the paths of the signals that are wired", () => {
    const paths = (http: Record<string, unknown>, wired: readonly Signal[]) =>
      receiver(http, { wired }).listener.routes.map(({ method, path, maxBodyBytes, answerWithinMs }) => [
        method,
        path,
        maxBodyBytes,
        answerWithinMs,
      ]);
    expect(paths({}, ["logs"])).toEqual([["POST", "/v1/logs", 20 << 20, 30_000]]);
    expect(paths({ traces_url_path: "t", max_request_body_size: "1KiB", write_timeout: "0s" }, ["traces"])).toEqual([
      ["POST", "/t", 1024, undefined],
    ]);
    expect(
      paths({ cors: { allowed_origins: ["*"] }, max_request_body_size: "0" }, ["logs"]).map(([method, , size]) => [
        method,
        size,
      ]),
    ).toEqual([
      ["POST", 20 << 20],
      ["OPTIONS", 20 << 20],
    ]);
    expect(paths({ cors: {} }, ["logs"])).toHaveLength(1);
  });

  test("nowhere without an http block", () => {
    const decoded = otelcolReceiverOtlp.args.decode({ output: {} });
    expect(otelcolReceiverOtlp.build(decoded, testHost())).toEqual({});
  });
});

test.for<{ endpoint: string; out: object | undefined }>([
  { endpoint: "0.0.0.0:4318", out: { host: "0.0.0.0", port: 4318 } },
  { endpoint: ":4318", out: { host: "", port: 4318 } },
  { endpoint: "[::1]:1", out: { host: "::1", port: 1 } },
  { endpoint: "localhost:0", out: { host: "localhost", port: 0 } },
  { endpoint: "localhost", out: undefined },
  { endpoint: "localhost:99999", out: undefined },
  { endpoint: "::1:4318", out: undefined },
  { endpoint: "http://localhost:4318", out: undefined },
])("the endpoint $endpoint", ({ endpoint, out }) => {
  expect(parseEndpoint(endpoint)).toEqual(out);
});

describe("records", () => {
  test.for<{ it: string; record: Parameters<RecordsTrigger["push"]>[0] }>([
    {
      it: "of JSON",
      record: { format: "otlp", signal: "logs", encoding: "json", body: Buffer.from(JSON.stringify(logs)) },
    },
    { it: "of protobuf", record: { format: "otlp", signal: "logs", encoding: "protobuf", body: bytes } },
  ])("$it", async ({ record }) => {
    const { records, got } = receiver();
    await records.push(record, testInvocation());
    expect(got).toEqual([["logs", logs]]);
  });

  test("of another format are refused for good", async () => {
    const record = { format: "cloudwatch_logs", body: new Uint8Array() } as const;
    await expect(receiver().records.push(record, testInvocation())).rejects.toMatchObject({
      kind: "reject",
      message: "test.part.a takes OTLP, got cloudwatch_logs",
    });
  });

  test("of a signal that is not wired are refused for good, so that nothing vanishes", async () => {
    const { records, got } = receiver({}, { wired: ["traces"] });
    const record = { format: "otlp", signal: "logs", encoding: "protobuf", body: bytes } as const;
    await expect(records.push(record, testInvocation())).rejects.toMatchObject({
      kind: "reject",
      message: "test.part.a should have logs in its output, since it got some",
    });
    expect(got).toEqual([]);
  });
});

test.for<{ it: string; http: Record<string, unknown>; problems: object[] }>([
  { it: "none of the defaults", http: {}, problems: [] },
  {
    it: "an endpoint that is none",
    http: { endpoint: "nowhere" },
    problems: [{ path: ["http", "endpoint"], message: 'endpoint should be HOST:PORT, got "nowhere"' }],
  },
  {
    it: "an encoding that nobody knows",
    http: { compression_algorithms: ["gzip", "br"] },
    problems: [{ path: ["http", "compression_algorithms", 1], message: 'unsupported compression algorithm "br"' }],
  },
  {
    it: "TLS without a certificate",
    http: { tls: { key_file: "k" } },
    problems: [{ path: ["http", "tls"], message: "tls should have a certificate, got neither cert_pem nor cert_file" }],
  },
])("problems: $it", ({ http, problems }) => {
  const decoded = otelcolReceiverOtlp.args.decode({ http, output: {} });
  expect([...(otelcolReceiverOtlp.check?.(decoded) ?? [])]).toEqual(problems);
});
