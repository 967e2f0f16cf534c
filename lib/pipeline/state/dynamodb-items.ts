/**
 * How values lie in a table of DynamoDB. Each namespace is a partition; the sort key is `v/KEY` for a value. A value of more than
 * 1 KB is compressed where that makes it smaller. An item may have 400 KB, so what is larger still is cut into items
 * `p/VERSION/0`, `p/VERSION/1` and so on, which are written before the item that names their number.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { DeliveryError } from "../delivery/errors.ts";

/** A value as DynamoDB's JSON has it. */
export type Attribute = { readonly S: string } | { readonly N: string } | { readonly B: string };
export type Item = Readonly<Record<string, Attribute>>;
export type ItemKey = { readonly namespace: Attribute; readonly key: Attribute };

const partBytes = 400_000; // 409,600 less names, keys and numbers
const compressFrom = 1024;
const maxKeyBytes = 1022; // 1,024 with `v/`
const maxNamespaceBytes = 2048;

const valuePrefix = "v/";

function refusal(expected: string, bytes: number, text: string): DeliveryError {
  const shown = JSON.stringify(text.slice(0, 40)) + (text.length > 40 ? "…" : "");
  return new DeliveryError(`state in DynamoDB: ${expected} bytes, got ${bytes}: ${shown}`, { kind: "reject" });
}

function partition(namespace: string): Attribute {
  const bytes = Buffer.byteLength(namespace);
  if (bytes >= 1 && bytes <= maxNamespaceBytes) return { S: namespace };
  throw refusal(`a namespace should have 1 to ${maxNamespaceBytes}`, bytes, namespace);
}

/** Where the value of a key is. Throws what DynamoDB would refuse. */
export function keyOf(namespace: string, key: string): ItemKey {
  const bytes = Buffer.byteLength(key);
  if (bytes <= maxKeyBytes) return { namespace: partition(namespace), key: { S: valuePrefix + key } };
  throw refusal(`a key of ${namespace} should have at most ${maxKeyBytes}`, bytes, key);
}

/** Where keys of a prefix are, as the values of a query. */
export const prefixOf = (namespace: string, prefix: string) => ({
  ":namespace": partition(namespace),
  ":prefix": keyOf(namespace, prefix).key,
});

/** The key of the value that an item is. */
export const keyIn = (item: Item): string => textOf(item, "key").slice(valuePrefix.length);

/** Where the parts of a value are. */
export const partKeys = (namespace: string, { version, parts }: Pick<Stored, "version" | "parts">): ItemKey[] =>
  Array.from({ length: parts }, (_, i) => ({ namespace: partition(namespace), key: { S: `p/${version}/${i}` } }));

export interface WriteOptions {
  readonly version: string;
  readonly expiresAt?: number | undefined;
}

/** A value as items: its parts, if it has some, and the one with its key. */
export interface Packed {
  readonly parts: readonly Item[];
  readonly item: Item;
}

/** Compresses and cuts a value. */
export function pack(key: ItemKey, value: Uint8Array, { version, expiresAt }: WriteOptions): Packed {
  const { bytes, encoding } = compress(value);
  const expiry = expiryOf(expiresAt);
  const common = { ...key, version: { S: version }, ...expiry, ...(encoding && { encoding: { S: encoding } }) };
  if (bytes.length <= partBytes) return { parts: [], item: { ...common, value: base64(bytes) } };
  const parts = Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, i) => ({
    namespace: key.namespace,
    key: { S: `p/${version}/${i}` },
    value: base64(bytes.subarray(i * partBytes, (i + 1) * partBytes)),
    ...expiry,
  }));
  return { parts, item: { ...common, parts: { N: String(parts.length) } } };
}

const gzipStart = Buffer.from([0x1f, 0x8b]);

function compress(value: Uint8Array): { readonly bytes: Uint8Array; readonly encoding?: "gzip" } {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length <= compressFrom || bytes.subarray(0, 2).equals(gzipStart)) return { bytes };
  const packed = gzipSync(bytes);
  return packed.length < bytes.length ? { bytes: packed, encoding: "gzip" } : { bytes };
}

/** Twice: in seconds for the table, which deletes late, and exactly, for who reads. */
const expiryOf = (expiresAt: number | undefined) =>
  expiresAt === undefined || !Number.isFinite(expiresAt)
    ? undefined
    : { expires: { N: String(Math.ceil(expiresAt / 1000)) }, expires_ms: { N: String(expiresAt) } };

/** An item that has been read. */
export interface Stored {
  readonly version: string;
  /** Items that the value is cut into, 0 for none. */
  readonly parts: number;
  readonly encoding: string;
  /** Without its parts. */
  readonly bytes: Uint8Array;
}

/** What an item holds; `undefined` for one that has expired. */
export function read(item: Item, now: number): Stored | undefined {
  if ("expires_ms" in item && Number(textOf(item, "expires_ms")) <= now) return undefined;
  return {
    version: textOf(item, "version"),
    parts: Number(textOf(item, "parts")),
    encoding: textOf(item, "encoding"),
    bytes: bytesOf(item),
  };
}

/** The value of bytes, those of all parts together. */
export const unpack = (bytes: Uint8Array, encoding: string): Uint8Array =>
  new Uint8Array(encoding === "gzip" ? gunzipSync(bytes) : bytes);

/** The bytes in an item or a part of one. */
export const bytesOf = (item: Item): Uint8Array => Buffer.from(textOf(item, "value"), "base64");

/** An attribute without its type; empty where there is none. */
export function textOf(item: Item, name: string): string {
  const attribute = item[name];
  return attribute ? (Object.values(attribute)[0] as string) : ""; // each has one
}

const base64 = (bytes: Uint8Array): Attribute => ({
  B: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
});
