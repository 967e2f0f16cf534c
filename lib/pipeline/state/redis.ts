/**
 * State in Redis or Valkey, which functions and processes share:
 *
 *     const store = new RedisStore("rediss://user:password@cache.example.com:6379/0");
 *
 * How it lies there is in redis-scripts.ts. A connection that is lost is made anew, and what was under way is repeated.
 */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { DeliveryError, messageOf } from "../delivery/errors.ts";
import { deliver } from "../delivery/retry.ts";
import type { StoreOptions } from "./memory.ts";
import { deleteScript, headBytes, listScript, putManyScript, putScript, versionBytes } from "./redis-scripts.ts";
import type { PutOptions, StateStore, Versioned } from "./store.ts";

export interface RedisOptions extends StoreOptions {
  /** What all keys begin with. @default amalgam */
  readonly prefix?: string;
  /** For an operation, all its attempts and waits included. @default 5_000 */
  readonly timeoutMs?: number;
  /** For one attempt. @default 2_000 */
  readonly attemptMs?: number;
}

type Argument = string | number | Buffer;

const batch = { keys: 500, bytes: 4_000_000 };
const page = 1000;
const policy = { minMs: 50, maxMs: 2000, spread: [0, 1] } as const;

/** Answers of a server that is not ready, or not the one that may be written to, until a replica has its place. */
const mayPass = /^(BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|TRYAGAIN)\b/;

export class RedisStore implements StateStore {
  readonly #url: string;
  readonly #prefix: string;
  readonly #clock: () => number;
  readonly #timeoutMs: number;
  readonly #attemptMs: number;
  #connection: Promise<Redis> | undefined;

  /** Nothing is connected before the first operation. */
  constructor(url: string, options: RedisOptions = {}) {
    const { clock = Date.now, prefix = "amalgam", timeoutMs = 5000, attemptMs = 2000 } = options;
    this.#url = url;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#attemptMs = attemptMs;
  }

  async get(namespace: string, key: string): Promise<Versioned | undefined> {
    return (await this.getMany(namespace, [key])).get(key);
  }

  async put(
    namespace: string,
    key: string,
    value: Uint8Array,
    { ifVersion, expiresAt }: PutOptions = {},
  ): Promise<string | undefined> {
    const condition = conditionOf(ifVersion);
    if (!condition) return undefined;
    const { version, bytes } = pack(value, expiresAt);
    const { names, nameOf } = this.#namesIn(namespace);
    const values = [this.#clock(), ...condition, key, expiryOf(expiresAt), bytes];
    return (await this.#eval(putScript, [...names, nameOf(key)], values)) === 1 ? version : undefined;
  }

  async delete(namespace: string, key: string, { ifVersion }: { readonly ifVersion?: string } = {}): Promise<boolean> {
    const condition = conditionOf(ifVersion);
    if (!condition) return false;
    const { names, nameOf } = this.#namesIn(namespace);
    return (await this.#eval(deleteScript, [...names, nameOf(key)], [this.#clock(), ...condition, key])) === 1;
  }

  async getMany(namespace: string, keys: readonly string[]): Promise<ReadonlyMap<string, Versioned>> {
    const now = this.#clock();
    const { nameOf } = this.#namesIn(namespace);
    const found = new Map<string, Versioned>();
    const wanted = [...new Set(keys)];
    for (let at = 0; at < wanted.length; at += batch.keys) {
      const some = wanted.slice(at, at + batch.keys);
      const values = (await this.#call("MGET", some.map(nameOf))) as (Buffer | null)[]; // as Redis' reference has it
      for (const [i, key] of some.entries()) {
        const value = values[i] && unpack(values[i], now);
        if (value) found.set(key, value);
      }
    }
    return found;
  }

  async putMany(
    namespace: string,
    entries: ReadonlyMap<string, Uint8Array>,
    { expiresAt }: { readonly expiresAt?: number } = {},
  ): Promise<void> {
    const { names, nameOf } = this.#namesIn(namespace);
    let [keys, values, bytes]: [string[], Argument[], number] = [[], [], 0];
    const flush = async () => {
      if (keys.length)
        await this.#eval(putManyScript, [...names, ...keys], [this.#clock(), expiryOf(expiresAt), ...values]);
      [keys, values, bytes] = [[], [], 0];
    };
    for (const [key, value] of entries) {
      if (keys.length >= batch.keys || bytes + value.length > batch.bytes) await flush();
      keys.push(nameOf(key));
      values.push(key, pack(value, expiresAt).bytes);
      bytes += value.length;
    }
    await flush();
  }

  async list(
    namespace: string,
    { prefix = "", limit = Number.POSITIVE_INFINITY }: { readonly prefix?: string; readonly limit?: number } = {},
  ): Promise<readonly string[]> {
    const { names, nameOf } = this.#namesIn(namespace);
    const keys: string[] = [];
    // no text has the byte 255
    const end = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(255)]);
    let start: Buffer | undefined = Buffer.from(`[${prefix}`);
    while (start && keys.length < limit) {
      const values: Argument[] = [this.#clock(), nameOf(""), start, end, Math.min(page, limit - keys.length)];
      const [found, last] = (await this.#eval(listScript, names, values)) as [Buffer[], Buffer | null]; // as the script has it
      keys.push(...found.map(String));
      start = last ? Buffer.concat([Buffer.from("("), last]) : undefined;
    }
    return keys;
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.then(
      client => client.disconnect(),
      () => {}, // who asked for it was told
    );
  }

  #namesIn(namespace: string) {
    // what ends a hash tag stands in no namespace
    const start = `${this.#prefix}:{${namespace.replace(/[%{}]/g, encodeURIComponent)}}`;
    return { names: [`${start}:keys`, `${start}:expiry`], nameOf: (key: string) => `${start}:v:${key}` };
  }

  #eval(script: string, names: readonly string[], values: readonly Argument[]): Promise<unknown> {
    return this.#call("EVAL", [script, names.length, ...names, ...values]);
  }

  /** Repeats a command until it is answered or its time is over. */
  async #call(command: string, values: readonly Argument[]): Promise<unknown> {
    try {
      return await deliver(() => this.#attempt(command, values), { policy, deadline: Date.now() + this.#timeoutMs });
    } catch (error) {
      const name = `state in Redis at ${new URL(this.#url).host}`;
      if (!(error instanceof DeliveryError)) throw new Error(`${name}: ${messageOf(error)}`, { cause: error });
      const { message, retryAfterMs } = error;
      throw new DeliveryError(`${name}: no success within ${this.#timeoutMs} ms: ${message}`, {
        kind: "retry",
        retryAfterMs,
        cause: error,
      });
    }
  }

  async #attempt(command: string, values: readonly Argument[]): Promise<unknown> {
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    try {
      const client = await connection;
      return await client.callBuffer(command, [...values]);
    } catch (error) {
      const message = messageOf(error);
      const refused = error instanceof Error && error.name === "ReplyError";
      if (refused && !mayPass.test(message)) throw error;
      // a connection that is broken, silent, or to a server that has become a replica
      if (this.#connection === connection) await this.close();
      throw new DeliveryError(message, { kind: "retry", cause: error });
    }
  }

  async #connect(): Promise<Redis> {
    const client = new Redis(this.#url, {
      lazyConnect: true,
      connectTimeout: this.#attemptMs,
      commandTimeout: this.#attemptMs,
      // what fails is repeated here, on a new connection: no queue would send later what has failed already
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
    });
    let reason: unknown;
    client.on("error", error => {
      reason = error;
    });
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.disconnect();
      throw reason ?? error;
    }
  }
}

/** As a script takes it; `undefined` for a version that never was one. */
function conditionOf(ifVersion: string | null | undefined): [string, string] | undefined {
  if (ifVersion === undefined) return ["", ""];
  if (ifVersion === null) return ["if", ""];
  return ifVersion.length === versionBytes ? ["if", ifVersion] : undefined;
}

const expiryOf = (expiresAt = 0): string =>
  String(Number.isSafeInteger(Math.ceil(expiresAt)) ? Math.ceil(expiresAt) : 0).padStart(headBytes - versionBytes, "0");

/** A value behind its head. */
function pack(value: Uint8Array, expiresAt: number | undefined): { readonly version: string; readonly bytes: Buffer } {
  const version = randomBytes((versionBytes / 4) * 3).toString("base64url");
  return { version, bytes: Buffer.concat([Buffer.from(version + expiryOf(expiresAt)), value]) };
}

function unpack(bytes: Buffer, now: number): Versioned | undefined {
  const expiresAt = Number(bytes.toString("latin1", versionBytes, headBytes));
  if (expiresAt && expiresAt <= now) return undefined;
  return { version: bytes.toString("latin1", 0, versionBytes), value: new Uint8Array(bytes.subarray(headBytes)) };
}
