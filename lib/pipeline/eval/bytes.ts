/** Lists of byte numbers that a decoder made: ordinary lists to the language, and text again where text is wanted. */
import type { Value } from "./value.ts";

const decoded = new WeakMap<readonly Value[], Uint8Array>();

/** A list of the bytes as integers that remembers that it is data. */
export function byteList(data: Uint8Array): readonly Value[] {
  const list = Array.from(data, BigInt);
  decoded.set(list, data);
  return list;
}

/** The data behind a list that `byteList` made. */
export function bytesOf(list: readonly Value[]): Uint8Array | undefined {
  return decoded.get(list);
}
