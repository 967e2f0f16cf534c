/** Applies the module for a graph, with the stand-in of the provider. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { archive } from "../../../functions/archive.ts";
import type { GraphDescription } from "../../../lib/pipeline/graph/describe.ts";
import { planResources } from "../../resources.ts";
import { type Result, Workspace } from "./terraform.ts";

// biome-ignore lint/suspicious/noExplicitAny: values of resources, as Terraform has them
export type Values = Record<string, any>;

export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly index?: string;
  readonly values: Values;
}

/** What was made. */
export class State {
  readonly all: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;

  constructor(all: readonly Resource[], outputs: Readonly<Record<string, unknown>>) {
    this.all = all;
    this.outputs = outputs;
  }

  /** Values of the resources of a type by their keys. */
  of(type: string, name = "this"): Record<string, Values> {
    const found = this.all.filter(each => each.type === type && each.name === name);
    return Object.fromEntries(found.map(({ index = "", values }) => [index, values]));
  }

  /** What a role may do, or may not, one text for each statement. */
  statements(role: string): string[] {
    const policy = this.of("aws_iam_role_policy")[role]?.["policy"] ?? '{"Statement":[]}';
    return JSON.parse(policy).Statement.map(({ Effect, Action, Resource }: Values) =>
      [Effect === "Allow" ? "may" : "may not", [Action].flat().join(", "), "on", [Resource].flat().join(", ")].join(
        " ",
      ),
    );
  }
}

/** A folder with the module, as a new user's with a bundle in it. */
export class Deployment {
  readonly #workspace: Workspace;

  private constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** `variables` are the module's arguments in HCL, `more` what is beside it. */
  static async of(graph: GraphDescription, variables = "", more = ""): Promise<Deployment> {
    const module = path.resolve(import.meta.dirname, "..");
    const workspace = await Workspace.open({
      "main.tf": [
        'module "collector" {',
        `  source = ${JSON.stringify(module)}`,
        '  bundle = "bundle"',
        variables,
        "}",
        'output "all" {',
        "  value = module.collector",
        "}",
        more,
      ].join("\n"),
    });
    mkdirSync(path.join(workspace.folder, "bundle"));
    writeFileSync(path.join(workspace.folder, "bundle/resources.json"), JSON.stringify(planResources(graph)));
    writeFileSync(path.join(workspace.folder, "bundle/function.zip"), archive(new Map()));
    return new Deployment(workspace);
  }

  /** What Terraform prints about a plan, without the frames of its messages. */
  async plan(): Promise<Result> {
    const { status, output } = await this.#run("plan", "-input=false");
    return { status, output: output.replaceAll(/\s+/g, " ").trim() };
  }

  async apply(): Promise<State> {
    const { status, output } = await this.#run("apply", "-auto-approve", "-input=false");
    if (status !== 0) throw new Error(output);
    const shown = await this.#workspace.run("show", "-json", "-no-color");
    const { values } = JSON.parse(shown.output);
    return new State(
      values.root_module.child_modules.flatMap((each: { resources: Resource[] }) => each.resources),
      values.outputs.all.value,
    );
  }

  async #run(...args: string[]): Promise<Result> {
    const init = await this.#workspace.run("init", "-no-color");
    return init.status === 0 ? this.#workspace.run(...args, "-no-color") : init;
  }

  close(): void {
    this.#workspace.close();
  }
}
