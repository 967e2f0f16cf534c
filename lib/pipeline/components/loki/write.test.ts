import { describe, expect, test } from "vitest";
import { Flow } from "../../graph/flow.ts";
import { testHost, testInvocation } from "../../graph/testing.ts";
import { labelsFrom } from "../../telemetry/labels.ts";
import type { LogBatch } from "../../telemetry/loki/model.ts";
import { decodePushProtobuf } from "../../telemetry/loki/push.ts";
import { uncompressBlock } from "../../telemetry/snappy.ts";
import { startBackend } from "../testing.ts";
import { byTenant, chunksOf, halve, lokiWrite, withExternal } from "./write.ts";

interface Push {
  readonly path: string | undefined;
  readonly headers: Record<string, unknown>;
  readonly streams: unknown;
}

async function loki(status = 204) {
  const pushes: Push[] = [];
  const { url } = await startBackend(({ path, headers, body }) => {
    pushes.push({ path, headers, streams: shown(decodePushProtobuf(uncompressBlock(body, 1 << 20))) });
    return { status };
  });
  return { pushes, url: `${url}/loki/api/v1/push` };
}

type Stream = [labels: Record<string, string>, ...lines: string[]];

const batchOf = (...streams: Stream[]): LogBatch =>
  streams.map(([labels, ...lines]) => ({
    labels: labelsFrom(Object.entries(labels)),
    entries: lines.map((line, i) => ({ timestamp: BigInt(i), line, metadata: [] })),
  }));

const shown = (batch: LogBatch) =>
  batch.map(({ labels, entries }) => [labels.join(" "), ...entries.map(({ line }) => line)]);

/** A component that sends when the flow opens. */
function writer(args: Record<string, unknown>) {
  const flow = new Flow(false);
  const instance = lokiWrite.build(lokiWrite.args.decode(args), testHost({ mode: "function", flow, clock: Date.now }));
  if (instance instanceof Promise || !instance.exports) throw new Error("should be built at once");
  const { receiver } = instance.exports as {
    receiver: { consume(batch: LogBatch, invocation: unknown): Promise<void> };
  }; // as its schema says
  return async (...batches: LogBatch[]) => {
    const sent = batches.map(batch => receiver.consume(batch, testInvocation({ deadline: Date.now() + 5000 })));
    flow.set(true);
    await Promise.all(sent);
    flow.set(false);
  };
}

describe("a push", () => {
  test("has the entries of all batches, streams of equal labels as one, in their order", async () => {
    const { pushes, url } = await loki();
    await writer({ endpoint: [{ url }] })(
      batchOf([{ job: "a" }, "1", "2"], [{ job: "b" }, "x"]),
      batchOf([{ job: "a" }, "3"]),
      batchOf([{ job: "a" }, "4"]),
    );
    expect(pushes.map(({ path, streams }) => [path, streams])).toEqual([
      [
        "/loki/api/v1/push",
        [
          ["job a", "1", "2", "3", "4"],
          ["job b", "x"],
        ],
      ],
    ]);
  });

  test("has headers of the endpoint, which replace none of its own", async () => {
    const { pushes, url } = await loki();
    const headers = { "X-Mine": "yes", "Content-Type": "text/plain", "X-Scope-OrgID": "theirs", "User-Agent": "me" };
    await writer({ endpoint: [{ url, headers, tenant_id: "mine" }] })(batchOf([{ job: "a" }, "1"]));
    await writer({ endpoint: [{ url, headers }] })(batchOf([{ job: "a" }, "1"]));
    expect(
      pushes.map(({ headers: sent }) => [
        sent["x-mine"],
        sent["content-type"],
        sent["x-scope-orgid"],
        sent["user-agent"],
      ]),
    ).toEqual([
      ["yes", "application/x-protobuf", "mine", expect.stringMatching(/^Amalgam\//)],
      ["yes", "application/x-protobuf", "theirs", expect.stringMatching(/^Amalgam\//)],
    ]);
  });

  test("is of one tenant: that of the stream, or that of the endpoint", async () => {
    const { pushes, url } = await loki();
    await writer({ endpoint: [{ url, tenant_id: "other" }] })(
      batchOf([{ job: "a", __tenant_id__: "one" }, "1"], [{ job: "b" }, "2"]),
    );
    expect(pushes.map(({ headers, streams }) => [headers["x-scope-orgid"], streams]).toSorted()).toEqual([
      ["one", [["job a", "1"]]],
      ["other", [["job b", "2"]]],
    ]);
  });

  test("goes to every endpoint", async () => {
    const [first, second] = [await loki(), await loki()];
    await writer({ endpoint: [{ url: first.url }, { url: second.url }] })(batchOf([{ job: "a" }, "1"]));
    expect([first.pushes.length, second.pushes.length]).toEqual([1, 1]);
  });

  test("is no larger than batch_size, but for one entry", async () => {
    const { pushes, url } = await loki();
    await writer({ endpoint: [{ url, batch_size: "10B" }] })(
      batchOf([{ job: "a" }, "12345", "67890", "too large by itself", "x"]),
    );
    expect(pushes.map(({ streams }) => streams)).toEqual([
      [["job a", "12345", "67890"]],
      [["job a", "too large by itself"]],
      [["job a", "x"]],
    ]);
  });

  test("has at most max_streams", async () => {
    const { pushes, url } = await loki();
    await writer({ endpoint: [{ url }], max_streams: 2 })(
      batchOf([{ job: "a" }, "1"], [{ job: "b" }, "2"], [{ job: "c" }, "3"]),
    );
    expect(pushes.map(({ streams }) => streams)).toEqual([
      [["job a", "1"]],
      [
        ["job b", "2"],
        ["job c", "3"],
      ],
    ]);
  });
});

test.for<{ it: string; labels: Record<string, string>; external: Record<string, string>; out: Record<string, string> }>(
  [
    { it: "are added", labels: { a: "1" }, external: { b: "2" }, out: { a: "1", b: "2" } },
    { it: "never replace a stream's own", labels: { a: "1" }, external: { a: "2" }, out: { a: "1" } },
    { it: "are sent also where they are empty", labels: { a: "1" }, external: { b: "" }, out: { a: "1", b: "" } },
    {
      it: "and those of the stream that begin with two underscores stay here",
      labels: { __tenant_id__: "t", a: "1" },
      external: { __x: "y" },
      out: { a: "1" },
    },
  ],
)("external labels $it", ({ labels, external, out }) => {
  const flat = withExternal(labelsFrom(Object.entries(labels)), new Map(Object.entries(external)));
  const pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  expect(Object.fromEntries(pairs)).toEqual(out);
});

test.for<{ it: string; batch: LogBatch; out: Record<string, unknown> }>([
  { it: "nothing of nothing", batch: [], out: {} },
  {
    it: "a lone stream by its own",
    batch: batchOf([{ __tenant_id__: "t" }, "1"]),
    out: { t: [["__tenant_id__ t", "1"]] },
  },
  {
    it: "streams by their own or the given one",
    batch: batchOf([{ __tenant_id__: "t" }, "1"], [{ a: "b" }, "2"], [{ c: "d" }, "3"]),
    out: {
      t: [["__tenant_id__ t", "1"]],
      given: [
        ["a b", "2"],
        ["c d", "3"],
      ],
    },
  },
])("tenants: $it", ({ batch, out }) => {
  expect(Object.fromEntries([...byTenant(batch, "given")].map(([tenant, part]) => [tenant, shown(part)]))).toEqual(out);
});

test.for<{ it: string; batch: LogBatch; out: unknown }>([
  { it: "one entry can't be cut", batch: batchOf([{ a: "b" }, "1"]), out: undefined },
  {
    it: "a stream is cut between its entries",
    batch: batchOf([{ a: "b" }, "1", "2", "3"]),
    out: [[["a b", "1"]], [["a b", "2", "3"]]],
  },
  {
    it: "streams are kept whole where they can be",
    batch: batchOf([{ a: "b" }, "1"], [{ c: "d" }, "2"]),
    out: [[["a b", "1"]], [["c d", "2"]]],
  },
  {
    it: "a stream across the middle is in both halves",
    batch: batchOf([{ a: "b" }, "1"], [{ c: "d" }, "2", "3", "4"]),
    out: [
      [
        ["a b", "1"],
        ["c d", "2"],
      ],
      [["c d", "3", "4"]],
    ],
  },
])("halves: $it", ({ batch, out }) => {
  expect(halve(batch)?.map(shown)).toEqual(out);
});

test.for<{ it: string; batch: LogBatch; max: number; out: unknown }>([
  { it: "a small batch stays whole", batch: batchOf([{ a: "b" }, "12", "34"]), max: 4, out: [[["a b", "12", "34"]]] },
  {
    it: "a large one is cut between entries",
    batch: batchOf([{ a: "b" }, "12", "34", "5"]),
    max: 4,
    out: [[["a b", "12", "34"]], [["a b", "5"]]],
  },
  {
    it: "also across streams",
    batch: batchOf([{ a: "b" }, "12"], [{ c: "d" }, "34", "56"]),
    max: 4,
    out: [
      [
        ["a b", "12"],
        ["c d", "34"],
      ],
      [["c d", "56"]],
    ],
  },
  {
    it: "between streams",
    batch: batchOf([{ a: "b" }, "1234"], [{ c: "d" }, "5"]),
    max: 4,
    out: [[["a b", "1234"]], [["c d", "5"]]],
  },
  { it: "no limit is no cut", batch: batchOf([{ a: "b" }, "12", "34"]), max: 0, out: [[["a b", "12", "34"]]] },
])("chunks: $it", ({ batch, max, out }) => {
  expect(chunksOf(batch, max).map(shown)).toEqual(out);
});

test.for<{ it: string; args: Record<string, unknown>; problems: object[] }>([
  { it: "an endpoint that is one", args: { endpoint: [{ url: "http://a/b" }] }, problems: [] },
  {
    it: "a URL that is none",
    args: { endpoint: [{ url: "http://a" }, { url: "nowhere" }] },
    problems: [{ path: ["endpoint", 1, "url"], message: 'url should be a URL, got "nowhere"' }],
  },
  {
    it: "two ways to authenticate",
    args: { endpoint: [{ url: "http://a", bearer_token: "x", basic_auth: {} }] },
    problems: [
      {
        path: ["endpoint", 0],
        message:
          "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
      },
    ],
  },
])("problems: $it", ({ args, problems }) => {
  expect([...(lokiWrite.check?.(lokiWrite.args.decode(args)) ?? [])]).toEqual(problems);
});
