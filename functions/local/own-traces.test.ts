import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import type { OtlpBatch } from "../../lib/pipeline/graph/kinds.ts";
import { collect, testInvocation, testLog } from "../../lib/pipeline/graph/testing.ts";
import { requestToJson } from "../../lib/pipeline/telemetry/otlp/json-write.ts";
import { OwnTraces, type SpanStart, type TraceSettings } from "./own-traces.ts";
import { fractionSampler, RemoteSampler, strategySampler } from "./trace-sampler.ts";

const start: SpanStart = { name: "GET /a", kind: "server", attributes: { "url.path": "/a" } };

function tracing(settings: Partial<TraceSettings> = {}, error?: Error) {
  const out = collect<OtlpBatch>(error);
  const log = testLog();
  const traces = new OwnTraces(log);
  traces.configure({ fraction: 1, remote: undefined, consumer: out, invocation: () => testInvocation(), ...settings });
  onTestFinished(() => traces.stop());
  const requests = () =>
    out.batches.map(
      ({ signal, data }) => JSON.parse(Buffer.from(requestToJson(signal, data.encode())).toString()) as never,
    ); // tests look into it
  return { traces, log, requests };
}

interface Request {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly unknown[] }[] }[];
}
const spansOf = (requests: readonly Request[]) =>
  requests.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );

test("a span has what was known at its beginning and its end", async () => {
  const { traces, requests } = tracing();
  const result = await traces.span(
    start,
    async () => 503,
    status => ({ attributes: { status }, error: "got status 503" }),
  );
  await traces.flush();
  expect(result).toBe(503);
  expect(requests()).toMatchObject([
    {
      resourceSpans: [
        {
          resource: {
            attributes: expect.arrayContaining([{ key: "service.name", value: { stringValue: "alloy" } }]),
          },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
                  spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
                  name: "GET /a",
                  kind: 2,
                  startTimeUnixNano: expect.stringMatching(/^\d{19}$/),
                  attributes: [
                    { key: "url.path", value: { stringValue: "/a" } },
                    { key: "status", value: { intValue: "503" } },
                  ],
                  status: { code: 2, message: "got status 503" },
                },
              ],
            },
          ],
        },
      ],
    },
  ]);
});

test("work that fails fails as without a span, which tells why", async () => {
  const { traces, requests } = tracing();
  await expect(traces.span(start, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await traces.flush();
  expect(spansOf(requests())).toMatchObject([{ status: { code: 2, message: "no" } }]);
});

test.for([
  {
    it: "is a part of a caller's trace",
    flags: "01",
    fraction: 0,
    spans: [{ traceId: "a".repeat(32), parentSpanId: "b".repeat(16) }],
  },
  { it: "is left out where its caller leaves out its own", flags: "00", fraction: 1, spans: [] },
])("a span $it", async ({ flags, fraction, spans }) => {
  const { traces, requests } = tracing({ fraction });
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-${flags}`;
  await traces.span({ ...start, traceparent }, async () => {});
  await traces.flush();
  expect(spansOf(requests())).toMatchObject(spans);
});

test("nothing is sent without receivers, or of no fraction", async () => {
  const { traces, requests } = tracing({ fraction: 0 });
  await traces.span(start, async () => {});
  traces.configure(undefined);
  await traces.span(start, async () => {});
  await traces.flush();
  expect([requests(), traces.wanted]).toEqual([[], false]);
});

test("receivers that fail are told of once", async () => {
  const { traces, log } = tracing({}, new Error("down"));
  for (let i = 0; i < 2; i++) {
    await traces.span(start, async () => {});
    await traces.flush();
  }
  expect(log.lines).toEqual(['error the process\' own traces could not be sent {"spans":1,"error":"down"}']);
});

const idOf = (part: number) => Buffer.concat([Buffer.alloc(8), Buffer.from([part, 0, 0, 0, 0, 0, 0, 0])]);

test.for([
  { fraction: 1, kept: [true, true, true] },
  { fraction: 0.5, kept: [true, true, false] },
  { fraction: 0.25, kept: [true, false, false] },
  { fraction: 0, kept: [false, false, false] },
])("of all ids $fraction are kept", ({ fraction, kept }) => {
  const sample = fractionSampler(fraction);
  expect([0x00, 0x7f, 0x80].map(part => sample(idOf(part), "", 0))).toEqual(kept);
});

test.for([
  { it: "a fraction", strategy: { probabilisticSampling: { samplingRate: 0.5 } }, kept: [true, false, true, false] },
  {
    it: "a number a second",
    strategy: { rateLimitingSampling: { maxTracesPerSecond: 1 } },
    kept: [true, false, false, true],
  },
  {
    it: "fractions by name",
    strategy: {
      operationSampling: {
        defaultSamplingProbability: 0,
        perOperationStrategies: [{ operation: "a", probabilisticSampling: { samplingRate: 1 } }],
      },
    },
    kept: [true, true, false, false],
  },
])("Jaeger's $it", ({ strategy, kept }) => {
  const sample = strategySampler(JSON.stringify(strategy), 10);
  const traces = [
    [0x00, "a", 0],
    [0xff, "a", 1],
    [0x00, "b", 2],
    [0xff, "b", 1500],
  ] as const;
  expect(traces.map(([part, name, now]) => sample?.(idOf(part), name, now))).toEqual(kept);
});

test("a Jaeger server decides as soon as it has answered, and one that does not answer changes nothing", async () => {
  const paths: (string | undefined)[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    paths.push(request.url);
    response.writeHead(status).end('{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}');
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sampling`; // listens on TCP
  const log = testLog();
  const sampler = new RemoteSampler({ url, max_operations: 1, refresh_interval: 60_000 }, () => false, log);
  onTestFinished(() => {
    sampler.close();
    server.close();
  });
  await vi.waitFor(() =>
    expect(log.lines).toEqual(['warn sampling strategies could not be read {"error":"got status 500"}']),
  );
  expect(sampler.sample(idOf(0), "a", 0)).toBe(false);
  status = 200;
  await sampler.refresh();
  expect(sampler.sample(idOf(0), "a", 0)).toBe(true);
  expect(paths[0]).toBe("/sampling?service=alloy");
});
