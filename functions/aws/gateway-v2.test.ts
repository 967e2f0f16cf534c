import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const probes = () =>
  loadProbes(
    'probe.http "a" { path = "/v1/metrics"; max_bytes = 10000 }\nprobe.http "b" { path = "/loki/api/v1/push" }',
  );

test("a component sees the request of a function URL", async () => {
  const { pipeline, seen } = await probes();
  const event = recorded("function-url-otlp-metrics-gzip");
  await createHandler(pipeline)({ ...event, rawQueryString: "a=1&a=2%20", cookies: ["x=1", "y=2"] });
  expect(seen).toEqual([
    {
      component: "probe.http.a",
      got: {
        method: "POST",
        path: "/v1/metrics",
        query: "a=1&a=2%20",
        headers: { ...event.headers, cookie: "x=1; y=2" },
        body: Buffer.from(event.body, "base64").toString("latin1"),
      },
    },
  ]);
});

test.for([
  {
    it: "finds a path behind a stage",
    rawPath: "/prod/v1/metrics",
    stage: "prod",
    routeKey: "$default",
    path: "/v1/metrics",
  },
  {
    it: "finds a path behind a mapping of a domain",
    rawPath: "/otel/v1/metrics",
    stage: "prod",
    routeKey: "POST /v1/{proxy+}",
    path: "/v1/metrics",
  },
  {
    it: "finds a path that begins as the stage is named",
    rawPath: "/loki/api/v1/push",
    stage: "loki",
    routeKey: "$default",
    path: "/loki/api/v1/push",
  },
])("$it", async ({ rawPath, stage, routeKey, path }) => {
  const { pipeline, seen } = await probes();
  const event = recorded("http-api-otlp-metrics");
  const requestContext = { ...event.requestContext, stage };
  await createHandler(pipeline)({ ...event, requestContext, rawPath, routeKey, pathParameters: { proxy: "metrics" } });
  expect(seen.map(({ got }) => got["path"])).toEqual([path]);
});
