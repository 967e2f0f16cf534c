/** What `validate` said of configurations in Alloy, run against ours: same words, same places, same order, same exit code. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findProblems, problemText } from "../../cli/validate.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";

const root = path.join(import.meta.dirname, "validate");

interface Expected {
  readonly flags: readonly string[];
  readonly exit: number;
  readonly output: string;
}

/** Need what is not built yet. */
const waiting = new Set(["community-enabled", "stability-experimental-allowed", "stability-experimental-component"]);

describe("cases recorded from Alloy", () => {
  test.for(readdirSync(root).filter(name => !waiting.has(name)))("%s", name => {
    const folder = path.join(root, name);
    const { flags, exit, output } = JSON.parse(readFileSync(path.join(folder, "expect.json"), "utf8")) as Expected; // the format of the recordings
    const stability = flags.find(flag => flag.startsWith("--stability.level="))?.split("=")[1] as Stability | undefined; // as Alloy names them
    const found = findProblems(path.join(folder, "in.alloy"), {
      stability: stability ?? "generally-available",
      community: flags.some(flag => flag.startsWith("--feature.community-components.enabled")),
    });
    const text = problemText(found, false).replaceAll(`${folder}/`, "").replace(/\n$/, "");
    expect({ exit: found.length ? 1 : 0, output: text }).toEqual({ exit, output });
  });
});
