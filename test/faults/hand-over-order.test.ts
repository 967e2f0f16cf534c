/**
 * Samples that wait because their backend is down, which takes them only in the order of time: the function is killed at every point while
 * it hands over, and while it delivers, and others scrape meanwhile. Nothing is lost, no sample comes before an older one of its series,
 * and what comes later goes to the backend again without waiting.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readSamples } from "../../lib/pipeline/components/prometheus/replay.ts";
import { DynamoDbStore } from "../../lib/pipeline/state/dynamodb.ts";
import { type Emulator, startEmulator } from "../../lib/pipeline/state/testing.ts";
import { labelsToMap } from "../../lib/pipeline/telemetry/labels.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "../e2e/support/moto.ts";
import { callQueue, type DeliverOptions, deliverWaiting } from "./support/event-source.ts";
import type { FrontAnswer, FrontCall } from "./support/front.ts";
import { deploy, type KillPoint, startWorker, type Worker } from "./support/worker.ts";

/** What is not taken is handed over at once, since the next try would come too late. All know the backend by the same name. */
const config = `
prometheus.scrape "in" {
  targets         = [{ __address__ = "target.example", instance = "one" }]
  proxy_url       = sys.env("SINK")
  forward_to      = [prometheus.remote_write.out.receiver]
  scrape_interval = "1m"
}
prometheus.remote_write "out" {
  endpoint {
    url       = "http://mimir.example/api/v1/write"
    proxy_url = sys.env("SINK")
    queue_config {
      min_backoff = "2m"
      max_backoff = "2m"
    }
  }
}`;

const scrape = { amalgam: { schedule: "prometheus.scrape.in" } };
/** Longer than any invocation. */
const laterMs = 17 * 60_000;
const waiting = "ordered.fifo";
const nameOf = (kill: KillPoint): string => JSON.stringify(kill);

describe.skipIf(!motoIsInstalled)("samples that wait", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-ordered-"));
  let moto: Moto;
  let emulator: Emulator;
  let table: string;
  let taskRoot: string;
  let url: string;
  let isDown = false;
  /** Pages that were scraped; each has its own number as the value of its series. */
  let pages = 0;
  /** Values and times as they came to the backend, by series. */
  let stored = new Map<string, { readonly value: number; readonly time: number }[]>();
  let dead = 0;
  const workers: Worker[] = [];

  async function route(call: FrontCall): Promise<FrontAnswer> {
    const target = call.headers["x-amz-target"];
    if (target !== undefined) return forwarded(call, String(target).startsWith("DynamoDB") ? emulator.url : moto.url);
    if (call.url.endsWith("/metrics")) return { status: 200, headers: { "content-type": "text/plain" }, body: `page ${++pages}\n` }; // biome-ignore format: one answer
    if (call.url.startsWith("/letters/")) {
      dead++;
      return { status: 200 };
    }
    if (isDown) return { status: 503 };
    const letter = { component: "", destination: "", reason: "", time: 0, format: "remote_write_v1", contentType: "", body: call.body, metadata: {} } as const; // biome-ignore format: one letter
    for (const { labels, value, timestamp } of readSamples(letter)) {
      const series = labelsToMap(labels).get("__name__") ?? "";
      stored.set(series, [...(stored.get(series) ?? []), { value, time: timestamp }]);
    }
    return { status: 204 };
  }

  async function forwarded({ method, url, headers, body }: FrontCall, to: string): Promise<FrontAnswer> {
    const { host: _, connection: __, "content-length": ___, ...kept } = headers;
    const answer = await fetch(to + url, {
      method,
      headers: kept as Record<string, string>,
      body: new Uint8Array(body),
    }); // none is repeated
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }

  const start = async (): Promise<Worker> => {
    const worker = await startWorker({
      taskRoot,
      route,
      env: {
        AWS_REGION: region,
        AMALGAM_STATE: `dynamodb:${table}`,
        AMALGAM_DEAD_LETTERS: "s3://letters/shop",
        AMALGAM_HAND_OVER: `sqs:${url}`,
      },
    });
    workers.push(worker);
    return worker;
  };

  beforeAll(async () => {
    [moto, emulator, taskRoot] = await Promise.all([startMoto(), startEmulator(), deploy(config, folder)]);
    ({ table } = await emulator.table());
    const Attributes = { FifoQueue: "true", VisibilityTimeout: "43200" };
    ({ QueueUrl: url } = (await callQueue(moto, "CreateQueue", { QueueName: waiting, Attributes })) as {
      QueueUrl: string;
    }); // its documented form
  }, 120_000);
  beforeEach(() => {
    stored = new Map();
    dead = 0;
    return async () => {
      await Promise.all(workers.splice(0).map(worker => worker.stop()));
    };
  });
  afterAll(async () => {
    await moto?.stop();
    await emulator?.stop();
    rmSync(folder, { recursive: true });
  });

  /** Scrapes a page; gives its number where the invocation was not killed. */
  async function scrapeBy(worker: Worker, kill?: KillPoint): Promise<number | undefined> {
    const { killed, error } = await worker.invoke(scrape, { kill });
    if (killed) return undefined;
    expect(error).toBeUndefined();
    return pages;
  }

  const queue = () => ({ moto, url, arn: `arn:aws:sqs:${region}:123456789012:${waiting}` });

  async function deliverAll(worker: Worker, options: DeliverOptions = {}): Promise<void> {
    for (let tries = 0; (await deliverWaiting(queue(), worker, options)).messages; tries++) if (tries > 50) throw new Error("what waits should be delivered in the end, got more and more"); // biome-ignore format: one line
  }

  /** What is noted of lanes. */
  async function lanes(): Promise<readonly string[]> {
    const store = new DynamoDbStore({ table, region, endpoint: emulator.url }); // biome-ignore format: one store
    const keys = await store.list("amalgam.hand-over");
    await store.close();
    return keys;
  }

  const pointsOf = (calls: readonly string[]): KillPoint[] => [
    ...calls.flatMap((_, call) => [{ call, side: "before" } as const, { call, side: "behind" } as const]),
    "answered",
  ];

  /** All that was scraped is there, in the order of time but for what is there already; and what comes now does not wait. */
  async function check(worker: Worker, scraped: readonly (number | undefined)[], what: string): Promise<void> {
    await deliverAll(worker);
    // whoever was killed before it sent what it noted leaves a lane through which all goes for a while
    const behind = await scrapeBy(worker);
    await deliverAll(worker, { laterMs });
    expect(await lanes(), what).toEqual([]);
    const direct = await scrapeBy(worker);
    const values = (stored.get("page") ?? []).map(({ value }) => value);
    expect(values.at(-1), what).toBe(direct);
    const all = [...scraped, behind, direct].filter(page => page !== undefined);
    expect(
      all.filter(page => !values.includes(page)),
      what,
    ).toEqual([]);
    for (const [series, samples] of stored) {
      const seen = new Set<number>();
      const times = samples.map(({ time }) => time).filter(time => !seen.has(time) && seen.add(time));
      expect(times, `${what}: ${series}`).toEqual(times.toSorted((a, b) => a - b));
    }
    expect(dead, what).toBe(0);
  }

  test("are in order and complete, wherever the function is killed that hands them over", async () => {
    const [victim, other] = [await start(), await start()];
    isDown = true;
    await scrapeBy(victim);
    const { calls } = victim.front;
    expect(calls.filter(call => call === "AmazonSQS.SendMessage").length, calls.join("\n")).toBe(1);
    isDown = false;
    await check(other, [], "not killed");
    for (const point of pointsOf(calls)) {
      isDown = true;
      // a process that does not know of the outage calls as much as the first one
      const unknowing = await start();
      const scraped = [await scrapeBy(other), await scrapeBy(unknowing, point), await scrapeBy(other)];
      isDown = false;
      scraped.push(await scrapeBy(unknowing));
      await check(other, scraped, nameOf(point));
      await Promise.all(workers.splice(2).map(worker => worker.stop()));
    }
  }, 600_000);

  test("are in order and complete, wherever the function is killed that delivers them", async () => {
    const [victim, other] = [await start(), await start()];
    const fill = async () => {
      isDown = true;
      const scraped = [await scrapeBy(other), await scrapeBy(other)];
      isDown = false;
      return scraped;
    };
    const first = await fill();
    expect((await deliverWaiting(queue(), victim)).messages).toBe(2);
    const { calls } = victim.front;
    await check(other, first, "not killed");
    for (const point of pointsOf(calls)) {
      const scraped = await fill();
      const { killed } = await deliverWaiting(queue(), victim, { kill: point });
      expect(killed, nameOf(point)).toBe(true);
      scraped.push(await scrapeBy(other)); // before and behind what is brought again
      await deliverWaiting(queue(), victim);
      scraped.push(await scrapeBy(other));
      await check(other, scraped, nameOf(point));
    }
  }, 600_000);
});
