import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { memoryDeadLetters } from "../../delivery/dead-letters.ts";
import type { Host } from "../../graph/component.ts";
import { Flow } from "../../graph/flow.ts";
import { testHost, testInvocation, testTime } from "../../graph/testing.ts";
import { labelsFrom } from "../../telemetry/labels.ts";
import { printLabels } from "../../telemetry/loki/labels.ts";
import type { MetricBatch, Sample } from "../../telemetry/prometheus/model.ts";
import { decodeWriteRequest } from "../../telemetry/prometheus/remote-write-decode.ts";
import { uncompressBlock } from "../../telemetry/snappy.ts";
import { inTurn, startBackend } from "../testing.ts";
import { prometheusRemoteWrite } from "./remote_write.ts";
import { sample, staleMarker } from "./scrape/page.ts";

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly samples: readonly Sample[];
}

async function backend(...statuses: number[]) {
  const got: Got[] = [];
  const answer = inTurn(...statuses, ...(statuses.length ? [] : [204]));
  const { url } = await startBackend((request, number) => {
    const version = request.headers["content-type"]?.includes("v2") ? 2 : 1;
    const { samples } = decodeWriteRequest(uncompressBlock(request.body, 1 << 20), { version });
    got.push({ headers: request.headers, samples });
    return answer(request, number);
  });
  return { got, url: `${url}/api/v1/write` };
}

/** A component that sends when the flow opens. */
function writer(args: Record<string, unknown>, host: Partial<Host> = {}) {
  const flow = new Flow(false);
  const deadLetters = memoryDeadLetters();
  const surroundings = testHost({ mode: "function", flow, deadLetters, clock: Date.now, ...host });
  const instance = prometheusRemoteWrite.build(prometheusRemoteWrite.args.decode(args), surroundings);
  if (instance instanceof Promise || !instance.exports) throw new Error("should be built at once");
  const { receiver } = instance.exports as {
    receiver: { consume(batch: MetricBatch, invocation: unknown): Promise<void> };
  }; // as its schema says
  const push = async (...batches: MetricBatch[]) => {
    const sent = batches.map(batch => receiver.consume(batch, testInvocation({ deadline: Date.now() + 5000 })));
    flow.set(true);
    await Promise.all(sent);
    flow.set(false);
  };
  return { push, deadLetters };
}

const of = (labels: Record<string, string>, value = 1, timestamp = testTime): Sample =>
  sample(labelsFrom(Object.entries(labels)), timestamp, value);
const a = of({ __name__: "a" });
const shown = (samples: readonly Sample[]) =>
  samples.map(
    ({ labels, value, timestamp, stale }) =>
      `${printLabels(labels)} ${stale ? "stale" : value} ${timestamp - testTime}`,
  );
const received = (got: readonly Got[]) => got.map(({ samples }) => shown(samples));

describe("a request", () => {
  test("has the samples of all batches, in their order", async () => {
    const { got, url } = await backend();
    await writer({ endpoint: [{ url }] }).push(
      [a, of({ __name__: "b", x: "y" }, 2)],
      [of({ __name__: "a" }, 3, testTime + 1)],
    );
    expect(received(got)).toEqual([['{__name__="a"} 1 0', '{__name__="b", x="y"} 2 0', '{__name__="a"} 3 1']]);
  });

  test("has markers of what is stale", async () => {
    const { got, url } = await backend();
    await writer({ endpoint: [{ url }] }).push([staleMarker(a.labels, testTime)]);
    expect(received(got)).toEqual([['{__name__="a"} stale 0']]);
  });

  test.for<{ it: string; args: Record<string, unknown>; headers: object }>([
    {
      it: "of version 1",
      args: {},
      headers: {
        "content-type": "application/x-protobuf",
        "content-encoding": "snappy",
        "x-prometheus-remote-write-version": "0.1.0",
      },
    },
    {
      it: "of version 2",
      args: { protobuf_message: "io.prometheus.write.v2.Request" },
      headers: {
        "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        "x-prometheus-remote-write-version": "2.0.0",
      },
    },
    {
      it: "with headers of the endpoint",
      args: { headers: { "X-Scope-OrgID": "t" } },
      headers: { "x-scope-orgid": "t" },
    },
    {
      it: "with credentials",
      args: { basic_auth: { username: "u", password: "p" } },
      headers: { authorization: "Basic dTpw" },
    },
  ])("$it says so", async ({ args, headers }) => {
    const { got, url } = await backend();
    await writer({ endpoint: [{ url, ...args }] }).push([a]);
    expect(got[0]?.headers).toMatchObject(headers);
    expect(received(got)).toEqual([['{__name__="a"} 1 0']]);
  });

  test("has at most max_samples_per_send", async () => {
    const { got, url } = await backend();
    const samples = Array.from({ length: 5 }, (_, i) => of({ __name__: "a" }, i));
    await writer({ endpoint: [{ url, queue_config: { max_samples_per_send: 2 } }] }).push(samples);
    expect(got.map(({ samples: sent }) => sent.map(({ value }) => value))).toEqual([[0, 1], [2, 3], [4]]);
  });

  test("goes to every endpoint", async () => {
    const [first, second] = [await backend(), await backend()];
    await writer({ endpoint: [{ url: first.url }, { url: second.url }] }).push([a]);
    expect([received(first.got), received(second.got)]).toEqual([[['{__name__="a"} 1 0']], [['{__name__="a"} 1 0']]]);
  });

  test("of nothing is none", async () => {
    const { got, url } = await backend();
    await writer({ endpoint: [{ url }] }).push([]);
    expect(got).toEqual([]);
  });

  test("that is too large is halved; what will never be taken becomes a dead letter", async () => {
    const { got, url } = await backend(413, 204, 400);
    const { push, deadLetters } = writer({ endpoint: [{ url }] });
    await push([a, of({ __name__: "b" })]);
    expect(received(got)).toEqual([
      ['{__name__="a"} 1 0', '{__name__="b"} 1 0'],
      ['{__name__="a"} 1 0'],
      ['{__name__="b"} 1 0'],
    ]);
    expect(deadLetters.letters.map(({ reason, contentType, metadata }) => [reason, contentType, metadata])).toEqual([
      ["push refused, got status 400", "application/x-protobuf", { contentEncoding: "snappy" }],
    ]);
  });
});

describe("labels", () => {
  test.for<{
    it: string;
    args?: Record<string, unknown>;
    endpoint?: Record<string, unknown>;
    labels: Record<string, string>;
    sent: string[];
  }>([
    {
      it: "of the configuration are added",
      args: { external_labels: { env: "prod" } },
      labels: { __name__: "a" },
      sent: ['{__name__="a", env="prod"} 1 0'],
    },
    {
      it: "of the configuration replace none",
      args: { external_labels: { env: "prod" } },
      labels: { __name__: "a", env: "dev" },
      sent: ['{__name__="a", env="dev"} 1 0'],
    },
    {
      it: "of the configuration that are empty are none",
      args: { external_labels: { env: "" } },
      labels: { __name__: "a" },
      sent: ['{__name__="a"} 1 0'],
    },
    {
      it: "are rewritten after that",
      args: { external_labels: { env: "prod" } },
      endpoint: {
        write_relabel_config: [
          { source_labels: ["env"], target_label: "e" },
          { regex: "env", action: "labeldrop" },
        ],
      },
      labels: { __name__: "a" },
      sent: ['{__name__="a", e="prod"} 1 0'],
    },
    {
      it: "tell what is dropped",
      endpoint: { write_relabel_config: [{ source_labels: ["__name__"], regex: "a", action: "drop" }] },
      labels: { __name__: "a" },
      sent: [],
    },
  ])("$it", async ({ args, endpoint, labels, sent }) => {
    const { got, url } = await backend();
    await writer({ ...args, endpoint: [{ url, ...endpoint }] }).push([of(labels)]);
    expect(received(got).flat()).toEqual(sent);
  });
});

describe("old samples", () => {
  const samples = [
    of({ __name__: "a" }, 1, testTime - 10_001),
    of({ __name__: "a" }, 2, testTime - 10_000),
    of({ __name__: "a" }, 3),
  ];
  test.for<{
    it: string;
    endpoint?: Record<string, unknown>;
    args?: Record<string, unknown>;
    host?: Partial<Host>;
    values: number[];
  }>([
    { it: "are sent from a function, which has no start", values: [1, 2, 3] },
    {
      it: "from before its start are never sent from a process",
      host: { mode: "local", clock: () => testTime - 10_000 },
      values: [2, 3],
    },
    {
      it: "are dropped above an age where that is wanted",
      endpoint: { queue_config: { sample_age_limit: "10s" } },
      values: [2, 3],
    },
    {
      it: "are dropped also where labels change",
      endpoint: { queue_config: { sample_age_limit: "10s" } },
      args: { external_labels: { x: "y" } },
      values: [2, 3],
    },
  ])("$it", async ({ endpoint, args, host, values }) => {
    const { got, url } = await backend();
    const clock = host?.clock;
    let built = false;
    const surroundings = { ...host, ...(clock && { clock: () => (built ? Date.now() : clock()) }) };
    const { push } = writer({ ...args, endpoint: [{ url, ...endpoint }] }, surroundings);
    built = true;
    await push(samples);
    expect(got.flatMap(({ samples: sent }) => sent.map(({ value }) => value))).toEqual(values);
  });
});

describe("exemplars", () => {
  const exemplar = { labels: ["trace_id", "t"], value: 1, timestamp: testTime };
  test.for<{ send_exemplars: boolean; sent: number[] }>([
    { send_exemplars: true, sent: [1, 0] },
    { send_exemplars: false, sent: [0, 0] },
  ])("are sent once: $send_exemplars", async ({ send_exemplars, sent }) => {
    const { got, url } = await backend();
    const { push } = writer({ endpoint: [{ url, send_exemplars }] });
    await push([{ ...a, exemplars: [exemplar] }]);
    await push([{ ...a, timestamp: testTime + 1, exemplars: [exemplar] }]);
    expect(got.map(({ samples: [first] }) => first?.exemplars?.length ?? 0)).toEqual(sent);
  });
});

test.for<{ it: string; endpoint: Record<string, unknown>; problems: object[] }>([
  { it: "none of a URL that is one", endpoint: { url: "http://a/b" }, problems: [] },
  {
    it: "a URL that is none",
    endpoint: { url: "a" },
    problems: [{ path: ["endpoint", 0, "url"], message: 'url should be a URL, got "a"' }],
  },
  {
    it: "two ways to authenticate",
    endpoint: { url: "http://a", bearer_token: "x", bearer_token_file: "y" },
    problems: [
      {
        path: ["endpoint", 0],
        message:
          "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
      },
    ],
  },
  {
    it: "a rule that can't be",
    endpoint: { url: "http://a", write_relabel_config: [{}] },
    problems: [
      {
        path: ["endpoint", 0, "write_relabel_config", 0],
        message: "relabel configuration for replace action requires 'target_label' value",
      },
    ],
  },
])("problems: $it", ({ endpoint, problems }) => {
  expect([
    ...(prometheusRemoteWrite.check?.(prometheusRemoteWrite.args.decode({ endpoint: [endpoint] })) ?? []),
  ]).toEqual(problems);
});
