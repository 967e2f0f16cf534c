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
  return new FolderDeadLetters(folder);
}

class FolderDeadLetters implements DeadLetterStore {
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }

  async put({ body, ...header }: DeadLetter): Promise<void> {
    const id = `${String(header.time).padStart(14, "0")}-${process.getBuiltinModule("node:crypto").randomUUID()}`;
    const { mkdir, rename, rm } = fs();
    const partial = `${this.#folder}/.${id}.partial`;
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeDurably(partial, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
      await rename(partial, this.#pathOf(id));
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => undefined); // the first failure is the one to tell
      throw new Error(`dead letter of ${header.component} was not stored: ${messageOf(cause)}`, { cause });
    }
  }

  async list({ limit }: { readonly limit?: number } = {}): Promise<readonly string[]> {
    const names = (await unlessMissing(fs().readdir(this.#folder))) ?? [];
    const ids = names.filter(name => name.endsWith(suffix)).map(name => name.slice(0, -suffix.length));
    return ids.sort().slice(0, limit);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    if (!isId(id)) return undefined;
    const bytes = await unlessMissing(fs().readFile(this.#pathOf(id)));
    if (!bytes) return undefined;
    const end = bytes.indexOf(10);
    const header = JSON.parse(bytes.toString("utf8", 0, end)) as Omit<DeadLetter, "body">; // written by put
    return { ...header, body: new Uint8Array(bytes.subarray(end + 1)) };
  }

  async delete(id: string): Promise<boolean> {
    if (!isId(id)) return false;
    const removing = fs().unlink(this.#pathOf(id));
    return (await unlessMissing(removing.then(() => true))) ?? false;
  }

  #pathOf(id: string): string {
    return `${this.#folder}/${id}${suffix}`;
  }
}

function fs() {
  return process.getBuiltinModule("node:fs/promises");
}

/** Resolves when the bytes are on the disk: the trigger is told that the data is safe. */
async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs().open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Ids come from outside, such as the command line: no way out of the folder. */
function isId(id: string): boolean {
  return /^[\w-]+$/.test(id);
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Keeps letters in memory, for tests and dry runs. */
export function memoryDeadLetters(): DeadLetterStore & { readonly letters: readonly DeadLetter[] } {
  return new MemoryDeadLetters();
}

class MemoryDeadLetters implements DeadLetterStore {
  readonly #letters = new Map<string, DeadLetter>();
  #count = 0;

  get letters(): readonly DeadLetter[] {
    return [...this.#letters.values()];
  }

  async put(letter: DeadLetter): Promise<void> {
    this.#letters.set(`${letter.time}-${this.#count++}`, { ...letter, body: new Uint8Array(letter.body) });
  }

  async list({ limit }: { readonly limit?: number } = {}): Promise<readonly string[]> {
    return [...this.#letters.keys()].slice(0, limit);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#letters.get(id);
  }

  async delete(id: string): Promise<boolean> {
    return this.#letters.delete(id);
  }
}
