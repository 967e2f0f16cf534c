import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parseFile } from "../lib/pipeline/syntax/parser.ts";
import { laterModules } from "./bundle-later.ts";

const root = path.resolve(import.meta.dirname, "..");

test.for([...laterModules])("$module is a file", ({ module }) => {
  expect(existsSync(path.join(root, `${module}.ts`))).toBe(true);
});

test.for([
  { it: "needs no operator", text: 'a = [-1, !true, "1 + 2"]', module: "eval/operators", usual: false },
  { it: "has a sum", text: "a = 1 + 2", module: "eval/operators", usual: true },
  { it: "has a sum deep within", text: "a { b = [f({ c = (1 + 2) })] }", module: "eval/operators", usual: true },
  { it: "passes OTLP on", text: 'otelcol.receiver.otlp "a" { }', module: "telemetry/otlp/traces", usual: false },
  { it: "processes OTLP", text: 'otelcol.processor.filter "a" { }', module: "telemetry/otlp/traces", usual: true },
  { it: "pushes to Loki", text: 'loki.write "a" { }', module: "telemetry/snappy", usual: true },
  { it: "sends OTLP as snappy", text: 'compression = "snappy"', module: "telemetry/snappy", usual: true },
  { it: "sends OTLP as gzip", text: 'compression = "gzip"', module: "telemetry/snappy", usual: false },
])("a configuration that $it: $module is usual: $usual", ({ text, module, usual }) => {
  const files = [parseFile({ name: "main.alloy", text }).file];
  expect(laterModules.find(each => each.module.endsWith(module))?.usual(files)).toBe(usual);
});
