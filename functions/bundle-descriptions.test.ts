import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { withoutDescriptions } from "./bundle-descriptions.ts";

const schema = 'import { object } from "../../eval/schema.ts";\n';

test.for([
  { it: "of an argument", from: 'optional(int, 1, "How many."),', to: 'optional(int, 1, ""),' },
  {
    it: "on a line of its own",
    from: 'required(\n    string,\n    "`a` or `b`, in a sentence.",\n  ),',
    to: 'required(\n    string,\n    "",\n  ),',
  },
  {
    it: "behind a reason",
    from: 'refused(bool, "it needs a TPM", "Uses it.")',
    to: 'refused(bool, "it needs a TPM", "")',
  },
  {
    it: "of a component",
    from: 'summary: "Sends logs.",\n  inFunctions:\n    "Once.",',
    to: 'summary: "",\n  inFunctions:\n    "",',
  },
  { it: "no message", from: 'new Error("url should be there")', to: 'new Error("url should be there")' },
  { it: "no sentence before another argument", from: 'f("Help.", a)', to: 'f("Help.", a)' },
])("$it", ({ from, to }) => {
  expect(withoutDescriptions(schema + from)).toBe(schema + to);
});

test("what makes no schema stays as it is", () => {
  expect(withoutDescriptions('counter("a", "Help.")')).toBe('counter("a", "Help.")');
});

/** What stands before a sentence that is left out: the call whose last argument it is. */
function callOf(source: string, at: number): string {
  let depth = 0;
  for (let i = at; i >= 0; i--) {
    if (")]}".includes(source[i] ?? "")) depth++;
    else if ("([{".includes(source[i] ?? "") && depth-- === 0)
      return /(\w+)(<[^()]*>)?$/.exec(source.slice(0, i))?.[1] ?? "";
  }
  return "";
}

test("only what makes schemas loses sentences", () => {
  const root = path.resolve(import.meta.dirname, "..");
  const calls = new Set<string>();
  for (const file of globSync("lib/pipeline/components/**/*.ts", { cwd: root })) {
    const source = readFileSync(path.join(root, file), "utf8");
    if (file.endsWith(".test.ts") || withoutDescriptions(source) === source) continue;
    for (const { index } of source.matchAll(/"[A-Z`][^"\n]*\."(?=,?\s*\))/g)) calls.add(callOf(source, index - 1));
  }
  const makers = ["block", "blocks", "choice", "defaultBlock", "optional", "refused", "refusedBlock", "required"];
  const helpers = ["ofSignal", "tlsVersion"]; // they hand the sentence on
  expect([...calls].sort()).toEqual([...makers, ...helpers, "requiredBlock", "requiredBlocks"].sort());
});
