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
  statements(role: string, name = "this"): string[] {
    const policy = this.of("aws_iam_role_policy", name)[role]?.["policy"] ?? '{"Statement":[]}';
    return JSON.parse(policy).Statement.map(({ Effect, Action, Resource }: Values) =>
      [Effect === "Allow" ? "may" : "may not", [Action].flat().join(", "), "on", [Resource].flat().join(", ")].join(
        " ",
      ),
    );
  }
}

/** Arguments of the module in HCL, and what is beside it. */
export type Wanted = readonly [graph: GraphDescription, variables?: string, more?: string];

/** A folder with the module, as a new user's with a bundle in it, for one deployment after the other. */
export class Deployments {
  readonly #workspace: Workspace;
  #count = 0;

  private constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  static async open(): Promise<Deployments> {
    const workspace = await Workspace.open({});
    mkdirSync(path.join(workspace.folder, "bundle"));
    for (const name of ["function.zip", "subscriber.zip"])
      writeFileSync(path.join(workspace.folder, "bundle", name), archive(new Map()));
    return new Deployments(workspace);
  }

  /** Where it is, with a folder named `bundle`. */
  get folder(): string {
    return this.#workspace.folder;
  }

  /** What Terraform prints about a plan, as one line. */
  async plan(...wanted: Wanted): Promise<Result> {
    const { status, output } = await this.#run(wanted, "plan");
    return { status, output: output.replaceAll(/\s+/g, " ").trim() };
  }

  /** What Terraform would change of what it has just made: nothing, where the module says the same each time. */
  async planAgain(): Promise<string> {
    const { output } = await this.#workspace.run("plan", "-input=false", "-no-color", `-state=${this.#file}`);
    return output.slice(output.lastIndexOf("Read complete")).replaceAll(/\s+/g, " ");
  }

  async apply(...wanted: Wanted): Promise<State> {
    const { status, output } = await this.#run(wanted, "apply", "-auto-approve");
    if (status !== 0) throw new Error(output);
    const shown = await this.#workspace.run("show", "-json", "-no-color", this.#file);
    const { values } = JSON.parse(shown.output);
    return new State(
      values.root_module.child_modules.flatMap((each: { resources: Resource[] }) => each.resources),
      values.outputs.all.value,
    );
  }

  /** Each has a state of its own. */
  get #file(): string {
    return `${this.#count}.tfstate`;
  }

  async #run([graph, variables = "", more = ""]: Wanted, ...args: string[]): Promise<Result> {
    const module = path.resolve(import.meta.dirname, "..");
    const { folder } = this.#workspace;
    const main = [
      'module "collector" {',
      `  source = ${JSON.stringify(module)}`,
      '  bundle = "bundle"',
      variables,
      "}",
      'output "all" {',
      "  value = module.collector",
      "}",
      more,
    ];
    writeFileSync(path.join(folder, "main.tf"), main.join("\n"));
    writeFileSync(path.join(folder, "bundle/resources.json"), JSON.stringify(planResources(graph)));
    this.#count += 1;
    if (this.#count === 1) await this.#workspace.run("init", "-no-color");
    return this.#workspace.run(...args, "-input=false", "-no-color", `-state=${this.#file}`);
  }

  close(): void {
    this.#workspace.close();
  }
}
