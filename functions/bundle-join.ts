/**
 * Makes one module of what a start reads: what it has in common with what comes later would be a module of its own, which
 * takes a start longer to read, and to find its bindings in. It is handed to what comes later when that is loaded.
 */
import type { BuildOptions, Plugin } from "esbuild";

/** The modules of a program that was split, as esbuild writes them. */
export interface Split {
  readonly index: string;
  readonly later: string;
  readonly shared: string;
  /** Names that `shared` exports. */
  readonly names: readonly string[];
}

/** Gives `index.mjs` and `later.cjs`, by their names. */
export async function joinShared(
  { index, later, shared, names }: Split,
  options: BuildOptions,
): Promise<ReadonlyMap<string, string>> {
  const { build, transform } = await import("esbuild");
  // getters, as exports may change
  const handed = `import { ${names.join(", ")} } from "./shared.js";
    export const shared = () => ({ ${names.map(name => `get ${name}() { return ${name}; }`)} });`;
  const modules: Plugin = {
    name: "join",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(\.\/shared\.js|later:shared)$/ }, ({ path: id }) => ({ path: id, namespace: "join" }));
      onLoad({ filter: /.*/, namespace: "join" }, ({ path: id }) => ({
        contents: id === "later:shared" ? handed : shared,
      }));
    },
  };
  const { outputFiles = [] } = await build({ ...options, stdin: { contents: index }, plugins: [modules] });
  const { code } = await transform(later, { format: "cjs", minify: true, legalComments: "eof" });
  return new Map([
    ["index.mjs", outputFiles[0]?.text ?? ""],
    ["later.cjs", `module.exports = (require, module) => {${code}\n};\n`],
  ]);
}
