import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storeContract } from "./contract.ts";
import { MemoryStore } from "./memory.ts";
import { SqliteStore } from "./sqlite.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "state-"));
});
afterEach(() => rm(folder, { recursive: true }));

storeContract({ engine: "memory", open: clock => new MemoryStore({ clock }), sweeps: true });
storeContract({
  engine: "sqlite",
  open: clock => new SqliteStore(join(folder, "state.db"), { clock }),
  sweeps: true,
});

test("sqlite keeps its content over a restart, and several may use one file", async () => {
  const path = join(folder, "state.db");
  const first = new SqliteStore(path);
  const second = new SqliteStore(path);
  const version = (await first.put("n", "k", Uint8Array.of(1))) ?? "";
  expect(await second.put("n", "k", Uint8Array.of(2), { ifVersion: version })).not.toBeUndefined();
  expect(await first.put("n", "k", Uint8Array.of(3), { ifVersion: version })).toBeUndefined();
  await first.close();
  await second.close();
  const third = new SqliteStore(path);
  expect((await third.get("n", "k"))?.value).toEqual(Uint8Array.of(2));
  await third.close();
});
