/**
 * What to deploy: the handler, the configuration, and only those components that the configuration names, as one program in
 * a few files. The same configuration gives the same bytes, wherever it is bundled.
 *
 *     const { file, bytes } = await bundle({ config: "main.alloy", outdir: "dist", target: "aws" });
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuildOptions, Metafile, Plugin } from "esbuild";
import { configurationHash } from "../lib/pipeline/delivery/dead-letters.ts";
import type { Definition, Stability } from "../lib/pipeline/graph/component.ts";
import { buildNodes } from "../lib/pipeline/graph/nodes.ts";
import { nodesToJson } from "../lib/pipeline/graph/nodes-json.ts";
import { problemsOfUsed } from "../lib/pipeline/graph/used-declares.ts";
import type { File } from "../lib/pipeline/syntax/ast.ts";
import type { Diagnostic } from "../lib/pipeline/syntax/diagnostic.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";
import type { BundledText, FunctionOptions } from "./aws/entry.ts";
import { leaveOutDescriptions } from "./bundle-descriptions.ts";
import { configurationAt, elsewhereOf } from "./bundle-elsewhere.ts";
import { joinShared } from "./bundle-join.ts";
import { calledOf, laterEntry, laterFor, loadLater } from "./bundle-later.ts";
import { blocksOf, fetchModules, type ImportedModule } from "./bundle-modules.ts";
import { leaveOutUnusedParts } from "./bundle-parts.ts";
import { type PartSize, sizesOf } from "./bundle-sizes.ts";
import { mayKeepState, redisBeside, redisFile, redisImport } from "./bundle-state.ts";
import { esbuildOptions } from "./esbuild-options.ts";

export interface BundleOptions {
  /**
   * A file, a folder of `*.alloy` files, or an address: the function then reads it there, unless `AMALGAM_CONFIG` says something
   * else. Without any, only `AMALGAM_CONFIG` says it.
   */
  readonly config?: string | undefined;
  /** Whether `AMALGAM_CONFIG` may be an address. @default if `config` is an address, or has a `remotecfg` block */
  readonly remote?: boolean | undefined;
  /** Names of components that a configuration from elsewhere may have, with `*` for any text. @default all */
  readonly components?: readonly string[] | undefined;
  /** Where the files are written. */
  readonly outdir: string;
  readonly target: "aws";
  /** @default generally-available */
  readonly stability?: Stability;
}

export interface Bundle {
  /** The one with the handler, `index.mjs`. */
  readonly file: string;
  /** All of them. */
  readonly files: readonly string[];
  /** Of all files together. */
  readonly bytes: number;
  /** Names of the components in it, sorted. */
  readonly components: readonly string[];
  /** What the bytes are of, the largest part first. */
  readonly sizes: readonly PartSize[];
  /** The modules in it. */
  readonly modules: readonly ImportedModule[];
  /** Components that it was made without, where its configuration may come from elsewhere. */
  readonly leftOut?: readonly string[];
}

/** Where this file is, sources or their JavaScript. */
const here = fileURLToPath(import.meta.url);
const extension = path.extname(here);
const root = path.resolve(path.dirname(here), "..");

/** Writes the function of a configuration. Throws an error with every diagnostic where the configuration is wrong. */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const { config, outdir, stability = "generally-available" } = options;
  const { files, diagnostics, directory } = await configurationAt(config);
  failOn(diagnostics);
  const { blockDefinitions, definitions, importDefinitions, knownElsewhere } = await import(
    "../lib/pipeline/components/index.ts"
  );
  const problems: Diagnostic[] = [];
  const nodeOptions = { definitions: blockDefinitions, knownElsewhere, stability };
  const nodes = buildNodes(files, nodeOptions, problems);
  failOn([...problems, ...problemsOfUsed(nodes)]);
  const modules = await fetchModules(nodes, { options: nodeOptions, directory }, problems);
  failOn(problems);
  const texts = [...files, ...filesOf(modules)];
  const named = componentNames(texts, definitions);
  const elsewhere = elsewhereOf({ ...options, files, named, all: [...definitions.keys()] });
  const components = elsewhere?.components ?? named;
  const inBundle = (name: string) => path.relative(directory, path.resolve(directory, name));
  const graph = nodesToJson(nodes, name => path.relative(directory, path.resolve(name)));
  const imported = modules.map(
    (module): BundledText => ({
      id: module.id,
      graph: nodesToJson(module.nodes, inBundle),
      directory: inBundle(module.directory),
    }),
  );
  const keepsState = elsewhere !== undefined || mayKeepState(texts);
  const contents = await entryOf({
    ...(elsewhere?.place === undefined && config !== undefined && { nodes: graph, modules: imported }),
    ...(elsewhere && { place: elsewhere.place, leftOut: elsewhere.leftOut }),
    definitions: [...components, ...(elsewhere ? importDefinitions.keys() : [])],
    stability,
    configuration: configurationHash(files.map(({ source }) => source.text)),
    keepsState,
  });
  const { outputs: built, metafile } = await build(contents, { files: texts, remote: elsewhere !== undefined });
  const outputs = new Map([...built, ...(keepsState ? await redisFile(root, buildOptions) : [])]);
  mkdirSync(outdir, { recursive: true });
  for (const [name, code] of outputs) writeFileSync(path.join(outdir, name), code);
  const written = [...outputs.keys()].map(name => path.join(outdir, name));
  const bytes = [...outputs.values()].reduce((sum, code) => sum + Buffer.byteLength(code), 0);
  const sizes = sizesOf(metafile, { components, outputs });
  const made = { file: path.join(outdir, "index.mjs"), files: written, bytes, components, sizes, modules };
  return { ...made, ...(elsewhere && { leftOut: elsewhere.leftOut }) };
}

function failOn(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length) throw new Error(`the configuration can't be bundled\n${formatDiagnostics(errors)}`);
}

/** The texts of modules, as far as they declare something. */
function filesOf(modules: readonly ImportedModule[]): File[] {
  const declares = modules.flatMap(({ nodes }) => [...nodes.declares.values()]);
  const sources = new Set(declares.map(({ source }) => source));
  return [...sources].map(source => ({
    kind: "file",
    source,
    start: 0,
    end: source.text.length,
    body: declares.filter(each => each.source === source).map(({ block }) => block),
    comments: [],
  }));
}

/** Names of blocks at any depth that are components, since modules hold components too. */
function componentNames(files: readonly File[], definitions: ReadonlyMap<string, Definition>): readonly string[] {
  const names = files.flatMap(({ body }) => [...blocksOf(body)].map(({ name }) => name.name));
  return [...new Set(names)].filter(name => definitions.has(name)).sort();
}

interface Program extends Omit<FunctionOptions, "definitions" | "openState"> {
  /** Names. */
  readonly definitions: readonly string[];
  readonly keepsState: boolean;
}

/** The program that is bundled: no logic, only what belongs together. */
async function entryOf({ definitions, keepsState, ...options }: Program): Promise<string> {
  const places = await Promise.all(definitions.map(findComponent));
  const imports = places.map(
    ({ file, exportName }, i) =>
      `import { ${exportName} as c${i} } from ${JSON.stringify(`./${path.relative(root, file)}`)};`,
  );
  const values = Object.entries(options).flatMap(([name, value]) =>
    value === undefined || (name === "modules" && !options.modules?.length) ? [] : `${name}: ${JSON.stringify(value)}`,
  );
  const all = [
    ...values,
    `definitions: [${places.map((_, i) => `c${i}`).join(", ")}]`,
    ...(keepsState ? ["openState"] : []),
  ];
  return [
    `import { startFunction } from "./functions/aws/entry${extension}";`,
    ...imports,
    ...(keepsState ? [`import { openState } from "./lib/pipeline/state/choose${extension}";`] : []),
    `export const handler = await startFunction({ ${all.join(", ")} });`,
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
 * of them at the start, and read every property: for `node:fs` alone that loads the streams, 5 ms of a cold start. Packages of
 * CommonJS have no `require` in a module, so that what they ask for comes from there, too.
 */
const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path: id, kind }) =>
      kind === "import-statement" ? { path: id, namespace: "builtin" } : undefined,
    );
    onResolve({ filter: /^[\w:/]+$/ }, ({ path: id, kind }) =>
      kind === "require-call" && isBuiltin(id) ? { path: id, namespace: "required" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path: id }) => ({ contents: builtinModule(id) }));
    onLoad({ filter: /.*/, namespace: "required" }, ({ path: id }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(id)});`,
    }));
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

/** What is bundled: files, and whether there may be others. */
interface Bundled {
  readonly files: readonly File[];
  readonly remote: boolean;
}

/** The files of a program by their names: what it starts with, and what comes later. */
async function build(
  contents: string,
  configuration: Bundled,
): Promise<{ readonly outputs: ReadonlyMap<string, string>; readonly metafile: Metafile }> {
  const candidates = laterFor(configuration.files, configuration.remote);
  const { metafile } = await split(contents, configuration, candidates);
  const called = calledOf(root, candidates, metafile); // all others would only make the bundle larger
  const { outputFiles, metafile: final } = await split(contents, configuration, called);
  const textOf = (name: string) => outputFiles.find(({ path: file }) => path.parse(file).name === name)?.text ?? "";
  const names = final.outputs["shared.js"]?.exports ?? [];
  const outputs = await joinShared(
    { index: textOf("index"), later: textOf("later"), shared: textOf("shared"), names },
    buildOptions,
  );
  return { outputs, metafile: final };
}

async function split(contents: string, { files, remote }: Bundled, later: readonly string[]) {
  const { build: esbuild } = await import("esbuild");
  const texts = files.map(({ source }) => source.text);
  return esbuild({
    ...buildOptions,
    entryPoints: [{ in: "function:entry", out: "index" }, laterEntry],
    splitting: true,
    chunkNames: "shared",
    outdir: ".",
    metafile: true,
    plugins: [
      lazyBuiltins,
      entryPoint(contents),
      leaveOutUnusedParts(root, { texts, remote }),
      loadLater(root, later),
      leaveOutDescriptions(root),
      redisBeside,
    ],
  });
}

const buildOptions = {
  ...esbuildOptions,
  absWorkingDir: root,
  external: [redisImport],
} satisfies BuildOptions;

const entryPoint = (contents: string): Plugin => ({
  name: "entry",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^function:entry$/ }, ({ path: id }) => ({ path: id, namespace: "entry" }));
    onLoad({ filter: /.*/, namespace: "entry" }, () => ({ contents, resolveDir: root }));
  },
});

/** Bytes of files as they are deployed, for reports: with gzip, as Lambda counts and loads them. */
export function compressedSize(files: readonly string[]): number {
  const { gzipSync } = process.getBuiltinModule("node:zlib");
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
}
