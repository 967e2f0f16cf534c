/**
 * One file to deploy: the handler, the configuration, and only those components that the configuration names. The same
 * configuration gives the same bytes, wherever it is bundled.
 *
 *     const { file, bytes } = await bundle({ config: "main.alloy", outdir: "dist", target: "aws" });
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import type { Definition, Stability } from "../lib/pipeline/graph/component.ts";
import { buildNodes } from "../lib/pipeline/graph/nodes.ts";
import type { Block, File, Statement } from "../lib/pipeline/syntax/ast.ts";
import type { Diagnostic } from "../lib/pipeline/syntax/diagnostic.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";
import { leaveOutUnusedParts } from "./bundle-parts.ts";
import { readConfiguration } from "./local/configuration.ts";

export interface BundleOptions {
  /** A file, or a folder of `*.alloy` files. */
  readonly config: string;
  /** Where `index.mjs` is written. */
  readonly outdir: string;
  readonly target: "aws";
  /** @default generally-available */
  readonly stability?: Stability;
}

export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  /** Names of the components in it, sorted. */
  readonly components: readonly string[];
}

/** Where this file is, sources or their JavaScript. */
const here = fileURLToPath(import.meta.url);
const extension = path.extname(here);
const root = path.resolve(path.dirname(here), "..");

/** Writes the function of a configuration. Throws an error with every diagnostic where the configuration is wrong. */
export async function bundle({ config, outdir, stability = "generally-available" }: BundleOptions): Promise<Bundle> {
  const { files, diagnostics, directory } = readConfiguration(config);
  failOn(diagnostics);
  const { definitions, knownElsewhere } = await import("../lib/pipeline/components/index.ts");
  const problems: Diagnostic[] = [];
  buildNodes(files, { definitions, knownElsewhere, stability }, problems);
  failOn(problems);
  const components = componentNames(files, definitions);
  const contents = await entryOf(files, components, stability, directory);
  const code = await build(
    contents,
    files.map(({ source }) => source.text),
  );
  mkdirSync(outdir, { recursive: true });
  const file = path.join(outdir, "index.mjs");
  writeFileSync(file, code);
  return { file, bytes: code.length, components };
}

function failOn(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length) throw new Error(`the configuration can't be bundled\n${formatDiagnostics(errors)}`);
}

/** Names of blocks at any depth that are components, since modules hold components too. */
function componentNames(files: readonly File[], definitions: ReadonlyMap<string, Definition>): readonly string[] {
  const names = new Set<string>();
  const visit = (statements: readonly Statement[]) => {
    for (const block of statements.filter((statement): statement is Block => statement.kind === "block")) {
      if (definitions.has(block.name.name)) names.add(block.name.name);
      visit(block.body);
    }
  };
  for (const { body } of files) visit(body);
  return [...names].sort();
}

/** The program that is bundled: no logic, only what belongs together. */
async function entryOf(
  files: readonly File[],
  components: readonly string[],
  stability: Stability,
  folder: string,
): Promise<string> {
  const modules = await Promise.all(components.map(findComponent));
  const imports = modules.map(
    ({ file, exportName }, i) =>
      `import { ${exportName} as c${i} } from ${JSON.stringify(`./${path.relative(root, file)}`)};`,
  );
  const sources = files.map(({ source: { name, text } }) => ({
    name: path.relative(folder, path.resolve(name)),
    text,
  }));
  const definitions = modules.map((_, i) => `c${i}`).join(", ");
  return [
    `import { startFunction } from "./functions/aws/entry${extension}";`,
    ...imports,
    `export const handler = await startFunction({ sources: ${JSON.stringify(sources)}, definitions: [${definitions}], stability: ${JSON.stringify(stability)} });`,
  ].join("\n");
}

export interface ComponentModule {
  readonly file: string;
  readonly exportName: string;
}

/** Where a component is defined: its name as a path, or a folder of that name with a file of the same or the family's name. */
export async function findComponent(name: string): Promise<ComponentModule> {
  const parts = name.split(".");
  const last = parts.at(-1) as string; // a split has at least one part
  const base = path.join(root, "lib/pipeline/components", ...parts);
  const candidates = [
    `${base}${extension}`,
    path.join(base, `${last}${extension}`),
    path.join(base, `index${extension}`),
  ];
  for (const file of candidates.filter(each => existsSync(each))) {
    const exported = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
    const found = Object.entries(exported).find(([, value]) => isDefinition(value) && value.name === name);
    if (found) return { file, exportName: found[0] };
  }
  const places = candidates.map(each => path.relative(root, each)).join(", ");
  throw new Error(`${name} should be exported by one of ${places}, got no such export`);
}

const isDefinition = (value: unknown): value is Definition =>
  typeof value === "object" && value !== null && "build" in value && "args" in value;

/**
 * Node's modules as `process.getBuiltinModule` gives them, at the first call of a function. An import statement would load each
 * of them at the start, and read every property: for `node:fs` alone that loads the streams, 5 ms of a cold start.
 */
const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path: id, kind }) =>
      kind === "import-statement" ? { path: id, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path: id }) => ({ contents: builtinModule(id) }));
  },
};

function builtinModule(id: string): string {
  const real = process.getBuiltinModule(id) as Readonly<Record<string, unknown>>; // every module's exports are an object
  const get = `process.getBuiltinModule(${JSON.stringify(id)})`;
  const names = Object.keys(real).filter(name => /^[A-Za-z]\w*$/.test(name) && name !== "default");
  const exports = names.map(name =>
    /^[a-z]/.test(name) && typeof Object.getOwnPropertyDescriptor(real, name)?.value === "function"
      ? `export function ${name}(...args) { return ${get}.${name}(...args); }`
      : `export const ${name} = /* @__PURE__ */ (() => ${get}.${name})();`,
  );
  return [...exports, `export default /* @__PURE__ */ (() => ${get})();`].join("\n");
}

async function build(contents: string, texts: readonly string[]): Promise<Uint8Array> {
  const { build: esbuild } = await import("esbuild");
  const { outputFiles } = await esbuild({
    stdin: { contents, resolveDir: root, sourcefile: "function.js" },
    absWorkingDir: root,
    bundle: true,
    write: false,
    outfile: "index.mjs",
    format: "esm",
    platform: "node",
    plugins: [lazyBuiltins, leaveOutUnusedParts(root, texts)],
    target: "node24",
    minify: true,
    legalComments: "eof",
    logLevel: "silent",
  });
  return (outputFiles[0] as (typeof outputFiles)[number]).contents; // one entry without splitting gives one file
}

/** Bytes of a file as it is deployed, for reports: with gzip, as Lambda counts and loads it. */
export function compressedSize(file: string): number {
  return process.getBuiltinModule("node:zlib").gzipSync(readFileSync(file), { level: 9 }).length;
}
