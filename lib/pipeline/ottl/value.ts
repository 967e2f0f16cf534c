/**
 * Values of the transformation language and how JavaScript holds them. What attributes can hold is held as there (int is
 * `bigint`, double is `number`, nil and an empty value are `undefined`); the rest has classes of its own.
 */
import { utc, type Zone } from "../telemetry/gotime/location.ts";
import { ValueList, ValueMap } from "../telemetry/otlp/value.ts";
import type { View, ViewList } from "../telemetry/otlp/view.ts";

export type OttlValue =
  | undefined
  | string
  | bigint
  | number
  | boolean
  | Uint8Array
  | ValueMap
  | ValueList
  | readonly OttlValue[]
  | Time
  | Duration
  | Id
  | Unsigned
  | Part;

/** A point in time, and the zone in which its parts are told. */
export class Time {
  readonly nanoseconds: bigint;
  readonly zone: Zone;
  constructor(nanoseconds: bigint, zone: Zone = utc) {
    this.nanoseconds = nanoseconds;
    this.zone = zone;
  }
}

export class Duration {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

/** A trace, span or profile id; an empty id is all zeros. */
export class Id {
  readonly kind: "TraceID" | "SpanID" | "ProfileID";
  readonly hex: string;
  constructor(kind: "TraceID" | "SpanID" | "ProfileID", hex: string) {
    this.kind = kind;
    this.hex = hex;
  }
  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.from(this.hex, "hex"));
  }
}

/** A list of unsigned integers (bucket counts), which attributes can't hold. */
export class Unsigned {
  readonly values: readonly bigint[];
  constructor(values: readonly bigint[]) {
    this.values = values;
  }
}

/** A part of the telemetry that is no value: the events of a span, the status, the buckets. */
export class Part {
  /** As in messages: `ptrace.SpanEventSlice`. */
  readonly type: string;
  readonly view: View | ViewList<View> | readonly [];
  constructor(type: string, view: View | ViewList<View> | readonly []) {
    this.type = type;
    this.view = view;
  }
  get length(): number | undefined {
    return "length" in this.view ? this.view.length : undefined;
  }
}

/** A list that isn't a view. */
export const isList = (value: OttlValue): value is readonly OttlValue[] => Array.isArray(value);

/** The name of a value's type in messages. */
export function typeName(value: OttlValue): string {
  switch (typeof value) {
    case "undefined":
      return "nil";
    case "string":
      return "string";
    case "bigint":
      return "int64";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    default:
      if (value instanceof Uint8Array) return "[]uint8";
      if (value instanceof ValueMap) return "pcommon.Map";
      if (value instanceof ValueList) return "pcommon.Slice";
      if (value instanceof Time) return "time.Time";
      if (value instanceof Duration) return "time.Duration";
      if (value instanceof Id) return `pcommon.${value.kind}`;
      if (value instanceof Unsigned) return "[]uint64";
      return value instanceof Part ? value.type : "[]interface {}";
  }
}

/** A 64-bit integer, wrapped as Go's arithmetic wraps. */
export const int64 = (value: bigint): bigint => BigInt.asIntN(64, value);
