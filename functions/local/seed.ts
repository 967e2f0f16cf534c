/** The id that a process without one of its own has, made once and kept with its state: the same file as Alloy's. */
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { collectorVersion } from "../remotecfg/version.ts";

/** Reads the id from `alloy_seed.json`, or makes one. */
export function seedId(storagePath: string): string {
  const file = path.join(storagePath, "alloy_seed.json");
  const known = readSeed(file);
  if (known !== undefined) return known;
  const seed = { UID: randomUUID(), created_at: new Date().toISOString(), version: collectorVersion };
  writeFileSync(file, JSON.stringify(seed));
  return seed.UID;
}

/** What can't be read is no seed, and is replaced. */
function readSeed(file: string): string | undefined {
  try {
    const { UID } = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>; // null throws here, too
    return typeof UID === "string" && UID !== "" ? UID : undefined;
  } catch {
    return undefined;
  }
}
