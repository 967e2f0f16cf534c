/** The CDK construct and the Terraform module make the same of each example: what the plan says. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, describe, expect, test } from "vitest";
import { exampleStack, examples } from "../../examples/cdk/examples.ts";
import { unexplained } from "../../examples/cdk/permissions.ts";
import { archive } from "../../functions/archive.ts";
import { planResources } from "../resources.ts";
import { hasTerraform, Workspace } from "../terraform/testing/terraform.ts";
import { factsOfStack } from "./cdk.ts";
import { factsOfPlan } from "./facts.ts";
import { factsOfState } from "./terraform.ts";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-parity-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const module = path.resolve(import.meta.dirname, "../terraform");

describe.for(examples.map(({ name }) => name))("%s", name => {
  const app = new App({ outdir: path.join(folder, name), analyticsReporting: false });
  const { stack, collector } = exampleStack(app, { name }); // with all kinds of trigger
  const plan = planResources(collector.graph);

  test("as a stack is what the plan says", () => {
    expect(factsOfStack(stack)).toEqual(factsOfPlan(plan));
  });

  test("satisfies the checks of AWS Solutions", () => {
    expect(new AwsSolutionsChecks(stack).validateScope(stack)).toEqual({ success: true, violations: [] });
  });

  test("allows nothing with a wildcard that nobody explains", () => {
    expect(unexplained(Template.fromStack(stack).toJSON())).toEqual([]);
  });

  test.skipIf(!hasTerraform)("as a state of Terraform is what the plan says", async () => {
    const workspace = await Workspace.open({
      "main.tf": `module "collector" {\n  source = ${JSON.stringify(module)}\n  bundle = path.root\n}\n`,
      "resources.json": JSON.stringify(plan),
    });
    writeFileSync(path.join(workspace.folder, "function.zip"), archive(new Map()));
    for (const args of [["init"], ["validate"], ["apply", "-auto-approve"]]) {
      const { status, output } = await workspace.run(...args, "-no-color");
      expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
    }
    const { output } = await workspace.run("show", "-json");
    workspace.close();
    expect(factsOfState(JSON.parse(output))).toEqual(factsOfPlan(plan));
  });
});
