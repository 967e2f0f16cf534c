/** Reads a parameter of AWS Systems Manager, or all below a path, again when that is older than `poll_frequency`. */
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, secret, string } from "../../../eval/types.ts";
import { Secret } from "../../../eval/value.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import { fieldsIn } from "../rest.ts";
import { fieldsOf, secretFields } from "../source.ts";
import { StandInFields, standInText } from "../stand-ins.ts";
import { type AwsJsonClient, account, arnRegion, partition } from "./client.ts";
import { type AwsValue, awsValueArgs, awsValueInFunctions, awsValueProblems, startAwsValue } from "./value.ts";

const args = object({
  name: optional(string, "", "Name or ARN of one parameter; `:3` or `:label` behind it takes a version."),
  path: optional(string, "", "Path of parameters to read all together, such as `/shop/prod`."),
  recursive: optional(bool, true, "Reads also what is deeper below the path."),
  ...awsValueArgs("parameters"),
});
type Args = Infer<typeof args>;

interface Exports {
  readonly content: Secret | undefined;
  readonly data: ReadonlyMap<string, Secret>;
}

const service = { name: "ssm", variable: "SSM", target: "AmazonSSM" };

export const remoteAwsSsmParameter = defineComponent({
  name: "remote.aws.ssm_parameter",
  summary: "Reads a parameter of AWS Systems Manager, or all below a path, and exports them.",
  stability: "generally-available",
  ours: true,
  inFunctions: awsValueInFunctions,
  args,
  exports: object({
    content: optional(secret, undefined, "The value of the one parameter."),
    data: required(
      secretFields,
      "The fields of a parameter that is a JSON object; with path, the values by their names below it.",
    ),
  }),
  check: problemsOf,
  build(args, host) {
    const { name, path } = args;
    const what = path ? `parameters below ${JSON.stringify(path)}` : `parameter ${JSON.stringify(name)}`;
    return startAwsValue<Exports>(host, args, {
      service,
      id: name,
      read: client => (path ? readPath(client, args) : readOne(client, name)),
      permissions: permissionsOf(args),
      healthy: path ? "parameters fetched" : "parameter fetched",
      failed: `${what} can't be read`,
      standIn: { content: path ? undefined : new Secret(standInText), data: new StandInFields() },
    });
  },
});

function* problemsOf({ name, path, ...shared }: Args): Iterable<Problem> {
  if ((name === "") === (path === "")) yield { path: [], message: "exactly one of name and path must be set" };
  if (path !== "" && !path.startsWith("/"))
    yield { path: ["path"], message: `path should start with /, got ${JSON.stringify(path)}` };
  yield* awsValueProblems(shared);
}

async function readOne(client: AwsJsonClient, name: string): Promise<Exports> {
  const { Parameter: parameter } = await client.call("GetParameter", { Name: name, WithDecryption: true });
  const { value } = parameterOf(parameter);
  return { content: new Secret(value), data: fieldsOf(value) };
}

/** Page by page; the service gives at most ten at a time. */
async function readPath(client: AwsJsonClient, { path, recursive }: Args): Promise<Exports> {
  const data = new Map<string, Secret>();
  const prefix = path.endsWith("/") ? path : `${path}/`;
  let NextToken: unknown;
  do {
    const page = { Path: path, Recursive: recursive, WithDecryption: true, ...(NextToken ? { NextToken } : {}) };
    const answer = await client.call("GetParametersByPath", page);
    const { Parameters: parameters } = answer;
    for (const each of Array.isArray(parameters) ? (parameters as unknown[]) : []) {
      const { name, value } = parameterOf(each);
      data.set(name.startsWith(prefix) ? name.slice(prefix.length) : name, new Secret(value));
    }
    NextToken = answer["NextToken"];
  } while (NextToken);
  if (!data.size) throw new Error("there are none");
  return { content: undefined, data };
}

function parameterOf(parameter: unknown): { readonly name: string; readonly value: string } {
  const { Name: name, Value: value } = fieldsIn(parameter) ?? {};
  if (typeof name === "string" && typeof value === "string") return { name, value };
  throw new Error("the answer should have a Name and a Value, got none");
}

function permissionsOf({ name, path, client: { region } }: Args): AwsValue<unknown>["permissions"] {
  const arn = (rest: string) =>
    `arn:${partition}:ssm:${arnRegion(region)}:${account}:parameter/${rest.replace(/^\/|\/$/g, "")}`;
  if (path)
    return [arn(path), `${arn(path).replace(/\/$/, "")}/*`].map(resource => ({
      action: "ssm:GetParametersByPath",
      resource,
    }));
  const one = /^arn:(?:[^:]*:){4}[^:]*/.exec(name)?.[0] ?? arn(name.replace(/:[^:]*$/, "")); // without its version
  return [{ action: "ssm:GetParameter", resource: one }];
}
