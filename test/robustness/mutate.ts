/** Configuration files made worse at random, the same ones in every run. */
/** A small linear congruential generator: the same files in every run. */
export function randomFrom(seed: number) {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return { below, pick: <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0] };
}

export type Random = ReturnType<typeof randomFrom>;

const scraps = [
  ..."{}[]()=,.\"`'\\\n\r\t /*-+!<>|&^%@#",
  ...[
    "//",
    "/*",
    "*/",
    "null",
    "true",
    "é",
    "日",
    "😀",
    "\uFEFF",
    "\0",
    "a",
    "1e",
    "\\u12",
    '"x"',
    'a "b" {',
    "x = {",
    "[1,",
  ],
] as [string, ...string[]];

export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let out = Buffer.from(bytes);
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(out.length + 1);
    const until = Math.min(out.length, at + random.below(20));
    const middle = [
      () => Buffer.from(random.pick(scraps)),
      () => Buffer.from([random.below(256)]),
      () => Buffer.alloc(0),
      () => Buffer.concat([out.subarray(at, until), out.subarray(at, until)]),
      () => Buffer.from(random.pick(scraps).repeat(random.below(50))),
    ] as const;
    const replaces = random.below(2) === 0 ? until : at;
    out = Buffer.concat([out.subarray(0, at), random.pick(middle)(), out.subarray(replaces)]);
  }
  return out;
}
