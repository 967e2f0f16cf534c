import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DeliveryError } from "../../../delivery/errors.ts";
import { collect, testHost, testInvocation, testTime } from "../../../graph/testing.ts";
import type { HttpRequest, HttpTrigger, RecordsTrigger } from "../../../graph/trigger.ts";
import { printLabels } from "../../../telemetry/loki/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { lokiRelabel } from "../relabel.ts";
import { lokiSourceAwsfirehose } from "./awsfirehose.ts";

const base64 = (data: string | Uint8Array) => Buffer.from(data).toString("base64");

async function build(args: Record<string, unknown> = {}, rule: readonly Record<string, unknown>[] = [], error?: Error) {
  const out = collect<LogBatch>(error);
  const decoded = {
    ...lokiSourceAwsfirehose.args.decode({ forward_to: [], ...args }),
    forward_to: [out],
    ...(rule.length && { relabel_rules: lokiRelabel.args.decode({ forward_to: [], rule }).rule }),
  };
  const instance = await lokiSourceAwsfirehose.build(decoded, testHost({ id: "loki.source.awsfirehose.a" }));
  const [http, records] = instance.triggers as [HttpTrigger, RecordsTrigger]; // it has both
  const [route] = http.routes;
  if (!route) throw new Error("it has a route");
  const send = (body: unknown, headers: HttpRequest["headers"] = {}) =>
    route.handle(
      {
        method: "POST",
        path: route.path,
        query: "",
        headers,
        body: Buffer.from(typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body)),
      },
      testInvocation(),
    );
  const entries = () =>
    out.batches
      .flat()
      .flatMap(({ labels, entries: all }) => all.map(({ timestamp, line }) => [printLabels(labels), timestamp, line]));
  return { http, records, send, entries };
}

const now = BigInt(testTime) * 1_000_000n;
const request = (...records: string[]) => ({
  requestId: "r",
  timestamp: 1_700_000_000_999,
  records: records.map(data => ({ data })),
});

test.for<{ it: string; body: unknown; lines: string[] }>([
  { it: "records", body: request(base64("a"), base64("b\n"), base64("")), lines: ["a", "b\n", ""] },
  { it: "names of other cases, as Go reads them", body: { Records: [{ DATA: base64("a") }] }, lines: ["a"] },
  { it: "a record that is null", body: { records: [null, { data: null }] }, lines: ["", ""] },
  { it: "no records", body: { requestId: "r" }, lines: [] },
  { it: "null", body: "null", lines: [] },
  { it: "a request with something behind it", body: `${JSON.stringify(request(base64("}")))} x`, lines: ["}"] },
  { it: "base64 with line breaks", body: request("YW\r\nJj"), lines: ["abc"] },
  { it: "base64 that is none, which is passed over", body: request("*", base64("a"), "YQ"), lines: ["a"] },
  {
    it: "gzip that is cut off, which is passed over",
    body: request(base64(gzipSync("a").subarray(0, 12)), base64("a")),
    lines: ["a"],
  },
  { it: "gzip of no logs, which is passed over", body: request(base64(gzipSync("a")), base64("a")), lines: ["a"] },
  { it: "logs without events", body: request(base64(gzipSync('{"logEvents":[]}'))), lines: [] },
])("$it is answered with 200", async ({ body, lines }) => {
  const { send, entries } = await build();
  const reply = await send(body, { "x-amz-firehose-request-id": "r-1" });
  expect(reply).toEqual({
    status: 200,
    headers: { "content-type": "application/json" },
    body: `{"requestId":"r-1","timestamp":${testTime / 1000}}\n`,
  });
  expect(entries()).toEqual(lines.map(line => ["{}", now, line]));
});

test.for<{ it: string; body: string; headers?: HttpRequest["headers"]; message: RegExp }>([
  { it: "nothing", body: "", message: /^EOF$/ },
  { it: "JSON that is cut off", body: '{"records":', message: /JSON/ },
  { it: "a list", body: "[]", message: /^request should be an object, got a list$/ },
  { it: "a time that is no integer", body: '{"timestamp":1.5}', message: /^timestamp should be an integer, got 1\.5$/ },
  { it: "an id that is no text", body: '{"requestId":1}', message: /^requestId should be a string, got number$/ },
  { it: "records that are no list", body: '{"records":{}}', message: /^records should be a list, got object$/ },
  { it: "a record that is no object", body: '{"records":[1]}', message: /^record should be an object, got number$/ },
  {
    it: "data that is no text",
    body: '{"records":[{"data":1}]}',
    message: /^data of a record should be a string, got number$/,
  },
  { it: "gzip that is none", body: "{}", headers: { "content-encoding": "gzip" }, message: /gzip/ },
])("$it is answered with 400", async ({ body, headers, message }) => {
  const { send, entries } = await build();
  const { status, body: text } = await send(body, headers);
  expect([status, JSON.parse(String(text)).errorMessage]).toEqual([400, expect.stringMatching(message)]);
  expect(entries()).toEqual([]);
});

describe("with an access key", () => {
  test.for([
    { it: "the right one", key: "k", status: 200 },
    { it: "another", key: "x", status: 401 },
    { it: "none", key: undefined, status: 401 },
  ])("$it is answered with $status", async ({ key, status }) => {
    const { http, send } = await build({ access_key: "k" });
    expect(http.authenticated).toBe(true);
    const reply = await send(request(), key === undefined ? {} : { "x-amz-firehose-access-key": key });
    expect(reply.status).toBe(status);
    if (status === 401)
      expect(JSON.parse(String(reply.body)).errorMessage).toBe("access key not provided or incorrect");
  });
});

const every = [{ regex: "__(.+)", action: "labelmap", replacement: "$1" }];
const logs = gzipSync(
  JSON.stringify({
    messageType: "DATA_MESSAGE",
    owner: "1",
    logGroup: "g",
    logStream: "s",
    subscriptionFilters: ["a", "b"],
    logEvents: [{ timestamp: 5, message: "x" }, { message: "y" }],
  }),
);

describe("entries", () => {
  test.for<{
    it: string;
    args?: Record<string, unknown>;
    rule?: typeof every | object[];
    headers?: HttpRequest["headers"];
    data?: Uint8Array;
    out: unknown[];
  }>([
    { it: "have the time of their arrival", out: [["{}", now, "a"]] },
    {
      it: "have that of the request, in whole seconds",
      args: { use_incoming_timestamp: true },
      out: [["{}", 1_700_000_000_000_000_000n, "a"]],
    },
    {
      it: "have labels of the request",
      rule: every,
      headers: { "x-amz-firehose-request-id": "r", "x-amz-firehose-source-arn": "arn" },
      out: [['{aws_firehose_request_id="r", aws_firehose_source_arn="arn"}', now, "a"]],
    },
    { it: "have the tenant", headers: { "x-scope-orgid": "t" }, out: [['{__tenant_id__="t"}', now, "a"]] },
    {
      it: "have labels of the delivery stream's parameters, with names made valid",
      headers: {
        "x-amz-firehose-common-attributes": JSON.stringify({
          commonAttributes: {
            lbl_env: "e",
            "lbl_someName-x%": "n",
            lbl_0: "no",
            lbl_: "no",
            other: "no",
            lbl___x: "no",
          },
        }),
      },
      out: [['{env="e", some_name_x_percent="n"}', now, "a"]],
    },
    {
      it: "have none of them where one is no text",
      headers: { "x-amz-firehose-common-attributes": '{"commonAttributes":{"lbl_a":"b","lbl_c":1}}' },
      out: [["{}", now, "a"]],
    },
    {
      it: "go on without labels where a rule drops those",
      rule: [{ action: "drop", regex: "" }],
      out: [["{}", now, "a"]],
    },
    {
      it: "of CloudWatch Logs have labels of where they come from",
      rule: every,
      data: logs,
      out: ["x", "y"].map(line => [
        '{aws_cw_log_group="g", aws_cw_log_stream="s", aws_cw_matched_filters="a,b", aws_cw_msg_type="DATA_MESSAGE", aws_owner="1"}',
        now,
        line,
      ]),
    },
    {
      it: "of CloudWatch Logs have times of their own",
      args: { use_incoming_timestamp: true },
      data: logs,
      out: [["{}", 5_000_000n, "x"], ["{}", 0n, "y"]], // biome-ignore format: one row
    },
  ])("$it", async ({ args, rule, headers, data = Buffer.from("a"), out }) => {
    const { send, entries } = await build(args, rule as Record<string, unknown>[] | undefined); // rules as they are decoded
    await send(request(base64(data)), headers);
    expect(entries()).toEqual(out);
  });
});

test.for([
  { kind: "retry" as const, status: 503, retryAfter: "3" },
  { kind: "reject" as const, status: 400, retryAfter: undefined },
  { kind: "split" as const, status: 413, retryAfter: undefined },
])("a backend's $kind is answered with $status", async ({ kind, status, retryAfter }) => {
  const error = new DeliveryError("no", { kind, ...(kind === "retry" && { retryAfterMs: 2500 }) });
  const { send } = await build({}, [], error);
  const reply = await send(request(base64("a")));
  expect([reply.status, reply.headers?.["retry-after"], JSON.parse(String(reply.body)).errorMessage]).toEqual([
    status,
    retryAfter,
    "no",
  ]);
});

test("records that Firehose has transformed are entries, too", async () => {
  const { records, entries } = await build({ use_incoming_timestamp: true }, every);
  const record = { format: "raw", from: "arn", id: "1", timestamp: 7, attributes: { invocation_id: "i" } } as const;
  await records.push({ ...record, body: Buffer.from("a") }, testInvocation());
  const labels = '{aws_firehose_request_id="i", aws_firehose_source_arn="arn"}';
  expect(entries()).toEqual([[labels, 7_000_000n, "a"]]);
});
