/** Reads a secret of Google Secret Manager, again when that is older than `poll_frequency`. */
import { createHttpClient, type HttpClient } from "../../../delivery/http.ts";
import { userAgent } from "../../../delivery/user-agent.ts";
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { duration, secret, string } from "../../../eval/types.ts";
import { Secret } from "../../../eval/value.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import { type Fields, fieldsIn, isHttpUrl, objectOf, reasonOf } from "../rest.ts";
import { fieldsOf, secretFields, startSource } from "../source.ts";
import { StandInFields, standInText } from "../stand-ins.ts";
import { gcpIdentity } from "./token.ts";

const args = object({
  secret: required(
    string,
    "`projects/PROJECT/secrets/NAME`, with `locations/LOCATION` before `secrets` where it is regional, or the name alone.",
  ),
  project: optional(string, "", "Project of a secret that is given by its name alone."),
  version: optional(string, "latest", "Number or alias of the version to read."),
  poll_frequency: optional(duration, "5m", "Age at which the secret is read again; 0 reads it once."),
  credentials: optional(
    secret,
    undefined,
    "Key of a service account in JSON; the function's own identity where unset.",
  ),
  credentials_file: optional(string, "", "File with such a key; GOOGLE_APPLICATION_CREDENTIALS counts where unset."),
  endpoint: optional(string, "", "URL of the service, where it is not Google's."),
});
type Args = Infer<typeof args>;

export const remoteGcpSecretManager = defineComponent({
  name: "remote.gcp.secret_manager",
  summary: "Reads a secret of Google Secret Manager and exports it and its fields.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "Read with the function's service account at the cold start, and before the records of an invocation when it is older than poll_frequency.",
  args,
  exports: object({
    content: required(secret, "The secret as it is."),
    data: required(secretFields, "The fields of a secret that is a JSON object; what is no string as JSON."),
  }),
  check: problemsOf,
  build(args, host) {
    const { credentials, credentials_file: credentialsFile } = args;
    const identity = gcpIdentity({ credentials, credentialsFile, directory: host.directory, now: host.clock });
    const client = createHttpClient({
      timeoutMs: 30_000,
      headers: { "user-agent": userAgent },
      authorize: async ({ headers }) => {
        headers["authorization"] = await identity.authorization();
      },
    });
    const name = nameOf(args);
    return startSource(host, {
      read: async () => exportsOf(await access(client, args)),
      everyMs: args.poll_frequency,
      healthy: "secret fetched",
      failed: `secret ${JSON.stringify(name)} can't be read`,
      needs: { permissions: [{ action: "secretmanager.versions.access", resource: name }] },
      standIn: { content: new Secret(standInText), data: new StandInFields() },
      close: async () => {
        client.close();
        identity.close();
      },
    });
  },
});

const fullName = /^projects\/[^/]+\/(?:locations\/([^/]+)\/)?secrets\/[^/]+$/;

function* problemsOf({ secret, project, poll_frequency, endpoint, credentials, ...rest }: Args): Iterable<Problem> {
  if (project === "" && !fullName.test(secret))
    yield {
      path: ["secret"],
      message: `secret should be projects/PROJECT/secrets/NAME where project is unset, got ${JSON.stringify(secret)}`,
    };
  if (project !== "" && !/^[\w-]+$/.test(secret))
    yield {
      path: ["secret"],
      message: `secret should be a name alone where project is set, got ${JSON.stringify(secret)}`,
    };
  if (poll_frequency < 0) yield { path: ["poll_frequency"], message: "poll_frequency must not be negative" };
  if (credentials?.reveal() && rest.credentials_file !== "")
    yield { path: ["credentials_file"], message: "at most one of credentials and credentials_file may be set" };
  if (endpoint !== "" && !isHttpUrl(endpoint))
    yield { path: ["endpoint"], message: "endpoint should start with http:// or https:// and a host" };
}

const nameOf = ({ secret, project }: Args): string =>
  project === "" ? secret : `projects/${project}/secrets/${secret}`;

async function access(client: HttpClient, args: Args): Promise<Fields> {
  const name = nameOf(args);
  const location = fullName.exec(name)?.[1];
  const host = location ? `secretmanager.${location}.rep.googleapis.com` : "secretmanager.googleapis.com";
  const base = args.endpoint.replace(/\/$/, "") || `https://${host}`;
  const url = `${base}/v1/${name}/versions/${encodeURIComponent(args.version)}:access`;
  const answer = await client.request({ url, maxBytes: 1 << 20, overflow: "fail" });
  const fields = objectOf(answer) ?? {};
  if (answer.status === 200) return fields;
  throw new Error(`got status ${answer.status}${reasonOf(fieldsIn(fields["error"])?.["message"])}`);
}

function exportsOf({ payload }: Fields) {
  const data = fieldsIn(payload)?.["data"];
  if (typeof data !== "string") throw new Error("the answer should have a payload with data, got none");
  const text = Buffer.from(data, "base64").toString();
  return { content: new Secret(text), data: fieldsOf(text) };
}
