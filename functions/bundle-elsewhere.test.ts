import { expect, test } from "vitest";
import { parseFile } from "../lib/pipeline/syntax/parser.ts";
import { elsewhereOf } from "./bundle-elsewhere.ts";

const all = ["loki.echo", "loki.source.api", "loki.write", "prometheus.scrape"];
const filesOf = (text: string) => [parseFile({ name: "a.alloy", text }).file];
const plain = { all, named: ["loki.echo"], files: filesOf('loki.echo "a" { }'), config: "a.alloy" };

test.for([
  { it: "a configuration of its own", options: {}, out: undefined },
  { it: "any", options: { remote: true }, out: { place: undefined, components: all, leftOut: [] } },
  {
    it: "an address",
    options: { config: "s3://shop/a.alloy" },
    out: { place: "s3://shop/a.alloy", components: all, leftOut: [] },
  },
  {
    it: "a server that it asks",
    options: { files: filesOf("remotecfg { }") },
    out: { place: undefined, components: all, leftOut: [] },
  },
  {
    it: "patterns, and what it names itself",
    options: { remote: true, components: ["loki.source.*", "*.scrape"] },
    out: {
      place: undefined,
      components: ["loki.echo", "loki.source.api", "prometheus.scrape"],
      leftOut: ["loki.write"],
    },
  },
  {
    it: "names, in which a dot is a dot",
    options: { remote: true, named: [], components: ["loki.write"] },
    out: {
      place: undefined,
      components: ["loki.write"],
      leftOut: ["loki.echo", "loki.source.api", "prometheus.scrape"],
    },
  },
])("a bundle for $it", ({ options, out }) => {
  expect(elsewhereOf({ ...plain, ...options })).toEqual(out);
});

test.for([
  {
    it: "a pattern of nothing",
    options: { remote: true, components: ["loki.*", "lokiX*"] },
    message: '--components should name components, as loki.* or loki.write, got "lokiX*"',
  },
  {
    it: "patterns for a single configuration",
    options: { components: ["loki.*"] },
    message: "--components is for bundles with --remote: all others have what their configuration names",
  },
  {
    it: "nothing",
    options: { config: undefined },
    message: "a bundle without --remote should have a configuration, got none",
  },
])("$it is refused", ({ options, message }) => {
  expect(() => elsewhereOf({ ...plain, ...options })).toThrow(new Error(message));
});
