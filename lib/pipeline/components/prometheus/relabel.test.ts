import { expect, test } from "vitest";
import { labelsFrom } from "../../telemetry/labels.ts";
import { printLabels } from "../../telemetry/loki/labels.ts";
import { prometheusRelabel, relabelSamples } from "./relabel.ts";
import { sample } from "./scrape/page.ts";

const of = (labels: Record<string, string>, value = 1) => sample(labelsFrom(Object.entries(labels)), 7, value);
const relabel = (...rule: Record<string, unknown>[]) =>
  relabelSamples(prometheusRelabel.args.decode({ forward_to: [], rule }));
const shown = (batch: readonly ReturnType<typeof of>[]) =>
  batch.map(({ labels, value, timestamp }) => `${printLabels(labels)} ${value} ${timestamp}`);

test.for<{ it: string; rule: Record<string, unknown>[]; batch: ReturnType<typeof of>[]; out: string[] }>([
  {
    it: "writes a label",
    rule: [{ target_label: "env", replacement: "prod" }],
    batch: [of({ __name__: "a" })],
    out: ['{__name__="a", env="prod"} 1 7'],
  },
  {
    it: "drops samples and keeps the order of the others",
    rule: [{ source_labels: ["__name__"], regex: "b", action: "drop" }],
    batch: [of({ __name__: "a" }), of({ __name__: "b" }), of({ __name__: "c" }, 3)],
    out: ['{__name__="a"} 1 7', '{__name__="c"} 3 7'],
  },
  {
    it: "keeps samples that are left without a name",
    rule: [{ regex: "__name__", action: "labeldrop" }],
    batch: [of({ __name__: "a", x: "y" })],
    out: ['{x="y"} 1 7'],
  },
  {
    it: "keeps temporary labels",
    rule: [{ target_label: "__tmp_x", replacement: "y" }],
    batch: [of({ __name__: "a" })],
    out: ['{__name__="a", __tmp_x="y"} 1 7'],
  },
])("$it", ({ rule, batch, out }) => {
  expect(shown(relabel(...rule)(batch))).toEqual(out);
});

test("a sample that no rule changes is the same; a changed one keeps all else, and its labels are the same each time", () => {
  const rules = relabel({ source_labels: ["x"], regex: "(.+)", target_label: "y" });
  const [same, changed] = [of({ __name__: "a" }), { ...of({ __name__: "b", x: "1" }), exemplars: [], stale: true }];
  const [first, second] = rules([same, changed]);
  expect(first).toBe(same);
  expect(second).toEqual({
    ...changed,
    labels: labelsFrom([
      ["__name__", "b"],
      ["x", "1"],
      ["y", "1"],
    ]),
  });
  expect(rules([changed])[0]?.labels).toBe(second?.labels);
});
