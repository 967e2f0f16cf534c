/** The subscriber as one file, `index.mjs`, with `handler`. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";
import { esbuildOptions } from "../../esbuild-options.ts";

const here = import.meta.filename;

/** Its name, and what is in it: the same bytes wherever it is bundled, and at once, since constructors can't wait. */
export function subscriberFile(): readonly [name: string, contents: Uint8Array] {
  const { outputFiles } = buildSync({
    ...esbuildOptions,
    absWorkingDir: path.resolve(path.dirname(here), "../../.."),
    entryPoints: [path.join(path.dirname(here), `main${path.extname(here)}`)],
  });
  return ["index.mjs", outputFiles[0]?.contents ?? new Uint8Array()];
}

/** Writes it into a folder. */
export function bundleSubscriber(outdir: string): void {
  const [name, contents] = subscriberFile();
  mkdirSync(outdir, { recursive: true });
  writeFileSync(path.join(outdir, name), contents);
}
