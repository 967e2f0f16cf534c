/** Imports go one way: a room knows the rooms below it, and none above. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");

/** What each room of the library may import, besides itself. Tests may import anything. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  syntax: [],
  regex: [],
  template: ["syntax", "eval", "regex", "telemetry"],
  eval: ["syntax", "regex"],
  telemetry: ["eval", "syntax"],
  relabel: ["eval", "syntax", "regex", "telemetry"],
  ottl: ["eval", "syntax", "regex", "telemetry", "delivery", "relabel"],
  state: ["delivery", "telemetry"],
  delivery: ["eval", "syntax", "telemetry", "regex"],
  graph: ["eval", "syntax", "delivery", "state", "telemetry"],
  components: ["eval", "syntax", "delivery", "state", "telemetry", "graph", "relabel", "ottl", "regex", "template"],
};

/** Types are erased: they make no room need another. */
const importPattern = /(?:^|\n)\s*(?:import|export)\s(?!type\b)[^"';]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/g;

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), "utf8");
  return [...text.matchAll(importPattern)].map(([, from, dynamic]) =>
    path.relative(root, path.resolve(root, path.dirname(file), (from ?? dynamic) as string)),
  );
}

const roomOf = (file: string): string => /^lib\/pipeline\/([^/]+)\//.exec(file)?.[1] ?? file.split("/")[0] ?? "";

test.for(Object.keys(mayImport))("lib/pipeline/%s imports only what is below it", room => {
  const files = globSync(`lib/pipeline/${room}/**/*.ts`, { cwd: root }).filter(
    file => !/\.test\.ts$|\/(testing|contract)\.ts$/.test(file),
  );
  expect(files.length).toBeGreaterThan(0);
  const wrong = files.flatMap(file =>
    importsOf(file)
      .filter(target => roomOf(target) !== room && !mayImport[room]?.includes(roomOf(target)))
      .map(target => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});
