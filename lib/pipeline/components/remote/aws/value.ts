/** What the components have in common that read a value of an AWS service: how to reach it, when to read again, what they may. */
import { regionOf } from "../../../delivery/aws-endpoints.ts";
import { defaultBlock, type Infer, object, optional } from "../../../eval/schema.ts";
import { duration, string } from "../../../eval/types.ts";
import type { Host, Needs, Problem } from "../../../graph/component.ts";
import { startSource, type ValueSource } from "../source.ts";
import {
  type AwsJsonClient,
  awsClientArgs,
  awsClientProblems,
  awsJsonClient,
  type JsonService,
  regionOfArn,
} from "./client.ts";

/** Arguments of all of them; `what` is read. */
export const awsValueArgs = (what: "secret" | "parameters") => ({
  poll_frequency: optional(
    duration,
    "5m",
    what === "secret"
      ? "Age at which the secret is read again; 0 reads it once."
      : "Age at which the parameters are read again; 0 reads them once.",
  ),
  kms_key: optional(string, "", `ARN of the key that encrypts the ${what} where it is not that of the service.`),
  client: defaultBlock(awsClientArgs, "How to reach AWS."),
});

const shared = object(awsValueArgs("secret"));
type SharedArgs = Infer<typeof shared>;

export const awsValueInFunctions =
  "Read with the function's role at the cold start, and before the records of an invocation when it is older than poll_frequency.";

export function* awsValueProblems({ poll_frequency, client }: SharedArgs): Iterable<Problem> {
  if (poll_frequency < 0) yield { path: ["poll_frequency"], message: "poll_frequency must not be negative" };
  yield* awsClientProblems(client);
}

/** How one service is read. */
export interface AwsValue<Exports> extends Pick<ValueSource<Exports>, "healthy" | "failed" | "standIn"> {
  readonly service: JsonService;
  /** Name or ARN, whose region counts where none is set. */
  readonly id: string;
  readonly read: (client: AwsJsonClient) => Promise<Exports>;
  /** Permissions for the read itself. */
  readonly permissions: NonNullable<Needs["permissions"]>;
}

export function startAwsValue<Exports>(host: Host, args: SharedArgs, value: AwsValue<Exports>) {
  const { service, id, read, permissions, ...rest } = value;
  const client = awsJsonClient(args.client, service, regionOf(args.client.region || regionOfArn(id)));
  return startSource<Exports>(host, {
    ...rest,
    read: () => read(client),
    everyMs: args.poll_frequency,
    needs: needsOf(args, permissions),
    close: async () => client.close(),
  });
}

/** A role that is assumed has the permissions itself. */
function needsOf(
  { kms_key, client: { assume_role } }: SharedArgs,
  permissions: AwsValue<unknown>["permissions"],
): Needs {
  if (assume_role) return { permissions: [{ action: "sts:AssumeRole", resource: assume_role.role_arn }] };
  return {
    permissions: [...permissions, ...(kms_key === "" ? [] : [{ action: "kms:Decrypt", resource: kms_key }])],
  };
}
