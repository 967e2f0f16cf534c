/** Reads a secret of Azure Key Vault, again when that is older than `poll_frequency`. */
import { createHttpClient, type HttpClient } from "../../../delivery/http.ts";
import { userAgent } from "../../../delivery/user-agent.ts";
import { block, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { duration, secret, string } from "../../../eval/types.ts";
import { Secret } from "../../../eval/value.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import { fieldsIn, isHttpUrl, objectOf, reasonOf } from "../rest.ts";
import { fieldsOf, secretFields, startSource } from "../source.ts";
import { StandInFields, standInText } from "../stand-ins.ts";
import { type AzureIdentity, azureIdentity } from "./token.ts";

const application = object({
  tenant_id: required(string, "Tenant of the application."),
  client_id: required(string, "Id of the application."),
  client_secret: required(secret, "Secret of the application."),
  authority_host: optional(string, "", "Where tokens come from, https://login.microsoftonline.com where unset."),
});

const args = object({
  vault_url: required(string, "URL of the vault: `https://NAME.vault.azure.net`."),
  secret: required(string, "Name of the secret."),
  version: optional(string, "", "Version to read, the newest where unset."),
  poll_frequency: optional(duration, "5m", "Age at which the secret is read again; 0 reads it once."),
  managed_identity_client_id: optional(string, "", "Id of a managed identity that was assigned by a user."),
  application: block(application, "An application to log in as; the function's managed identity where unset."),
});
type Args = Infer<typeof args>;

export const remoteAzureKeyVault = defineComponent({
  name: "remote.azure.key_vault",
  summary: "Reads a secret of Azure Key Vault and exports it and its fields.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "Read with the function's managed identity at the cold start, and before the records of an invocation when it is older than poll_frequency.",
  args,
  exports: object({
    content: required(secret, "The secret as it is."),
    data: required(secretFields, "The fields of a secret that is a JSON object; what is no string as JSON."),
  }),
  check: problemsOf,
  build(args, host) {
    const url = urlOf(args);
    const identity = identityOf(args, url, host.clock);
    const client = createHttpClient({
      timeoutMs: 30_000,
      headers: { "user-agent": userAgent },
      authorize: async ({ headers }) => {
        headers["authorization"] = await identity.authorization();
      },
    });
    return startSource(host, {
      read: async () => exportsOf(await readSecret(client, url)),
      everyMs: args.poll_frequency,
      healthy: "secret fetched",
      failed: `secret ${JSON.stringify(args.secret)} can't be read`,
      needs: {
        permissions: [
          {
            action: "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            resource: `${url.origin}/secrets/${args.secret}`,
          },
        ],
      },
      standIn: { content: new Secret(standInText), data: new StandInFields() },
      close: async () => {
        client.close();
        identity.close();
      },
    });
  },
});

function* problemsOf({ vault_url, secret, version, poll_frequency, application }: Args): Iterable<Problem> {
  if (!isHttpUrl(vault_url)) yield { path: ["vault_url"], message: "vault_url should start with https:// and a host" };
  if (!/^[0-9A-Za-z-]{1,127}$/.test(secret))
    yield { path: ["secret"], message: `secret should be of letters, digits and -, got ${JSON.stringify(secret)}` };
  if (!/^\w*$/.test(version))
    yield { path: ["version"], message: `version should be of letters and digits, got ${JSON.stringify(version)}` };
  if (poll_frequency < 0) yield { path: ["poll_frequency"], message: "poll_frequency must not be negative" };
  const authority = application?.authority_host ?? "";
  if (authority !== "" && !isHttpUrl(authority))
    yield { path: ["application", "authority_host"], message: "authority_host should start with https:// and a host" };
}

const urlOf = ({ vault_url, secret, version }: Args): URL =>
  new URL(`/secrets/${secret}${version && `/${version}`}?api-version=7.4`, vault_url);

function identityOf({ application, managed_identity_client_id }: Args, url: URL, now: () => number): AzureIdentity {
  const resource = `https://${suffixOf(url.hostname)}`;
  if (!application) return azureIdentity({ resource, clientId: managed_identity_client_id, now });
  const { tenant_id: tenantId, client_id: clientId, client_secret, authority_host: authorityHost } = application;
  return azureIdentity({
    resource,
    tenantId,
    clientId,
    clientSecret: () => client_secret.reveal(),
    authorityHost,
    now,
  });
}

/** Tokens are for all vaults of a cloud: `vault.azure.net`, `vault.azure.cn`. */
const suffixOf = (host: string): string => /vault\.[a-z.]+$/.exec(host)?.[0] ?? "vault.azure.net";

async function readSecret(client: HttpClient, url: URL): Promise<string> {
  const answer = await client.request({ url, maxBytes: 1 << 20, overflow: "fail" });
  const fields = objectOf(answer) ?? {};
  if (answer.status === 200 && typeof fields["value"] === "string") return fields["value"];
  const { code, message } = fieldsIn(fields["error"]) ?? {};
  throw new Error(`got status ${answer.status}${reasonOf(code, message)}`);
}

const exportsOf = (text: string) => ({ content: new Secret(text), data: fieldsOf(text) });
