/** Access tokens for Azure: of the managed identity that a function has, or of an application's secret. */
import { createHttpClient, type HttpClient } from "../../../delivery/http.ts";
import { oauth2Tokens } from "../../../delivery/oauth2.ts";
import { type Environment, keepToken, objectOf, reasonOf, type Token } from "../rest.ts";

export interface AzureIdentityOptions {
  /** What the token is for: `https://vault.azure.net`. */
  readonly resource: string;
  readonly tenantId?: string;
  /** Of an application, or of a managed identity that the user assigned. */
  readonly clientId?: string;
  readonly clientSecret?: () => string;
  /** @default https://login.microsoftonline.com */
  readonly authorityHost?: string;
  readonly now?: () => number;
  readonly environment?: Environment;
}

export interface AzureIdentity {
  /** The value of the `Authorization` header. */
  authorization(): Promise<string>;
  close(): void;
}

/** Makes a source of tokens; nothing is asked before the first. */
export function azureIdentity(options: AzureIdentityOptions): AzureIdentity {
  const { resource, now = Date.now, environment = process.env } = options;
  const client = createHttpClient({ timeoutMs: 10_000 });
  const close = () => client.close();
  const tenant = options.tenantId || environment["AZURE_TENANT_ID"];
  const id = options.clientId || environment["AZURE_CLIENT_ID"];
  const secret = options.clientSecret?.() ? options.clientSecret : () => environment["AZURE_CLIENT_SECRET"] ?? "";
  if (!tenant || !id || !secret())
    return { authorization: keepToken(() => managedToken(client, { ...options, now, environment }), now), close };
  const authority = options.authorityHost || environment["AZURE_AUTHORITY_HOST"] || "https://login.microsoftonline.com";
  const tokens = oauth2Tokens({
    tokenUrl: `${authority.replace(/\/$/, "")}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    clientId: () => id,
    clientSecret: secret,
    scopes: [`${resource}/.default`],
    client,
    now,
  });
  return { authorization: () => tokens.authorization(), close };
}

/** Of the endpoint that App Service and Functions give, or of a machine's metadata. */
export async function managedToken(
  client: HttpClient,
  { resource, clientId, now = Date.now, environment = process.env }: AzureIdentityOptions,
): Promise<Token> {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header } = environment;
  const url = new URL(endpoint || `${metadataOf(environment)}/metadata/identity/oauth2/token`);
  url.searchParams.set("api-version", endpoint ? "2019-08-01" : "2018-02-01");
  url.searchParams.set("resource", resource);
  if (clientId) url.searchParams.set("client_id", clientId);
  const headers: Record<string, string> = endpoint ? { "x-identity-header": header ?? "" } : { metadata: "true" };
  const answer = await client.request({ url, headers });
  const { access_token: text, expires_on, error_description: reason } = objectOf(answer) ?? {};
  if (answer.status !== 200 || typeof text !== "string")
    throw new Error(`the managed identity gave no token, got status ${answer.status}${reasonOf(reason)}`);
  const seconds = Number(expires_on ?? 0) - now() / 1000;
  return { text, seconds: Number.isNaN(seconds) ? 0 : seconds };
}

/** Where a machine's metadata is. */
export const metadataOf = (environment: Environment): string =>
  environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"] || "http://169.254.169.254";
