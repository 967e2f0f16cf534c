import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  configurationHash,
  type DeadLetter,
  type DeadLetterStore,
  memoryDeadLetters,
  withConfiguration,
} from "./dead-letters.ts";
import { folderDeadLetters } from "./dead-letters-folder.ts";

const letter = (time: number, overrides: Partial<DeadLetter> = {}): DeadLetter => ({
  component: "loki.write.out",
  destination: "http://loki/push",
  reason: "push refused, got status 400: entry too old",
  status: 400,
  time,
  contentType: "application/x-protobuf",
  body: Uint8Array.of(0, 10, 13, 255),
  metadata: { tenant: "a\nb" },
  ...overrides,
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "letters-"));
});
afterEach(() => rm(root, { recursive: true }));

const stores: { engine: string; open: () => DeadLetterStore }[] = [
  { engine: "folder", open: () => folderDeadLetters(join(root, "new", "folder")) },
  { engine: "memory", open: () => memoryDeadLetters() },
];

describe.each(stores)("$engine", ({ open }) => {
  test("gives back what was put, the oldest first", async () => {
    const store = open();
    expect(await store.list()).toEqual([]);
    await store.put(letter(1_000));
    await store.put(letter(1_000_000, { body: new Uint8Array(), status: undefined, metadata: {} }));
    const ids = await store.list();
    expect(ids.length).toBe(2);
    expect(await store.list({ limit: 1 })).toEqual(ids.slice(0, 1));
    expect(await store.get(ids[0] ?? "")).toEqual(letter(1_000));
    expect(await store.get(ids[1] ?? "")).toEqual(
      letter(1_000_000, { body: new Uint8Array(), status: undefined, metadata: {} }),
    );
  });

  test("forgets what was deleted", async () => {
    const store = open();
    await store.put(letter(1));
    const [id = ""] = await store.list();
    await store.delete(id);
    await store.delete(id);
    expect(await store.get(id)).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });
});

test("a file is readable by its owner only, and no partial file stays", async () => {
  const store = folderDeadLetters(root);
  await store.put(letter(1));
  const [id] = await store.list();
  expect(await readdir(root)).toEqual([`${id}.letter`]);
  expect((await stat(join(root, `${id}.letter`))).mode & 0o777).toBe(0o600);
});

test("an id does not lead out of the folder", async () => {
  await writeFile(join(root, "secret.letter"), "{}\n");
  const store = folderDeadLetters(join(root, "letters"));
  for (const id of ["../secret", "00000000000001-../../secret"]) {
    expect(await store.get(id)).toBeUndefined();
    await store.delete(id);
  }
  expect(await readdir(root)).toEqual(["secret.letter"]);
});

test("a folder that can't be written is an error that names the component", async () => {
  await writeFile(join(root, "file"), "");
  const store = folderDeadLetters(join(root, "file"));
  await expect(store.put(letter(1))).rejects.toThrow(/^dead letter of loki\.write\.out was not stored: E/);
});

test("a letter of an old version is read as it is", async () => {
  const { body, ...header } = letter(7);
  const id = "00000000000007-0f4b1f6e-8a2f-4a2c-9a34-6f3f8a4f3c11";
  await writeFile(join(root, `${id}.letter`), Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
  const store = folderDeadLetters(root);
  expect(await store.list()).toEqual([id]);
  expect(await store.get(id)).toEqual(letter(7));
});

test("letters name the configuration that they come from", async () => {
  const memory = memoryDeadLetters();
  const configuration = configurationHash(["a", "b"]);
  expect(configuration).toBe("0473ef2dc0d3");
  expect(configurationHash(["ab"])).not.toBe(configuration);
  await withConfiguration(memory, configuration).put(letter(1));
  expect(memory.letters).toEqual([letter(1, { configuration })]);
});
