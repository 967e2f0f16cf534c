/** Where anything that outlives an invocation is kept. Values are bytes; every key lives in a namespace, usually a component's id. */

export interface Versioned {
  readonly value: Uint8Array;
  /** Opaque; changes with each write of the key. */
  readonly version: string;
}

export interface PutOptions {
  /** Writes only if the key still has this version; `null`: only if the key does not exist. Unset: always. */
  readonly ifVersion?: string | null;
  /** Milliseconds since the epoch after which the key is gone. */
  readonly expiresAt?: number;
}

export interface StateStore {
  get(namespace: string, key: string): Promise<Versioned | undefined>;
  /** Resolves to the new version, or to `undefined` where `ifVersion` did not hold. */
  put(namespace: string, key: string, value: Uint8Array, options?: PutOptions): Promise<string | undefined>;
  /** Resolves to whether the key was removed: `false` where it did not exist or `ifVersion` did not hold. */
  delete(namespace: string, key: string, options?: { readonly ifVersion?: string }): Promise<boolean>;
  getMany(namespace: string, keys: readonly string[]): Promise<ReadonlyMap<string, Versioned>>;
  putMany(
    namespace: string,
    entries: ReadonlyMap<string, Uint8Array>,
    options?: { readonly expiresAt?: number },
  ): Promise<void>;
  /** Keys of a namespace in order, optionally of a prefix. */
  list(namespace: string, options?: { readonly prefix?: string; readonly limit?: number }): Promise<readonly string[]>;
  close(): Promise<void>;
}
