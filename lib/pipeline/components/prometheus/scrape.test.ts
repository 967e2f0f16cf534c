import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Target } from "../../eval/value.ts";
import { type Consumer, internalAddress } from "../../graph/component.ts";
import { collect, testHost, testInvocation, testLog, testTime } from "../../graph/testing.ts";
import { MemoryStore } from "../../state/memory.ts";
import { labelValue } from "../../telemetry/labels.ts";
import type { MetricBatch } from "../../telemetry/prometheus/model.ts";
import { type BackendAnswer, startBackend } from "../testing.ts";
import { prometheusScrape } from "./scrape.ts";

const text = (body: string | Uint8Array, more: BackendAnswer["headers"] = {}): BackendAnswer => ({
  headers: { "content-type": "text/plain", ...more },
  body,
});

const targetOf = (address: string, more: Record<string, string> = {}) =>
  new Target(new Map(Object.entries({ __address__: address, ...more })));

/** A component that scrapes addresses; each run scrapes once. */
function scraper(
  args: Record<string, unknown>,
  host = testHost({ id: "prometheus.scrape.s" }),
  out: Consumer<MetricBatch> & { readonly batches: readonly MetricBatch[] } = collect(),
) {
  const decoded = { ...prometheusScrape.args.decode({ forward_to: [], targets: [], ...args }), forward_to: [out] };
  const instance = prometheusScrape.build(decoded as never, host); // with a consumer in the place of a capsule
  if (instance instanceof Promise) throw new Error("should be built at once");
  const schedules = (instance.triggers ?? []).flatMap(trigger => (trigger.kind === "schedule" ? trigger : []));
  const run = async (now = testTime) => {
    for (const { run } of schedules) await run(testInvocation({ now }));
  };
  return { instance, schedules, run, out };
}

/** Values by name, of those that don't tell the time. */
const valuesOf = (batch: MetricBatch | undefined) =>
  Object.fromEntries(
    (batch ?? []).flatMap(({ labels, value, stale }) => {
      const name = labelValue(labels, "__name__");
      return name === "scrape_duration_seconds" ? [] : [[name, stale ? "stale" : value]];
    }),
  );

const reported = { scrape_samples_scraped: 0, scrape_samples_post_metric_relabeling: 0, scrape_series_added: 0 };
const failed = { up: 0, ...reported };

describe("a scrape", () => {
  const page = "a 1\nb 2\n";
  test.for<{
    it: string;
    args?: Record<string, unknown>;
    answer: () => BackendAnswer | undefined;
    values: object;
    log?: RegExp;
  }>([
    {
      it: "gives the page's samples and how it went",
      answer: () => text(page),
      values: {
        a: 1,
        b: 2,
        up: 1,
        scrape_samples_scraped: 2,
        scrape_samples_post_metric_relabeling: 2,
        scrape_series_added: 2,
      },
    },
    {
      it: "reads gzip",
      answer: () => text(gzipSync(page), { "content-encoding": "gzip" }),
      values: { a: 1, b: 2, up: 1 },
    },
    {
      it: "takes a body of another encoding as it is",
      answer: () => text(page, { "content-encoding": "br" }),
      values: { a: 1, b: 2, up: 1 },
    },
    {
      it: "fails with another status, also a good one",
      answer: () => ({ status: 204 }),
      values: failed,
      log: /server returned HTTP status 204/,
    },
    {
      it: "fails where the page can't be read, and counts what could",
      answer: () => text("a 1\nb\n"),
      values: {
        ...failed,
        scrape_samples_scraped: 1,
        scrape_samples_post_metric_relabeling: 1,
        scrape_series_added: 1,
      },
      log: /scrape failed/,
    },
    {
      it: "fails where nothing comes in time",
      args: { scrape_timeout: "50ms" },
      answer: () => undefined,
      values: failed,
      log: /scrape failed/,
    },
    {
      it: "fails with a page as large as the limit",
      args: { body_size_limit: "8B", extra_metrics: true },
      answer: () => text(page),
      values: { ...failed, scrape_timeout_seconds: 10, scrape_sample_limit: 0, scrape_body_size_bytes: -1 },
      log: /should have at most 7 bytes/,
    },
    {
      it: "fails with a page that is larger than the limit once it is decompressed",
      args: { body_size_limit: "100B", extra_metrics: true },
      answer: () => text(gzipSync("a 1\n".repeat(100)), { "content-encoding": "gzip" }),
      values: { scrape_body_size_bytes: -1, up: 0 },
      log: /should have at most 99 bytes/,
    },
    {
      it: "passes with a page below the limit",
      args: { body_size_limit: "9B", extra_metrics: true },
      answer: () => text(page),
      values: { up: 1, scrape_body_size_bytes: 8 },
    },
    {
      it: "fails for all targets above their limit",
      args: { target_limit: 1, targets: [targetOf("127.0.0.1:1"), targetOf("127.0.0.1:2")] },
      answer: () => undefined,
      values: failed,
      log: /target_limit exceeded \(number of targets: 2, limit: 1\)/,
    },
  ])("$it", async ({ args, answer, values, log }) => {
    const { address } = await startBackend(answer);
    const testlog = testLog();
    const { run, out } = scraper({ targets: [targetOf(address)], ...args }, testHost({ log: testlog }));
    await run();
    expect(valuesOf(out.batches[0])).toMatchObject(values);
    if (log) expect(testlog.lines.join("\n")).toMatch(log);
    else expect(testlog.lines).toEqual([]);
  });

  test("asks as it is told to", async () => {
    const { address, got } = await startBackend();
    const { run } = scraper({
      targets: [targetOf(address)],
      metrics_path: "/m",
      params: { q: ["x y"] },
      scrape_protocols: ["PrometheusText0.0.4"],
      scrape_timeout: "1500ms",
      enable_compression: false,
      bearer_token: "t",
    });
    await run();
    const names = ["accept", "accept-encoding", "x-prometheus-scrape-timeout-seconds", "authorization"];
    expect(got.map(({ path, headers }) => [path, ...names.map(name => headers[name])])).toEqual([
      ["/m?q=x+y", "text/plain;version=0.0.4;q=0.6,*/*;q=0.5", "identity", "1.5", "Bearer t"],
    ]);
  });

  test("of a target in this process reads its page without a connection", async () => {
    const internalPages = new Map([["/inside", () => "a 1\n"]]);
    const { run, out } = scraper(
      {
        targets: [
          targetOf(internalAddress, { __metrics_path__: "/inside" }),
          targetOf(internalAddress, { __metrics_path__: "/none" }),
        ],
      },
      testHost({ internalPages }),
    );
    await run();
    expect(out.batches.map(batch => valuesOf(batch)).map(({ a, up }) => [a, up])).toEqual([[1, 1], [undefined, 0]]); // biome-ignore format: one value
  });
});

test("targets of the same interval share a schedule, each target's samples are a batch", async () => {
  const { address } = await startBackend(() => text("a 1\n"));
  const { schedules, run, out } = scraper({
    targets: [targetOf(address), targetOf(address, { x: "y" }), targetOf(address, { __scrape_interval__: "15s" })],
  });
  expect(schedules.map(({ everyMs }) => everyMs)).toEqual([60_000, 15_000]);
  await run();
  expect(out.batches).toHaveLength(3);
});

test("a run fails where samples were not delivered, but only after all targets were scraped", async () => {
  const { address } = await startBackend(() => text("a 1\n"));
  const out = collect<MetricBatch>(new Error("backend is away"));
  const log = testLog();
  const { run } = scraper({ targets: [targetOf(address), targetOf(address, { x: "y" })] }, testHost({ log }), out);
  await expect(run()).rejects.toThrow("backend is away");
  const errors = log.lines.filter(line => line.startsWith("error"));
  expect([out.batches.length, errors.length]).toEqual([2, 2]);
  expect(errors[0]).toMatch(
    /^error samples were not delivered \{"component":"test.part.a","target":"http:.*","error":"backend is away"\}$/,
  );
});

test("in functions another instance marks what vanished", async () => {
  let body = "a 1\nb 2\n";
  const { address } = await startBackend(() => text(body));
  const state = new MemoryStore();
  const instance = () => scraper({ targets: [targetOf(address)] }, testHost({ mode: "function", state }));
  await instance().run();
  body = "a 1\n";
  const second = instance();
  await second.run(testTime + 1000);
  expect(valuesOf(second.out.batches[0])).toMatchObject({ a: 1, b: "stale", up: 1, scrape_series_added: 0 });
});

test("an instance that follows another marks what vanished, and all of the targets that it does not have", async () => {
  let page = "kept 1\nlost 1\n";
  const kept = targetOf((await startBackend(() => text(page))).address);
  const removed = targetOf((await startBackend(() => text("other 1\n"))).address);
  const host = testHost({ id: "prometheus.scrape.s", mode: "local" });
  await scraper({ targets: [kept, removed] }, host).run();
  page = "kept 2\n";
  const { run, out } = scraper({ targets: [kept] }, host);
  await run(testTime + 1000);
  await run(testTime + 2000);
  const ended = Object.fromEntries(Object.keys({ ...failed, other: 1 }).map(name => [name, "stale"]));
  expect(out.batches.map(valuesOf)).toEqual([
    { kept: 2, lost: "stale", up: 1, ...reported, scrape_samples_scraped: 1, scrape_samples_post_metric_relabeling: 1 },
    ended,
    { kept: 2, up: 1, ...reported, scrape_samples_scraped: 1, scrape_samples_post_metric_relabeling: 1 },
  ]);
});

test("a new instance closes its connections when it is done", async () => {
  const { instance } = scraper({});
  await instance.close?.();
  expect(instance.needs).toEqual({ state: true });
});

describe("problems", () => {
  test.for<{ it: string; args: Record<string, unknown>; problems: object[] }>([
    { it: "none of the defaults", args: {}, problems: [] },
    {
      it: "a timeout above the interval",
      args: { scrape_timeout: "2m" },
      problems: [
        { path: ["scrape_timeout"], message: "scrape_timeout (120s) should not be greater than scrape_interval (60s)" },
      ],
    },
    {
      it: "two ways to authenticate",
      args: { bearer_token: "t", basic_auth: {} },
      problems: [
        {
          path: [],
          message:
            "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
        },
      ],
    },
    {
      it: "a protocol twice",
      args: { scrape_protocols: ["PrometheusProto", "PrometheusProto"] },
      problems: [
        {
          path: ["scrape_protocols", 1],
          message: 'duplicate scrape protocol "PrometheusProto": make sure the scrape protocols provided are unique',
        },
      ],
    },
  ])("$it", ({ args, problems }) => {
    const decoded = prometheusScrape.args.decode({ targets: [], forward_to: [], ...args });
    expect([...(prometheusScrape.check?.(decoded) ?? [])]).toEqual(problems);
  });
});
