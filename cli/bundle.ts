/** `amalgam bundle`: the function of a configuration, ready to deploy, and what it needs of the cloud. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { archive } from "../functions/archive.ts";
import type { PartSize } from "../functions/bundle-sizes.ts";
import { readConfiguration } from "../functions/local/configuration.ts";
import { type PrepareOptions, prepare } from "../functions/prepare.ts";
import { planResources } from "../infra/resources.ts";

/** Terraform's module, in the sources and in the package. */
const module = ["../infra/terraform", "../../infra/terraform"]
  .map(place => path.join(import.meta.dirname, place))
  .find(place => existsSync(path.join(place, "main.tf"))) as string; // it is in one of them

const isOfModule = (file: string): boolean => path.resolve(file) === module || file.endsWith(".tf");

/** Writes the function's files, the same as an archive, the plan of resources and the module that makes them; says what was written and how large it is. */
export async function writeBundle(config: string, options: Omit<PrepareOptions, "config">): Promise<void> {
  const { outdir, files } = options;
  const { bundle, graph } = await prepare({ config, ...options }).catch(error => {
    throw withHint(error, config);
  });
  const names = [...bundle.files.map(file => path.relative(outdir, file)), ...files];
  const zip = archive(new Map(names.map(name => [posix(name), readFileSync(path.join(outdir, name))])));
  const plan = planResources(graph);
  cpSync(module, path.join(outdir, "terraform"), { recursive: true, filter: isOfModule });
  writeFileSync(path.join(outdir, "function.zip"), zip);
  writeFileSync(path.join(outdir, "resources.json"), `${JSON.stringify(plan, null, 2)}\n`);
  process.stdout.write(
    [
      `${bundle.file} (handler: index.handler)`,
      `${kibibytes(bundle.bytes)}, ${kibibytes(zip.length)} compressed in ${path.join(outdir, "function.zip")}`,
      ...table(bundle.sizes),
      ...plan.functions.map(({ kind, reason }) => `function ${kind}: ${reason}`),
      ...plan.notes.map(note => `note: ${note}`),
      "",
    ].join("\n"),
  );
  if (plan.problems.length) throw new Error(plan.problems.join("\n"));
}

/** Says which variables the configuration reads that this shell does not have, since that is the usual reason. */
function withHint(error: unknown, config: string): unknown {
  if (!(error instanceof Error) || !existsSync(config)) return error;
  const texts = readConfiguration(config).files.map(({ source }) => source.text);
  const names = texts.flatMap(text => [...text.matchAll(/\bsys\.env\(\s*"(\w+)"/g)].map(([, name = ""]) => name));
  const unset = [...new Set(names)].filter(name => process.env[name] === undefined);
  if (!unset.length) return error;
  return new Error(
    `${error.message}\n\nsys.env reads the variables of this shell here: give ${unset.join(", ")} the value that the functions will have, or one like it`,
    { cause: error },
  );
}

const posix = (name: string): string => name.replaceAll(path.sep, "/");

const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;

const table = (sizes: readonly PartSize[]): string[] =>
  sizes.map(({ name, bytes }) => `${(bytes / 1024).toFixed(1).padStart(8)} KiB  ${name}`);
