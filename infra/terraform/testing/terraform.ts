/** Runs Terraform with the stand-in of its provider, in a folder that vanishes. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type StandIn, startProvider } from "./provider.ts";

/** Whether Terraform is there; where nobody asks for all tests, those with it may be skipped. */
export const hasTerraform = spawnSync("terraform", ["-version"]).status === 0 || Boolean(process.env["CI"]);
if (!hasTerraform) console.log("terraform is not installed: the tests with it are skipped");

export interface Result {
  readonly status: number | null;
  readonly output: string;
}

/** A folder with a configuration of Terraform. */
export class Workspace {
  readonly folder = mkdtempSync(path.join(tmpdir(), "amalgam-terraform-"));
  readonly #provider: StandIn;

  private constructor(provider: StandIn) {
    this.#provider = provider;
  }

  /** `module`: a folder whose configuration is copied. */
  static async open(files: Readonly<Record<string, string>>, module?: string): Promise<Workspace> {
    const workspace = new Workspace(await startProvider());
    for (const name of module === undefined ? [] : readdirSync(module).filter(each => each.endsWith(".tf")))
      copyFileSync(path.join(module ?? "", name), path.join(workspace.folder, name));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(workspace.folder, name), text);
    return workspace;
  }

  /** Runs a command; standard output and error are one text. */
  async run(...args: string[]): Promise<Result> {
    const env = {
      ...process.env,
      TF_CLI_CONFIG_FILE: "/dev/null",
      CHECKPOINT_DISABLE: "1",
      ...this.#provider.environment,
    };
    const child = spawn("terraform", args, { cwd: this.folder, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
      });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    return { status, output };
  }

  close(): void {
    this.#provider.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
