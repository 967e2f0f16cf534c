/**
 * Parts of a component or of the language that a configuration does not use, such as stages of `loki.process`: a bundle has a
 * stub in their place, whose use is an error that says so. This halves the time that a cold start takes to read the program.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import { mayReadYaml } from "../lib/pipeline/eval/stdlib/index.ts";

/** One import of one module, that is needed only where a configuration's text says so. */
export interface Part {
  readonly importer: string;
  readonly module: string;
  readonly what: string;
  readonly needed: (text: string) => boolean;
  /** What using it says where it is left out. @default that the configuration should name `what` */
  readonly message?: string;
}

const names = (pattern: RegExp) => (text: string) => pattern.test(text);

/** Not even a bundle for any configuration has it. */
const never = () => false;

const jsonPath = names(/\bjson_path\b/);
const strings = names(
  /\b(string|format|join|replace|split|to_lower|to_upper|trim|trim_prefix|trim_suffix|trim_space)\b/,
);

/** Parts by their files, as seen from `lib/pipeline`, without endings. */
export const parts: readonly Part[] = [
  ...[
    { module: "eval/stdlib/array", what: "array", needed: names(/\b(array|concat)\b/) },
    { module: "eval/stdlib/coalesce", what: "coalesce", needed: names(/\bcoalesce\b/) },
    { module: "eval/stdlib/constants", what: "constants", needed: names(/\bconstants\b/) },
    {
      module: "eval/stdlib/encoding",
      what: "encoding",
      needed: names(/\b(encoding|json_decode|yaml_decode|base64_decode)\b/),
    },
    { module: "eval/stdlib/file", what: "file", needed: names(/\bfile\b/) },
    { module: "eval/stdlib/json-path", what: "json_path", needed: jsonPath },
    { module: "eval/stdlib/string", what: "string", needed: strings },
  ].map(part => ({ ...part, importer: "eval/stdlib/index" })),
  { importer: "eval/stdlib/string", module: "eval/gofmt", what: "string.format", needed: names(/\bformat\b/) },
  { importer: "eval/stdlib/json-path", module: "eval/stdlib/json-path-parser", what: "json_path", needed: jsonPath },
  { importer: "eval/stdlib/json-path", module: "eval/stdlib/oj", what: "json_path", needed: jsonPath },
  {
    importer: "eval/stdlib/encoding",
    module: "eval/gojson",
    what: "encoding.from_json",
    needed: names(/\b(from_json|json_decode)\b/),
  },
  {
    importer: "graph/config-blocks",
    module: "graph/server-blocks",
    what: "http and remotecfg",
    needed: names(/^(http|remotecfg)\s*\{/m),
  },
  ...["nodes", "nodes-json"].map(file => ({
    importer: `graph/${file}`,
    module: "graph/language",
    what: "declare, import and foreach",
    needed: names(/\b(declare|foreach|import\.\w+)\b/),
  })),
  { importer: "eval/stdlib/encoding", module: "eval/stdlib/yaml", what: "encoding.from_yaml", needed: mayReadYaml },
  {
    importer: "graph/kinds",
    module: "telemetry/otlp/requests",
    what: "OTLP",
    needed: names(/\botelcol\.|^tracing\b/m),
  },
  // both send OTLP, which a function for something else has no part of
  {
    importer: "../../functions/aws/metrics",
    module: "../../functions/aws/metrics-otlp",
    what: "a component for AMALGAM_METRICS=otlp",
    needed: names(/\botelcol\./),
  },
  {
    importer: "../../functions/aws/entry",
    module: "../../functions/aws/traces",
    what: "tracing",
    needed: names(/^tracing\b/m),
  },
  {
    importer: "../../functions/aws/entry",
    module: "../../functions/aws/configuration/elsewhere",
    what: "",
    needed: () => false,
    message:
      "a configuration from elsewhere needs a bundle for any configuration: make it with amalgam bundle --remote",
  },
];

const stages = "components/loki/process/stages";

/** The kind of stage that a file defines; none for what all stages need. */
export async function stageKindOf(file: string): Promise<string | undefined> {
  const exported = await exportsOf(file);
  const defines = ["Args", "Stage"].every(end => exported.some(([name]) => name.endsWith(end)));
  const { name } = path.parse(file);
  return defines ? name.replace(/^stage-/, "").replaceAll("-", "_") : undefined;
}

async function stagePart(module: string, file: string): Promise<Part | undefined> {
  const kind = await stageKindOf(file);
  if (kind === undefined) return undefined;
  return { importer: stages, module, what: `stage.${kind}`, needed: text => text.includes(`stage.${kind}`) };
}

export interface PartsOptions {
  /** What names parts. */
  readonly texts: readonly string[];
  /** Whether a configuration from elsewhere may name parts, too. */
  readonly remote: boolean;
}

/** Puts stubs in the place of what a configuration does not name. */
export function leaveOutUnusedParts(root: string, { texts, remote }: PartsOptions): Plugin {
  const base = path.join(root, "lib/pipeline");
  const nameOf = (file: string) =>
    path
      .relative(base, file)
      .replace(/\.[jt]s$/, "")
      .replaceAll(path.sep, "/");
  return {
    name: "unused-parts",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^left-out:/ }, ({ path: id }) => ({ path: id, namespace: "left-out" }));
      onResolve({ filter: /^\.\.?\// }, async ({ importer, path: id, resolveDir }) => {
        const [from, file] = [nameOf(importer), path.join(resolveDir, id)];
        const module = nameOf(file);
        const part =
          from === stages
            ? await stagePart(module, file)
            : parts.find(each => each.importer === from && each.module === module);
        if (!part || texts.some(part.needed) || (remote && part.needed !== never)) return undefined;
        return { path: module, namespace: "left-out", pluginData: { file, part } };
      });
      onLoad({ filter: /.*/, namespace: "left-out" }, async ({ path: id, pluginData }) => {
        if (id === absent) return { contents: absentModule };
        const { file, part } = pluginData as { file: string; part: Part }; // given just above
        return { contents: await stubOf(file, part) };
      });
    },
  };
}

const exportsOf = async (file: string): Promise<[string, unknown][]> =>
  Object.entries((await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>); // any module is an object

const absent = "left-out:absent";

/** Makes what can be handed around, but not used. */
const absentModule = `
export function absent(what, message = what + " should be named by the configuration that was bundled, got it only at run time") {
  const missing = () => { throw new Error(message); };
  return new Proxy(missing, { get: missing, has: missing, ownKeys: missing, getPrototypeOf: missing });
}`;

/** A module with the same exports, all of them absent. */
async function stubOf(file: string, { what, message }: Part): Promise<string> {
  const exports = (await exportsOf(file)).map(([name]) => `it as ${name}`);
  return `import { absent } from "${absent}";
    const it = /* @__PURE__ */ absent(${[what, ...(message === undefined ? [] : [message])].map(text => JSON.stringify(text)).join(", ")});
    export { ${exports.join(", ")} };`;
}
