import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { definitions } from "../lib/pipeline/components/index.ts";
import { bundle, findComponent } from "./bundle.ts";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
/** Writes a configuration into a folder of its own and bundles it. */
async function bundled(text: string) {
  const place = path.join(folder, String(count++));
  mkdirSync(place);
  const config = path.join(place, "main.alloy");
  writeFileSync(config, text);
  const result = await bundle({ config, outdir: path.join(place, "dist"), target: "aws" });
  return { ...result, code: result.files.map(file => readFileSync(file, "utf8")).join("\n") };
}

const otlp = `
otelcol.receiver.otlp "in" {
  http { }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" {
  client { endpoint = "http://127.0.0.1:4318" }
}
`;

const loki = `
loki.source.api "in" {
  http { }
  forward_to = [loki.process.change.receiver]
}
loki.source.cloudwatch_logs "in" {
  forward_to = [loki.process.change.receiver]
}
loki.process "change" {
  stage.json { expressions = { level = "" } }
  stage.regex { expression = "(?P<code>[0-9]{3})" }
  stage.labels { values = { level = "" } }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint { url = "http://127.0.0.1:3100/loki/api/v1/push" }
}
`;

test.for([...definitions.keys()].map(name => ({ name })))("$name is found by its name", async ({ name }) => {
  const { file, exportName } = await findComponent(name);
  const module = (await import(file)) as Readonly<Record<string, unknown>>; // any module is an object
  expect(module[exportName]).toBe(definitions.get(name));
});

test("a name that no file has is told with the places where it was looked for", async () => {
  const places =
    "lib/pipeline/components/loki/nothing.ts, lib/pipeline/components/loki/nothing/nothing.ts, lib/pipeline/components/loki/nothing/index.ts";
  await expect(findComponent("loki.nothing")).rejects.toThrow(
    `loki.nothing should be exported by one of ${places}, got no such export`,
  );
});

test.for([
  { it: "OTLP", config: otlp, kib: 300, components: ["otelcol.exporter.otlphttp", "otelcol.receiver.otlp"] },
  {
    it: "logs",
    config: loki,
    kib: 330, // a third of it is only read where a start does not need it
    components: ["loki.process", "loki.source.api", "loki.source.cloudwatch_logs", "loki.write"],
  },
])("a function for $it has only the components that it names, and is small", async ({ config, components, kib }) => {
  const result = await bundled(config);
  expect(result.components).toEqual(components);
  const named = [...definitions.keys()].filter(name => result.code.includes(`name:"${name}"`)).sort();
  expect(named).toEqual(components);
  expect(result.files).toContain(result.file);
  expect(result.bytes).toBe(result.files.reduce((sum, file) => sum + statSync(file).size, 0));
  expect(result.bytes).toBeLessThanOrEqual(kib * 1024);
});

test("a start of the function for OTLP reads little: most of what it takes longer goes with that", async () => {
  const { files } = await bundled(otlp);
  const atStart = files.filter(file => path.basename(file) !== "later.cjs");
  expect(atStart.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThanOrEqual(118 * 1024);
});

test("the same configuration gives the same bytes in any folder, without a path of this machine", async () => {
  const [one, two] = [await bundled(otlp), await bundled(otlp)];
  expect(one.code === two.code).toBe(true);
  for (const trace of [folder, path.resolve(import.meta.dirname, "..")]) expect(one.code.includes(trace)).toBe(false);
});

test("a folder of files is one configuration", async () => {
  const place = path.join(folder, "files");
  mkdirSync(place);
  const [receiver, exporter] = otlp.split("\notelcol.exporter");
  writeFileSync(path.join(place, "a.alloy"), receiver ?? "");
  writeFileSync(path.join(place, "b.alloy"), `otelcol.exporter${exporter}`);
  const { file, components } = await bundle({ config: place, outdir: path.join(folder, "files-dist"), target: "aws" });
  expect(components).toEqual(["otelcol.exporter.otlphttp", "otelcol.receiver.otlp"]);
  expect(readFileSync(file, "utf8").includes('"name":"b.alloy"')).toBe(true);
});

test.for([
  {
    it: "a mistake in the syntax",
    config: 'loki.echo "a" {',
    message: /main\.alloy:1:16: expected }, got EOF/,
  },
  {
    it: "a component that does not exist",
    config: 'loki.nothing "a" { }',
    message: /main\.alloy:1:1: .*loki\.nothing/,
  },
  {
    it: "one in a declare that is used in another one that is used",
    config:
      'declare "inner" {\n  loki.nothing "a" { }\n}\ndeclare "outer" {\n  inner "i" { }\n}\ndeclare "unused" {\n  loki.nowhere "a" { }\n}\nouter "o" { }',
    message: /main\.alloy:2:3: .*loki\.nothing/,
  },
])("$it is told with its place", async ({ config, message }) => {
  await expect(bundled(config)).rejects.toThrow(message);
});
