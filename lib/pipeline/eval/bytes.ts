/** Lists of byte numbers that a decoder made: ordinary lists to the language, and text again where text is wanted. */
import { boundParts, maxByteItems } from "./bounds.ts";
import type { Value } from "./value.ts";

/** Each number once, so that a list holds references only. */
const numbers = Array.from({ length: 256 }, (_, i) => BigInt(i));

const decoded = new WeakMap<readonly Value[], Uint8Array>();

/** A list of the bytes as integers that remembers that it is data. */
export function byteList(data: Uint8Array): readonly Value[] {
  boundParts(data.length, maxByteItems);
  const list = Array.from(data, byte => numbers[byte] ?? 0n);
  decoded.set(list, data);
  return list;
}

/** The data behind a list that `byteList` made. */
export function bytesOf(list: readonly Value[]): Uint8Array | undefined {
  return decoded.get(list);
}
