import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const probes = (more = "") => loadProbes(`probe.http "a" { path = "/loki/api/v1/push"; ${more} }`);

test("a component sees the request of a load balancer with multi-value headers, and its answer has them too", async () => {
  const { pipeline, seen } = await probes('answer = "ok"');
  const event = recorded("alb-loki-push-multi-value");
  event.multiValueHeaders["x-scope-orgid"] = ["a", "b"];
  expect(await createHandler(pipeline)(event)).toEqual({
    statusCode: 200,
    statusDescription: "200 OK",
    multiValueHeaders: { "content-type": ["text/plain; charset=utf-8"] },
    body: "ok",
    isBase64Encoded: false,
  });
  expect(seen).toEqual([
    {
      component: "probe.http.a",
      got: {
        method: "POST",
        path: "/loki/api/v1/push",
        query: "source=a%20b",
        headers: {
          accept: "*/*",
          "content-length": event.multiValueHeaders["content-length"][0],
          "content-type": "application/x-protobuf",
          host: "lambda-alb-1234567890.eu-central-1.elb.amazonaws.com",
          "user-agent": "promtail/3.5.0",
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

test.for([
  { it: "describes success", probe: "", answer: { statusCode: 200, statusDescription: "200 OK" } },
  {
    it: "describes a failure",
    probe: 'outcome = "retry"',
    answer: { statusCode: 503, statusDescription: "503 Service Unavailable" },
  },
])("$it in single headers", async ({ probe, answer }) => {
  const { pipeline } = await probes(probe);
  const reply = await createHandler(pipeline)(recorded("alb-loki-push"));
  expect(reply).toMatchObject({ ...answer, headers: {} });
  expect(reply).not.toHaveProperty("multiValueHeaders");
});

test("a health check reaches a component that has its path", async () => {
  const { pipeline, seen } = await loadProbes('probe.http "a" { path = "/"; outcome = "retry" }');
  expect(await createHandler(pipeline)(recorded("alb-health-check"))).toMatchObject({ statusCode: 503 });
  expect(seen.length).toBe(1);
});
