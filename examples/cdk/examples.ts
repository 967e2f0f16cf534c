/**
 * Each example as a stack: `npm run synth:examples` writes them to cdk.out/ and lists what is made, what each function may do, and
 * why. It needs no account and no network.
 */
import path from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Amalgam, type AmalgamProps } from "../../infra/cdk/amalgam.ts";
import { statementsOf, textOf, unexplained, wildcardReasons } from "./permissions.ts";

const environment = {
  LOKI_URL: "https://loki.example.com/loki/api/v1/push",
  MIMIR_URL: "https://mimir.example.com/api/v1/push",
  OTLP_ENDPOINT: "https://otlp.example.com",
};

/** What an example needs besides its configuration. */
export const examples: readonly { readonly name: string; readonly props?: Partial<AmalgamProps> }[] = [
  { name: "otlp-gateway", props: { triggers: ["http"] } },
  { name: "cloudwatch-to-loki", props: { triggers: ["log-subscription"] } },
  { name: "s3-to-loki" },
  { name: "scrapes-to-mimir" },
  { name: "everything" },
];

/** The stack of an example: `OtlpGateway` for `otlp-gateway`. */
export function exampleStack(app: App, { name, props }: (typeof examples)[number]) {
  const id = name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  const stack = new Stack(app, id);
  const config = path.join(import.meta.dirname, `../${name}.alloy`);
  const collector = new Amalgam(stack, "Collector", { config, environment, tags: { example: name }, ...props });
  return { stack, collector };
}

/** What a template makes and allows. */
function show(template: object, reasons: ReadonlyMap<string, string>): void {
  const { Resources } = template as { Resources: Record<string, { Type: string }> }; // of every template
  for (const [type, { length }] of [...Map.groupBy(Object.values(Resources), ({ Type }) => Type)].sort())
    console.log(`${String(length).padStart(4)}  ${type}`);
  for (const statement of statementsOf(template)) {
    const { actions, resource, effect, principal } = statement;
    const planned = principal === "" ? reasons.get(`${actions.toSorted()} ${resource}`) : undefined;
    const why = [
      planned ?? (actions.every(action => action.endsWith("BucketNotification")) ? ofLibrary : ""),
      ...(effect === "Allow" ? wildcardReasons(statement) : []),
    ];
    const because = why.filter(Boolean).join("; ");
    const who = effect === "Allow" && principal !== "" ? `${principal.replace(/^Service /, "")} ` : "";
    console.log(
      `  ${who}${effect === "Allow" ? "may" : "may not"} ${actions.join(", ")} on ${resource}${because && `: ${because}`}`,
    );
  }
}

const ofLibrary = "a function of the CDK's library sets the notifications of a bucket that is not of the stack";

if (import.meta.main) {
  const app = new App({ outdir: process.env["CDK_OUTDIR"] ?? "cdk.out", analyticsReporting: false });
  const stacks = examples.map(example => exampleStack(app, example));
  const assembly = app.synth();
  for (const { stack, collector } of stacks) {
    const { template, messages, templateFullPath } = assembly.getStackArtifact(stack.artifactId);
    console.log(`\n${templateFullPath}`);
    const reasons = collector.permissions.map(
      ({ actions, resource, reason }) => [`${actions.toSorted()} ${textOf(stack.resolve(resource))}`, reason] as const,
    );
    show(template, new Map(reasons));
    for (const { level, entry } of messages) console.log(`  ${level}: ${entry.data}`);
    for (const { actions, resource } of unexplained(template)) {
      console.error(`${stack.stackName} allows ${actions.join(", ")} on ${resource}, and nobody says why`);
      process.exitCode = 1;
    }
  }
}
