/** Letters in a folder, one file each. */
import type { LetterBox } from "./dead-letters.ts";
import { ObjectLetters, type Objects } from "./dead-letters-objects.ts";

/** One file a letter: a line of JSON, then the body. Files appear whole or not at all. */
export function folderDeadLetters(folder: string): LetterBox {
  return new ObjectLetters(folderObjects(folder), { folderOf: () => "" });
}

/** Files below a folder as objects; a key has at most one folder in it. */
export const folderObjects = (folder: string): Objects => ({
  async put(key, bytes) {
    const file = `${folder}/${key}`;
    const at = file.lastIndexOf("/");
    const parent = file.slice(0, at);
    const { mkdir, rename, rm } = fs();
    const partial = `${parent}/.${file.slice(at + 1)}.${process.pid}.partial`;
    await mkdir(parent, { recursive: true });
    try {
      await writeDurably(partial, bytes);
      await rename(partial, file);
      await syncFolder(parent);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined); // the first failure is the one to tell
      throw error;
    }
  },
  get: async key => unlessMissing(fs().readFile(`${folder}/${key}`)),
  async delete(key) {
    if (key.includes("/")) await unlessMissing(syncFolder(folder)); // a mark, which lasts until what it names is gone for good
    await unlessMissing(fs().unlink(`${folder}/${key}`));
  },
  async *keys({ prefix, after = "" }) {
    const place = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const names = (await unlessMissing(fs().readdir(`${folder}/${place}`))) ?? [];
    yield* names.map(name => place + name).filter(key => key.startsWith(prefix) && key > after).sort(); // biome-ignore format: one chain
  },
  close: () => {},
});

function fs() {
  return process.getBuiltinModule("node:fs/promises");
}

/** Resolves when the bytes are on the disk: the trigger is told that the data is safe. */
async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs().open(path, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Resolves when the names in a folder are on the disk, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await fs().open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
