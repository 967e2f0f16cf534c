/**
 * What every engine of `StateStore` must do, as tests. An engine's test file calls it:
 *
 *     storeContract({ engine: "redis", open: clock => new RedisStore(address, { clock }) });
 */
import { createCipheriv } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StateStore, Versioned } from "./store.ts";

export interface StoreContract {
  readonly engine: string;
  /** A store without content, that asks the clock. */
  readonly open: (clock: () => number) => StateStore | Promise<StateStore>;
  /** Whether it removes what has expired by that clock itself; otherwise a server does, by its own. */
  readonly sweeps?: boolean;
  /** Bytes of the longest key, where the engine has a limit, and what it says of a longer one. */
  readonly longestKey?: { readonly bytes: number; readonly refusal: string };
}

let now: number;
let store: StateStore;
const clock = () => now;
const bytes = (...values: number[]) => Uint8Array.from(values);
/** What no compression makes smaller, the same each time. */
const noise = (length: number) => createCipheriv("aes-128-ctr", key, iv).update(new Uint8Array(length));
const [key, iv] = [new Uint8Array(16), new Uint8Array(16)];
/** To be compared faster than bytes are. */
const base64 = (value: Uint8Array) => Buffer.from(value).toString("base64");
const textOf = (found: Versioned | undefined) => found && { ...found, value: base64(found.value) };
/** A character of each byte from 0 to 255, as UTF-8 has them. */
const every = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
const put = async (key: string, value = bytes(1), options = {}) => {
  const version = await store.put("n", key, value, options);
  if (version === undefined) throw new Error(`${key} was not written`);
  return version;
};
const stored = async (key: string, namespace = "n") => (await store.get(namespace, key))?.value;

/** Declares the tests of one engine. */
export function storeContract({ engine, open, sweeps = false, longestKey }: StoreContract): void {
  describe(engine, () => {
    beforeEach(async () => {
      now = 1000;
      store = await open(clock);
    });
    afterEach(() => store.close());

    test("a key that was never written is undefined", async () => {
      expect(await store.get("n", "k")).toBeUndefined();
      expect(await store.delete("n", "k")).toBe(false);
    });

    test.for([
      { it: "bytes of every value", value: Uint8Array.from({ length: 256 }, (_, i) => i) },
      { it: "no bytes", value: bytes() },
      { it: "a view into a larger buffer", value: bytes(9, 1, 2, 9).subarray(1, 3) },
      { it: "a Buffer", value: Buffer.from("text") },
      { it: "what can be compressed", value: new Uint8Array(300_000).fill(7) },
      { it: "what is compressed", value: gzipSync(noise(2000)) },
      { it: "what only begins as if it were", value: Buffer.concat([bytes(0x1f, 0x8b), noise(2000)]) },
      { it: "more than an item of DynamoDB may have", value: noise(1_300_000) },
    ])("keeps $it", async ({ value }) => {
      const version = await put("k", value);
      expect(textOf(await store.get("n", "k"))).toEqual(textOf({ value, version }));
    });

    test("neither the writer's nor the reader's bytes are the store's", async () => {
      const written = bytes(1);
      await put("k", written);
      written[0] = 2;
      const read = await stored("k");
      expect(read).toEqual(bytes(1));
      read?.fill(3);
      expect(await stored("k")).toEqual(bytes(1));
    });

    test.for([
      { it: "characters of every byte", key: every },
      { it: "what engines separate with", key: "a:b/c{d}e\n\0 *?[]\\" },
      { it: "many planes", key: "é｡🙂" },
      { it: "nothing", key: "" },
      { it: "many bytes", key: "é".repeat((longestKey?.bytes ?? 100_000) / 2) },
    ])("a key may have $it", async ({ key }) => {
      await store.put(every, key, bytes(1));
      await store.putMany(every, new Map([[key, bytes(2)]]));
      expect([...(await store.getMany(every, [key]))].map(([name, { value }]) => [name, value])).toEqual([
        [key, bytes(2)],
      ]);
      expect(await store.list(every, { prefix: [...key].slice(0, 2).join("") })).toEqual([key]);
      expect(await store.delete(every, key)).toBe(true);
      expect(await store.list(every)).toEqual([]);
    });

    test.runIf(longestKey)("a longer key than the engine can have is refused, whatever is done with it", async () => {
      const { bytes: length = 0, refusal = "" } = longestKey ?? {};
      const key = "k".repeat(length + 1);
      await expect(store.put("n", key, bytes(1))).rejects.toHaveProperty("message", refusal);
      await expect(store.putMany("n", new Map([[key, bytes(1)]]))).rejects.toHaveProperty("message", refusal);
      await expect(store.get("n", key)).rejects.toHaveProperty("message", refusal);
      expect(await store.list("n")).toEqual([]);
    });

    test("a large value is replaced by a small one, and that by a large one", async () => {
      const values = [noise(900_000), bytes(1), noise(500_000), noise(1_200_000)];
      for (const value of values) {
        const version = await put("k", value);
        expect(textOf(await store.get("n", "k"))).toEqual(textOf({ value, version }));
      }
      expect(await store.list("n")).toEqual(["k"]);
      expect(await store.delete("n", "k")).toBe(true);
      expect(await stored("k")).toBeUndefined();
    });

    test("keys live in namespaces", async () => {
      await store.put("a", "k", bytes(1));
      await store.put("b", "k", bytes(2));
      expect([await stored("k", "a"), await stored("k", "b")]).toEqual([bytes(1), bytes(2)]);
      expect(await store.delete("a", "k")).toBe(true);
      expect([await stored("k", "a"), await stored("k", "b")]).toEqual([undefined, bytes(2)]);
    });

    test("a version changes with each write, also after a delete", async () => {
      const versions = [await put("k"), await put("k")];
      await store.delete("n", "k");
      versions.push(await put("k"));
      expect(new Set(versions).size).toBe(3);
      expect((await store.get("n", "k"))?.version).toBe(versions[2]);
    });

    describe("compare and set", () => {
      test("writes where the version holds, not where it is an old one", async () => {
        const first = await put("k", bytes(1));
        const second = await store.put("n", "k", bytes(2), { ifVersion: first });
        expect(second).not.toBeUndefined();
        expect(await store.put("n", "k", bytes(3), { ifVersion: first })).toBeUndefined();
        expect(await store.get("n", "k")).toEqual({ value: bytes(2), version: second });
      });

      test("null writes only what does not exist", async () => {
        expect(await store.put("n", "k", bytes(1), { ifVersion: null })).not.toBeUndefined();
        expect(await store.put("n", "k", bytes(2), { ifVersion: null })).toBeUndefined();
        expect(await store.put("other", "k", bytes(2), { ifVersion: null })).not.toBeUndefined();
        expect(await stored("k")).toEqual(bytes(1));
      });

      test("a version of a key that is gone does not hold", async () => {
        const version = await put("k");
        await store.delete("n", "k");
        expect(await store.put("n", "k", bytes(2), { ifVersion: version })).toBeUndefined();
      });

      test.for(["", "x", "-1", "99999999999999999999999", "1.0"])("version %j never holds", async version => {
        await put("k");
        expect(await store.put("n", "k", bytes(2), { ifVersion: version })).toBeUndefined();
        expect(await store.delete("n", "k", { ifVersion: version })).toBe(false);
      });

      test("deletes where the version holds", async () => {
        const first = await put("k");
        const second = await put("k");
        expect(await store.delete("n", "k", { ifVersion: first })).toBe(false);
        expect(await store.delete("n", "k", { ifVersion: second })).toBe(true);
        expect(await stored("k")).toBeUndefined();
      });

      test("of many writers of one version one wins", async () => {
        const version = await put("k", bytes(0));
        const results = await Promise.all([1, 2, 3, 4].map(i => store.put("n", "k", bytes(i), { ifVersion: version })));
        expect(results.filter(result => result !== undefined).length).toBe(1);
      });

      test("of 20 writers that begin at the same time one wins each round", async () => {
        const writers = Array.from({ length: 20 }, (_, i) => i);
        let ifVersion: string | null = null;
        for (let round = 0; round < 5; round++) {
          const value = (i: number) => bytes(round, i);
          const versions = await Promise.all(writers.map(i => store.put("n", "k", value(i), { ifVersion })));
          const winners = writers.filter(i => versions[i] !== undefined);
          expect(winners.length).toBe(1);
          const [winner = -1] = winners;
          expect(await store.get("n", "k")).toEqual({ value: value(winner), version: versions[winner] });
          ifVersion = versions[winner] as string; // one of them won
        }
      });

      test("no count is lost where 5 count together", async () => {
        const count = async () => {
          for (;;) {
            const found = await store.get("n", "k");
            const next = bytes((found?.value[0] ?? 0) + 1);
            if (await store.put("n", "k", next, { ifVersion: found?.version ?? null })) return;
          }
        };
        await Promise.all(Array.from({ length: 5 }, async () => [await count(), await count(), await count()]));
        expect(await stored("k")).toEqual(bytes(15));
      });
    });

    describe("expiry", () => {
      test("a key is gone at its time, not before", async () => {
        await put("k", bytes(1), { expiresAt: 2000 });
        now = 1999;
        expect(await stored("k")).toEqual(bytes(1));
        expect(await store.list("n")).toEqual(["k"]);
        now = 2000;
        expect(await stored("k")).toBeUndefined();
        expect(await store.list("n")).toEqual([]);
        expect(await store.getMany("n", ["k"])).toEqual(new Map());
        expect(await store.delete("n", "k")).toBe(false);
      });

      test("an expired key does not exist for compare and set", async () => {
        const version = await put("k", bytes(1), { expiresAt: 2000 });
        now = 2000;
        expect(await store.put("n", "k", bytes(2), { ifVersion: version })).toBeUndefined();
        expect(await store.put("n", "k", bytes(3), { ifVersion: null })).not.toBeUndefined();
        expect(await stored("k")).toEqual(bytes(3));
      });

      test("a write without expiry takes an earlier one away", async () => {
        await put("k", bytes(1), { expiresAt: 2000 });
        await put("k", bytes(2));
        now = 3000;
        expect(await stored("k")).toEqual(bytes(2));
      });

      test("what expires is gone from all reads, however it was written", async () => {
        const large = noise(900_000);
        await store.putMany("n", new Map([["a", bytes(1)], ["b", large]]), { expiresAt: 1001 }); // biome-ignore format: pairs
        await put("c", large, { expiresAt: 1001 });
        now = 1001;
        expect(await store.getMany("n", ["a", "b", "c"])).toEqual(new Map());
        expect(await store.list("n")).toEqual([]);
        await store.putMany("n", new Map([["a", bytes(2)]]));
        now = Number.MAX_SAFE_INTEGER;
        expect(await stored("a")).toEqual(bytes(2));
      });

      test.runIf(sweeps)("sweeping takes the expired and leaves the rest", async () => {
        await store.putMany("n", new Map([["old", bytes(1)]]), { expiresAt: 1500 });
        await put("kept", bytes(2), { expiresAt: 9000 });
        now = 2000;
        await store.putMany("m", new Map(Array.from({ length: 1100 }, (_, i) => [`k${i}`, bytes(3)])));
        await put("last");
        now = 1000; // what was swept stays away even if the clock goes back
        expect(await store.list("n")).toEqual(["kept", "last"]);
      });
    });

    describe("batches", () => {
      test("writes and reads many, with an expiry", async () => {
        await store.putMany("n", new Map([["a", bytes(1)], ["b", bytes(2)]]), { expiresAt: 2000 }); // biome-ignore format: pairs
        const found = await store.getMany("n", ["b", "missing", "a", "a"]);
        expect([...found].map(([key, { value }]) => [key, value])).toEqual([["b", bytes(2)], ["a", bytes(1)]]); // biome-ignore format: pairs
        now = 2000;
        expect(await store.getMany("n", ["a", "b"])).toEqual(new Map());
      });

      test("versions of a batch can be compared", async () => {
        await store.putMany("n", new Map([["a", bytes(1)]]));
        const version = (await store.getMany("n", ["a"])).get("a")?.version ?? "";
        expect(await store.put("n", "a", bytes(2), { ifVersion: version })).not.toBeUndefined();
      });

      test("1,000 keys, some of them large", async () => {
        const value = (i: number) => (i % 250 ? bytes(i, i >> 8) : noise(450_000 + i));
        const entries = new Map(Array.from({ length: 1000 }, (_, i) => [`k${String(i).padStart(4, "0")}`, value(i)]));
        await store.putMany("n", entries);
        const found = await store.getMany("n", ["missing", ...entries.keys()]);
        expect([...found].map(([key, each]) => [key, base64(each.value)])).toEqual(
          [...entries].map(([key, each]) => [key, base64(each)]),
        );
        expect(new Set([...found.values()].map(({ version }) => version)).size).toBe(1000);
        expect(await store.list("n")).toEqual([...entries.keys()]);
        expect(await store.list("n", { prefix: "k09", limit: 3 })).toEqual(["k0900", "k0901", "k0902"]);
      });

      test("empty batches do nothing", async () => {
        await store.putMany("n", new Map());
        expect(await store.getMany("n", [])).toEqual(new Map());
      });
    });

    describe("list", () => {
      test.for([
        {
          it: "all keys in byte order",
          options: {},
          out: ["", "B", "a", "a%", "a%1", "a*", "aa", "ab", "é", "｡", "🙂"],
        },
        { it: "keys of a prefix", options: { prefix: "a" }, out: ["a", "a%", "a%1", "a*", "aa", "ab"] },
        { it: "wildcards as themselves", options: { prefix: "a%" }, out: ["a%", "a%1"] },
        { it: "at most the limit", options: { prefix: "a", limit: 2 }, out: ["a", "a%"] },
        { it: "none for a limit of 0", options: { limit: 0 }, out: [] },
        { it: "prefixes beyond the basic plane", options: { prefix: "🙂" }, out: ["🙂"] },
        { it: "nothing for a foreign prefix", options: { prefix: "z" }, out: [] },
      ])("$it", async ({ options, out }) => {
        for (const key of ["ab", "a%1", "🙂", "a", "｡", "B", "aa", "", "a*", "é", "a%"]) await put(key);
        await store.put("other", "ac", bytes(1));
        expect(await store.list("n", options)).toEqual(out);
      });
    });

    test("closing twice is allowed", async () => {
      await store.close();
      await store.close();
    });
  });
}
