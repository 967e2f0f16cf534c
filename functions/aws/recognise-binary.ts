/** Tells protobuf messages apart that carry no name: by the numbers and wire types of the fields that OTLP and Loki's push give them. */
import type { Signal } from "../../lib/pipeline/graph/trigger.ts";
import { Reader } from "../../lib/pipeline/telemetry/wire.ts";

const varint = 0;
const fixed64 = 1;
const bytes = 2;
const fixed32 = 5;

interface Shape {
  readonly signal: Signal;
  /** Wire type of each field that the message has. */
  readonly fields: ReadonlyMap<number, number>;
  /** Whether it has what no other message has. */
  readonly is: (wireTypes: ReadonlyMap<number, number>) => boolean;
}

const shape = (signal: Signal, fields: Readonly<Record<number, number>>, is: Shape["is"]): Shape => ({
  signal,
  fields: new Map(Object.entries(fields).map(([field, wireType]) => [Number(field), wireType])),
  is,
});

/** Span, LogRecord and Metric of the OTLP protos: a span has times, a metric a name and neither times nor severity. */
const shapes: readonly Shape[] = [
  shape(
    "traces",
    // biome-ignore format: one row
    { 1: bytes, 2: bytes, 3: bytes, 4: bytes, 5: bytes, 6: varint, 7: fixed64, 8: fixed64, 9: bytes, 10: varint, 11: bytes, 12: varint, 13: bytes, 14: varint, 15: bytes, 16: fixed32 },
    found => found.has(7) || found.has(8),
  ),
  shape(
    "logs",
    // biome-ignore format: one row
    { 1: fixed64, 2: varint, 3: bytes, 5: bytes, 6: bytes, 7: varint, 8: fixed32, 9: bytes, 10: bytes, 11: fixed64, 12: bytes },
    () => true,
  ),
  shape(
    "metrics",
    { 1: bytes, 2: bytes, 3: bytes, 5: bytes, 7: bytes, 9: bytes, 10: bytes, 11: bytes, 12: bytes },
    found => found.has(1),
  ),
];

/** The signal of an OTLP export request in protobuf; `undefined` where it is none, or holds no item that tells. */
export function otlpSignalOf(body: Uint8Array): Signal | undefined {
  try {
    const leaf = firstLeaf(body);
    if (!leaf) return undefined;
    return shapes.find(({ fields, is }) => is(leaf) && [...leaf].every(([field, type]) => fields.get(field) === type))
      ?.signal;
  } catch {
    return undefined; // not protobuf at all
  }
}

/** Wire types by field of the first span, log record or metric: request.1 (resource) .2 (scope) .2 (item). Every other field is walked over, so that anything else fails. */
function firstLeaf(body: Uint8Array): Map<number, number> | undefined {
  const reader = new Reader(body);
  let leaf: Map<number, number> | undefined;
  while (reader.next()) {
    if (reader.field !== 1 || reader.wireType !== bytes) throw new Error("not an export request");
    const end = reader.message();
    leaf ??= leafOfResource(reader);
    reader.leave(end);
  }
  return leaf;
}

function leafOfResource(reader: Reader): Map<number, number> | undefined {
  let leaf: Map<number, number> | undefined;
  while (!leaf && reader.next()) {
    if (reader.field > 3 || reader.wireType !== bytes) throw new Error("not the items of a resource");
    const end = reader.message();
    if (reader.field === 2) leaf = leafOfScope(reader);
    reader.leave(end);
  }
  return leaf;
}

function leafOfScope(reader: Reader): Map<number, number> | undefined {
  while (reader.next()) {
    if (reader.field > 3 || reader.wireType !== bytes) throw new Error("not the items of a scope");
    if (reader.field !== 2) {
      reader.skip();
      continue;
    }
    const end = reader.message();
    const leaf = new Map<number, number>();
    while (reader.next()) {
      leaf.set(reader.field, reader.wireType);
      reader.skip();
    }
    reader.leave(end);
    return leaf;
  }
  return undefined;
}

/**
 * Whether bytes begin as a snappy block that holds a Loki push: after the length comes a literal with the first stream (field 1)
 * and its labels (field 1) in braces. A block's first element is always a literal, so nothing must be decompressed for a look.
 */
export function startsLikeLokiPush(block: Uint8Array): boolean {
  const start = literalOf(block);
  if (start === undefined || block[start] !== 0x0a) return false;
  const labels = afterVarint(block, start + 1);
  return block[labels] === 0x0a && block[afterVarint(block, labels + 1)] === 0x7b;
}

/** Where the first literal's content begins. */
function literalOf(block: Uint8Array): number | undefined {
  const at = afterVarint(block, 0);
  const tag = block[at];
  if (tag === undefined || (tag & 3) !== 0) return undefined;
  const length = tag >> 2;
  return at + 1 + Math.max(0, length - 59); // 60 to 63: the length follows in 1 to 4 bytes
}

function afterVarint(block: Uint8Array, at: number): number {
  let next = at;
  while ((block[next] ?? 0) >= 0x80) next++;
  return next + 1;
}
