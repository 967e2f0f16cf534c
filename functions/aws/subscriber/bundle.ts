/** Writes the subscriber as one file, `index.mjs`, with `handler`. */
import path from "node:path";
import { buildSync } from "esbuild";

const here = import.meta.filename;

/** Bundles into a folder, at once, since constructors can't wait. */
export function bundleSubscriber(outdir: string): void {
  buildSync({
    entryPoints: [path.join(path.dirname(here), `main${path.extname(here)}`)],
    outfile: path.join(outdir, "index.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    minify: true,
    legalComments: "eof",
    logLevel: "silent",
  });
}
