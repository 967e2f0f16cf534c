import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const probes = () => loadProbes('probe.http "a" { path = "/v1/traces"; max_bytes = 10000 }');

test("a component sees the request of a REST API", async () => {
  const { pipeline, seen } = await probes();
  const event = recorded("rest-api-otlp-traces-protobuf");
  await createHandler(pipeline)({
    ...event,
    multiValueHeaders: { ...event.multiValueHeaders, "X-Scope-OrgID": ["a", "b"] },
    multiValueQueryStringParameters: { "a b": ["1", "2&3"], c: ["4"] },
  });
  expect(seen).toEqual([
    {
      component: "probe.http.a",
      got: {
        method: "POST",
        path: "/v1/traces",
        query: "a%20b=1&a%20b=2%263&c=4",
        headers: {
          accept: "*/*",
          "content-encoding": "gzip",
          "content-type": "application/x-protobuf",
          host: "f6g7h8i9j0.execute-api.eu-central-1.amazonaws.com",
          "user-agent": "OTel-OTLP-Exporter-JavaScript/0.57.0",
          "x-amzn-trace-id": "Root=1-6968bb60-2f4f6a7d1c3b5e8f9a0b1c2d",
          "x-forwarded-for": "203.0.113.24",
          "x-forwarded-port": "443",
          "x-forwarded-proto": "https",
          "x-scope-orgid": "a, b",
        },
        body: Buffer.from(event.body, "base64").toString("latin1"),
      },
    },
  ]);
});

test("a path is found behind a mapping of a domain", async () => {
  const { pipeline, seen } = await probes();
  await createHandler(pipeline)({ ...recorded("rest-api-otlp-traces"), path: "/otel/v1/traces" });
  expect(seen.map(({ got }) => got["path"])).toEqual(["/v1/traces"]);
});

test("a request without a body is an empty one", async () => {
  const { pipeline, seen } = await probes();
  await createHandler(pipeline)({ ...recorded("rest-api-otlp-traces"), body: null });
  expect(seen.map(({ got }) => got["body"])).toEqual([""]);
});
