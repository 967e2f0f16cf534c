/** Every example of the reference runs, and gives what its page says. `UPDATE=1` writes what it gives now. */
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { printFile } from "../../lib/pipeline/syntax/print.ts";
import { languageBlocks } from "../../scripts/docs/blocks.ts";
import { type Example, exampleFolder, type PartEntry, readExamples, readParts } from "../../scripts/docs/examples.ts";
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

describe("the stages of loki.process do with entries what their page says", () => {
  test.for(readParts("loki.process"))("$block", async ({ block, config, caption, data }) => {
    const { labels, lines } = data;
    const values = lines.map((line, i) => [`170000000${i}000000000`, line]);
    const { loki = [] } = await runExample({
      subject: "loki.process",
      name: block,
      caption,
      config: around(config),
      run: { send: [{ post: "/loki/api/v1/push", json: { streams: [{ stream: labels, values }] } }] },
    });
    const file = new URL(`loki.process/${block}.json`, exampleFolder);
    if (process.env["UPDATE"]) writeFileSync(file, printJson({ labels, lines, expect: inOrder(loki) }));
    else expect(inOrder(loki)).toEqual(data.expect);
    const text = parseFile({ name: "config.alloy", text: config });
    expect(printFile(text.file)).toBe(config);
  });

  /** By time, which is the order of the lines. */
  const inOrder = (loki: readonly unknown[]) =>
    (loki as readonly PartEntry[]).toSorted((a, b) => a.ts.localeCompare(b.ts)); // as the sink keeps them

  const around = (stages: string) => `
    loki.source.api "in" {
      http { listen_port = 3100 }
      use_incoming_timestamp = true
      forward_to = [loki.process.it.receiver]
    }
    loki.process "it" {
      ${stages}
      forward_to = [loki.write.out.receiver]
    }
    loki.write "out" {
      endpoint { url = "https://loki.example.com/loki/api/v1/push" }
    }`;
});

function update({ name, run }: Example, result: object): void {
  const { expect: _, ...input } = run;
  const file = { ...input, ...(Object.keys(result).length && { expect: result }) };
  if (Object.keys(file).length) writeFileSync(new URL(`${name}.json`, exampleFolder), printJson(file));
}
