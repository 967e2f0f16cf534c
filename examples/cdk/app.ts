/**
 * The quickstart's configuration as functions on AWS. `npm run synth` writes cdk.out/ and shows what would be deployed: it needs
 * no account and no network. `npx cdk deploy`, in this folder, deploys it.
 */
import path from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Amalgam } from "../../infra/cdk/amalgam.ts";

const app = new App({ outdir: process.env["CDK_OUTDIR"] ?? "cdk.out" }); // CDK's command line sets the variable
const stack = new Stack(app, "AmalgamQuickstart");

new Amalgam(stack, "Collector", {
  config: path.join(import.meta.dirname, "../quickstart.alloy"),
  tags: { app: "amalgam-quickstart" },
});

const { messages, template, templateFullPath } = app.synth().getStackArtifact(stack.artifactId);
if (!process.env["CDK_OUTDIR"]) show();

/** What CDK's command line would say. */
function show(): void {
  for (const { level, entry } of messages) console.log(`${level}: ${entry.data}`);
  const { Resources } = template as { Resources: Record<string, { Type: string }> }; // of every template
  const byType = Map.groupBy(Object.values(Resources), ({ Type }) => Type);
  console.log(templateFullPath);
  for (const [type, { length }] of [...byType].sort()) console.log(`${String(length).padStart(4)}  ${type}`);
}
