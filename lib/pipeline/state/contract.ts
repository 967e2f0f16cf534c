/**
 * What every engine of `StateStore` must do, as tests. An engine's test file calls it:
 *
 *     storeContract({ engine: "redis", open: clock => new RedisStore(address, { clock }) });
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StateStore } from "./store.ts";

export interface StoreContract {
  readonly engine: string;
  /** A store without content, that asks the clock. */
  readonly open: (clock: () => number) => StateStore | Promise<StateStore>;
}

let now: number;
let store: StateStore;
const clock = () => now;
const bytes = (...values: number[]) => Uint8Array.from(values);
const put = async (key: string, value = bytes(1), options = {}) => {
  const version = await store.put("n", key, value, options);
  if (version === undefined) throw new Error(`${key} was not written`);
  return version;
};
const stored = async (key: string, namespace = "n") => (await store.get(namespace, key))?.value;

/** Declares the tests of one engine. */
export function storeContract({ engine, open }: StoreContract): void {
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
    ])("keeps $it", async ({ value }) => {
      const version = await put("k", value);
      expect(await store.get("n", "k")).toEqual({ value: Uint8Array.from(value), version });
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

      test("sweeping takes the expired and leaves the rest", async () => {
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
