/**
 * State in a SQLite file of the local process, through `node:sqlite`. Several processes may share the file.
 *
 *     const store = new SqliteStore("data/state.db");
 *
 * A row's id is its version: SQLite counts `AUTOINCREMENT` ids up and never gives one again, so a key that was deleted and
 * written anew has another version. Each operation is one statement or one transaction.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { StoreOptions } from "./memory.ts";
import type { PutOptions, StateStore, Versioned } from "./store.ts";

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS state (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    expires_at INTEGER,
    UNIQUE (namespace, key)
  );
  CREATE INDEX IF NOT EXISTS state_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;
`;

const live = "(expires_at IS NULL OR expires_at > $now)";
const thisKey = "namespace = $namespace AND key = $key";
const insert = "INSERT OR REPLACE INTO state (namespace, key, value, expires_at)";
const values = "$namespace, $key, $value, $expires";

const statements = {
  get: `SELECT value, version FROM state WHERE ${thisKey} AND ${live}`,
  put: `${insert} VALUES (${values})`,
  putIfAbsent: `${insert} SELECT ${values} WHERE NOT EXISTS (SELECT 1 FROM state WHERE ${thisKey} AND ${live})`,
  putIfVersion: `${insert} SELECT ${values} WHERE EXISTS (SELECT 1 FROM state WHERE ${thisKey} AND ${live} AND version = $version)`,
  delete: `DELETE FROM state WHERE ${thisKey} AND ${live}`,
  deleteIfVersion: `DELETE FROM state WHERE ${thisKey} AND ${live} AND version = $version`,
  // Not LIKE or GLOB: a prefix may hold their wildcards. As bytes, since the length of a text ends at a zero byte.
  list: `SELECT key FROM state WHERE namespace = $namespace AND key >= $prefix AND instr(CAST(key AS BLOB), CAST($prefix AS BLOB)) = 1 AND ${live} ORDER BY key LIMIT $limit`,
  sweep: "DELETE FROM state WHERE expires_at <= $now",
} as const;

type Parameters = Record<string, SQLInputValue>;

const sweepEvery = 1024;

export class SqliteStore implements StateStore {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #clock: () => number;
  #writes = 0;

  /** Opens or makes the file; `:memory:` keeps nothing. */
  constructor(path: string, { clock = Date.now }: StoreOptions = {}) {
    this.#database = new (process.getBuiltinModule("node:sqlite").DatabaseSync)(path);
    this.#clock = clock;
    this.#database.exec(schema);
  }

  async get(namespace: string, key: string): Promise<Versioned | undefined> {
    return this.#get(namespace, key, this.#clock());
  }

  async put(
    namespace: string,
    key: string,
    value: Uint8Array,
    { ifVersion, expiresAt }: PutOptions = {},
  ): Promise<string | undefined> {
    const row = { $namespace: namespace, $key: key, $value: value, $expires: expiresAt ?? null };
    const now = this.#sweepSometimes();
    if (ifVersion === undefined) return String(this.#run("put", row).lastInsertRowid);
    const version = ifVersion === null ? null : parseVersion(ifVersion);
    if (version === undefined) return undefined;
    const { changes, lastInsertRowid } =
      version === null
        ? this.#run("putIfAbsent", { ...row, $now: now })
        : this.#run("putIfVersion", { ...row, $now: now, $version: version });
    return Number(changes) > 0 ? String(lastInsertRowid) : undefined;
  }

  async delete(namespace: string, key: string, { ifVersion }: { readonly ifVersion?: string } = {}): Promise<boolean> {
    const row = { $namespace: namespace, $key: key, $now: this.#clock() };
    if (ifVersion === undefined) return Number(this.#run("delete", row).changes) > 0;
    const version = parseVersion(ifVersion);
    return version !== undefined && Number(this.#run("deleteIfVersion", { ...row, $version: version }).changes) > 0;
  }

  async getMany(namespace: string, keys: readonly string[]): Promise<ReadonlyMap<string, Versioned>> {
    const now = this.#clock();
    const found = new Map<string, Versioned>();
    this.#transaction("BEGIN", () => {
      for (const key of keys) {
        const item = this.#get(namespace, key, now);
        if (item) found.set(key, item);
      }
    });
    return found;
  }

  async putMany(
    namespace: string,
    entries: ReadonlyMap<string, Uint8Array>,
    { expiresAt }: { readonly expiresAt?: number } = {},
  ): Promise<void> {
    this.#sweepSometimes(entries.size);
    this.#transaction("BEGIN IMMEDIATE", () => {
      for (const [key, value] of entries) {
        this.#run("put", { $namespace: namespace, $key: key, $value: value, $expires: expiresAt ?? null });
      }
    });
  }

  async list(
    namespace: string,
    { prefix = "", limit = -1 }: { readonly prefix?: string; readonly limit?: number } = {},
  ): Promise<readonly string[]> {
    const rows = this.#statement("list").all({
      $namespace: namespace,
      $prefix: prefix,
      $now: this.#clock(),
      $limit: limit,
    });
    return rows.map(row => row["key"] as string); // the column is TEXT
  }

  async close(): Promise<void> {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #get(namespace: string, key: string, now: number): Versioned | undefined {
    const row = this.#statement("get").get({ $namespace: namespace, $key: key, $now: now });
    return row && { value: row["value"] as Uint8Array, version: String(row["version"]) }; // the column is BLOB
  }

  #run(name: keyof typeof statements, parameters: Parameters) {
    return this.#statement(name).run(parameters);
  }

  #statement(name: keyof typeof statements): StatementSync {
    let statement = this.#prepared.get(name);
    if (!statement) {
      statement = this.#database.prepare(statements[name]);
      this.#prepared.set(name, statement);
    }
    return statement;
  }

  #transaction(begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => void): void {
    this.#database.exec(begin);
    try {
      work();
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
    this.#database.exec("COMMIT");
  }

  /** Removes what has expired, once in a while. Returns the time. */
  #sweepSometimes(writes = 1): number {
    const now = this.#clock();
    this.#writes += writes;
    if (this.#writes < sweepEvery) return now;
    this.#writes = 0;
    this.#run("sweep", { $now: now });
    return now;
  }
}

/** `undefined` for what was never a version of this engine. */
function parseVersion(version: string): bigint | undefined {
  return /^\d{1,18}$/.test(version) ? BigInt(version) : undefined;
}
