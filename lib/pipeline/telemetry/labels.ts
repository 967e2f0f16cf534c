/**
 * Label sets of Prometheus and Loki: flat `[name, value, name, value, …]`, sorted by name in byte order, names unique,
 * no empty value. Immutable, so that identity may serve as the key of a cache (`WeakMap<Labels, …>`).
 */
export type Labels = readonly string[];

export const noLabels: Labels = Object.freeze([]);

/** The value of a label, or the empty string, which is the same as no label. */
export function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] === name) return labels[i + 1] as string; // pairs: i + 1 exists
  return "";
}

/** Sorts pairs into a label set; of a name that occurs twice the last value wins, empty values vanish. */
export function labelsFrom(pairs: Iterable<readonly [string, string]>): Labels {
  const map = new Map<string, string>();
  for (const [name, value] of pairs) map.set(name, value);
  return labelsFromMap(map);
}

/** As `labelsFrom`, for a map that the caller keeps. */
export function labelsFromMap(map: ReadonlyMap<string, string>): Labels {
  const names: string[] = [];
  for (const [name, value] of map) if (value !== "") names.push(name);
  names.sort(compareBytes);
  const flat: string[] = [];
  for (const name of names) flat.push(name, map.get(name) as string); // the name came from the map
  return flat;
}

/** A map of its own that may be changed. */
export function labelsToMap(labels: Labels): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < labels.length; i += 2) map.set(labels[i] as string, labels[i + 1] as string); // pairs
  return map;
}

/** Orders strings as their UTF-8 bytes do, which differs from JavaScript's order only at surrogates. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const high = x >= 0xd800 && x <= 0xdfff;
    const otherHigh = y >= 0xd800 && y <= 0xdfff;
    if (high !== otherHigh) return high ? 1 : -1; // a code point above U+FFFF follows all below
    return x - y;
  }
  return a.length - b.length;
}

/** A string that is the same for equal label sets only, as the key of a map. */
export function labelsKey(labels: Labels): string {
  // A zero byte in a name or value, rare as it is, would make the joined text ambiguous.
  for (const text of labels) if (text.includes("\0")) return JSON.stringify(labels);
  return labels.join("\0");
}
