/** What pages show of the Terraform module is valid: one run of Terraform, with the stand-in of its provider, for all blocks. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { archive } from "../../functions/archive.ts";
import { planResources } from "../../infra/resources.ts";
import { hasTerraform, Workspace } from "../../infra/terraform/testing/terraform.ts";
import { blocksOf, root, type Snippet, spansOf } from "./snippets.ts";

const pages = ["README.md", "docs/deploy-aws.md", "docs/log-groups.md", "infra/terraform/README.md"];

/** What the stand-in knows no resources of. */
const others = /^(?:resource "aws_kms_key"|data "aws_iam_policy_document").*?^\}\n/gms;

/** A block beside all others: its module has a name of its own, and what readers have made is a value that nobody knows yet. */
const besideOthers = ({ page, line, text }: Snippet, index: number): string =>
  `# ${page}:${line}\n${text}`
    .replace(/^provider "aws" \{.*?^\}\n/gms, "")
    .replace(others, "")
    .replace(/^module "collector" \{ (.*) \}$/gm, 'module "collector" {\n  $1\n}')
    .replaceAll(/^(module|output) "(\w+)"/gm, `$1 "$2_${index}"`)
    .replaceAll("module.collector.", `module.collector_${index}.`)
    .replaceAll(/\baws_\w+\.\w+\[\*\]\.\w+/g, "[var.made]")
    .replaceAll(/\baws_\w+\.\w+\.(arn|id|name)\b/g, "var.made");

const blocks = pages.flatMap(page => blocksOf(page, "hcl"));

test.runIf(hasTerraform)("blocks of Terraform are valid", { timeout: 120_000 }, async () => {
  expect(blocks.length).toBeGreaterThan(4);
  const workspace = await Workspace.open({
    "main.tf": [
      'provider "aws" {\n  region = "eu-central-1"\n}\n\nvariable "made" {\n  type = string\n}\n',
      ...blocks.map(besideOthers),
    ].join("\n"),
  });
  try {
    const build = path.join(workspace.folder, "build");
    mkdirSync(path.join(build, "terraform"), { recursive: true });
    cpSync(path.join(root, "infra/terraform"), path.join(build, "terraform"), {
      recursive: true,
      filter: name => !/testing|\.ts$/.test(path.relative(root, name)),
    });
    writeFileSync(path.join(build, "function.zip"), archive(new Map()));
    const plan = planResources({ version: 1, components: [], edges: [] });
    writeFileSync(path.join(build, "resources.json"), JSON.stringify(plan));
    const results = [await workspace.run("init", "-no-color"), await workspace.run("validate", "-no-color")];
    expect(results.map(({ status, output }) => (status === 0 ? "valid" : output))).toEqual(["valid", "valid"]);
  } finally {
    workspace.close();
  }
});

const declared = (file: string, kind: string): string[] =>
  [
    ...readFileSync(path.join(root, "infra/terraform", file), "utf8").matchAll(new RegExp(`^${kind} "(\\w+)"`, "gm")),
  ].map(([, name = ""]) => name);

test("outputs that pages name in the text are the module's", () => {
  const outputs = declared("outputs.tf", "output");
  const named = [...pages, "docs/hand-over.md"]
    .flatMap(spansOf)
    .flatMap(({ text }) => [...text.matchAll(/module\.collector\.(\w+)/g)].map(([, name = ""]) => name));
  expect(named).toContain("url");
  expect(named.filter(name => !outputs.includes(name))).toEqual([]);
});

test("the table of what the construct and the module have names variables of the module", () => {
  const variables = declared("variables.tf", "variable");
  const text = readFileSync(path.join(root, "docs/deploy-aws.md"), "utf8");
  const [, table = ""] = /^\| what \| construct \| module \|\n(.*?)\n\n/ms.exec(text) ?? [];
  const named = [...table.matchAll(/\|([^|]*)\|$/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
  expect(named).toContain("log_groups");
  expect(named.filter(name => !variables.includes(name))).toEqual([]);
});
