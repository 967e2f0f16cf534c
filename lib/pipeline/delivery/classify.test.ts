import { expect, test } from "vitest";
import { classify, parseRetryAfter, reasonOf, redact, refusal } from "./classify.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.for([
  {
    backend: "loki",
    ok: [200, 204],
    retry: [429, 500, 502, 503, 504, 599],
    split: [413],
    reject: [301, 400, 401, 403, 404, 422],
  },
  {
    backend: "remote_write",
    ok: [200, 204],
    retry: [429, 500, 503],
    split: [413],
    reject: [302, 400, 401, 404, 409, 415],
  },
  {
    backend: "otlp",
    ok: [200, 202],
    retry: [429, 502, 503, 504],
    split: [413],
    reject: [307, 400, 401, 404, 500, 501, 505],
  },
] as const)("statuses of $backend", ({ backend, ...kinds }) => {
  for (const [kind, statuses] of Object.entries(kinds)) {
    expect([kind, (statuses as readonly number[]).map(status => classify(backend, status))]).toEqual([
      kind,
      statuses.map(() => kind),
    ]);
  }
});

test("429 is final where retry_on_http_429 is false", () => {
  expect(classify("loki", 429, { retryOn429: false })).toBe("reject");
  expect(classify("remote_write", 429, { retryOn429: false })).toBe("reject");
});

// google.rpc.Status { code: 8, message: "slow down" }
const status = Uint8Array.of(0x08, 0x08, 0x12, 0x09, ...bytes("slow down"));

test.for([
  {
    it: "names status and reason",
    status: 429,
    headers: {},
    body: bytes("too many outstanding requests\n"),
    out: {
      message: "push refused, got status 429: too many outstanding requests",
      kind: "retry",
      status: 429,
      retryAfterMs: undefined,
    },
  },
  {
    it: "takes the first line",
    status: 400,
    headers: {},
    body: bytes("entry too far behind\r\nsecond line"),
    out: { message: "push refused, got status 400: entry too far behind", kind: "reject" },
  },
  {
    it: "does without a reason",
    status: 502,
    headers: {},
    body: bytes(" \n"),
    out: { message: "push refused, got status 502", kind: "retry" },
  },
  {
    it: "bounds the reason",
    status: 500,
    headers: {},
    body: bytes("x".repeat(1000)),
    out: { message: `push refused, got status 500: ${"x".repeat(256)}…` },
  },
  {
    it: "honours Retry-After in seconds",
    status: 503,
    headers: { "retry-after": "3" },
    body: bytes(""),
    out: { retryAfterMs: 3000 },
  },
  {
    it: "honours Retry-After as a date",
    status: 503,
    headers: { "retry-after": "Thu, 01 Jan 1970 00:00:07 GMT" },
    body: bytes(""),
    out: { retryAfterMs: 6000 },
  },
  {
    it: "ignores Retry-After of a final refusal",
    status: 400,
    headers: { "retry-after": "3" },
    body: bytes(""),
    out: { retryAfterMs: undefined },
  },
  {
    it: "reads the message of an OTLP status",
    status: 429,
    headers: { "content-type": "application/x-protobuf" },
    body: status,
    out: { message: "push refused, got status 429: slow down" },
  },
  {
    it: "survives a broken OTLP status",
    status: 429,
    headers: { "content-type": "application/x-protobuf" },
    body: Uint8Array.of(0x12, 0xff),
    out: { message: "push refused, got status 429" },
  },
  {
    it: "redacts a token that the backend repeats",
    status: 401,
    headers: {},
    body: bytes("bad header 'Authorization: Bearer eyJhbGciOi.J9'"),
    out: { message: "push refused, got status 401: bad header 'Authorization: Bearer (secret)'", kind: "reject" },
  },
])("$it", ({ status, headers, body, out }) => {
  expect(refusal("loki", { status, headers, body }, { now: () => 1000 })).toMatchObject(out);
});

test.for([
  { header: undefined, out: undefined },
  { header: "", out: undefined },
  { header: "0", out: 0 },
  { header: " 12 ", out: 12_000 },
  { header: "soon", out: undefined },
  { header: "-1", out: undefined },
  { header: "Thu, 01 Jan 1970 00:00:00 GMT", out: 0 },
])("Retry-After $header", ({ header, out }) => {
  expect(parseRetryAfter(header, 1000)).toBe(out);
});

test.for([
  { text: "basic authentication is required", out: "basic authentication is required" },
  { text: "Basic dXNlcjpwYXNz==", out: "Basic (secret)" },
  { text: "http://user:pass@host/path failed", out: "http://(secret)@host/path failed" },
])("redacts $text", ({ text, out }) => {
  expect(redact(text)).toBe(out);
});

test("a body that is no UTF-8 gives a text", () => {
  expect(reasonOf({ headers: {}, body: Uint8Array.of(0xff, 0x41) })).toBe("�A");
});
