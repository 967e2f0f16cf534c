/** Whether values have the same content: kinds count, the order of a map's keys does not. */
import { ValueList, ValueMap } from "../telemetry/otlp/value.ts";
import { Duration, Id, isList, type OttlValue, Time } from "./value.ts";

export function sameValue(a: OttlValue, b: OttlValue): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  if (a instanceof ValueMap) return b instanceof ValueMap && sameMap(a, b);
  if (a instanceof ValueList || isList(a)) return (b instanceof ValueList || isList(b)) && sameList(a, b);
  if (a instanceof Id) return b instanceof Id && a.kind === b.kind && a.hex === b.hex;
  if (a instanceof Time) return b instanceof Time && a.nanoseconds === b.nanoseconds;
  if (a instanceof Duration) return b instanceof Duration && a.nanoseconds === b.nanoseconds;
  return a === b;
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

export function sameMap(a: ValueMap, b: ValueMap): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !sameValue(value, b.get(key))) return false;
  return true;
}

export function sameList(a: ValueList | readonly OttlValue[], b: ValueList | readonly OttlValue[]): boolean {
  if (a.length !== b.length) return false;
  let i = 0;
  for (const item of a as Iterable<OttlValue>) if (!sameValue(item, b.at(i++))) return false; // both are iterable
  return true;
}
