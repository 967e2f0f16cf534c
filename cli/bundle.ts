/** `amalgam bundle`: the function of a configuration, ready to deploy, and what it needs of the cloud. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { archive } from "../functions/archive.ts";
import { isAddress, remotePlace } from "../functions/aws/configuration/place.ts";
import type { Bundle } from "../functions/bundle.ts";
import type { PartSize } from "../functions/bundle-sizes.ts";
import { readConfiguration } from "../functions/local/configuration.ts";
import { type PrepareOptions, prepare } from "../functions/prepare.ts";
import { planResources, type ResourcePlan } from "../infra/resources.ts";
import type { GraphDescription } from "../lib/pipeline/graph/describe.ts";

/** Terraform's module, in the sources and in the package. */
const module = ["../infra/terraform", "../../infra/terraform"]
  .map(place => path.join(import.meta.dirname, place))
  .find(place => existsSync(path.join(place, "main.tf"))) as string; // it is in one of them

const isOfModule = (file: string): boolean => path.resolve(file) === module || file.endsWith(".tf");

/**
 * Writes the function's files, the same as an archive, the plan of resources, and the module that makes them with the function that
 * subscribes log groups; says what was written and how large it is.
 */
export async function writeBundle(config: string | undefined, options: Omit<PrepareOptions, "config">): Promise<void> {
  const { outdir, files } = options;
  const { bundle, graph } = await prepare({ config, ...options }).catch(error => {
    throw withHint(error, config);
  });
  const names = [...bundle.files.map(file => path.relative(outdir, file)), ...files];
  const zip = archive(new Map(names.map(name => [posix(name), readFileSync(path.join(outdir, name))])));
  writeFileSync(path.join(outdir, "function.zip"), zip);
  const plan = config === undefined ? undefined : writePlan(outdir, graph);
  const subscriber = plan && takesLogGroups(plan) ? await writeSubscriber(outdir) : undefined;
  process.stdout.write(
    [
      `${bundle.file} (handler: index.handler)`,
      `${kibibytes(bundle.bytes)}, ${kibibytes(zip.length)} compressed in ${path.join(outdir, "function.zip")}`,
      ...table(bundle.sizes),
      ...(subscriber ? [`${kibibytes(subscriber.bytes)} compressed in ${subscriber.file}, which subscribes log groups by tags and names`] : []), // biome-ignore format: a line
      ...(plan?.functions.map(({ kind, reason }) => `function ${kind}: ${reason}`) ?? []),
      ...elsewhereLines(config, bundle),
      ...(graph.followed?.permissions ?? []).map(
        ({ actions, resource, reason }) => `needs ${actions.join(", ")} on ${resource}: ${reason}`,
      ),
      ...(plan?.notes.map(note => `note: ${note}`) ?? [noPlan]),
      "",
    ].join("\n"),
  );
  if (plan?.problems.length) throw new Error(plan.problems.join("\n"));
}

function writePlan(outdir: string, graph: GraphDescription): ResourcePlan {
  const plan = planResources(graph);
  cpSync(module, path.join(outdir, "terraform"), { recursive: true, filter: isOfModule });
  writeFileSync(path.join(outdir, "resources.json"), `${JSON.stringify(plan, null, 2)}\n`);
  return plan;
}

/** Whether the plan has a function that log groups send to, or gets one with the first log group. */
const takesLogGroups = ({ functions, connectable }: ResourcePlan): boolean =>
  functions.some(({ kind }) => kind === "log-subscription") || connectable.some(({ service }) => service === "logs");

/** Terraform's module makes a function of it where somebody wants log groups by tags and names. */
async function writeSubscriber(outdir: string): Promise<{ readonly file: string; readonly bytes: number }> {
  const { subscriberFile } = await import("../functions/aws/subscriber/bundle.ts");
  const zip = archive(new Map([subscriberFile()]));
  const file = path.join(outdir, "subscriber.zip");
  writeFileSync(file, zip);
  return { file, bytes: zip.length };
}

const noPlan =
  "note: there is no plan of resources, since no configuration was named: what calls the function follows from that";

/** What a function can run whose configuration comes from elsewhere. */
function elsewhereLines(config: string | undefined, { components, leftOut }: Bundle): string[] {
  if (!leftOut) return [];
  const place =
    config === undefined
      ? "configuration: where AMALGAM_CONFIG says, a path, s3://BUCKET/KEY or https://HOST/PATH"
      : `configuration: ${nameOf(config)}, or where AMALGAM_CONFIG says`;
  const without = leftOut.length ? `all but ${leftOut.join(", ")}` : "all that there are";
  return [place, `components: ${leftOut.length > components.length ? components.join(", ") : without}`, lastGood];
}

const lastGood =
  "note: AMALGAM_STATE says where the last good configuration is kept, which a cold start runs while the newest can't be read or is bad";

const nameOf = (config: string): string => (isAddress(config) ? remotePlace(config).name : "the one in it");

/** Says which variables the configuration reads that this shell does not have, since that is the usual reason. */
function withHint(error: unknown, config: string | undefined): unknown {
  if (!(error instanceof Error) || config === undefined || !existsSync(config)) return error;
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
