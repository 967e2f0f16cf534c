import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { DeadLetter, LetterBox, StoredLetter } from "./dead-letters.ts";
import { folderDeadLetters } from "./dead-letters-folder.ts";
import { type ReplayOptions, replayLetters } from "./dead-letters-replay.ts";
import { DeliveryError } from "./errors.ts";

/** A folder with letters whose bodies are these texts. */
async function boxOf(texts: readonly string[]): Promise<{ box: LetterBox; folder: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-replay-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const box = folderDeadLetters(folder);
  for (const [i, text] of texts.entries())
    await box.put({
      component: "loki.write.out",
      destination: "http://loki/push",
      reason: "push refused, got status 400: no",
      status: 400,
      time: 1_763_737_200_000 + i,
      contentType: "text/plain",
      body: Buffer.from(text),
      metadata: {},
    });
  return { box, folder };
}

const textOf = ({ body }: DeadLetter): string => Buffer.from(body).toString();

async function left(box: LetterBox): Promise<Record<string, string>> {
  const found: StoredLetter[] = [];
  for await (const each of box.letters()) found.push(each);
  const entries = found.map(({ letter }) => letter && [textOf(letter), `${letter.attempts ?? "-"} ${letter.reason}`]);
  return Object.fromEntries(entries.filter(each => each !== undefined));
}

const noLetter = "- push refused, got status 400: no";

/** A backend that takes letters in one request a call of `together`; one that it refuses spoils the request. */
function backendOf(answer: (text: string) => DeliveryError | undefined = () => undefined) {
  const requests: string[][] = [];
  const waiting: { text: string; settle: (error?: unknown) => void }[] = [];
  let now = 1_000_000;
  const slept: number[] = [];
  const options = (overrides: Partial<ReplayOptions> = {}): ReplayOptions => ({
    times: {},
    matches: () => true,
    prepare: letter => ({
      destinations: ["http://loki/push"],
      items: 2,
      send: () =>
        new Promise<void>((resolve, reject) => {
          waiting.push({ text: textOf(letter), settle: error => (error ? reject(error) : resolve()) });
        }),
    }),
    together: async send => {
      const sent = send();
      const request = waiting.splice(0);
      const texts = request.map(({ text }) => text);
      const error = texts.map(answer).find(each => each !== undefined);
      if (!error) requests.push(texts);
      for (const { settle } of request) settle(error);
      await sent;
    },
    again: false,
    keep: false,
    signal: new AbortController().signal,
    now: () => now,
    sleep: async ms => {
      slept.push(ms);
      now += ms;
    },
    ...overrides,
  });
  return { options, requests, slept };
}

const refused = (text: string) => new DeliveryError(`push refused, got ${text}`, { kind: "reject", status: 422 });

test("letters that were taken are gone, and so is what remembers them", async () => {
  const { box } = await boxOf(["a", "b", "c"]);
  const { options, requests } = backendOf();
  expect(await replayLetters(box, options())).toEqual({
    sent: 3,
    items: 6,
    bytes: 3,
    failed: new Map(),
    failures: 0,
    before: 0,
    others: 0,
    stopped: undefined,
  });
  expect([requests, await left(box), await box.marks()]).toEqual([[["a", "b", "c"]], {}, []]);
});

test("one that spoils the request of others stays alone", async () => {
  const { box } = await boxOf(["a", "bad", "c"]);
  const { options, requests } = backendOf(text => (text === "bad" ? refused(text) : undefined));
  const { sent, failed } = await replayLetters(box, options());
  expect([sent, [...failed]]).toEqual([2, [["push refused, got bad", 1]]]);
  expect([requests, await left(box)]).toEqual([[["a"], ["c"]], { bad: "2 push refused, got bad" }]);
});

test("a letter that nobody can send stays as it is, as does one that can't be read", async () => {
  const { box, folder } = await boxOf(["a"]);
  writeFileSync(path.join(folder, "00000000000001-x.letter"), "?\n");
  const prepare = () => {
    throw new Error("there is no such writer");
  };
  const { failed, stopped } = await replayLetters(box, backendOf().options({ prepare }));
  expect([[...failed], stopped]).toEqual([
    [
      [`a letter should begin with a line of JSON, but Unexpected token '?', "?" is not valid JSON`, 1],
      ["there is no such writer", 1],
    ],
    undefined,
  ]);
  expect(await left(box)).toEqual({ a: noLetter });
});

test("letters that are not wanted stay", async () => {
  const { box } = await boxOf(["a", "b", "c"]);
  const { options, requests } = backendOf();
  const { others } = await replayLetters(box, options({ matches: letter => textOf(letter) === "b" }));
  expect([others, requests, Object.keys(await left(box))]).toEqual([2, [["b"]], ["a", "c"]]);
});

test("kept letters are sent once, until all are asked for", async () => {
  const { box } = await boxOf(["a", "b"]);
  const { options, requests } = backendOf();
  await replayLetters(box, options({ keep: true, matches: letter => textOf(letter) === "a" }));
  expect((await replayLetters(box, options({ keep: true }))).before).toBe(1);
  expect((await replayLetters(box, options())).before).toBe(2);
  expect([requests, Object.keys(await left(box))]).toEqual([
    [["a"], ["b"]],
    ["a", "b"],
  ]);
  await replayLetters(box, options({ again: true }));
  expect([requests.at(-1), await left(box)]).toEqual([["a", "b"], {}]);
  await replayLetters(box, options());
  expect(await box.marks()).toEqual([]); // what they remember is gone
});

test("a crash between a mark and the deletion sends nothing twice", async () => {
  const { box } = await boxOf(["a", "b"]);
  const { options, requests } = backendOf();
  const broken: LetterBox = Object.create(box, { delete: { value: () => Promise.reject(new Error("no power")) } });
  for (const method of ["letters", "marks", "mark", "unmark"] as const)
    Object.defineProperty(broken, method, { value: (box[method] as () => unknown).bind(box) });
  await expect(replayLetters(broken, options())).rejects.toThrow("no power");
  expect(Object.keys(await left(box))).toEqual(["a", "b"]);
  expect(await replayLetters(box, options())).toMatchObject({ sent: 0, before: 2 });
  expect([requests, await left(box), await box.marks()]).toEqual([[["a", "b"]], {}, []]);
});

test("a store that can't remember ends the replay", async () => {
  const { box } = await boxOf(Array.from({ length: 250 }, (_, i) => `${i}`));
  const { options, requests } = backendOf();
  const broken: LetterBox = Object.create(box, { mark: { value: () => Promise.reject(new Error("disk is full")) } });
  for (const method of ["letters", "marks"] as const)
    Object.defineProperty(broken, method, { value: (box[method] as () => unknown).bind(box) });
  await expect(replayLetters(broken, options())).rejects.toThrow("disk is full");
  expect(requests).toHaveLength(1);
});

test("a backend that is down ends the replay, not one that takes a part", async () => {
  const down = (text: string) => new DeliveryError(`no answer to ${text}`, { kind: "retry" });
  const texts = Array.from({ length: 250 }, (_, i) => `${i}`);
  const { box } = await boxOf(texts);
  const { options, requests } = backendOf(down);
  const { stopped, failures } = await replayLetters(box, options());
  expect([stopped, failures, requests]).toEqual(["no backend takes anything now", 100, []]);
  const { box: other } = await boxOf(texts);
  const partly = backendOf(text => (Number(text) < 100 ? refused(text) : undefined));
  const result = await replayLetters(other, partly.options());
  expect([result.stopped, result.sent, result.failures]).toEqual([undefined, 150, 100]);
});

test("no more letters are sent than the rate allows", async () => {
  const { box } = await boxOf(Array.from({ length: 25 }, (_, i) => `${i}`));
  const { options, requests, slept } = backendOf();
  await replayLetters(box, options({ perSecond: 10 }));
  expect([requests.map(({ length }) => length), slept]).toEqual([
    [10, 10, 5],
    [1000, 1000],
  ]);
});

test("less than one letter a second is one at a time", async () => {
  const { box } = await boxOf(["a", "b", "c"]);
  const { options, requests, slept } = backendOf();
  await replayLetters(box, options({ perSecond: 0.5 }));
  expect([requests, slept]).toEqual([
    [["a"], ["b"], ["c"]],
    [2000, 2000],
  ]);
});

test("a dry run tells what would be sent, and changes nothing", async () => {
  const { box } = await boxOf(["a", "b"]);
  await box.mark("sent", (await box.list()).slice(0, 1));
  const { options, requests } = backendOf();
  const told: unknown[] = [];
  const { sent, items, before } = await replayLetters(
    box,
    options({ dryRun: ({ letter }, { destinations }) => told.push([textOf(letter), destinations]) }),
  );
  expect([sent, items, before, told, requests]).toEqual([1, 2, 1, [["b", ["http://loki/push"]]], []]);
  expect([Object.keys(await left(box)), (await box.marks()).length]).toEqual([["a", "b"], 1]);
});

test("once it is interrupted nothing else starts", async () => {
  const { box } = await boxOf(Array.from({ length: 150 }, (_, i) => `${i}`));
  const controller = new AbortController();
  const { options, requests } = backendOf();
  const { stopped, sent } = await replayLetters(
    box,
    options({ signal: controller.signal, onProgress: () => controller.abort() }),
  );
  expect([stopped, sent, requests.length, Object.keys(await left(box)).length]).toEqual([
    "it was interrupted",
    100,
    1,
    50,
  ]);
});
