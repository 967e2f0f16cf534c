import { expect, test } from "vitest";
import { type Labels, labelsFrom } from "../telemetry/labels.ts";
import { cachedRelabel, compileRules, type RelabelRule, validateRule } from "./relabel.ts";

type Row = {
  it: string;
  rules: RelabelRule[];
  labels: Record<string, string>;
  out: Record<string, string> | undefined;
};

const set = (labels: Record<string, string>): Labels => labelsFrom(Object.entries(labels));

const rows: Row[] = [
  {
    it: "copies a label",
    rules: [{ source_labels: ["pod"], target_label: "name" }],
    labels: { pod: "a" },
    out: { name: "a", pod: "a" },
  },
  {
    it: "joins labels, a missing one is empty",
    rules: [{ source_labels: ["app", "env"], separator: "/", target_label: "job" }],
    labels: { app: "x" },
    out: { app: "x", job: "x/" },
  },
  {
    it: "joins three labels",
    rules: [{ source_labels: ["a", "b", "a"], target_label: "c" }],
    labels: { a: "1", b: "2" },
    out: { a: "1", b: "2", c: "1;2;1" },
  },
  {
    it: "sets a fixed value without a source",
    rules: [{ target_label: "const", replacement: "fixed" }],
    labels: { a: "1" },
    out: { a: "1", const: "fixed" },
  },
  {
    it: "sets a fixed value where the source matches",
    rules: [{ source_labels: ["a"], regex: "2", target_label: "const", replacement: "fixed" }],
    labels: { a: "1" },
    out: { a: "1" },
  },
  {
    it: "replaces by groups",
    rules: [
      { source_labels: ["pod"], regex: "(.+)-[0-9a-f]+-([a-z0-9]{5})", target_label: "d", replacement: "${1}:$2" },
    ],
    labels: { pod: "cart-7f9c-abcde" },
    out: { d: "cart:abcde", pod: "cart-7f9c-abcde" },
  },
  {
    it: "refers to a group named 1_tail",
    rules: [{ source_labels: ["a"], target_label: "b", replacement: "$1_tail" }],
    labels: { a: "x", b: "y" },
    out: { a: "x" },
  },
  {
    it: "anchors the pattern",
    rules: [{ source_labels: ["a"], regex: "ca", target_label: "b", replacement: "yes" }],
    labels: { a: "cart" },
    out: { a: "cart" },
  },
  {
    it: "has . match a newline",
    rules: [{ source_labels: ["a"], regex: "multi.line", target_label: "hit", replacement: "$0" }],
    labels: { a: "multi\nline" },
    out: { a: "multi\nline", hit: "multi\nline" },
  },
  {
    it: "makes the target's name from a group",
    rules: [{ source_labels: ["app"], regex: "(?P<first>.).*", target_label: "first_${first}", replacement: "$0" }],
    labels: { app: "a1" },
    out: { app: "a1", first_a: "a1" },
  },
  {
    it: "leaves all as it is where the name is not allowed",
    rules: [{ source_labels: ["n"], regex: "(.*)-x", target_label: "$1" }],
    labels: { n: "9bad-x" },
    out: { n: "9bad-x" },
  },
  {
    it: "leaves all as it is where the name is empty",
    rules: [{ source_labels: ["n"], regex: "bad", target_label: "${1}", replacement: "never" }],
    labels: { n: "bad" },
    out: { n: "bad" },
  },
  {
    it: "removes a label by an empty value",
    rules: [{ source_labels: ["a"], target_label: "a", replacement: "" }],
    labels: { a: "x", b: "y" },
    out: { b: "y" },
  },
  {
    it: "removes a label by a missing source",
    rules: [{ source_labels: ["missing"], target_label: "a" }],
    labels: { a: "x", b: "y" },
    out: { b: "y" },
  },
  {
    it: "sets a metric name that is not allowed",
    rules: [{ source_labels: ["n"], target_label: "__name__", replacement: "1 bad-name" }],
    labels: { __name__: "t", n: "x" },
    out: { __name__: "1 bad-name", n: "x" },
  },
  {
    it: "keeps what matches",
    rules: [{ source_labels: ["app", "env"], regex: "(shop|cart);prod.*", action: "keep" }],
    labels: { app: "shop", env: "prod-2" },
    out: { app: "shop", env: "prod-2" },
  },
  {
    it: "does not keep what does not match",
    rules: [{ source_labels: ["app"], regex: "shop", action: "keep" }],
    labels: { app: "xshop" },
    out: undefined,
  },
  {
    it: "drops what matches",
    rules: [{ source_labels: ["level"], regex: "debug|trace", action: "drop" }],
    labels: { level: "trace" },
    out: undefined,
  },
  {
    it: "does not drop what matches in part",
    rules: [{ source_labels: ["level"], regex: "debug|trace", action: "drop" }],
    labels: { level: "debugger" },
    out: { level: "debugger" },
  },
  {
    it: "drops by an empty pattern",
    rules: [{ source_labels: ["n"], regex: "", action: "drop" }],
    labels: { m: "x" },
    out: undefined,
  },
  {
    it: "keeps equal labels",
    rules: [{ source_labels: ["want"], target_label: "have", action: "keepequal" }],
    labels: { have: "1", want: "1" },
    out: { have: "1", want: "1" },
  },
  {
    it: "does not keep different labels",
    rules: [{ source_labels: ["want"], target_label: "have", action: "keepequal" }],
    labels: { have: "1", want: "2" },
    out: undefined,
  },
  {
    it: "takes two missing labels for equal",
    rules: [{ source_labels: ["want"], target_label: "have", action: "dropequal" }],
    labels: { a: "1" },
    out: undefined,
  },
  {
    it: "does not drop different labels",
    rules: [{ source_labels: ["want"], target_label: "have", action: "dropequal" }],
    labels: { have: "1" },
    out: { have: "1" },
  },
  {
    it: "hashes joined labels",
    rules: [{ source_labels: ["pod", "app"], modulus: 16, target_label: "shard", action: "hashmod" }],
    labels: { app: "cart", pod: "cart-7f9c-abcde" },
    out: { app: "cart", pod: "cart-7f9c-abcde", shard: "2" },
  },
  {
    it: "hashes UTF-8",
    rules: [{ source_labels: ["pod", "app"], modulus: 16, target_label: "shard", action: "hashmod" }],
    labels: { app: "ünï", pod: "plain" },
    out: { app: "ünï", pod: "plain", shard: "6" },
  },
  {
    it: "hashes a missing label",
    rules: [{ source_labels: ["nothing"], modulus: 10n, target_label: "shard", action: "hashmod" }],
    labels: { a: "1" },
    out: { a: "1", shard: "8" },
  },
  {
    it: "has upper case, whatever the pattern",
    rules: [{ source_labels: ["app"], regex: "no", target_label: "up", action: "uppercase" }],
    labels: { app: "ünï" },
    out: { app: "ünï", up: "ÜNÏ" },
  },
  {
    it: "has lower case",
    rules: [{ source_labels: ["env"], target_label: "env", action: "lowercase" }],
    labels: { env: "PROD" },
    out: { env: "prod" },
  },
  {
    it: "maps names",
    rules: [{ regex: "k8s_(.+)", replacement: "kube_$1", action: "labelmap" }],
    labels: { k8s_node: "n1", k8s_ns: "ns" },
    out: { k8s_node: "n1", k8s_ns: "ns", kube_node: "n1", kube_ns: "ns" },
  },
  {
    it: "maps two names to one: the last wins",
    rules: [{ regex: "[ab]_(.+)", action: "labelmap" }],
    labels: { a_x: "1", b_x: "2" },
    out: { a_x: "1", b_x: "2", x: "2" },
  },
  {
    it: "takes a label that was set for later than those given",
    rules: [
      { target_label: "a_x", replacement: "3" },
      { regex: "[ab]_(.+)", action: "labelmap" },
    ],
    labels: { a_x: "1", b_x: "2" },
    out: { a_x: "3", b_x: "2", x: "3" },
  },
  {
    it: "does not map what it has just mapped",
    rules: [{ regex: "a(.*)", replacement: "aa$1", action: "labelmap" }],
    labels: { a: "1" },
    out: { a: "1", aa: "1" },
  },
  {
    it: "removes names",
    rules: [{ regex: "k8s_.*", action: "labeldrop" }],
    labels: { a: "1", k8s_ns: "ns" },
    out: { a: "1" },
  },
  {
    it: "keeps names",
    rules: [{ regex: "app|__.*", action: "labelkeep" }],
    labels: { __x: "1", app: "2", zone: "3" },
    out: { __x: "1", app: "2" },
  },
  {
    it: "keeps a set that has lost all labels",
    rules: [{ regex: ".*", action: "labeldrop" }],
    labels: { a: "1" },
    out: {},
  },
  {
    it: "applies rules in order",
    rules: [
      { source_labels: ["a"], target_label: "b" },
      { source_labels: ["b"], target_label: "c", replacement: "<$1>" },
      { regex: "b", action: "labeldrop" },
    ],
    labels: { a: "1" },
    out: { a: "1", c: "<1>" },
  },
  {
    it: "sets a label again that it removed",
    rules: [
      { target_label: "a", replacement: "" },
      { target_label: "a", replacement: "2" },
    ],
    labels: { a: "1" },
    out: { a: "2" },
  },
  { it: "does nothing without rules", rules: [], labels: { a: "1" }, out: { a: "1" } },
  {
    it: "sorts names by bytes",
    rules: [
      { target_label: "B", replacement: "1" },
      { target_label: "_", replacement: "2" },
      { target_label: "z", replacement: "3" },
    ],
    labels: { a: "0", b: "0" },
    out: { B: "1", _: "2", a: "0", b: "0", z: "3" },
  },
];

test.for(rows)("$it", ({ rules, labels, out }) => {
  expect(compileRules(rules)(set(labels))).toEqual(out && Object.entries(out).flat());
});

test("gives back the same labels where no rule changes anything", () => {
  const relabel = compileRules([
    { source_labels: ["a"], target_label: "a" },
    { target_label: "b", replacement: "2" },
    { target_label: "missing", replacement: "" },
    { regex: "x", action: "labeldrop" },
    { source_labels: ["a"], regex: "1", action: "keep" },
  ]);
  const labels = set({ a: "1", b: "2" });
  expect(relabel(labels)).toBe(labels);
});

test("gives back the same labels where a change is undone", () => {
  const labels = set({ a: "1" });
  expect(
    compileRules([
      { target_label: "a", replacement: "2" },
      { target_label: "a", replacement: "1" },
    ])(labels),
  ).toBe(labels);
});

test("remembers results by identity, dropped sets too", () => {
  const seen: Labels[] = [];
  const relabel = cachedRelabel(labels => {
    seen.push(labels);
    return labels[1] === "drop" ? undefined : set({ a: "new" });
  });
  const kept = set({ a: "keep" });
  const dropped = set({ a: "drop" });
  expect(relabel(kept)).toBe(relabel(kept));
  expect([relabel(dropped), relabel(dropped)]).toEqual([undefined, undefined]);
  expect(seen).toEqual([kept, dropped]);
});

test.for<[rule: RelabelRule, problem: string | undefined]>([
  [{ target_label: "a" }, undefined],
  [{ target_label: "a_${b}$1" }, undefined],
  [{ action: "labelmap", regex: "a_(.+)" }, undefined],
  [{ action: "labeldrop", regex: "a" }, undefined],
  [{ action: "keep", source_labels: ["a"], target_label: "not used-" }, undefined],
  [{ regex: "a(", target_label: "a" }, "error parsing regexp: missing closing ): `^(?s:a()$`"],
  [{ action: "rename" as "replace" }, 'unrecognized action type "rename"'],
  [{ action: "hashmod", target_label: "a" }, "relabel configuration for hashmod requires non-zero modulus"],
  [{}, "relabel configuration for replace action requires 'target_label' value"],
  [{ action: "hashmod", modulus: 2 }, "relabel configuration for hashmod action requires 'target_label' value"],
  [{ action: "keepequal" }, "relabel configuration for keepequal action requires 'target_label' value"],
  [{ target_label: "a-b" }, `"a-b" is invalid 'target_label' for replace action`],
  [{ target_label: "é" }, `"é" is invalid 'target_label' for replace action`],
  [{ target_label: "1$1" }, `"1$1" is invalid 'target_label' for replace action`],
  [{ action: "lowercase", target_label: "$1" }, `"$1" is invalid 'target_label' for lowercase action`],
  [{ action: "hashmod", modulus: 2, target_label: "a b" }, `"a b" is invalid 'target_label' for hashmod action`],
  [{ action: "uppercase", target_label: "a", replacement: "x" }, "'replacement' can not be set for uppercase action"],
  [{ action: "labelmap", replacement: "-$1" }, `"-$1" is invalid 'replacement' for labelmap action`],
  [{ action: "labeldrop", source_labels: [] }, "labeldrop action requires only 'regex', and no other fields"],
  [{ action: "labelkeep", separator: "," }, "labelkeep action requires only 'regex', and no other fields"],
  [{ action: "labelkeep", target_label: "a" }, "labelkeep action requires only 'regex', and no other fields"],
  [
    { action: "dropequal", target_label: "a", regex: "x" },
    "dropequal action requires only 'source_labels' and 'target_label', and no other fields",
  ],
  [
    { action: "keepequal", target_label: "a", modulus: 1 },
    "keepequal action requires only 'source_labels' and 'target_label', and no other fields",
  ],
])("%o: %s", ([rule, problem]) => {
  expect(validateRule(rule)).toBe(problem);
});

test("names the rule that is wrong", () => {
  expect(() => compileRules([{ target_label: "a" }, { action: "hashmod" }])).toThrow(
    "rule[1]: relabel configuration for hashmod requires non-zero modulus",
  );
});
