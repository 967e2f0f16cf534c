/** What was recorded from the real Alloy, run against the local process: same input, same output. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { type CaseInput, readJson } from "./support/case.ts";
import { runCase } from "./support/run.ts";

const root = path.join(import.meta.dirname, "cases");
const names = readdirSync(root).sort();

const envOf = (name: string) => (readJson(path.join(root, name), "input.json") as CaseInput).env; // the format of the recordings

async function compare(name: string, expectHere: typeof expect): Promise<void> {
  const folder = path.join(root, name);
  const { out, log } = await runCase(folder);
  expectHere(out, log.slice(-2000)).toEqual(readJson(folder, "expect.json"));
}

describe.concurrent("cases recorded from Alloy", () => {
  test.for(names.filter(name => !envOf(name)))("%s", (name, { expect }) => compare(name, expect));
});

describe("cases with an environment of their own, one after the other", () => {
  test.for(names.filter(envOf))("%s", (name, { expect }) => {
    for (const [key, value] of Object.entries(envOf(name) ?? {})) vi.stubEnv(key, value);
    return compare(name, expect);
  });
});

test("every case is here with its three files", () => {
  expect(
    names.filter(
      name =>
        !["config.alloy", "expect.json", "input.json"].every(file => readdirSync(path.join(root, name)).includes(file)),
    ),
  ).toEqual([]);
});
