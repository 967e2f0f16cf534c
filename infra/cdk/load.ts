/** From a configuration to its function's code and its graph, while a constructor waits. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Token } from "aws-cdk-lib";
import { isAddress } from "../../functions/aws/configuration/place.ts";
import { nodeProblem } from "../../functions/needed-node.ts";
import type { PrepareOptions } from "../../functions/prepare.ts";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";

const here = fileURLToPath(import.meta.url); // sources, or their JavaScript
const program = path.join(path.dirname(here), `prepare${path.extname(here)}`);

export interface LoadOptions extends PrepareOptions {
  /** A file, a folder, or an address. */
  readonly config: string;
  /** What the configuration sees. */
  readonly environment: Readonly<Record<string, string>>;
  /** May be unresolved. */
  readonly region: string;
}

/** Writes the function into `outdir` and gives its graph. Throws what is wrong with the configuration. */
export function prepareFunction({ environment, region, ...options }: LoadOptions): GraphDescription {
  const problem = nodeProblem();
  if (problem !== undefined) throw new Error(problem);
  const { config } = options;
  const followed = isAddress(config);
  if (!followed && !existsSync(config))
    throw new Error(`config should be a file, a folder or an address, got ${config}, which does not exist`);
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", program, JSON.stringify(options satisfies PrepareOptions)],
    {
      encoding: "utf8",
      env: { ...needed(), ...(followed && reading()), ...runtime(region), ...environment },
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  if (error) throw new Error(`config ${config} could not be loaded: ${error.message}`, { cause: error });
  if (status !== 0)
    throw new Error(
      `config ${config} should load as it will in the function, whose variables are the prop environment (${Object.keys(environment).sort().join(", ") || "none"}), got: ${stderr}`,
    );
  return JSON.parse(stdout) as GraphDescription; // printed by prepare.ts
}

/** What programs need on every system, and no configuration reads. */
const needed = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ["PATH", "TMPDIR", "TEMP", "SystemRoot"].flatMap(name => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** What it takes to read an object of S3 as whoever synthesizes. */
const reading = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name === "HOME" || name.startsWith("AWS_")));

/** What a configuration may read of Lambda's own variables; values that only the function may read are not read. */
function runtime(region: string): NodeJS.ProcessEnv {
  const name = Token.isUnresolved(region) ? "us-east-1" : region;
  return { AWS_REGION: name, AWS_DEFAULT_REGION: name, AWS_LAMBDA_FUNCTION_NAME: "unresolved" };
}
