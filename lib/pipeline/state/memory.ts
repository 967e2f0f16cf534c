/**
 * State in memory: for tests, and for processes that may forget.
 *
 *     const store = new MemoryStore({ clock: () => now });
 */
import { compareBytes } from "../telemetry/labels.ts";
import type { PutOptions, StateStore, Versioned } from "./store.ts";

interface Item {
  readonly value: Uint8Array;
  readonly version: string;
  readonly expiresAt: number;
}

export interface StoreOptions {
  /** Decides what has expired. @default Date.now */
  readonly clock?: () => number;
}

const sweepEvery = 1024;

export class MemoryStore implements StateStore {
  readonly #namespaces = new Map<string, Map<string, Item>>();
  readonly #clock: () => number;
  #version = 0;
  #writes = 0;

  constructor({ clock = Date.now }: StoreOptions = {}) {
    this.#clock = clock;
  }

  async get(namespace: string, key: string): Promise<Versioned | undefined> {
    return this.#read(namespace, key, this.#clock());
  }

  async put(
    namespace: string,
    key: string,
    value: Uint8Array,
    { ifVersion, expiresAt }: PutOptions = {},
  ): Promise<string | undefined> {
    if (ifVersion !== undefined && this.#live(namespace, key, this.#clock())?.version !== (ifVersion ?? undefined))
      return undefined;
    return this.#write(namespace, key, value, expiresAt);
  }

  async delete(namespace: string, key: string, { ifVersion }: { readonly ifVersion?: string } = {}): Promise<boolean> {
    const item = this.#live(namespace, key, this.#clock());
    if (!item || (ifVersion !== undefined && item.version !== ifVersion)) return false;
    this.#remove(namespace, key);
    return true;
  }

  async getMany(namespace: string, keys: readonly string[]): Promise<ReadonlyMap<string, Versioned>> {
    const now = this.#clock();
    const found = new Map<string, Versioned>();
    for (const key of keys) {
      const item = this.#read(namespace, key, now);
      if (item) found.set(key, item);
    }
    return found;
  }

  async putMany(
    namespace: string,
    entries: ReadonlyMap<string, Uint8Array>,
    { expiresAt }: { readonly expiresAt?: number } = {},
  ): Promise<void> {
    for (const [key, value] of entries) this.#write(namespace, key, value, expiresAt);
  }

  async list(
    namespace: string,
    { prefix = "", limit }: { readonly prefix?: string; readonly limit?: number } = {},
  ): Promise<readonly string[]> {
    const now = this.#clock();
    const keys: string[] = [];
    for (const [key, { expiresAt }] of this.#namespaces.get(namespace) ?? []) {
      if (expiresAt > now && key.startsWith(prefix)) keys.push(key);
    }
    return keys.sort(compareBytes).slice(0, limit);
  }

  async close(): Promise<void> {
    this.#namespaces.clear();
  }

  #live(namespace: string, key: string, now: number): Item | undefined {
    const item = this.#namespaces.get(namespace)?.get(key);
    return item && item.expiresAt > now ? item : undefined;
  }

  /** A copy, as every other engine gives one. */
  #read(namespace: string, key: string, now: number): Versioned | undefined {
    const item = this.#live(namespace, key, now);
    return item && { value: new Uint8Array(item.value), version: item.version };
  }

  #write(namespace: string, key: string, value: Uint8Array, expiresAt = Number.POSITIVE_INFINITY): string {
    if (++this.#writes % sweepEvery === 0) this.#sweep();
    let items = this.#namespaces.get(namespace);
    if (!items) {
      items = new Map();
      this.#namespaces.set(namespace, items);
    }
    const version = String(++this.#version);
    items.set(key, { value: new Uint8Array(value), version, expiresAt });
    return version;
  }

  #remove(namespace: string, key: string): void {
    const items = this.#namespaces.get(namespace);
    items?.delete(key);
    if (items?.size === 0) this.#namespaces.delete(namespace);
  }

  #sweep(): void {
    const now = this.#clock();
    for (const [namespace, items] of this.#namespaces) {
      for (const [key, { expiresAt }] of items) if (expiresAt <= now) this.#remove(namespace, key);
    }
  }
}
