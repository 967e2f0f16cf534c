/** Whatever a file holds, nothing throws or hangs, and what is wrong has a place in the file. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blockDefinitions, knownElsewhere } from "../../lib/pipeline/components/index.ts";
import { checkConfiguration } from "../../lib/pipeline/graph/check.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { decodeSource, parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { printFile } from "../../lib/pipeline/syntax/print.ts";
import { formatDiagnostics, toJson } from "../../lib/pipeline/syntax/report.ts";
import { mutate, randomFrom } from "./mutate.ts";

const options = { definitions: blockDefinitions, knownElsewhere, stability: "experimental", community: true } as const;
const root = join(import.meta.dirname, "../..");
const names = globSync(["test/**/*.alloy", "examples/**/*.alloy"], { cwd: root }).sort();
const files = names.map(name => readFileSync(join(root, name))) as [Buffer, ...Buffer[]]; // there are some

function expectPlaces(diagnostics: readonly Diagnostic[]): void {
  for (const { source, start, end, message } of diagnostics) {
    const inside = start >= 0 ? start <= end && start <= source.text.length : message !== "";
    expect(inside, `${start} to ${end} of ${source.text.length}: ${message}`).toBe(true);
  }
  formatDiagnostics(diagnostics, { color: true, hints: true });
  diagnostics.map(toJson);
}

test.for([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("1000 broken files are parsed, printed and checked, part %i", part => {
  const random = randomFrom(20260800 + part);
  let passed = 0;
  for (let i = 0; i < 1000; i++) {
    const { source } = decodeSource("in.alloy", mutate(random.pick(files), random));
    const { file, diagnostics } = parseFile(source);
    expectPlaces(diagnostics);
    printFile(file);
    expectPlaces(checkConfiguration([file], options));
    if (!diagnostics.length) passed++;
  }
  expect(passed).toBeGreaterThan(100); // some still parse, so that what comes after is tested, too
});
