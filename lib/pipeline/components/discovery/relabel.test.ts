import { expect, test } from "vitest";
import { Target } from "../../eval/value.ts";
import { discoveryRelabel, relabelTargets } from "./relabel.ts";

test.for<{ it: string; targets: Record<string, string>[]; rule: Record<string, unknown>[]; out: object[] }>([
  {
    it: "rewrites",
    targets: [{ __address__: "a:1" }],
    rule: [{ source_labels: ["__address__"], target_label: "instance" }],
    out: [{ __address__: "a:1", instance: "a:1" }],
  },
  {
    it: "drops, and keeps the order of the others",
    targets: [{ a: "1" }, { a: "2" }, { a: "3" }],
    rule: [{ source_labels: ["a"], regex: "2", action: "drop" }],
    out: [{ a: "1" }, { a: "3" }],
  },
  {
    it: "keeps temporary labels for the next one",
    targets: [{ a: "1" }],
    rule: [{ target_label: "__tmp", replacement: "x" }],
    out: [{ a: "1", __tmp: "x" }],
  },
  { it: "passes all without rules", targets: [{ a: "1" }], rule: [], out: [{ a: "1" }] },
  {
    it: "passes targets that are left without labels",
    targets: [{ a: "1" }],
    rule: [{ regex: "a", action: "labeldrop" }],
    out: [{}],
  },
])("$it", ({ targets, rule, out }) => {
  const args = discoveryRelabel.args.decode({
    targets: targets.map(labels => new Target(new Map(Object.entries(labels)))),
    rule,
  });
  expect(relabelTargets(args).map(({ labels }) => Object.fromEntries(labels))).toEqual(out);
});
