import { gunzipSync, inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { memoryDeadLetters } from "../../../delivery/dead-letters.ts";
import { Flow } from "../../../graph/flow.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { type OtlpBatch, otlpBatch } from "../../../graph/kinds.ts";
import { testHost, testInvocation, testLog } from "../../../graph/testing.ts";
import type { Signal } from "../../../graph/trigger.ts";
import { requestFromJson } from "../../../telemetry/otlp/json-read.ts";
import { requestToJson } from "../../../telemetry/otlp/json-write.ts";
import { exportResponse } from "../../../telemetry/otlp/responses.ts";
import { type BackendAnswer, inTurn, startBackend } from "../../testing.ts";
import type { AuthHandler } from "../auth.ts";
import { otelcolExporterOtlphttp } from "./otlphttp.ts";

const backend = (...answers: BackendAnswer[]) => startBackend(inTurn(...answers));
const typed = (type: string, body: Uint8Array | string = ""): BackendAnswer => ({
  headers: { "content-type": type },
  body,
});

/** An exporter that sends when the flow opens. */
function exporter(
  url: string,
  args: Record<string, unknown> = {},
  client: Record<string, unknown> = {},
  auth?: AuthHandler,
) {
  const flow = new Flow(false);
  const log = testLog();
  const deadLetters = memoryDeadLetters();
  const decoded = otelcolExporterOtlphttp.args.decode({ ...args, client: { endpoint: url, ...client } });
  const host = testHost({
    id: "otelcol.exporter.otlphttp.out",
    mode: "function",
    flow,
    log,
    deadLetters,
    clock: Date.now,
  });
  const instance = otelcolExporterOtlphttp.build(
    { ...decoded, client: { ...decoded.client, ...(auth && { auth }) } },
    host,
  );
  if (instance instanceof Promise || !instance.exports) throw new Error("should be built at once");
  const { input } = instance.exports as { input: { consume(batch: OtlpBatch, invocation: Invocation): Promise<void> } }; // as its schema says
  const push = async (...batches: OtlpBatch[]) => {
    const sent = batches.map(batch => input.consume(batch, testInvocation({ deadline: Date.now() + 5000 })));
    flow.set(true);
    try {
      await Promise.all(sent);
    } finally {
      flow.set(false);
    }
  };
  return { push, log, deadLetters, close: () => instance.close?.() };
}

const logsOf = (...lines: string[]) => ({
  resourceLogs: [
    { resource: {}, scopeLogs: [{ scope: {}, logRecords: lines.map(stringValue => ({ body: { stringValue } })) }] },
  ],
});
const batchOf = (...lines: string[]): OtlpBatch =>
  otlpBatch("logs", requestFromJson("logs", JSON.stringify(logsOf(...lines))));
const linesOf = (signal: Signal, bytes: Uint8Array): string[] =>
  [
    ...Buffer.from(requestToJson(signal, bytes))
      .toString()
      .matchAll(/"stringValue":"([^"]*)"/g),
  ].map(([, line = ""]) => line);

const none = { compression: "none" };

describe("a request", () => {
  test.for<{
    it: string;
    args?: Record<string, unknown>;
    client?: Record<string, unknown>;
    headers: object;
    open: (body: Buffer) => Uint8Array;
  }>([
    {
      it: "is protobuf in gzip",
      headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
      open: gunzipSync,
    },
    {
      it: "is plain protobuf",
      client: none,
      headers: { "content-type": "application/x-protobuf", "content-encoding": undefined },
      open: body => body,
    },
    {
      it: "is plain protobuf also with an empty compression",
      client: { compression: "" },
      headers: { "content-encoding": undefined },
      open: body => body,
    },
    {
      it: "is protobuf in zlib",
      client: { compression: "zlib", compression_params: { level: 9 } },
      headers: { "content-encoding": "zlib" },
      open: inflateSync,
    },
    {
      it: "is JSON",
      args: { encoding: "json" },
      client: none,
      headers: { "content-type": "application/json" },
      open: body => requestFromJson("logs", body.toString()),
    },
    {
      it: "has headers of the configuration",
      client: { ...none, headers: { "X-Mine": "yes", "User-Agent": "me" } },
      headers: { "x-mine": "yes", "user-agent": "me" },
      open: body => body,
    },
    {
      it: "says who sends it",
      client: none,
      headers: { "user-agent": expect.stringMatching(/^Amalgam\//) },
      open: body => body,
    },
  ])("$it", async ({ args, client, headers, open }) => {
    const { got, url } = await backend();
    await exporter(url, args, client).push(batchOf("hi"));
    expect(got.map(({ body }) => linesOf("logs", open(body)))).toEqual([["hi"]]);
    const expected = Object.keys(headers).map(name => [name, got[0]?.headers[name]]);
    expect(Object.fromEntries(expected)).toEqual(headers);
  });

  test.for<{ it: string; args: (url: string) => Record<string, unknown>; base?: string; path: string }>([
    { it: "goes to the path of its signal", args: () => ({}), path: "/v1/logs" },
    { it: "goes below the base", args: () => ({}), base: "/otlp/", path: "/otlp/v1/logs" },
    {
      it: "goes where its signal has a URL of its own",
      args: url => ({ logs_endpoint: `${url}/mine` }),
      path: "/mine",
    },
  ])("$it", async ({ args, base = "", path }) => {
    const { got, url } = await backend();
    await exporter(url + base, args(url), none).push(batchOf("hi"));
    expect(got.map(each => each.path)).toEqual([path]);
  });

  test("is signed by the handler, for the client it is sent for", async () => {
    const { got, url } = await backend();
    const auth: AuthHandler = {
      client: (request, invocation) => {
        request.headers["authorization"] = `for ${invocation?.id}`;
      },
    };
    await exporter(url, {}, none, auth).push(batchOf("hi"));
    expect(got[0]?.headers.authorization).toBe("for test");
  });

  test("is one for each batch", async () => {
    const { got, url } = await backend();
    await exporter(url, {}, none).push(batchOf("a"), batchOf("b"));
    expect(got.map(({ body }) => linesOf("logs", body)).toSorted()).toEqual([["a"], ["b"]]);
  });

  test("is one for all batches up to a size where that is wanted", async () => {
    const { got, url } = await backend();
    await exporter(url, { sending_queue: { num_consumers: 1, batch: { max_size: 3 } } }, none).push(
      batchOf("a"),
      batchOf("b", "c"),
      batchOf("d"),
    );
    expect(got.map(({ body }) => linesOf("logs", body))).toEqual([["a", "b", "c"], ["d"]]);
  });

  test("that is too large is halved", async () => {
    const { got, url } = await backend({ status: 413 }, {});
    await exporter(url, {}, none).push(batchOf("a", "b"));
    expect(got.map(({ body }) => linesOf("logs", body))).toEqual([["a", "b"], ["a"], ["b"]]);
  });

  test("that will never be taken becomes a dead letter", async () => {
    const { url } = await backend({ status: 400, body: "no" });
    const { push, deadLetters } = exporter(url, {}, none);
    await push(batchOf("a"));
    expect(
      deadLetters.letters.map(({ reason, contentType, body }) => [reason, contentType, linesOf("logs", body)]),
    ).toEqual([["push refused, got status 400: no", "application/x-protobuf", ["a"]]]);
  });

  test("that fails is tried again, or not", async () => {
    const retry = { initial_interval: "1ms", max_interval: "2ms" };
    const { got, url } = await backend({ status: 503 }, {});
    await exporter(url, { retry_on_failure: retry }, none).push(batchOf("a"));
    expect(got).toHaveLength(2);
    const other = await backend({ status: 503 }, {});
    await expect(
      exporter(other.url, { retry_on_failure: { ...retry, enabled: false } }, none).push(batchOf("a")),
    ).rejects.toMatchObject({ kind: "retry", status: 503 });
    expect(other.got).toHaveLength(1);
  });
});

describe("an answer", () => {
  const partial = { rejected: 2n, errorMessage: "too old" };
  const told =
    'warn backend refused a part of the data {"component":"otelcol.exporter.otlphttp.out","rejected":2,"error":"too old"}';
  test.for<{ it: string; answer: BackendAnswer; log: unknown[] }>([
    {
      it: "of full success says nothing",
      answer: typed("application/x-protobuf", exportResponse("logs", "protobuf")),
      log: [],
    },
    {
      it: "of partial success is told",
      answer: typed("application/x-protobuf", exportResponse("logs", "protobuf", partial)),
      log: [told],
    },
    {
      it: "of partial success in JSON is told",
      answer: typed("application/json", exportResponse("logs", "json", partial)),
      log: [told],
    },
    {
      it: "that can't be read changes nothing",
      answer: typed("application/json", "{"),
      log: [expect.stringMatching(/^debug answer of the backend could not be read/)],
    },
    { it: "of another type is not read", answer: typed("text/html", "<html>"), log: [] },
    { it: "may be empty", answer: typed("application/x-protobuf"), log: [] },
  ])("$it", async ({ answer, log }) => {
    const { url } = await backend(answer);
    const { push, log: testlog, deadLetters } = exporter(url, {}, none);
    await push(batchOf("hi"));
    expect(testlog.lines).toEqual(log);
    expect(deadLetters.letters).toEqual([]);
  });
});

test("an exporter that is closed sends nothing more, of no signal", async () => {
  const { got, url } = await backend();
  const { push, close } = exporter(url, { sending_queue: { batch: {} } }, none);
  await close();
  void push(batchOf("late"));
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(got).toEqual([]);
});

test.for<{ it: string; args: Record<string, unknown>; problems: object[] }>([
  { it: "none of an endpoint that is one", args: { client: { endpoint: "http://a" } }, problems: [] },
  {
    it: "an endpoint that is none",
    args: { client: { endpoint: "nowhere" } },
    problems: [{ path: ["client", "endpoint"], message: 'endpoint should be a URL, got "nowhere"' }],
  },
  {
    it: "a signal's URL that is none",
    args: { client: { endpoint: "http://a" }, logs_endpoint: "x" },
    problems: [{ path: ["logs_endpoint"], message: 'logs_endpoint should be a URL, got "x"' }],
  },
])("problems: $it", ({ args, problems }) => {
  expect([...(otelcolExporterOtlphttp.check?.(otelcolExporterOtlphttp.args.decode(args)) ?? [])]).toEqual(problems);
});

test("a handler that only checks can't authorise", () => {
  const decoded = otelcolExporterOtlphttp.args.decode({ client: { endpoint: "http://a" } });
  const auth: AuthHandler = { server: async () => ({ ok: true, attributes: new Map() }) };
  expect([...(otelcolExporterOtlphttp.check?.({ ...decoded, client: { ...decoded.client, auth } }) ?? [])]).toEqual([
    {
      path: ["client", "auth"],
      message: "auth should be able to authorise requests, got a handler that only checks them",
    },
  ]);
});
