/** The recorded events of `events/`. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const folder = path.resolve(import.meta.dirname, "../../events");

/** An event by its file's name without the ending. */
// biome-ignore lint/suspicious/noExplicitAny: events have many shapes, and tests change a field here and there
export const recorded = (name: string): any => JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8"));

/** Names of all events of a folder. */
export const recordedNames = (below = ""): string[] =>
  readdirSync(path.join(folder, below))
    .filter(name => name.endsWith(".json"))
    .map(name => path.join(below, name.slice(0, -".json".length)))
    .sort();
