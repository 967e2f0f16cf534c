import { expect, test } from "vitest";
import { dot } from "./dot.ts";
import { arrange } from "./model.ts";
import { boxes, example } from "./testing.ts";

test("modules are clusters, and a line to one goes to its first member and ends at the cluster", () => {
  expect(dot(example).split("\n").slice(4)).toEqual([
    String.raw`  "loki.source.api.in" [label="loki.source.api\nin\nHTTP 0.0.0.0:3100", peripheries=2]`,
    String.raw`  "local.file.end" [label="local.file\nend"]`,
    '  subgraph "cluster_clean.one" {',
    '    graph [label="clean.one", style=rounded]',
    String.raw`    "clean.one/loki.process.first" [label="loki.process\nfirst"]`,
    '    subgraph "cluster_clean.one/deep.two" {',
    '      graph [label="deep.two", style=rounded]',
    String.raw`      "clean.one/deep.two/loki.process.a" [label="loki.process\na"]`,
    String.raw`      "clean.one/deep.two/loki.process.b" [label="loki.process\nb"]`,
    "    }",
    "  }",
    String.raw`  "loki.write.out" [label="loki.write\nout"]`,
    '  "loki.source.api.in" -> "clean.one/loki.process.first" [label="logs"]',
    '  "clean.one/loki.process.first" -> "clean.one/deep.two/loki.process.a" [label="logs"]',
    '  "clean.one/deep.two/loki.process.a" -> "clean.one/deep.two/loki.process.b" [label="logs"]',
    '  "clean.one/deep.two/loki.process.b" -> "loki.write.out" [label="logs"]',
    '  "clean.one/loki.process.first" -> "loki.write.out" [label="logs"]',
    '  "local.file.end" -> "clean.one/loki.process.first" [style=dotted, lhead="cluster_clean.one"]',
    "}",
    "",
  ]);
});

test("quotes and backslashes are escaped", () => {
  expect(dot(arrange(boxes('a."b\\'), []))).toContain(String.raw`"a.\"b\\" [label="a\n\"b\\"]`);
});
