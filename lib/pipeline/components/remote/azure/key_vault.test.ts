import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { testTime } from "../../../graph/testing.ts";
import { type BackendRequest, startBackend } from "../../testing.ts";
import { failureOf, startTestSource } from "../testing.ts";
import { remoteAzureKeyVault } from "./key_vault.ts";

const secretText = "correct-horse-battery";
const variables = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST"];

beforeEach(() => {
  for (const name of [...variables, "IDENTITY_ENDPOINT", "IDENTITY_HEADER"]) vi.stubEnv(name, "");
});
afterEach(() => vi.unstubAllEnvs());

/** As much of the services as is spoken to: learn.microsoft.com/rest/api/keyvault, and those that give tokens. */
async function startAzure(secrets: Record<string, string> = { loki: secretText }) {
  const token = (access_token: string) => ({
    body: JSON.stringify({
      access_token,
      token_type: "Bearer",
      expires_in: 3600,
      expires_on: String(testTime / 1000 + 3600),
    }),
  });
  const answer = ({ path = "", headers, body }: BackendRequest) => {
    const { pathname, searchParams } = new URL(path, "http://azure");
    const forVaults = searchParams.get("resource") === "https://vault.azure.net";
    if (pathname === "/msi/token")
      return headers["x-identity-header"] === "identity-header" && forVaults
        ? token("function-token")
        : { status: 401 };
    if (pathname === "/metadata/identity/oauth2/token")
      return headers["metadata"] === "true" && forVaults ? token("machine-token") : { status: 400 };
    if (pathname === "/tenant/oauth2/v2.0/token") {
      const form = new URLSearchParams(String(body));
      const basic = headers.authorization === `Basic ${Buffer.from("app:app-secret").toString("base64")}`;
      const fits = basic && form.get("scope") === "https://vault.azure.net/.default";
      return fits ? token("app-token") : { status: 401, body: '{"error":"invalid_client"}' };
    }
    const error = (status: number, code: string, message: string) => ({
      status,
      body: JSON.stringify({ error: { code, message } }),
    });
    if (!/^Bearer (function|machine|app)-token$/.test(headers.authorization ?? ""))
      return error(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
    if (searchParams.get("api-version") !== "7.4") return error(400, "BadParameter", "api-version");
    const value = secrets[pathname.replace("/secrets/", "")];
    if (value === undefined) return error(404, "SecretNotFound", "A secret with (name/id) loki was not found.");
    return { body: JSON.stringify({ value, id: pathname, attributes: { enabled: true } }) };
  };
  return { ...(await startBackend(answer)), secrets };
}

describe("the secret is read with", () => {
  test.for([
    {
      it: "the managed identity of a function",
      env: (url: string) => ({ IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: "identity-header" }),
      args: () => ({}),
      paths: ["/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net"],
    },
    {
      it: "an identity that a user assigned",
      env: (url: string) => ({ IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: "identity-header" }),
      args: () => ({ managed_identity_client_id: "id" }),
      paths: ["/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=id"],
    },
    {
      it: "the managed identity of a machine",
      env: (url: string) => ({ AZURE_POD_IDENTITY_AUTHORITY_HOST: url }),
      args: () => ({}),
      paths: ["/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"],
    },
    {
      it: "an application",
      env: () => ({}),
      args: (url: string) => ({
        application: { tenant_id: "tenant", client_id: "app", client_secret: "app-secret", authority_host: url },
      }),
      paths: ["/tenant/oauth2/v2.0/token"],
    },
    {
      it: "an application of the environment",
      env: (url: string) => ({
        AZURE_TENANT_ID: "tenant",
        AZURE_CLIENT_ID: "app",
        AZURE_CLIENT_SECRET: "app-secret",
        AZURE_AUTHORITY_HOST: url,
      }),
      args: () => ({}),
      paths: ["/tenant/oauth2/v2.0/token"],
    },
  ])("$it", async ({ env, args, paths }) => {
    const { url, got } = await startAzure();
    for (const [name, value] of Object.entries<string>(env(url))) vi.stubEnv(name, value);
    const source = await startTestSource(remoteAzureKeyVault, { vault_url: url, secret: "loki", ...args(url) });
    expect(source.exported()).toEqual({ content: secretText, data: {} });
    expect(source.shown()).not.toContain(secretText);
    expect([source.everyMs, source.health()]).toEqual([300_000, "healthy: secret fetched"]);
    expect(got.map(({ path }) => path)).toEqual([...paths, "/secrets/loki?api-version=7.4"]);
  });
});

test("a version is read, a rotation is seen, a failure keeps the last secret", async () => {
  const { url, secrets } = await startAzure({ "loki/abc": "one" });
  vi.stubEnv("AZURE_POD_IDENTITY_AUTHORITY_HOST", url);
  const source = await startTestSource(remoteAzureKeyVault, { vault_url: url, secret: "loki", version: "abc" });
  secrets["loki/abc"] = '{"a":"b"}';
  await source.refresh();
  expect(source.exported()).toEqual({ content: '{"a":"b"}', data: { a: "b" } });
  delete secrets["loki/abc"];
  expect(await failureOf(source.refresh())).toBe(
    'secret "loki" can\'t be read: got status 404: SecretNotFound: A secret with (name/id) loki was not found.',
  );
  expect(source.exported()).toEqual({ content: '{"a":"b"}', data: { a: "b" } });
});

test("an application with a wrong secret fails the load, without that secret", async () => {
  const { url } = await startAzure();
  const application = { tenant_id: "tenant", client_id: "app", client_secret: secretText, authority_host: url };
  expect(await failureOf(startTestSource(remoteAzureKeyVault, { vault_url: url, secret: "loki", application }))).toBe(
    `secret "loki" can't be read: oauth2 token request to ${url}/tenant/oauth2/v2.0/token was refused, got status 401: {"error":"invalid_client"}`,
  );
});

test("the permission is to read the one secret", async () => {
  const { needs } = await startTestSource(
    remoteAzureKeyVault,
    {
      vault_url: "https://shop.vault.azure.net/",
      secret: "loki",
    },
    { offline: true },
  );
  expect(needs).toEqual({
    permissions: [
      {
        action: "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        resource: "https://shop.vault.azure.net/secrets/loki",
      },
    ],
  });
});

test.for([
  {
    it: "a vault that is no URL",
    args: { vault_url: "shop" },
    problem: "vault_url should start with https:// and a host",
  },
  { it: "an odd name", args: { secret: "a/b" }, problem: 'secret should be of letters, digits and -, got "a/b"' },
  { it: "an odd version", args: { version: "?" }, problem: 'version should be of letters and digits, got "?"' },
])("$it is told", async ({ args, problem }) => {
  const plain = { vault_url: "https://shop.vault.azure.net", secret: "loki", ...args };
  expect(await failureOf(startTestSource(remoteAzureKeyVault, plain))).toBe(problem);
});
