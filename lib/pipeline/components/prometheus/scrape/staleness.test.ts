import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { testHost, testLog } from "../../../graph/testing.ts";
import { MemoryStore } from "../../../state/memory.ts";
import type { StateStore } from "../../../state/store.ts";
import { type Labels, labelsFrom } from "../../../telemetry/labels.ts";
import type { PageReader } from "./page.ts";
import { StalenessState } from "./staleness.ts";

const series = (...names: string[]): Labels[] => names.map(name => labelsFrom([["__name__", name]]));

/** As much of a reader as the state needs. */
class Reader implements Pick<PageReader, "tracked" | "revision" | "restore"> {
  tracked: readonly Labels[] = [];
  revision = 0;
  restore(tracked: readonly Labels[]): void {
    this.tracked = tracked;
  }
  see(...names: string[]): void {
    this.tracked = series(...names);
    this.revision++;
  }
}

function instance(state: StateStore, mode: "function" | "local" = "function") {
  const reader = new Reader();
  const log = testLog();
  const host = testHost({ id: "prometheus.scrape.s", mode, state, log });
  return { reader, log, staleness: new StalenessState(host, "http://h:1/metrics", reader as unknown as PageReader) }; // as much as it needs
}

/** A store that notes what is written, and can fail. */
class Watched extends MemoryStore {
  writes = 0;
  broken = false;
  override async get(...args: Parameters<MemoryStore["get"]>) {
    if (this.broken) throw new Error("table is gone");
    return super.get(...args);
  }
  override async put(...args: Parameters<MemoryStore["put"]>) {
    if (this.broken) throw new Error("table is gone");
    this.writes++;
    return super.put(...args);
  }
}

describe("in functions", () => {
  test("a new instance takes over what the last one left", async () => {
    const state = new MemoryStore();
    const first = instance(state);
    await first.staleness.load();
    first.reader.see("a", "b");
    await first.staleness.save();
    const second = instance(state);
    await second.staleness.load();
    expect(second.reader.tracked).toEqual(series("a", "b"));
  });

  test("two instances that take turns see each other's series", async () => {
    const state = new MemoryStore();
    const [first, second] = [instance(state), instance(state)];
    for (const [{ staleness, reader }, names] of [
      [first, ["a"]],
      [second, ["a", "b"]],
      [first, ["c"]],
    ] as const) {
      await staleness.load();
      reader.see(...names);
      await staleness.save();
    }
    await second.staleness.load();
    expect(second.reader.tracked).toEqual(series("c"));
  });

  test("nothing is written while the series stay the same, nor read again by the instance that wrote them", async () => {
    const state = new Watched();
    const { staleness, reader } = instance(state);
    await staleness.load();
    reader.see("a");
    await staleness.save();
    const { tracked } = reader;
    await staleness.load();
    await staleness.save();
    expect([state.writes, reader.tracked === tracked]).toEqual([1, true]);
  });

  test("what the store lost is written again", async () => {
    const state = new Watched();
    const { staleness, reader } = instance(state);
    await staleness.load();
    reader.see("a");
    await staleness.save();
    const [key = ""] = await state.list("prometheus.scrape.s");
    await state.delete("prometheus.scrape.s", key);
    await staleness.load();
    await staleness.save();
    expect(state.writes).toBe(2);
  });

  test("a store that fails costs no scrape; when it is back all goes on", async () => {
    const state = new Watched();
    const { staleness, reader, log } = instance(state);
    state.broken = true;
    await staleness.load();
    reader.see("a");
    await staleness.save();
    state.broken = false;
    await staleness.load();
    await staleness.save();
    expect(log.lines).toEqual([
      'warn series of the last scrape could not be read, those that vanished are not marked stale {"component":"prometheus.scrape.s","error":"table is gone"}',
      'warn series of this scrape could not be stored, those that vanish may not be marked stale {"component":"prometheus.scrape.s","error":"table is gone"}',
    ]);
    expect(state.writes).toBe(1);
  });

  test("what can't be read is passed over and replaced", async () => {
    const state = new Watched();
    const { staleness, reader, log } = instance(state);
    await staleness.load();
    reader.see("a");
    await staleness.save();
    const [key = ""] = await state.list("prometheus.scrape.s");
    await state.put("prometheus.scrape.s", key, new Uint8Array([1, 2, 3]));
    const other = instance(state);
    await other.staleness.load();
    other.reader.see("b");
    await other.staleness.save();
    expect(log.lines).toEqual([]);
    expect(other.log.lines).toHaveLength(1);
    const stored = await state.get("prometheus.scrape.s", key);
    expect(JSON.parse(gunzipSync(stored?.value ?? gzipSync("")).toString())).toEqual([["__name__", "b"]]);
  });
});

test("a local process keeps nothing: it starts with nothing to mark, as Prometheus does", async () => {
  const state = new Watched();
  const { staleness, reader } = instance(state, "local");
  await staleness.load();
  reader.see("a");
  await staleness.save();
  expect(state.writes).toBe(0);
});
