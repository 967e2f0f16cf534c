/**
 * Many records through emulated SQS, S3 and DynamoDB, while workers are killed at random: each is at the backend, in the dead letters
 * or in the queue's own dead-letter queue, and only what the queue brought again is there twice.
 *
 * `AMALGAM_FAULT_SEED=7` repeats a run, as far as two processes can; `AMALGAM_FAULT_RECORDS=100000` (`npm run test:faults`) makes it larger.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openCloudLetters } from "../../lib/pipeline/delivery/dead-letters-cloud.ts";
import { letterPlace } from "../../lib/pipeline/delivery/dead-letters-place.ts";
import { type Emulator, startEmulator } from "../../lib/pipeline/state/testing.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "../e2e/support/moto.ts";
import { randomFrom } from "../robustness/mutate.ts";
import { balanced, balanceOf, summaryOf } from "./support/account.ts";
import { makeQueues, type Queues, type Received, receive, runEventSource, sendAll } from "./support/event-source.ts";
import type { FrontAnswer, FrontCall } from "./support/front.ts";
import { lokiJson } from "./support/messages.ts";
import { idsIn, idsOfLetter } from "./support/wire.ts";
import { deploy, type KillPoint, startWorker } from "./support/worker.ts";

const seed = Number(process.env["AMALGAM_FAULT_SEED"] ?? Date.now() % 1_000_000);
const total = Number(process.env["AMALGAM_FAULT_RECORDS"] ?? 20_000);

/** Of ten records four are lines of objects, six in messages. */
const linesOfAnObject = 2000;
const linesOfAMessage = 200;
const objectCount = Math.ceil((total * 0.4) / linesOfAnObject);
/** Events that name no object, and fail until they are put aside. */
const missingCount = 5;
const messageCount = Math.ceil((total - objectCount * linesOfAnObject) / linesOfAMessage);

const config = `
loki.source.s3 "in" {
  batch_size          = "16KiB"
  checkpoint_interval = "0s"
  missing_objects     = "fail"
  forward_to          = [loki.write.out.receiver]
}
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint {
    url                 = sys.env("SINK") + "/loki/api/v1/push"
    min_backoff_period  = "2ms"
    max_backoff_period  = "10ms"
    max_backoff_retries = 3
  }
}`;

const padding = " ".padEnd(250, "x"); // so that an object is read, sent and noted in several parts
const idOf = (line: string): string => line.split(" ", 1)[0] ?? "";
const numbered = (name: string, count: number, end = "") =>
  Array.from({ length: count }, (_, i) => `${name}-${i}${end}`);

describe.skipIf(!motoIsInstalled)("random kills", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-random-kills-"));
  let moto: Moto;
  let emulator: Emulator;
  let taskRoot: string;

  beforeAll(async () => {
    [moto, emulator] = await Promise.all([startMoto(), startEmulator()]);
    taskRoot = await deploy(config, folder);
    vi.stubEnv("AWS_ENDPOINT_URL", moto.url);
    vi.stubEnv("AWS_REGION", region);
    for (const bucket of ["shop-logs", "letters"])
      await moto.put(`/${bucket}`, `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`); // biome-ignore format: one document
  }, 120_000);
  afterAll(async () => {
    await moto?.stop();
    await emulator?.stop();
    rmSync(folder, { recursive: true });
  });

  test("lose nothing, and repeat nothing that was not brought again", async () => {
    const random = randomFrom(seed);
    const queues = await makeQueues(moto, "telemetry", 3);
    const { sent, sourceOf } = await fill(queues, random);
    const { table } = await emulator.table();

    const stored = new Map<string, number>();
    let pushes = 0;
    const backend = ({ headers, body }: FrontCall): FrontAnswer => {
      const ids = idsIn("loki", headers["content-encoding"], body).map(idOf);
      pushes++;
      if (ids.some(id => id.startsWith("poison"))) return { status: 400, body: "entry too far behind" };
      if (random.below(100) < 5) return { status: random.pick([503, 429, 500]) };
      for (const id of ids) stored.set(id, (stored.get(id) ?? 0) + 1);
      return { status: 204 };
    };
    const route = (call: FrontCall): string | FrontAnswer => {
      if (call.url === "/loki/api/v1/push") return backend(call);
      return String(call.headers["x-amz-target"]).startsWith("DynamoDB") ? emulator.url : moto.url;
    };
    const env = { AWS_REGION: region, AMALGAM_STATE: `dynamodb:${table}`, AMALGAM_DEAD_LETTERS: "s3://letters/shop" };
    const start = () => startWorker({ taskRoot, route, env });
    const workers = await Promise.all([start(), start()]);

    let planned = 0;
    const received = new Map<string, number>();
    const counts = await runEventSource(workers, {
      moto,
      queues,
      batchSize: 3,
      plan: () => (planned++ === 0 ? { kill: "answered" } : planOf(random)), // one at least
      onReceive: ({ Body }) => {
        const source = nameOf(Body);
        received.set(source, (received.get(source) ?? 0) + 1);
      },
    });
    for (const worker of workers) await worker.stop();

    const dead = await deadLetters(source => sent.filter(id => sourceOf.get(id) === source));
    const aside = await deadMessages(queues);
    const returned = sent.filter(id => aside.has(sourceOf.get(id) ?? ""));
    const mayRepeat = (id: string) => (received.get(sourceOf.get(id) ?? "") ?? 0) > 1;
    const books = { sent, stored, dead, returned, mayRepeat };
    const again = [...received.values()].filter(count => count > 1).length;
    const summary = `seed ${seed}: ${summaryOf({ ...books, dead: [...new Set(dead)] })}; ${counts.invocations} invocations, ${counts.kills} killed, ${counts.failures} failed, ${pushes} pushes, ${counts.returned} messages went back, ${again} of ${received.size} came again`;
    console.info(summary);
    const balance = balanceOf(books);
    expect({ lost: balance.lost.slice(0, 5), strange: balance.strange.slice(0, 5), twice: balance.twice.slice(0, 5) }, summary).toEqual(balanced); // biome-ignore format: one call
    expect(sent.length, summary).toBeGreaterThanOrEqual(total);
    for (const part of [counts.kills, stored.size, dead.length, returned.length]) expect(part, summary).toBeGreaterThan(0); // biome-ignore format: one call
  }, 600_000);

  /** Fills the queue: pushes, some of them unreadable and some refused by the backend, and events of objects. */
  async function fill(queues: Queues, random: ReturnType<typeof randomFrom>) {
    const sourceOf = new Map<string, string>();
    const bodies: string[] = [];
    const note = (source: string, lines: readonly string[]) => {
      for (const line of lines) sourceOf.set(idOf(line), source);
    };
    for (let i = 0; i < messageCount; i++) {
      const name = random.below(50) === 0 ? `poison-${i}` : `message-${i}`;
      const lines = numbered(name, linesOfAMessage);
      const body = lokiJson(lines);
      note(name, lines);
      bodies.push(i % 100 === 7 ? body.slice(0, -5) : body);
    }
    const tell = (name: string) => {
      const s3 = { bucket: { name: "shop-logs" }, object: { key: `logs/${name}.gz`, sequencer: name } };
      const event = { eventSource: "aws:s3", eventName: "ObjectCreated:Put", awsRegion: region, eventTime: "2026-01-15T10:00:00.000Z", s3 }; // biome-ignore format: one event
      bodies.splice(random.below(bodies.length), 0, JSON.stringify({ Records: [event] }));
    };
    for (let i = 0; i < objectCount; i++) {
      const lines = numbered(`object-${i}`, linesOfAnObject, padding);
      note(`object-${i}`, lines);
      const body = gzipSync(`${lines.join("\n")}\n`);
      const { ok } = await fetch(`${moto.url}/shop-logs/logs/object-${i}.gz`, { method: "PUT", body });
      expect(ok).toBe(true);
      tell(`object-${i}`);
    }
    for (let i = 0; i < missingCount; i++) {
      note(`missing-${i}`, [`missing-${i}-0`]);
      tell(`missing-${i}`);
    }
    await sendAll(moto, queues.url, bodies);
    return { sent: [...sourceOf.keys()], sourceOf };
  }

  async function deadLetters(idsOf: (source: string) => readonly string[]): Promise<string[]> {
    const place = letterPlace("s3://letters/shop");
    if (!place) throw new Error("it should be a place of letters");
    const box = openCloudLetters(place);
    const ids: string[] = [];
    for await (const { letter } of box.letters())
      if (letter)
        ids.push(...(letter.format === "aws_event" ? idsOf(nameOf(letter.body)) : idsOfLetter(letter).map(idOf)));
    await box.close();
    return ids;
  }

  async function deadMessages({ dead }: Queues): Promise<ReadonlySet<string>> {
    const all = new Set<string>();
    for (let some: Received[] = await receive(moto, dead, 10); some.length; some = await receive(moto, dead, 10))
      for (const { Body } of some) all.add(nameOf(Body));
    return all;
  }
});

/** Of a message, or of the object that it names, also where what is left of it was handed on. */
const nameOf = (body: string | Uint8Array): string =>
  /(?:message|poison|object|missing)-\d+/.exec(Buffer.from(body as string).toString())?.[0] ?? ""; // or bytes

/** A quarter of the invocations is killed: most at one of their calls, some by the clock, some when they have answered. Few have little time. */
function planOf({ below }: ReturnType<typeof randomFrom>): { readonly kill?: KillPoint; readonly timeoutMs?: number } {
  const timeoutMs = below(10) === 0 ? 400 : 60_000;
  switch (below(16)) {
    case 0:
    case 1:
    case 4:
      return { kill: { call: below(4), side: below(2) ? "before" : "behind" }, timeoutMs };
    case 2:
      return { kill: { afterMs: below(150) }, timeoutMs };
    case 3:
      return { kill: "answered", timeoutMs };
    default:
      return { timeoutMs };
  }
}
