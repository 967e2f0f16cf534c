/**
 * The messages of `collector.v1.CollectorService` in protobuf, as grafana/alloy-remote-config publishes them
 * (api/collector/v1/collector.proto).
 */
import { byteAt, cursor, lengthTag, readVarint, skipValue, wireBytes } from "../../lib/pipeline/telemetry/otlp/wire.ts";

/** `RemoteConfigStatuses`. */
export const statuses = { unset: 0, applied: 1, applying: 2, failed: 3 } as const;
export type Status = keyof typeof statuses;

export interface ConfigStatus {
  readonly status: Status;
  readonly message: string;
}

export interface GetConfigRequest {
  readonly id: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Of the configuration that the server sent last. */
  readonly hash: string;
  /** Absent where the server knows it. */
  readonly status?: ConfigStatus | undefined;
  /** The text that runs; absent where the server knows it. */
  readonly effective?: string | undefined;
}

export interface GetConfigResponse {
  readonly content: string;
  readonly hash: string;
  readonly notModified: boolean;
}

export const encodeGetConfig = ({ id, attributes, hash, status, effective }: GetConfigRequest): Uint8Array =>
  Buffer.concat([
    text(1, id),
    text(3, hash),
    ...pairs(4, attributes),
    ...(status ? [message(5, number(1, statuses[status.status]), text(2, status.message))] : []),
    ...(effective === undefined ? [] : [effectiveConfig(6, effective)]),
  ]);

export const encodeRegister = (id: string, name: string, attributes: ReadonlyMap<string, string>): Uint8Array =>
  Buffer.concat([text(1, id), text(3, name), ...pairs(4, attributes)]);

export const encodeUnregister = (id: string): Uint8Array => text(1, id);

/** Throws a `WireError` for bytes that are no such message. */
export function decodeGetConfigResponse(bytes: Uint8Array): GetConfigResponse {
  let [content, hash, notModified] = ["", "", false];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at, bytes.length);
    const start = cursor;
    at = skipValue(bytes, start, bytes.length, tag);
    if (tag === lengthTag(1)) content = textAt(bytes, start, at);
    else if (tag === lengthTag(2)) hash = textAt(bytes, start, at);
    else if (tag === 3 << 3) notModified = byteAt(bytes, start) !== 0;
  }
  return { content, hash, notModified };
}

function textAt(bytes: Uint8Array, start: number, end: number): string {
  readVarint(bytes, start, end); // its length, which was checked
  return Buffer.from(bytes.buffer, bytes.byteOffset + cursor, end - cursor).toString();
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.from([...bytes, value]);
}

const field = (tag: number, content: Uint8Array): Buffer =>
  Buffer.concat([varint((tag << 3) | wireBytes), varint(content.length), content]);
const message = (tag: number, ...fields: Uint8Array[]): Buffer => field(tag, Buffer.concat(fields));
/** As proto3 has it, nothing where it is the zero value. */
const text = (tag: number, content: string): Buffer => (content === "" ? nothing : field(tag, Buffer.from(content)));
const number = (tag: number, value: number): Buffer =>
  value === 0 ? nothing : Buffer.concat([varint(tag << 3), varint(value)]);
const nothing = Buffer.alloc(0);

/** By name, so that equal requests are equal bytes. */
const pairs = (tag: number, map: ReadonlyMap<string, string>): Buffer[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => message(tag, text(1, key), text(2, value)));

/** One file, whose name is empty. */
const effectiveConfig = (tag: number, content: string): Buffer =>
  message(tag, message(1, message(1, message(2, text(1, content), text(2, "text/plain")))));
