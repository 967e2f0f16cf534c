/** Protobuf bytes to OTLP/JSON as Alloy's encoder writes it: hex ids, 64-bit integers as text, enums as numbers, no empty fields. */
import { hexOf } from "./fields.ts";
import { type Field, type Message, requests, type Signal } from "./schema.ts";
import {
  cursor,
  maxDepth,
  readDouble,
  readFixed32,
  readFixed64,
  readSfixed64,
  readSignedVarint64,
  readText,
  readVarint,
  readVarint32,
  readVarint64,
  skipValue,
  WireError,
} from "./wire.ts";

/** An export request as OTLP/JSON. */
export function requestToJson(signal: Signal, bytes: Uint8Array): string {
  return messageToJson(requests[signal], bytes, 0, bytes.length, 0);
}

/** A message as JSON. Messages that Alloy always writes (resource, scope, status, …) appear even if they are empty. */
export function messageToJson(message: Message, bytes: Uint8Array, start: number, end: number, depth = 0): string {
  if (depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
  const found = new Map<Field, string>();
  let chosen: Field | undefined;
  let at = start;
  while (at < end) {
    const tag = readVarint(bytes, at, end);
    const from = cursor;
    at = skipValue(bytes, from, end, tag);
    let field = message.byTag[tag];
    if (field === undefined) continue;
    if (field.number === 1000) field = presentScopes(message, bytes, start, end);
    if (field === undefined) continue;
    let value = from;
    if ((tag & 7) === 2) {
      readVarint(bytes, from, end);
      value = cursor;
    }
    if (field.oneof) {
      if (chosen !== undefined && chosen !== field) found.delete(chosen);
      chosen = field;
    }
    const json = valueToJson(field, bytes, value, at, tag, depth);
    if (json === "") found.delete(field);
    else if (field.repeated) found.set(field, found.has(field) ? `${found.get(field)},${json}` : json);
    else found.set(field, json);
  }
  return objectOf(message, found);
}

function objectOf(message: Message, found: ReadonlyMap<Field, string>): string {
  let json = "";
  for (const field of message.fields) {
    const value =
      found.get(field) ?? (field.always && field.message !== undefined ? emptyOf(field.message) : undefined);
    if (value === undefined) continue;
    json += `${json === "" ? "" : ","}"${field.jsonName}":${field.repeated ? `[${value}]` : value}`;
  }
  return `{${json}}`;
}

const nothing = new Uint8Array(0);
const emptyOf = (message: Message): string => messageToJson(message, nothing, 0, 0);

/** The old field of scope groups counts where the present one is absent. */
function presentScopes(message: Message, bytes: Uint8Array, start: number, end: number): Field | undefined {
  const present = message.fields.find(field => field.number === 2);
  for (let at = start; at < end; ) {
    const tag = readVarint(bytes, at, end);
    if (tag === present?.tag) return undefined;
    at = skipValue(bytes, cursor, end, tag);
  }
  return present;
}

/** The JSON of one value, "" for one that is left out; of packed numbers, all with commas between. */
function valueToJson(field: Field, bytes: Uint8Array, start: number, end: number, tag: number, depth: number): string {
  if (field.message !== undefined) return messageToJson(field.message, bytes, start, end, depth + 1);
  if (!field.repeated || tag === field.tag) return scalarToJson(field, bytes, start, end, field.repeated);
  const items: string[] = [];
  for (let at = start; at < end; ) {
    const next = skipValue(bytes, at, end, field.tag);
    items.push(scalarToJson(field, bytes, at, next, true));
    at = next;
  }
  return items.join(",");
}

function scalarToJson(field: Field, bytes: Uint8Array, start: number, end: number, inList: boolean): string {
  const keep = field.presence || inList;
  switch (field.type) {
    case "string":
      return keep || end > start ? JSON.stringify(readText(bytes, start, end)) : "";
    case "bytes":
      return keep || end > start ? `"${Buffer.from(bytes.subarray(start, end)).toString("base64")}"` : "";
    case "traceId":
    case "spanId": {
      const hex = hexOf(bytes, start, end);
      return hex === "" ? "" : `"${hex}"`;
    }
    case "double":
      return doubleToJson(readDouble(bytes, start), keep);
    case "bool": {
      const value = readVarint64(bytes, start) !== 0n;
      return keep || value ? String(value) : "";
    }
    default:
      return integerToJson(field, bytes, start, keep);
  }
}

function doubleToJson(value: number, keep: boolean): string {
  if (Number.isFinite(value)) return keep || value !== 0 ? (Object.is(value, -0) ? "-0" : String(value)) : "";
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"+Inf"' : '"-Inf"';
}

function integerToJson(field: Field, bytes: Uint8Array, at: number, keep: boolean): string {
  switch (field.type) {
    case "fixed32":
      return plain(readFixed32(bytes, at), keep);
    case "uint32":
      return plain(readVarint32(bytes, at), keep);
    case "sint32": {
      const value = readVarint32(bytes, at);
      return plain((value >>> 1) ^ -(value & 1), keep);
    }
    case "fixed64":
      return quoted(readFixed64(bytes, at), keep);
    case "sfixed64":
      return quoted(readSfixed64(bytes, at), keep);
    case "uint64":
      return quoted(readVarint64(bytes, at), keep);
    case "int64":
      return quoted(readSignedVarint64(bytes, at), keep);
    default:
      return plain(readVarint32(bytes, at) | 0, keep);
  }
}

const plain = (value: number, keep: boolean): string => (keep || value !== 0 ? String(value) : "");
const quoted = (value: bigint, keep: boolean): string => (keep || value !== 0n ? `"${value}"` : "");
