/**
 * Each example as a stack: `npm run synth:examples` writes them to cdk.out/ and lists what is made, what each function may do, and
 * why. It needs no account and no network.
 */
import path from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Amalgam, type AmalgamProps } from "../../infra/cdk/amalgam.ts";
import { type Statement, statementsOf, textOf, unexplained, wildcardReasons } from "./permissions.ts";

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

/** What a template makes, what each role may do, and what resources allow and refuse by themselves. */
function show(template: object, reasonsOf: (isFunction: boolean) => ReadonlyMap<string, string>): void {
  const { Resources } = template as { Resources: Record<string, Resource> }; // of every template
  for (const [type, { length }] of [...Map.groupBy(Object.values(Resources), ({ Type }) => Type)].sort())
    console.log(`${String(length).padStart(4)}  ${type}`);
  const byRole = Map.groupBy(statementsOf(template), ({ roles: [role = ""] }) => role);
  for (const [role, statements] of byRole) {
    const name = functionOf(role, Resources);
    console.log(
      `  ${role === "" ? "by the policies of resources" : `the role ${name === undefined ? role : `of "${name}"`} may`}`,
    );
    const reasons = reasonsOf(name !== undefined);
    for (const statement of statements) console.log(`    ${textOfStatement(statement, reasons)}`);
  }
}

interface Resource {
  readonly Type: string;
  readonly Properties?: {
    readonly Description?: string;
    readonly Role?: { readonly "Fn::GetAtt"?: readonly string[] };
  };
}

/** The function of a role, by what it says of itself; `undefined` where it is a service's. */
const functionOf = (role: string, resources: Readonly<Record<string, Resource>>): string | undefined =>
  Object.values(resources).find(({ Properties }) => Properties?.Role?.["Fn::GetAtt"]?.[0] === role)?.Properties
    ?.Description;

function textOfStatement(statement: Statement, reasons: ReadonlyMap<string, string>): string {
  const { actions, resource, effect, principal, condition } = statement;
  const because = [
    (principal === "" ? reasons.get(`${actions.toSorted()} ${resource}`) : undefined) ??
      (actions.every(isNotification) ? ofLibrary : ""),
    ...(effect === "Allow" ? wildcardReasons(statement) : []),
  ].filter(Boolean);
  const who = effect === "Deny" ? "nobody" : principal.replace(/^Service /, "");
  const text = `${who && `${who} may `}${actions.join(", ")} on ${resource}${condition && ` where ${condition}`}`;
  return `${text}${because.length ? `: ${because.join("; ")}` : ""}`;
}

const isNotification = (action: string): boolean => action.endsWith("BucketNotification");

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
    show(template, isFunction => new Map(isFunction ? reasons.toReversed() : reasons)); // those of functions come first
    for (const { level, entry } of messages) console.log(`  ${level}: ${entry.data}`);
    for (const { actions, resource } of unexplained(template)) {
      console.error(`${stack.stackName} allows ${actions.join(", ")} on ${resource}, and nobody says why`);
      process.exitCode = 1;
    }
  }
}
