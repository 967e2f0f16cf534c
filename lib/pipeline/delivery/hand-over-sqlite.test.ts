import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import type { DeadLetter } from "./dead-letters.ts";
import { laneOf } from "./hand-over.ts";
import { SqliteHandOver } from "./hand-over-sqlite.ts";

const letterOf = (text: string, time = 1): DeadLetter => ({
  component: "loki.write.out",
  destination: "http://loki/",
  reason: "got status 503",
  status: 503,
  time,
  format: "loki",
  contentType: "application/x-protobuf",
  body: new Uint8Array(Buffer.from(text)),
  metadata: { key: "tenant" },
});

const lane = laneOf("loki.write.out", "http://loki/", "tenant");
const other = laneOf("loki.write.out", "http://loki/");

function newFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-waiting-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, "waiting.db");
}

function open(file = newFile(), options = {}): SqliteHandOver {
  const store = new SqliteHandOver(file, options);
  onTestFinished(() => store.close());
  return store;
}

const textsOf = (store: SqliteHandOver, of: string, limit = 10) =>
  store.first(of, limit).map(({ letter }) => letter && Buffer.from(letter.body).toString());

test("letters come out of their lane whole and in their order", async () => {
  const store = open();
  await store.put(letterOf("a"), { lane });
  await store.put(letterOf("b"), { lane: other });
  await store.put(letterOf("c"), { lane });
  expect(store.first(lane, 1)).toEqual([{ id: 1, letter: letterOf("a") }]);
  expect([textsOf(store, lane), textsOf(store, other), store.lanes().toSorted()]).toEqual([
    ["a", "c"],
    ["b"],
    [other, lane].toSorted(),
  ]);
});

test("a lane waits until its last letter is gone", async () => {
  const store = open();
  await store.put(letterOf("a"), { lane });
  await store.put(letterOf("b"), { lane });
  store.delete(1);
  expect([await store.waits(lane), await store.waits(other)]).toEqual([true, false]);
  store.delete(2);
  expect([await store.waits(lane), store.lanes()]).toEqual([false, []]);
});

test("it knows how much waits, and since when, also when it is opened again", async () => {
  const file = newFile();
  const store = open(file);
  expect(store.waiting()).toEqual({ letters: 0, bytes: 0, oldest: undefined });
  await store.put(letterOf("a", 2000), { lane });
  await store.put(letterOf("b", 1000), { lane: other });
  const { letters, bytes, oldest } = store.waiting();
  expect([letters, oldest, bytes > 300]).toEqual([2, 1000, true]);
  store.close();
  const again = open(file);
  expect(again.waiting()).toEqual({ letters, bytes, oldest });
  again.delete(1);
  again.delete(2);
  expect(again.waiting()).toEqual({ letters: 0, bytes: 0, oldest: undefined });
});

test("what would be too much is refused, until there is room", async () => {
  const file = newFile();
  const store = open(file, { maxBytes: 600 });
  await store.put(letterOf("a".repeat(200)), { lane });
  await expect(store.put(letterOf("b".repeat(200)), { lane })).rejects.toThrow(
    /waiting\.db should have at most 600 bytes of data that waits, got \d+$/,
  );
  store.delete(1);
  await store.put(letterOf("b".repeat(200)), { lane });
  expect(textsOf(store, lane)).toEqual(["b".repeat(200)]);
});

test("a letter that can't be read says why, and does not hide the others", async () => {
  const file = newFile();
  const store = open(file);
  await store.put(letterOf("a"), { lane });
  await store.put(letterOf("b"), { lane });
  const database = new DatabaseSync(file);
  database.exec("UPDATE waiting SET letter = x'00' WHERE id = 1");
  database.close();
  const [broken, whole] = store.first(lane, 2);
  expect(broken).toEqual({
    id: 1,
    problem: "a letter should begin with a line of JSON, but Unexpected end of JSON input",
    bytes: new Uint8Array([0]),
  });
  expect(whole?.letter).toEqual(letterOf("b"));
});

test("letters of one turn are stored together, or none of them", async () => {
  const file = newFile();
  const store = open(file);
  const database = new DatabaseSync(file);
  const refuse = "BEFORE INSERT ON waiting WHEN NEW.lane = 'bad' BEGIN SELECT RAISE(ABORT, 'disk full'); END";
  database.exec(`CREATE TRIGGER refuse ${refuse}`);
  database.close();
  const both = [store.put(letterOf("a"), { lane }), store.put(letterOf("b"), { lane: "bad" })];
  expect(await store.waits(lane)).toBe(true); // what comes now has to go behind it
  expect(await Promise.allSettled(both.map(put => put.catch(error => error.message)))).toEqual([
    { status: "fulfilled", value: "disk full" },
    { status: "fulfilled", value: "disk full" },
  ]);
  expect([await store.waits(lane), store.waiting()]).toEqual([false, { letters: 0, bytes: 0, oldest: undefined }]);
  await Promise.all([store.put(letterOf("a"), { lane }), store.put(letterOf("b"), { lane })]);
  expect(textsOf(store, lane)).toEqual(["a", "b"]);
});
