import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const text = { "content-type": "text/plain; charset=utf-8" };
const push = () => recorded("function-url-loki-push");

test.for([
  { it: "answers what the component answers", probe: 'answer = "done"', status: 200, headers: text, body: "done" },
  {
    it: "gives text in bytes as text",
    probe: 'answer = "{}"; type = "application/json"',
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: "{}",
  },
  {
    it: "gives other bytes in base64",
    probe: 'answer = "abc"; type = "application/x-protobuf"',
    status: 200,
    headers: { "Content-Type": "application/x-protobuf" },
    body: "YWJj",
    base64: true,
  },
  {
    it: "says when to come again after a failure that may pass",
    probe: 'outcome = "retry"',
    status: 503,
    headers: { ...text, "retry-after": "3" },
    body: "backend says retry\n",
  },
  {
    it: "says 400 for data that will never be taken",
    probe: 'outcome = "reject"',
    status: 400,
    headers: text,
    body: "backend says reject\n",
  },
  {
    it: "says 413 for data that is too large",
    probe: 'outcome = "split"',
    status: 413,
    headers: text,
    body: "backend says split\n",
  },
  {
    it: "says 500 for a bug without its details",
    probe: 'outcome = "bug"',
    status: 500,
    headers: text,
    body: "internal error\n",
  },
  {
    it: "says 413 for a body above the limit",
    probe: "max_bytes = 343",
    status: 413,
    headers: text,
    body: "request body exceeds 343 bytes\n",
  },
  { it: "takes a body of just the limit", probe: "max_bytes = 344", status: 200, headers: {}, body: "" },
  {
    it: "says 405 where only another method is known",
    probe: 'method = "PUT"',
    status: 405,
    headers: { ...text, allow: "PUT" },
    body: "method not allowed\n",
  },
])("$it", async ({ probe, status, headers, body, base64 = false }) => {
  const { pipeline } = await loadProbes(`probe.http "a" { path = "/loki/api/v1/push"; ${probe} }`);
  const reply = await createHandler(pipeline)(push());
  expect(reply).toEqual({ statusCode: status, headers, body, isBase64Encoded: base64 });
});

test("a request that is not done at the deadline may come again", async () => {
  const { pipeline, logged } = await loadProbes('probe.http "a" { path = "/loki/api/v1/push"; outcome = "hang" }');
  const error = "work should end before the deadline of the invocation, got none of it done in time";
  expect(await createHandler(pipeline)(push(), { getRemainingTimeInMillis: () => 20 })).toEqual({
    statusCode: 503,
    headers: { ...text, "retry-after": "1" },
    body: `${error}\n`,
    isBase64Encoded: false,
  });
  expect(logged).toEqual([["error", "request failed", { path: "/loki/api/v1/push", status: 503, error }]]);
});

test("base64 counts as the bytes that it stands for", async () => {
  const event = recorded("function-url-loki-push-snappy");
  const bytes = Buffer.from(event.body, "base64").length;
  const statusWith = async (limit: number) => {
    const { pipeline } = await loadProbes(`probe.http "a" { path = "/loki/api/v1/push"; max_bytes = ${limit} }`);
    return ((await createHandler(pipeline)(event)) as { statusCode: number }).statusCode;
  };
  expect([await statusWith(bytes - 1), await statusWith(bytes)]).toEqual([413, 200]);
});

test("a path of two components is a mistake in the configuration", async () => {
  const load = loadProbes('probe.http "a" { path = "/x" }\nprobe.http "b" { path = "/x"; port = 4319 }');
  await expect(load).rejects.toThrow(
    /test\.alloy:2:1: probe\.http\.b answers \/x, but so does probe\.http\.a: a function has one address, so that paths must differ/,
  );
});

test("a path of two components with a method each is none", async () => {
  const { pipeline, seen } = await loadProbes(
    'probe.http "a" { path = "/loki/api/v1/push"; method = "GET" }\nprobe.http "b" { path = "/loki/api/v1/push"; method = "POST" }',
  );
  await createHandler(pipeline)(push());
  expect(seen.map(({ component }) => component)).toEqual(["probe.http.b"]);
});
