/** Every example of the reference runs, and gives what its page says. `UPDATE=1` writes what it gives now. */
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { printFile } from "../../lib/pipeline/syntax/print.ts";
import { languageBlocks } from "../../scripts/docs/blocks.ts";
import { type Example, exampleFolder, readExamples } from "../../scripts/docs/examples.ts";
import { printJson } from "../../scripts/docs/markdown.ts";
import { runExample } from "./run-example.ts";

const examples = [...readExamples().values()].flat();
const subjects = [...definitions.keys(), ...languageBlocks().map(({ name }) => name)].sort();

test("every component and block has an example, and every example is of one", () => {
  expect([...new Set(examples.map(({ subject }) => subject))].sort()).toEqual(subjects);
});

describe("examples are formatted as `amalgam fmt` does it", () => {
  test.for(examples)("$name", ({ config }) => {
    const { file, diagnostics } = parseFile({ name: "config.alloy", text: config });
    expect(diagnostics).toEqual([]);
    expect(printFile(file)).toBe(config);
  });
});

describe("examples load, and what goes through them comes out as their page says", () => {
  test.for(examples)("$name", async example => {
    const result = await runExample(example);
    if (process.env["UPDATE"]) update(example, result);
    else expect(result).toEqual(example.run.expect ?? {});
  });
});

function update({ name, run }: Example, result: object): void {
  const { expect: _, ...input } = run;
  const file = { ...input, ...(Object.keys(result).length && { expect: result }) };
  if (Object.keys(file).length) writeFileSync(new URL(`${name}.json`, exampleFolder), printJson(file));
}
