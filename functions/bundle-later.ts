/**
 * Modules whose functions neither a start nor a usual request calls: in a bundle they are in a file of their own, which the
 * first such call reads. To read its program is the largest part of what a cold start takes.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Metafile, Plugin } from "esbuild";
import { mayReadYaml } from "../lib/pipeline/eval/stdlib/index.ts";
import { configBlocks } from "../lib/pipeline/graph/config-blocks.ts";
import type { File } from "../lib/pipeline/syntax/ast.ts";
import { toJson } from "../lib/pipeline/syntax/json.ts";

export interface LaterModule {
  /** Its file below the root, without its ending. */
  readonly module: string;
  /** Whether a configuration makes it usual to call the module, which then does not come later. */
  readonly usual: (files: readonly File[]) => boolean;
}

const never = () => false;
const names = (pattern: RegExp) => (files: readonly File[]) => files.some(({ source }) => pattern.test(source.text));
const configures = (files: readonly File[]) =>
  files.some(({ body }) => body.some(({ name }) => configBlocks.has(name.name)));
const operates = (files: readonly File[]) => toJson(files).includes('"kind":"binary"');

/** These two pass requests on as they are; all others of their family look into them. */
const looksIntoOtlp = names(/\botelcol\.(?!receiver\.otlp\b|exporter\.otlphttp\b)/);
/** What else than requests calls a function. */
const takesRecords = names(/\b(loki\.source\.(?!api\b)|otelcol\.receiver\.(?!otlp\b)|prometheus\.scrape\b)/);
const readsObjects = names(/\b(loki\.source\.s3|otelcol\.receiver\.awss3)\b/);
const formatsNumbers = names(/\b(loki\.process|otelcol\.(processor|exporter\.debug)|prometheus)\b/);

export const laterModules: readonly LaterModule[] = [
  { module: "functions/aws/alb", usual: never },
  { module: "functions/aws/aside", usual: takesRecords },
  { module: "functions/aws/cloudwatch-logs", usual: names(/\bloki\.source\.cloudwatch_logs\b/) },
  { module: "functions/aws/event", usual: takesRecords },
  { module: "functions/aws/eventbridge", usual: names(/\bloki\.source\.eventbridge\b/) },
  { module: "functions/aws/firehose", usual: never },
  { module: "functions/aws/gateway-v1", usual: never },
  { module: "functions/aws/hand-over-queue", usual: never },
  { module: "functions/aws/kafka", usual: names(/\b(loki\.source|otelcol\.receiver)\.kafka\b/) },
  { module: "functions/aws/kinesis", usual: names(/\b(loki\.source|otelcol\.receiver)\.kinesis\b/) },
  { module: "functions/aws/load-files", usual: never },
  { module: "functions/aws/metrics-mode", usual: never },
  { module: "functions/aws/metrics-otlp", usual: never },
  { module: "functions/aws/objects", usual: readsObjects },
  { module: "functions/aws/own-logs", usual: names(/\bloki\.source\.cloudwatch_logs\b/) },
  { module: "functions/aws/schedule", usual: names(/\bprometheus\.scrape\b/) },
  { module: "functions/aws/send-to-queue", usual: never },
  { module: "functions/aws/set-aside", usual: never },
  { module: "functions/aws/sns", usual: names(/\bloki\.source\.(sns|sqs)\b/) },
  {
    module: "functions/aws/sqs",
    usual: names(/\bloki\.source\.(cloudwatch_logs|s3)\b|\b(loki\.source|otelcol\.receiver)\.(sqs|awss3)\b/),
  },
  { module: "functions/aws/traces", usual: names(/^tracing\b/m) },
  { module: "functions/local/configuration", usual: never },
  { module: "lib/pipeline/components/listener-tls", usual: names(/\btls\b/) },
  { module: "lib/pipeline/components/loki/replay", usual: never },
  { module: "lib/pipeline/components/otelcol/receiver/cors", usual: names(/\bcors\b/) },
  { module: "lib/pipeline/components/otelcol/replay", usual: never },
  { module: "lib/pipeline/components/otelcol/tls", usual: names(/\btls\b/) },
  { module: "lib/pipeline/components/prometheus/replay", usual: never },
  { module: "lib/pipeline/components/replay", usual: never },
  { module: "lib/pipeline/components/writer-letters", usual: never },
  {
    module: "lib/pipeline/delivery/aws-credentials",
    usual: names(/\b(remote\.(aws|s3|vault)|source\.s3|receiver\.awss3)\b/),
  },
  { module: "lib/pipeline/delivery/bcrypt", usual: never },
  { module: "lib/pipeline/delivery/classify", usual: never },
  { module: "lib/pipeline/delivery/credentials", usual: never },
  { module: "lib/pipeline/delivery/dead-letters-send", usual: never },
  { module: "lib/pipeline/delivery/lz4", usual: names(/\blz4\b/) },
  { module: "lib/pipeline/delivery/oauth2", usual: names(/\boauth2\b/) },
  { module: "lib/pipeline/delivery/proxy", usual: names(/\bproxy_/) },
  { module: "lib/pipeline/delivery/redirects", usual: never },
  {
    module: "lib/pipeline/delivery/sigv4",
    usual: names(/\b(sigv4|remote\.(aws|s3|vault)|source\.s3|receiver\.awss3)\b/),
  },
  { module: "lib/pipeline/eval/gofloat", usual: formatsNumbers },
  { module: "lib/pipeline/eval/goplain", usual: names(/\b(prometheus|discovery)\./) },
  { module: "lib/pipeline/eval/hints", usual: never },
  { module: "lib/pipeline/eval/json", usual: names(/\bto_json\b/) },
  { module: "lib/pipeline/eval/operators", usual: operates },
  {
    module: "lib/pipeline/eval/stdlib/yaml",
    usual: files => files.some(({ source }) => mayReadYaml(source.text)), // others have none of it, unless they come from elsewhere
  },
  { module: "lib/pipeline/graph/config-blocks", usual: configures },
  { module: "lib/pipeline/graph/imports", usual: never },
  { module: "lib/pipeline/graph/metrics-text", usual: names(/\bprometheus\.exporter\.self\b/) },
  { module: "lib/pipeline/graph/nodes", usual: never },
  { module: "lib/pipeline/state/memory", usual: names(/\b(prometheus\.scrape|stage\.limit)\b/) },
  { module: "lib/pipeline/syntax/escapes", usual: never }, // who may need it looks for a backslash before
  { module: "lib/pipeline/syntax/print", usual: never },
  { module: "lib/pipeline/syntax/quote", usual: names(/\b(loki|prometheus|discovery)\./) },
  { module: "lib/pipeline/syntax/report", usual: never },
  { module: "lib/pipeline/telemetry/otlp/canonical", usual: never },
  { module: "lib/pipeline/telemetry/otlp/json-write", usual: names(/\bencoding\b/) },
  { module: "lib/pipeline/telemetry/otlp/logs", usual: looksIntoOtlp },
  { module: "lib/pipeline/telemetry/otlp/metrics", usual: looksIntoOtlp },
  { module: "lib/pipeline/telemetry/otlp/node", usual: looksIntoOtlp },
  { module: "lib/pipeline/telemetry/otlp/traces", usual: looksIntoOtlp },
  { module: "lib/pipeline/telemetry/snappy", usual: names(/\b(loki\.source\.api|loki\.write|prometheus|snappy)\b/) },
];

const entry = "later:entry";
const loader = "later:loader";

/** Gives what a start has in common with what comes later; where the files are joined it becomes a module. */
export const laterShared = "later:shared";

/** The entry point of what comes later; its file stands beside the function's. */
export const laterEntry = { in: entry, out: "later" } as const;

const extension = path.extname(import.meta.filename);

/** What a start with a configuration from elsewhere calls, which has yet to be parsed. */
const startsElsewhere: ReadonlySet<string> = new Set([
  "functions/aws/load-files",
  "lib/pipeline/delivery/aws-credentials",
  "lib/pipeline/delivery/sigv4",
  "lib/pipeline/eval/operators",
  "lib/pipeline/graph/config-blocks",
  "lib/pipeline/graph/nodes",
  "lib/pipeline/state/memory",
  "lib/pipeline/syntax/quote",
]);

/** What comes later for a configuration, as paths below the root, whether or not its components use it. */
export const laterFor = (files: readonly File[], remote = false): readonly string[] =>
  laterModules
    .filter(({ module, usual }) => !usual(files) && !(remote && startsElsewhere.has(module)))
    .map(({ module }) => `./${module}${extension}`);

/** Those modules that a program calls, by what esbuild says of its outputs. */
export function calledOf(root: string, modules: readonly string[], { outputs }: Metafile): readonly string[] {
  const start = Object.entries(outputs).filter(([name]) => path.parse(name).name !== laterEntry.out);
  const bytesOf = (module: string) =>
    start.map(([, { inputs }]) => inputs[`later:${path.join(root, module)}`]?.bytesInOutput ?? 0);
  return modules.filter(module => bytesOf(module).some(bytes => bytes > 0));
}

/** Puts calls into the later file in the place of modules. */
export function loadLater(root: string, modules: readonly string[]): Plugin {
  const places = new Map(modules.map((module, i) => [path.join(root, module), `m${i}`]));
  return {
    name: "later",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^later:/ }, ({ path: id }) => ({
        path: id,
        namespace: "later",
        external: id === laterShared,
      }));
      onResolve({ filter: /^\.\.?\// }, ({ path: id, resolveDir, namespace }) => {
        const file = path.join(resolveDir, id);
        return places.has(file) && namespace !== "later" ? { path: file, namespace: "later" } : undefined;
      });
      onLoad({ filter: /.*/, namespace: "later" }, async ({ path: id }) => {
        if (id === loader) return { contents: loaderModule };
        if (id === entry) return { contents: entryModule(modules), resolveDir: root };
        return { contents: await callsInto(id, places.get(id) as string) }; // nothing else resolves to here
      });
    },
  };
}

const entryModule = (modules: readonly string[]): string =>
  modules.map((module, i) => `export * as m${i} from ${JSON.stringify(module)};`).join("\n");

/**
 * Loads what comes later; not with `import()`, as what calls is not asynchronous. A stand-in is for classes and other objects:
 * their methods are bound, as those of a `Map` refuse to be called on anything else.
 */
const loaderModule = `
import { shared } from "${laterShared}";
let loaded;
export function load() {
  if (!loaded) {
    const module = { exports: {} };
    const later = process.getBuiltinModule("node:module").createRequire(import.meta.url)("./later.cjs");
    later(shared, module);
    loaded = module.exports;
  }
  return loaded;
}
export const standIn = real => new Proxy(function () {}, {
  construct: (_, args) => Reflect.construct(real(), args),
  getPrototypeOf: () => Reflect.getPrototypeOf(real()),
  get: (_, key) => typeof real()[key] === "function" ? real()[key].bind(real()) : real()[key],
});`;

/** A module with the same exports, of which using one loads the real one. */
async function callsInto(file: string, place: string): Promise<string> {
  const exported = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>; // any module is an object
  const lines = Object.entries(exported).map(([name, value]) => {
    const real = `load().${place}.${name}`;
    if (Object(value) !== value) return `export const ${name} = ${JSON.stringify(value)};`;
    if (typeof value === "function" && !/^class\b/.test(String(value)))
      return `export function ${name}(...args) { return ${real}(...args); }`;
    return `export const ${name} = /* @__PURE__ */ standIn(() => ${real});`;
  });
  return [`import { load, standIn } from "${loader}";`, ...lines].join("\n");
}
