/** How functions are built: what all of their bundles have in common. */
import type { BuildOptions } from "esbuild";

export const esbuildOptions = {
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node24",
  minify: true,
  legalComments: "eof",
  logLevel: "silent",
} as const satisfies BuildOptions;
