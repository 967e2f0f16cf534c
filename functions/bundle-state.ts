/**
 * What a bundle has of the engines of state: nothing where its configuration keeps none. The client of Redis is larger than most
 * functions, so it is a file of its own, beside a function that is bundled with `AMALGAM_STATE` set to a Redis.
 */
import path from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { parseState } from "../lib/pipeline/state/choose.ts";
import type { File } from "../lib/pipeline/syntax/ast.ts";

/** Components and stages that need state. */
const keepers = /\b(loki\.source\.s3|prometheus\.(remote_write|scrape)|stage\.limit)\b/;

/** Whether something in a configuration may keep state. */
export const mayKeepState = (files: readonly File[]): boolean => files.some(({ source }) => keepers.test(source.text));

const file = "redis.mjs";

/** What a function imports when its state is in Redis; it stays an import. */
export const redisImport = `./${file}`;

/** Makes imports of the engine ones of the file. */
export const redisBeside: Plugin = {
  name: "redis",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/redis\.[jt]s$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: redisImport, external: true } : undefined,
    );
  },
};

/** The file by its name, where `AMALGAM_STATE` asks for it. Throws what is wrong with the variable. */
export async function redisFile(root: string, options: BuildOptions): Promise<ReadonlyMap<string, string>> {
  if (parseState(process.env["AMALGAM_STATE"] ?? "").engine !== "redis") return new Map();
  const { build } = await import("esbuild");
  const extension = path.extname(import.meta.filename);
  const { outputFiles = [] } = await build({
    ...options,
    entryPoints: [path.join(root, `lib/pipeline/state/redis${extension}`)],
    // the package is CommonJS
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return new Map(outputFiles.map(({ text }) => [file, text]));
}
