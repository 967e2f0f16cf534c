import { describe, expect, test } from "vitest";
import type { HttpReply } from "../../../graph/trigger.ts";
import { type CorsArgs, preflight, withCors } from "./cors.ts";

const cors: CorsArgs = {
  allowed_origins: ["https://app.example"],
  allowed_headers: [],
  exposed_headers: [],
  max_age: 0,
};
const request = (headers: Record<string, string>, method = "OPTIONS") => ({
  method,
  path: "/v1/traces",
  query: "",
  headers,
  body: new Uint8Array(),
});
const asks = { origin: "https://app.example", "access-control-request-method": "POST" };
const vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const refused: HttpReply = { status: 204, headers: { vary } };
const allowed = (more: Record<string, string> = {}): HttpReply => ({
  status: 204,
  headers: {
    vary,
    "access-control-allow-origin": "https://app.example",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "POST",
    ...more,
  },
});

describe("a browser that asks", () => {
  test.for<{
    it: string;
    cors?: Partial<CorsArgs>;
    headers: Record<string, string>;
    method?: string;
    reply: HttpReply | undefined;
  }>([
    { it: "may send from an allowed origin", headers: asks, reply: allowed() },
    {
      it: "may send from it however it is written",
      headers: { ...asks, origin: "HTTPS://App.example" },
      reply: allowed({ "access-control-allow-origin": "HTTPS://App.example" }),
    },
    { it: "may not from another origin", headers: { ...asks, origin: "https://evil.example" }, reply: refused },
    { it: "may not without an origin", headers: { "access-control-request-method": "POST" }, reply: refused },
    {
      it: "may not with another method",
      headers: { ...asks, "access-control-request-method": "DELETE" },
      reply: refused,
    },
    {
      it: "may send the usual headers",
      headers: { ...asks, "access-control-request-headers": "Content-Type, accept" },
      reply: allowed({ "access-control-allow-headers": "Content-Type, accept" }),
    },
    { it: "may not send others", headers: { ...asks, "access-control-request-headers": "x-mine" }, reply: refused },
    {
      it: "may send those that are named",
      cors: { allowed_headers: ["X-Mine"] },
      headers: { ...asks, "access-control-request-headers": "x-mine" },
      reply: allowed({ "access-control-allow-headers": "x-mine" }),
    },
    {
      it: "may send any where all are",
      cors: { allowed_headers: ["*"] },
      headers: { ...asks, "access-control-request-headers": "x-mine" },
      reply: allowed({ "access-control-allow-headers": "x-mine" }),
    },
    {
      it: "may remember the answer",
      cors: { max_age: 60 },
      headers: asks,
      reply: allowed({ "access-control-max-age": "60" }),
    },
    {
      it: "may send from any origin",
      cors: { allowed_origins: ["*"] },
      headers: asks,
      reply: allowed({ "access-control-allow-origin": "*" }),
    },
    {
      it: "may send from any subdomain",
      cors: { allowed_origins: ["https://*.example"] },
      headers: asks,
      reply: allowed(),
    },
    { it: "does not ask without a method", headers: { origin: "https://app.example" }, reply: undefined },
    { it: "does not ask with POST", headers: asks, method: "POST", reply: undefined },
  ])("$it", ({ cors: more, headers, method, reply }) => {
    expect(preflight({ ...cors, ...more }, request(headers, method))).toEqual(reply);
  });
});

describe("an answer", () => {
  const reply: HttpReply = { status: 200, headers: { "content-type": "application/json" }, body: "{}" };
  test.for<{ it: string; cors: CorsArgs | undefined; origin?: string; headers: object }>([
    {
      it: "is shown to an allowed origin",
      cors,
      origin: "https://app.example",
      headers: {
        vary: "Origin",
        "access-control-allow-origin": "https://app.example",
        "access-control-allow-credentials": "true",
      },
    },
    {
      it: "is shown with headers that are exposed",
      cors: { ...cors, exposed_headers: ["a", "b"] },
      origin: "https://app.example",
      headers: {
        vary: "Origin",
        "access-control-allow-origin": "https://app.example",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "a, b",
      },
    },
    { it: "is not shown to another", cors, origin: "https://evil.example", headers: { vary: "Origin" } },
    {
      it: "stays as it is where no origin is allowed",
      cors: { ...cors, allowed_origins: [] },
      origin: "https://app.example",
      headers: {},
    },
    { it: "stays as it is without a cors block", cors: undefined, origin: "https://app.example", headers: {} },
  ])("$it", ({ cors: given, origin, headers }) => {
    expect(withCors(given, request(origin === undefined ? {} : { origin }, "POST"), reply)).toEqual({
      ...reply,
      headers: { ...reply.headers, ...headers },
    });
  });
});

test.for([
  { allowed: "https://*.example", origin: "https://example", taken: false },
  { allowed: "https://*.example", origin: "https://a.b.example", taken: true },
  { allowed: "http*", origin: "https://x", taken: true },
  { allowed: "https://a.example", origin: "https://a.example.evil", taken: false },
])("$allowed takes $origin: $taken", ({ allowed: one, origin, taken }) => {
  expect(
    preflight({ ...cors, allowed_origins: [one] }, request({ ...asks, origin }))?.headers?.[
      "access-control-allow-origin"
    ] !== undefined,
  ).toBe(taken);
});
