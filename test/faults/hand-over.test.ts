/**
 * Data that waits in a queue because its backend is down: the function is killed at every point while it hands over, and while it delivers
 * what waits. Nothing is lost, the other backend has everything at once, and what comes twice was brought twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLetter } from "../../lib/pipeline/delivery/dead-letters-form.ts";
import { type Emulator, startEmulator } from "../../lib/pipeline/state/testing.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "../e2e/support/moto.ts";
import { balanced, balanceOf } from "./support/account.ts";
import { callQueue, deliverWaiting } from "./support/event-source.ts";
import type { FrontAnswer, FrontCall } from "./support/front.ts";
import { lokiJson, sqsEvent, tracesJson } from "./support/messages.ts";
import { idsIn, idsOfLetter, wireOf } from "./support/wire.ts";
import { deploy, type KillPoint, startWorker, type Worker } from "./support/worker.ts";

const writer = (name: string) => `
loki.write "${name}" {
  endpoint {
    url                 = sys.env("SINK") + "/loki/${name}"
    max_backoff_retries = 1
  }
}`;

const config = `
loki.source.api "in" {
  http { }
  forward_to = [loki.write.down.receiver, loki.write.up.receiver]
}
otelcol.receiver.otlp "in" {
  http { }
  output { traces = [otelcol.exporter.otlphttp.down.input] }
}
otelcol.exporter.otlphttp "down" {
  client { endpoint = sys.env("SINK") }
  retry_on_failure { enabled = false }
}
${writer("up")}
`;

const account = "123456789012";
const waiting = "waiting.fifo";
const taken = { result: { batchItemFailures: [] }, killed: false };
const nameOf = (kill: KillPoint): string => (kill === "answered" ? kill : JSON.stringify(kill));

describe.skipIf(!motoIsInstalled)("data that waits", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-waiting-"));
  let moto: Moto;
  let emulator: Emulator;
  let queueUrl: string;
  let env: Readonly<Record<string, string>>;
  /** Of the two writers of log lines, and of the one of spans. */
  const stored = { down: new Map<string, number>(), up: new Map<string, number>() };
  const letters: { readonly ids: readonly string[]; readonly reason: string }[] = [];
  let isDown = true;
  let rounds = 0;

  const route = async (call: FrontCall): Promise<FrontAnswer> => answerOf(call) ?? forwarded(call);

  function answerOf({ url, headers, body }: FrontCall): FrontAnswer | undefined {
    if (url.startsWith("/letters/")) {
      const letter = readLetter(body);
      letters.push({ ids: idsOfLetter(letter), reason: letter.reason });
      return { status: 200 };
    }
    if (headers["x-amz-target"] !== undefined) return undefined;
    const place = url === "/loki/up" ? "up" : "down";
    if (place === "down" && isDown) return { status: 503 };
    for (const id of idsIn(wireOf(url), headers["content-encoding"], body))
      stored[place].set(id, (stored[place].get(id) ?? 0) + 1);
    return { status: 200 };
  }

  async function forwarded({ method, url, headers, body }: FrontCall): Promise<FrontAnswer> {
    const to = String(headers["x-amz-target"]).startsWith("DynamoDB") ? emulator.url : moto.url;
    const { host: _, connection: __, "content-length": ___, ...kept } = headers;
    const answer = await fetch(to + url, {
      method,
      headers: kept as Record<string, string>,
      body: new Uint8Array(body),
    }); // none is repeated
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }

  const functionOf = async (name: string, text: string): Promise<Worker> =>
    startWorker({ taskRoot: await deploy(text, path.join(folder, name)), route, env });

  beforeAll(async () => {
    [moto, emulator] = await Promise.all([startMoto(), startEmulator()]);
    const { table } = await emulator.table();
    const Attributes = { FifoQueue: "true", VisibilityTimeout: "43200" };
    ({ QueueUrl: queueUrl } = (await callQueue(moto, "CreateQueue", { QueueName: waiting, Attributes })) as {
      QueueUrl: string;
    }); // its documented form
    env = {
      AWS_REGION: region,
      AMALGAM_STATE: `dynamodb:${table}`,
      AMALGAM_DEAD_LETTERS: "s3://letters/shop",
      AMALGAM_HAND_OVER: `sqs:${queueUrl},s3://letters/shop`,
    };
  }, 120_000);
  afterAll(async () => {
    await moto?.stop();
    await emulator?.stop();
    rmSync(folder, { recursive: true });
  });

  /** Two messages with records of their own in each round. */
  const makeBatch = () => {
    const round = rounds++;
    const lines = [0, 1, 2].map(i => `line-${round}-${i}`);
    const spans = [0, 1].map(i => `span-${round}-${i}`);
    const messages = [
      { id: "lines", ids: lines, body: lokiJson(lines) },
      { id: "spans", ids: spans, body: tracesJson(spans) },
    ];
    return { lines, spans, event: (received: number) => sqsEvent(messages, { received }) };
  };

  const deliver = (worker: Worker, kill?: KillPoint) =>
    deliverWaiting({ moto, url: queueUrl, arn: `arn:aws:sqs:${region}:${account}:${waiting}` }, worker, { kill });

  const deliverAll = async (worker: Worker) => {
    for (let tries = 0; (await deliver(worker)).messages; tries++) if (tries > 100) throw new Error("what waits should be delivered in the end, got more and more"); // biome-ignore format: one line
  };

  const pointsOf = (calls: readonly string[]): KillPoint[] => [
    ...calls.flatMap((_, call) => [{ call, side: "before" } as const, { call, side: "behind" } as const]),
    "answered",
  ];

  /** All of these are where they belong, and those of a run that was not killed are there once. */
  function check(place: "down" | "up", sent: readonly string[], point: KillPoint | undefined) {
    const own = new Map([...stored[place]].filter(([id]) => sent.includes(id)));
    const books = { sent, stored: own, dead: [], returned: [], mayRepeat: () => point !== undefined };
    expect(balanceOf(books), `${place}, ${point && nameOf(point)}`).toEqual(balanced);
  }

  test("is there once, or is brought again, wherever the function is killed that hands it over", async () => {
    const worker = await functionOf("hands-over", config + writer("down"));
    isDown = true;
    const whole = makeBatch();
    expect(await worker.invoke(whole.event(1))).toEqual(taken);
    const { calls } = worker.front;
    expect(calls.filter(call => call === "AmazonSQS.SendMessage").length, calls.join("\n")).toBe(2);
    const batches = [{ ...whole, point: undefined as KillPoint | undefined }];
    for (const point of pointsOf(calls)) {
      const batch = makeBatch();
      const first = await worker.invoke(batch.event(1), { kill: point });
      if (first.killed) expect(await worker.invoke(batch.event(2)), nameOf(point)).toEqual(taken);
      // a process that knows of the outage calls less
      batches.push({ ...batch, point: first.killed ? point : undefined });
      check("up", batch.lines, batches.at(-1)?.point);
    }
    expect(batches.filter(({ point }) => point !== undefined).length).toBeGreaterThan(calls.length);
    expect(stored.down.size).toBe(0);
    isDown = false;
    await deliverAll(worker);
    for (const { lines, spans, point } of batches) check("down", [...lines, ...spans], point);
    expect(letters).toEqual([]);
    await worker.stop();
  }, 120_000);

  test("is delivered, wherever the function is killed that delivers it", async () => {
    const worker = await functionOf("delivers", config + writer("down"));
    isDown = true;
    expect(await worker.invoke(makeBatch().event(1))).toEqual(taken);
    expect((await deliver(worker)).messages).toBe(2);
    isDown = false;
    expect((await deliver(worker)).messages).toBe(2);
    const { calls } = worker.front;
    expect((await deliver(worker)).messages).toBe(0);
    for (const point of pointsOf(calls)) {
      isDown = true;
      const batch = makeBatch();
      expect(await worker.invoke(batch.event(1))).toEqual(taken);
      isDown = false;
      const { killed } = await deliver(worker, point);
      expect(killed, nameOf(point)).toBe(true);
      await deliverAll(worker);
      check("down", [...batch.lines, ...batch.spans], point);
      check("up", batch.lines, undefined);
    }
    expect(letters).toEqual([]);
    await worker.stop();
  }, 120_000);

  test("is delivered elsewhere or a dead letter where the configuration changes meanwhile", async () => {
    const before = await functionOf("before", config + writer("down"));
    isDown = true;
    const batches = [makeBatch(), makeBatch(), makeBatch()];
    for (const batch of batches) expect(await before.invoke(batch.event(1))).toEqual(taken);
    await before.stop();
    isDown = false;
    const renamed = config.replaceAll("loki.write.down", "loki.write.other") + writer("other");
    const after = await functionOf("after", renamed);
    await deliverAll(after);
    const lines = batches.flatMap(batch => batch.lines);
    const spans = batches.flatMap(batch => batch.spans);
    const dead = letters.flatMap(({ ids }) => ids);
    expect(balanceOf({ sent: [...lines, ...spans], stored: new Map([...stored.down].filter(([id]) => spans.includes(id))), dead, returned: [] })).toEqual(balanced); // biome-ignore format: one call
    expect(new Set(letters.map(({ reason }) => reason))).toEqual(
      new Set(["the configuration has no loki.write.down any more; at first: push refused, got status 503"]),
    );
    letters.length = 0;
    await after.stop();
  }, 120_000);
});
