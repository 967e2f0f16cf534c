/** The ways to log in to Vault: what each sends to its path. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Choice, choice, object, optional, required } from "../../../eval/schema.ts";
import { bool, map, secret, string } from "../../../eval/types.ts";
import type { Host, Problem } from "../../../graph/component.ts";
import { type Fields, fieldsIn } from "../rest.ts";
import type { VaultClient } from "./client.ts";
import { awsIdentity, azureIdentity, gcpIdentity } from "./identities.ts";

const mount = (method: string) => optional(string, method, "Where the method is mounted.");

const methods = {
  token: object({ token: required(secret, "The token.") }),
  approle: object({
    role_id: required(string, "Id of the role."),
    secret: required(secret, "Secret id."),
    wrapping_token: optional(bool, false, "The secret is a token that wraps the secret id."),
    mount_path: mount("approle"),
  }),
  aws: object({
    type: required(string, "`iam` or `ec2`."),
    region: optional(string, "us-east-1", "Region of the signed request."),
    role: optional(string, "", "Role to log in as."),
    iam_server_id_header: optional(string, "", "Value of the header X-Vault-AWS-IAM-Server-ID."),
    ec2_signature_type: optional(string, "pkcs7", "`pkcs7` or `identity`."),
    mount_path: mount("aws"),
  }),
  azure: object({
    role: required(string, "Role to log in as."),
    resource_url: optional(string, "https://management.azure.com/", "What the token is for."),
    mount_path: mount("azure"),
  }),
  gcp: object({
    role: required(string, "Role to log in as."),
    type: required(string, "`gce` or `iam`."),
    iam_service_account: optional(string, "", "Service account that signs, for `iam`."),
    mount_path: mount("gcp"),
  }),
  kubernetes: object({
    role: required(string, "Role to log in as."),
    service_account_file: optional(
      string,
      "/var/run/secrets/kubernetes.io/serviceaccount/token",
      "File with the token of the service account.",
    ),
    mount_path: mount("kubernetes"),
  }),
  ldap: object({
    username: required(string, "User."),
    password: required(secret, "Password."),
    mount_path: mount("ldap"),
  }),
  userpass: object({
    username: required(string, "User."),
    password: required(secret, "Password."),
    mount_path: mount("userpass"),
  }),
  custom: object({
    path: required(string, "Path to log in at, such as `auth/jwt/login`."),
    data: required(map(secret), "What is sent there."),
    namespace: optional(string, "", "Namespace to log in to, that of the secret where unset."),
  }),
};

export type Auth = Choice<typeof methods>;
export const authArgs = choice(methods, "How to log in.");

/** What Alloy refuses, in its words, and what can't work here. */
export function* authProblems({ kind, args }: Auth, position: number): Iterable<Problem> {
  const at = (name: string) => ["auth", position, name];
  if (kind === "aws") {
    if (args.type === "") yield { path: at("type"), message: "type must not be empty" };
    else if (args.type !== "iam" && args.type !== "ec2")
      yield { path: at("type"), message: `unrecognized type ${JSON.stringify(args.type)}, expected one of ec2,iam` };
    if (args.ec2_signature_type === "")
      yield { path: at("ec2_signature_type"), message: "ec2_signature_type must not be empty" };
    else if (args.ec2_signature_type !== "pkcs7" && args.ec2_signature_type !== "identity")
      yield {
        path: at("ec2_signature_type"),
        message: `unrecognized ec2_signature_type ${JSON.stringify(args.ec2_signature_type)}, expected one of pkcs7,identity`,
      };
  }
  if (kind === "gcp") {
    if (args.type === "iam" && args.iam_service_account === "")
      yield { path: at("type"), message: "iam_service_account must be provided when type is iam" };
    if (args.type !== "iam" && args.type !== "gce")
      yield { path: at("type"), message: `unrecognized type ${JSON.stringify(args.type)}, expected one of gce,iam` };
  }
}

/** A token and what Vault says of its life. */
export interface VaultToken {
  readonly token: string;
  /** Milliseconds; 0: it has no end that is known. */
  readonly lifeMs: number;
  readonly renewable: boolean;
}

/** Logs in. What a token is good for is not known of one that the configuration has. */
export async function login(auth: Auth, client: VaultClient, host: Host): Promise<VaultToken> {
  if (auth.kind === "token") return { token: auth.args.token.reveal(), lifeMs: 0, renewable: false };
  try {
    const namespace = auth.kind === "custom" ? auth.args.namespace : undefined;
    const body = await bodyOf(auth, client, host);
    return tokenOf(await client.request({ method: "PUT", path: pathOf(auth), namespace, body }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`auth.${auth.kind}: unable to log in: ${reason}`, { cause: error });
  }
}

type LoginAuth = Exclude<Auth, { kind: "token" }>;

function pathOf({ kind, args }: LoginAuth): string {
  if (kind === "custom") return args.path.replace(/^\/+/, "");
  const user = kind === "ldap" || kind === "userpass" ? `/${args.username}` : "";
  return `auth/${args.mount_path || kind}/login${user}`;
}

async function bodyOf({ kind, args }: LoginAuth, client: VaultClient, host: Host): Promise<Fields> {
  switch (kind) {
    case "approle": {
      const { role_id, secret, wrapping_token } = args;
      return { role_id, secret_id: wrapping_token ? await unwrap(client, secret.reveal()) : secret.reveal() };
    }
    case "aws":
      return awsIdentity(args, host);
    case "azure":
      return azureIdentity(args, host);
    case "gcp":
      return gcpIdentity(args, client.server, host);
    case "kubernetes": {
      const file = path.resolve(host.directory, args.service_account_file);
      return { role: args.role, jwt: readFileSync(file, "utf8").trim() };
    }
    case "ldap":
    case "userpass":
      return { password: args.password.reveal() };
    case "custom":
      return Object.fromEntries([...args.data].map(([name, value]) => [name, value.reveal()]));
    default:
      return args satisfies never;
  }
}

/** A wrapping token works once. */
async function unwrap(client: VaultClient, token: string): Promise<unknown> {
  const answer = await client.request({ method: "PUT", path: "sys/wrapping/unwrap", token });
  const id = fieldsIn(answer?.["data"])?.["secret_id"];
  if (typeof id !== "string") throw new Error("the wrapping token should hold a secret_id, got none");
  return id;
}

/** Asks for more life of a token; `undefined` where Vault gives none. */
export async function renew({ token }: VaultToken, client: VaultClient): Promise<VaultToken | undefined> {
  try {
    return tokenOf(await client.request({ method: "PUT", path: "auth/token/renew-self", token, body: {} }));
  } catch {
    return undefined; // the caller logs in again
  }
}

function tokenOf(answer: Fields | undefined): VaultToken {
  const { client_token: token, lease_duration, renewable } = fieldsIn(answer?.["auth"]) ?? {};
  if (typeof token !== "string" || token === "") throw new Error("the answer should have a client_token, got none");
  return { token, lifeMs: Number(lease_duration ?? 0) * 1000, renewable: renewable === true };
}
