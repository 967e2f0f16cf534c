/**
 * Data that waits in a SQLite file of the local process, so that it survives the process, too.
 *
 *     const store = new SqliteHandOver("data/waiting.db");
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { DeadLetter } from "./dead-letters.ts";
import { letterBytes, readLetter } from "./dead-letters-form.ts";
import type { HandOver, Lane } from "./hand-over.ts";

/** A letter that is stored; one that can't be read says why. */
export type WaitingLetter = { readonly id: number } & (
  | { readonly letter: DeadLetter }
  | { readonly letter?: undefined; readonly problem: string; readonly bytes: Uint8Array }
);

export interface Waiting {
  readonly letters: number;
  readonly bytes: number;
  /** Milliseconds since the epoch at which the oldest came; `undefined` where none waits. */
  readonly oldest: number | undefined;
}

// What is acknowledged must survive a power failure: `synchronous = FULL`.
const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 5000;
  PRAGMA auto_vacuum = INCREMENTAL;
  CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lane TEXT NOT NULL,
    came INTEGER NOT NULL,
    letter BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS waiting_lane ON waiting (lane, id);
`;

const mostBytes = 1024 ** 3;

/** A letter that is about to be stored. */
interface Coming {
  readonly lane: string;
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class SqliteHandOver implements Omit<HandOver, "afterMs"> {
  /** Called when a letter is stored. */
  onPut: ((lane: string) => void) | undefined;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements;
  readonly #maxBytes: number;
  #bytes: number;
  #coming: Coming[] = [];

  constructor(file: string, { maxBytes = mostBytes }: { readonly maxBytes?: number } = {}) {
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#database = new (process.getBuiltinModule("node:sqlite").DatabaseSync)(file);
    this.#database.exec(schema);
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    this.#statements = {
      put: prepare("INSERT INTO waiting (lane, came, letter) VALUES (?, ?, ?)"),
      waits: prepare("SELECT 1 FROM waiting WHERE lane = ? LIMIT 1"),
      lanes: prepare("SELECT DISTINCT lane FROM waiting"),
      first: prepare("SELECT id, letter FROM waiting WHERE lane = ? ORDER BY id LIMIT ?"),
      delete: prepare("DELETE FROM waiting WHERE id = ? RETURNING length(letter) AS bytes"),
      count: prepare("SELECT count(*) AS letters, min(came) AS oldest FROM waiting"),
      bytes: prepare("SELECT total(length(letter)) AS bytes FROM waiting"),
    };
    this.#bytes = Number(this.#statements.bytes.get()?.["bytes"] ?? 0);
  }

  async put(letter: DeadLetter, { lane }: Pick<Lane, "lane">): Promise<void> {
    const bytes = letterBytes(letter);
    if (this.#bytes + bytes.length > this.#maxBytes)
      throw new Error(
        `${this.#file} should have at most ${this.#maxBytes} bytes of data that waits, got ${this.#bytes + bytes.length}`,
      );
    this.#bytes += bytes.length;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#coming.push({ lane, time: letter.time, bytes, resolve, reject });
    if (this.#coming.length === 1) setImmediate(() => this.#store());
    await promise;
    this.onPut?.(lane);
  }

  /** Stores what came in one turn of the event loop together: each transaction waits for the disk. */
  #store(): void {
    const letters = this.#coming;
    this.#coming = [];
    if (!letters.length) return;
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const { lane, time, bytes } of letters) this.#statements.put.run(lane, time, bytes);
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      for (const { bytes, reject } of letters) {
        this.#bytes -= bytes.length;
        reject(error);
      }
      return;
    }
    for (const { resolve } of letters) resolve();
  }

  async waits(lane: string): Promise<boolean> {
    return this.#coming.some(each => each.lane === lane) || this.#statements.waits.get(lane) !== undefined;
  }

  /** Those in which something waits. */
  lanes(): readonly string[] {
    return this.#statements.lanes.all().map(({ lane }) => String(lane));
  }

  /** The letters of a lane that came first, in their order. */
  first(lane: string, limit: number): readonly WaitingLetter[] {
    return this.#statements.first.all(lane, limit).map(row => {
      const id = Number(row["id"]);
      const bytes = row["letter"] as Uint8Array; // the column is BLOB
      try {
        return { id, letter: readLetter(bytes) };
      } catch (error) {
        return { id, problem: (error as Error).message, bytes }; // it throws errors only
      }
    });
  }

  delete(id: number): void {
    this.#bytes -= Number(this.#statements.delete.get(id)?.["bytes"] ?? 0);
    if (this.#bytes === 0) this.#database.exec("PRAGMA incremental_vacuum");
  }

  waiting(): Waiting {
    const { letters, oldest } = this.#statements.count.get() ?? {};
    return {
      letters: Number(letters),
      bytes: this.#bytes,
      oldest: oldest === null || oldest === undefined ? undefined : Number(oldest),
    };
  }

  close(): void {
    this.#store();
    if (this.#database.isOpen) this.#database.close();
  }
}
