/** Letters in anything that keeps bytes under keys: a folder, a bucket. */
import type { DeadLetter, LetterBox, LetterTimes, Mark, StoredLetter } from "./dead-letters.ts";
import { isLetterId, letterBytes, newLetterId, readLetter, stampOf, timeOfId } from "./dead-letters-form.ts";
import { messageOf } from "./errors.ts";

/** What keeps the bytes. A key that is written anew is there whole or not at all. */
export interface Objects {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
  /** In order, those of a prefix, behind a key. */
  keys(options: { readonly prefix: string; readonly after?: string }): AsyncIterable<string>;
  close(): void;
}

export interface ObjectLettersOptions {
  /** The folders that stand before an id; they sort as ids do. */
  readonly folderOf: (id: string) => string;
  /** Stores a letter in a way of its own. */
  readonly put?: (id: string, letter: DeadLetter) => Promise<void>;
}

const suffix = ".letter";
const marksFolder = "replayed/";
/** Letters that are read at the same time. */
const reads = 16;

export class ObjectLetters implements LetterBox {
  readonly complete = true;
  readonly #objects: Objects;
  readonly #options: ObjectLettersOptions;

  constructor(objects: Objects, options: ObjectLettersOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  async put(letter: DeadLetter): Promise<void> {
    await this.replace(newLetterId(letter), letter);
  }

  async replace(id: string, letter: DeadLetter): Promise<void> {
    const { put } = this.#options;
    if (put) return put(id, letter);
    try {
      await this.#objects.put(this.#keyOf(id), letterBytes(letter));
    } catch (cause) {
      throw new Error(`dead letter of ${letter.component} was not stored: ${messageOf(cause)}`, { cause });
    }
  }

  async list({ limit = Number.POSITIVE_INFINITY }: { readonly limit?: number } = {}): Promise<readonly string[]> {
    const ids: string[] = [];
    if (limit > 0)
      for await (const id of this.#ids({})) {
        ids.push(id);
        if (ids.length >= limit) break;
      }
    return ids;
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const bytes = isLetterId(id) ? await this.#objects.get(this.#keyOf(id)) : undefined;
    return bytes && readLetter(bytes);
  }

  async delete(id: string): Promise<void> {
    if (isLetterId(id)) await this.#objects.delete(this.#keyOf(id));
  }

  async count(times: LetterTimes = {}): Promise<number> {
    let count = 0;
    for await (const _ of this.#ids(times)) count++;
    return count;
  }

  async *letters(times: LetterTimes = {}): AsyncIterable<StoredLetter> {
    let ids: string[] = [];
    for await (const id of this.#ids(times)) {
      ids.push(id);
      if (ids.length < reads) continue;
      yield* await this.#read(ids);
      ids = [];
    }
    yield* await this.#read(ids);
  }

  async mark(kind: Mark["kind"], ids: readonly string[]): Promise<string> {
    const name = `${stampOf(Date.now())}-${process.getBuiltinModule("node:crypto").randomUUID()}.${kind}`;
    await this.#objects.put(marksFolder + name, Buffer.from(ids.map(id => `${id}\n`).join("")));
    return name;
  }

  async marks(): Promise<readonly Mark[]> {
    const marks: Mark[] = [];
    for await (const key of this.#objects.keys({ prefix: marksFolder })) {
      const [, name, kind] = /^replayed\/([\w-]+\.(sent|kept))$/.exec(key) ?? [];
      const bytes = name === undefined ? undefined : await this.#objects.get(key);
      if (name === undefined || !bytes) continue;
      const ids = Buffer.from(bytes).toString().split("\n").filter(isLetterId);
      marks.push({ name, kind: kind as Mark["kind"], ids }); // by the expression
    }
    return marks;
  }

  unmark(name: string): Promise<void> {
    return this.#objects.delete(marksFolder + name);
  }

  async close(): Promise<void> {
    this.#objects.close();
  }

  async *#ids({ since = 0, until = Number.POSITIVE_INFINITY }: LetterTimes): AsyncIterable<string> {
    const { folderOf } = this.#options;
    const first = stampOf(since);
    const after = since > 0 ? { after: folderOf(first) + first } : {};
    for await (const key of this.#objects.keys({ prefix: "", ...after })) {
      const id = key.slice(key.lastIndexOf("/") + 1, -suffix.length);
      if (!key.endsWith(suffix) || !isLetterId(id) || key !== this.#keyOf(id)) continue;
      if (timeOfId(id) >= until) return;
      yield id;
    }
  }

  #read(ids: readonly string[]): Promise<StoredLetter[]> {
    const read = async (id: string): Promise<StoredLetter | undefined> => {
      const bytes = await this.#objects.get(this.#keyOf(id));
      if (!bytes) return undefined; // deleted meanwhile
      try {
        return { id, bytes: bytes.length, letter: readLetter(bytes) };
      } catch (error) {
        return { id, bytes: bytes.length, problem: messageOf(error) };
      }
    };
    return Promise.all(ids.map(read)).then(all => all.filter(each => each !== undefined));
  }

  #keyOf(id: string): string {
    return `${this.#options.folderOf(id)}${id}${suffix}`;
  }
}
