/**
 * The function is killed at every point of an invocation, one after the other: at each of its calls, before and behind it, before the
 * first and behind the last. Then the trigger brings the same again. Nothing is lost, and what comes twice was brought twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLetter } from "../../lib/pipeline/delivery/dead-letters-form.ts";
import { type Emulator, startEmulator } from "../../lib/pipeline/state/testing.ts";
import { balanced, balanceOf } from "./support/account.ts";
import type { FrontAnswer, FrontCall } from "./support/front.ts";
import { lokiJson, sqsEvent, tracesJson } from "./support/messages.ts";
import { idsIn, idsOfLetter, wireOf } from "./support/wire.ts";
import { deploy, type KillPoint, startWorker, type Worker } from "./support/worker.ts";

const config = `
loki.source.s3 "in" {
  batch_size          = "100B"
  checkpoint_interval = "0s"
  forward_to          = [loki.write.out.receiver]
}
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint {
    url                = sys.env("SINK") + "/loki/api/v1/push"
    min_backoff_period = "1ms"
    max_backoff_period = "2ms"
  }
}
otelcol.receiver.otlp "in" {
  http { }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.receiver.kinesis "in" {
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" {
  client { endpoint = sys.env("SINK") }
}`;

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-kills-"));
let emulator: Emulator;
let taskRoot: string;
let table: string;
/** What is at the backend, in objects and in dead letters. */
let stored = new Map<string, number>();
let letters = new Map<string, readonly string[]>();
const objects = new Map<string, Buffer>();

beforeAll(async () => {
  emulator = await startEmulator();
  ({ table } = await emulator.table());
  taskRoot = await deploy(config, folder);
});
afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true });
});

/** The backend refuses spans of this name for good, others never; the letters are kept in a bucket. */
const poison = "poison";

function route(call: FrontCall): string | FrontAnswer {
  const { method, url, headers, body } = call;
  if (String(headers["x-amz-target"]).startsWith("DynamoDB")) return emulator.url;
  if (url.startsWith("/letters/")) {
    letters.set(url, idsOfLetter(readLetter(body)));
    return { status: 200 };
  }
  if (method === "POST") {
    const ids = idsIn(wireOf(url), headers["content-encoding"], body).map(id => id.replace(padding, ""));
    if (ids.some(id => id.startsWith(poison))) return { status: 400 };
    for (const id of ids) stored.set(id, (stored.get(id) ?? 0) + 1);
    return { status: 200 };
  }
  return objectAnswer(objects.get(decodeURIComponent(url)), String(headers["range"]));
}

function objectAnswer(object: Buffer | undefined, asked: string): FrontAnswer {
  if (!object) return { status: 404 };
  const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(asked) ?? []).map(Number);
  const body = object.subarray(from, to + 1);
  const range = `bytes ${from}-${from + body.length - 1}/${object.length}`;
  return { status: 206, headers: { etag: '"e1"', "content-range": range }, body };
}

/** So that an object is read, sent and noted in several parts. */
const padding = " ".padEnd(4000, "x");
let rounds = 0;

/** Events whose records have ids of their own in each round. */
const sources = {
  queue: () => {
    const round = rounds++;
    const ids = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${round}-${i}`);
    const key = `/shop/logs/${round}.log`;
    const lines = ids("line-of-an-object", 60);
    objects.set(key, gzipSync(lines.map(line => `${line}${padding}\n`).join("")));
    const created = { Records: [{ eventSource: "aws:s3", eventName: "ObjectCreated:Put", s3: { bucket: { name: "shop" }, object: { key: `logs/${round}.log` } } }] }; // biome-ignore format: one event
    const messages = [
      { id: "logs", ids: ids("line", 3), body: lokiJson(ids("line", 3)) },
      { id: "spans", ids: ids("span", 3), body: tracesJson(ids("span", 3)) },
      { id: "poison", ids: ids(poison, 2), body: tracesJson(ids(poison, 2)) },
      { id: "object", ids: lines, body: JSON.stringify(created) },
    ];
    const event = (received: number) => sqsEvent(messages, { received });
    return { sent: messages.flatMap(each => each.ids), dead: ids(poison, 2), event };
  },
  stream: () => {
    const round = rounds++;
    const sent = Array.from({ length: 6 }, (_, i) => `${i === 3 ? poison : "span"}-${round}-${i}`);
    const event = () => ({
      Records: sent.map((id, i) => ({
        kinesis: {
          partitionKey: "key",
          sequenceNumber: `4959033827149025660855969253836157109592157598913658${8000 + i}`,
          data: Buffer.from(tracesJson([id])).toString("base64"),
          approximateArrivalTimestamp: 1_768_471_200.123,
        },
        eventSource: "aws:kinesis",
        eventID: `shardId-000000000006:4959033827149025660855969253836157109592157598913658${8000 + i}`,
        eventSourceARN: "arn:aws:kinesis:eu-central-1:123456789012:stream/telemetry",
      })),
    });
    return { sent, dead: sent.slice(3, 4), event };
  },
};

const startVictim = (): Promise<Worker> =>
  startWorker({
    taskRoot,
    route,
    env: {
      AWS_REGION: "us-east-1",
      AMALGAM_STATE: `dynamodb:${table}`,
      AMALGAM_DEAD_LETTERS: "s3://letters/shop",
      AWS_SESSION_TOKEN: "token",
    },
  });

const taken = { result: { batchItemFailures: [] }, killed: false };
const nameOf = (kill: KillPoint): string =>
  kill === "answered" ? kill : "call" in kill ? `${kill.side} call ${kill.call}` : `after ${kill.afterMs} ms`;

describe.each(Object.entries(sources).map(([source, make]) => ({ source, make })))("a $source", ({ make }) => {
  test("is brought again wherever the function is killed", async () => {
    const survivor = await startVictim();
    const whole = make();
    expect(await survivor.invoke(whole.event(1))).toEqual(taken);
    const { calls } = survivor.front;
    expect(calls.length, calls.join("\n")).toBeGreaterThan(3);

    const points: KillPoint[] = [
      ...calls.flatMap((_, call) => [{ call, side: "before" } as const, { call, side: "behind" } as const]),
      ...[0, 20, 80, 100, 120].map(afterMs => ({ afterMs })),
      "answered",
    ];
    const outcomes: Record<string, unknown> = {};
    const kill = async (point: KillPoint, victim: Worker) => {
      const { sent, dead, event } = make();
      const first = await victim.invoke(event(1), { kill: point });
      if (point === "answered" || "call" in point) expect(first.killed, nameOf(point)).toBe(true);
      // others may be through before
      const again = first.killed ? await victim.invoke(event(2)) : first;
      expect(again, nameOf(point)).toEqual(taken);
      const here = (id: string) => sent.includes(id);
      const found = [...letters.values()].flat().filter(here);
      const own = new Map([...stored].filter(([id]) => here(id)));
      outcomes[nameOf(point)] = {
        ...balanceOf({ sent, stored: own, dead: found, returned: [], mayRepeat: () => first.killed }),
        dead: [...new Set(found)].sort(),
        more: [...own.values()].some(count => count > 2),
      };
      expect(outcomes[nameOf(point)], nameOf(point)).toEqual({ ...balanced, dead, more: false });
    };
    stored = new Map();
    letters = new Map();
    const queue = [...points];
    const work = async (worker: Worker) => {
      for (let point = queue.shift(); point !== undefined; point = queue.shift()) await kill(point, worker);
      await worker.stop();
    };
    await Promise.all([work(survivor), work(await startVictim())]);
    expect(Object.keys(outcomes).length).toBe(points.length);
  }, 120_000);
});
