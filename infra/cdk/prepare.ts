/**
 * A program: writes the function of a configuration and prints its graph. Constructors can't wait and loading a configuration
 * must, so the construct runs this as a child, with the variables that the function will have and no others.
 */
import { rmSync } from "node:fs";
import { type PrepareOptions, prepare } from "../../functions/prepare.ts";

try {
  const options = JSON.parse(process.argv[2] ?? "{}") as PrepareOptions; // written by load.ts
  rmSync(options.outdir, { recursive: true, force: true });
  const { graph } = await prepare(options);
  process.stdout.write(JSON.stringify(graph));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
