/** The order of a lane whose letters several processes hand over at the same time. */
import type { SQSRecord } from "aws-lambda";
import { beforeEach, expect, test, vi } from "vitest";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import type { DeadLetter } from "../../lib/pipeline/delivery/dead-letters.ts";
import { laneOf } from "../../lib/pipeline/delivery/hand-over.ts";
import { MemoryStore } from "../../lib/pipeline/state/memory.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import { openHandOver } from "./hand-over-queue.ts";

const minute = 60_000;
const start = 1_768_471_200_000;
const lane = { lane: laneOf("prometheus.remote_write.out", "http://backend"), ordered: true };
const letter = (text: string): DeadLetter => ({ component: "prometheus.remote_write.out", destination: "http://backend", reason: "down", time: start, contentType: "", body: Buffer.from(text), metadata: {} }); // biome-ignore format: one letter

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  vi.stubEnv("AWS_ACCESS_KEY_ID", "a");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "s");
  vi.stubEnv("AWS_REGION", "eu-central-1");
  return () => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  };
});

let processes = 0;

/** A queue, and processes that have nothing in common but it and the store. */
async function openQueue(state: StateStore = new MemoryStore()) {
  const messages: SQSRecord[] = [];
  let isDown = false;
  const { url } = await startBackend(({ body }) => {
    if (isDown) return { status: 403, body: "{}" };
    const { MessageBody, MessageAttributes } = JSON.parse(body.toString());
    const messageAttributes = { id: { stringValue: MessageAttributes.id.StringValue, dataType: "String" } };
    messages.push({
      body: MessageBody,
      messageAttributes,
      attributes: { SentTimestamp: String(Date.now()) },
    } as unknown as SQSRecord); // what is read of one
    return { body: "{}" };
  });
  vi.stubEnv("AWS_ENDPOINT_URL_SQS", url);
  const makeProcess = () =>
    openHandOver({ kind: "sqs", queueUrl: `${url}/${processes++}/waiting.fifo`, larger: undefined }, state);
  return {
    makeProcess,
    setDown: (value: boolean) => {
      isDown = value;
    },
    /** What was sent first is delivered; gives its text. */
    async deliver() {
      const message = messages.shift();
      if (!message) throw new Error("a letter should wait, got none");
      const one = makeProcess();
      const waiting = await one.read(message);
      if (!waiting) throw new Error("a letter should be read, got none");
      await one.delivered(waiting, Number(message.attributes.SentTimestamp));
      return Buffer.from(waiting.letter.body).toString();
    },
    /** As one sees it that was not there before. */
    waits: () => makeProcess().waits(lane.lane),
  };
}

/** A store whose first write that notes a letter is the only one until it is let go on. */
function holding(store: StateStore) {
  const [written, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isFirst = true;
  const held: StateStore = {
    ...Object.fromEntries(["get", "delete"].map(name => [name, store[name as "get"].bind(store)])),
    async put(...given: Parameters<StateStore["put"]>) {
      const wasFirst = isFirst;
      isFirst = false;
      const version = await store.put(...given);
      if (wasFirst) {
        written.resolve();
        await goOn.promise;
      }
      return version;
    },
  } as StateStore; // what marks use of one
  return { held, written: written.promise, goOn: goOn.resolve };
}

test("a lane is not free while a letter is under way that was marked before one that is delivered", async () => {
  const { held, written, goOn } = holding(new MemoryStore());
  const queue = await openQueue(held);
  const first = queue.makeProcess().put(letter("a"), lane);
  await written; // and is not sent yet
  await queue.makeProcess().put(letter("b"), lane);
  expect(await queue.deliver()).toBe("b");
  expect(await queue.waits()).toBe(true);
  goOn();
  await first;
  expect(await queue.waits()).toBe(true);
  expect(await queue.deliver()).toBe("a");
  expect(await queue.waits()).toBe(false);
});

test("none of many processes loses its mark to another", async () => {
  const queue = await openQueue();
  const texts = Array.from({ length: 20 }, (_, i) => `letter ${i}`);
  await Promise.all(texts.map(text => queue.makeProcess().put(letter(text), lane)));
  const delivered: string[] = [];
  for (const _ of texts) {
    expect(await queue.waits()).toBe(true);
    delivered.push(await queue.deliver());
  }
  expect([delivered.sort(), await queue.waits()]).toEqual([texts.sort(), false]);
});

test("of a process one letter is marked, the last: the store's entry does not grow", async () => {
  const state = new MemoryStore();
  const queue = await openQueue(state);
  const one = queue.makeProcess();
  const size = async () => {
    const [key = ""] = await state.list("amalgam.hand-over");
    return (await state.get("amalgam.hand-over", key))?.value.length;
  };
  await one.put(letter("0"), lane);
  const before = await size();
  for (let i = 1; i < 10; i++) await one.put(letter(String(i)), lane);
  expect(await size()).toBe(before);
  for (let i = 0; i < 10; i++) expect([await queue.waits(), await queue.deliver()]).toEqual([true, String(i)]);
  expect(await queue.waits()).toBe(false);
});

test.for([
  { it: "soon after", passed: 15 * minute, free: false },
  { it: "when nobody can be sending it any more", passed: 17 * minute, free: true },
])("a letter that was marked and never sent holds the lane: $it", async ({ passed, free }) => {
  const queue = await openQueue();
  queue.setDown(true);
  await expect(queue.makeProcess().put(letter("lost"), lane)).rejects.toThrow("was not stored");
  queue.setDown(false);
  vi.setSystemTime(start + passed);
  expect(await queue.waits()).toBe(true);
  await queue.makeProcess().put(letter("next"), lane); // what comes goes behind it
  expect(await queue.deliver()).toBe("next");
  expect(await queue.waits()).toBe(!free);
});

test("a letter that its own process brings again takes the place of the mark", async () => {
  const queue = await openQueue();
  const one = queue.makeProcess();
  queue.setDown(true);
  await expect(one.put(letter("a"), lane)).rejects.toThrow("was not stored");
  queue.setDown(false);
  await one.put(letter("a"), lane);
  expect(await queue.deliver()).toBe("a");
  expect(await queue.waits()).toBe(false);
});

test("a store that fails keeps no letter from its queue, nor one that is delivered from being forgotten", async () => {
  const state = new MemoryStore();
  const failing = { get: () => Promise.reject(new Error("throttled")) };
  const queue = await openQueue(Object.assign(Object.create(state), failing) as StateStore); // all else is its own
  await queue.makeProcess().put(letter("a"), lane);
  expect(await queue.deliver()).toBe("a");
});
