/**
 * Where data goes that a backend will never take, with the reason, so that it can be looked at and replayed.
 *
 *     await host.deadLetters.put({ component: host.id, destination: url, reason: error.message, status: 400, time: now,
 *       contentType: "application/x-protobuf", body, metadata: { tenant } });
 */
import { messageOf } from "./errors.ts";

export interface DeadLetter {
  /** The component's id: `loki.write.out`. */
  readonly component: string;
  /** Where it was to go, without credentials. */
  readonly destination: string;
  readonly reason: string;
  readonly status?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface DeadLetterStore {
  /** Resolves when the letter is stored for good. */
  put(letter: DeadLetter): Promise<void>;
  /** Ids, the oldest first. */
  list(options?: { readonly limit?: number }): Promise<readonly string[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Resolves to whether there was such a letter. */
  delete(id: string): Promise<boolean>;
}

const suffix = ".letter";

/** One file a letter: a line of JSON, then the body. Files appear whole or not at all. */
export function folderDeadLetters(folder: string): DeadLetterStore {
  const fs = () => process.getBuiltinModule("node:fs/promises");
  const pathOf = (id: string) => `${folder}/${id}${suffix}`;
  return {
    async put({ body, ...header }) {
      const { mkdir, open, rename, rm } = fs();
      await mkdir(folder, { recursive: true });
      const id = `${String(header.time).padStart(14, "0")}-${process.getBuiltinModule("node:crypto").randomUUID()}`;
      const partial = `${folder}/.${id}.partial`;
      try {
        const file = await open(partial, "wx", 0o600);
        try {
          await file.writeFile(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(partial, pathOf(id));
      } catch (cause) {
        await rm(partial, { force: true });
        throw new Error(`dead letter for ${header.component} was not stored: ${messageOf(cause)}`, { cause });
      }
    },
    async list({ limit } = {}) {
      const names = await orMissing(fs().readdir(folder));
      const ids = (names ?? []).filter(name => name.endsWith(suffix)).map(name => name.slice(0, -suffix.length));
      return ids.sort().slice(0, limit);
    },
    async get(id) {
      if (!isId(id)) return undefined;
      const bytes = await orMissing(fs().readFile(pathOf(id)));
      if (!bytes) return undefined;
      const end = bytes.indexOf(10);
      const header = JSON.parse(bytes.toString("utf8", 0, end)) as Omit<DeadLetter, "body">; // written by put
      return { ...header, body: new Uint8Array(bytes.subarray(end + 1)) };
    },
    async delete(id) {
      if (!isId(id)) return false;
      const removed = await orMissing(fs().unlink(pathOf(id)).then(() => true)); // biome-ignore format: one chain
      return removed ?? false;
    },
  };
}

/** Ids come from outside, such as the command line: no way out of the folder. */
function isId(id: string): boolean {
  return /^[\w-]+$/.test(id);
}

async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Keeps letters in memory, for tests and dry runs. */
export function memoryDeadLetters(): DeadLetterStore & { readonly letters: readonly DeadLetter[] } {
  const byId = new Map<string, DeadLetter>();
  let count = 0;
  return {
    get letters() {
      return [...byId.values()];
    },
    put: async letter => {
      byId.set(`${letter.time}-${count++}`, { ...letter, body: letter.body.slice() });
    },
    list: async ({ limit } = {}) => [...byId.keys()].slice(0, limit),
    get: async id => byId.get(id),
    delete: async id => byId.delete(id),
  };
}
