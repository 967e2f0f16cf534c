import { expect, test } from "vitest";
import { labelsFrom } from "../../telemetry/labels.ts";
import { printLabels } from "../../telemetry/loki/labels.ts";
import type { LogBatch } from "../../telemetry/loki/model.ts";
import { lokiRelabel, relabelStreams } from "./relabel.ts";

const rulesOf = (...rule: Record<string, unknown>[]) => lokiRelabel.args.decode({ forward_to: [], rule });
const stream = (labels: Record<string, string>, line = "x"): LogBatch[number] => ({
  labels: labelsFrom(Object.entries(labels)),
  entries: [{ timestamp: 1n, line, metadata: [] }],
});
const shown = (batch: LogBatch) =>
  batch.map(({ labels, entries }) => `${printLabels(labels)} ${entries.map(({ line }) => line)}`);

test.for<{ it: string; rule: Record<string, unknown>[]; batch: LogBatch; out: string[] }>([
  {
    it: "copies a label",
    rule: [{ source_labels: ["pod"], target_label: "name" }],
    batch: [stream({ pod: "a" })],
    out: ['{name="a", pod="a"} x'],
  },
  {
    it: "drops a stream and keeps the order of the others",
    rule: [{ source_labels: ["env"], regex: "dev", action: "drop" }],
    batch: [stream({ n: "1" }), stream({ env: "dev" }), stream({ n: "2" })],
    out: ['{n="1"} x', '{n="2"} x'],
  },
  {
    it: "drops a stream that is left without labels",
    rule: [{ regex: "a", action: "labeldrop" }],
    batch: [stream({ a: "b" })],
    out: [],
  },
  {
    it: "leaves streams apart that get the same labels",
    rule: [{ regex: "a", action: "labeldrop" }],
    batch: [stream({ a: "1", b: "2" }, "x"), stream({ a: "3", b: "2" }, "y")],
    out: ['{b="2"} x', '{b="2"} y'],
  },
  { it: "does nothing without rules", rule: [], batch: [stream({ a: "b" })], out: ['{a="b"} x'] },
])("$it", ({ rule, batch, out }) => {
  expect(shown(relabelStreams(rulesOf(...rule))(batch))).toEqual(out);
});

test("a stream that no rule changes is the same, not a copy", () => {
  const given = stream({ a: "b" });
  const [same] = relabelStreams(rulesOf({ regex: "z", action: "labeldrop" }))([given]);
  expect(same).toBe(given);
});

test("exports its rules, and says which can't be", () => {
  const args = rulesOf({ target_label: "a" }, { action: "hashmod", target_label: "b" });
  expect([...(lokiRelabel.check?.(args) ?? [])]).toEqual([
    { path: ["rule", 1], message: "relabel configuration for hashmod requires non-zero modulus" },
  ]);
});
