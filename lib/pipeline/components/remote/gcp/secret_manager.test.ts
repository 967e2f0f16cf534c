import { createVerify, generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { testTime } from "../../../graph/testing.ts";
import { type BackendRequest, startBackend } from "../../testing.ts";
import { failureOf, startTestSource } from "../testing.ts";
import { remoteGcpSecretManager } from "./secret_manager.ts";

const secretText = "correct-horse-battery";
const name = "projects/shop/secrets/loki";

beforeEach(() => {
  for (const variable of ["GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST"]) vi.stubEnv(variable, "");
});
afterEach(() => vi.unstubAllEnvs());

/** As much of the service as is spoken to: cloud.google.com/secret-manager/docs/reference/rest. */
async function startGoogle(versions: Record<string, string> = { [`${name}/versions/latest`]: secretText }) {
  const tokens = ["metadata-token", "account-token"];
  const error = (code: number, message: string) => ({
    status: code,
    body: JSON.stringify({ error: { code, message } }),
  });
  const answer = ({ method, path = "", headers }: BackendRequest) => {
    if (path === "/computeMetadata/v1/instance/service-accounts/default/token") {
      if (headers["metadata-flavor"] !== "Google") return { status: 403 };
      return { body: JSON.stringify({ access_token: "metadata-token", expires_in: 3599, token_type: "Bearer" }) };
    }
    if (path === "/token") return { body: JSON.stringify({ access_token: "account-token", expires_in: 3599 }) };
    if (!tokens.some(token => headers.authorization === `Bearer ${token}`))
      return error(401, "Request had invalid authentication credentials.");
    const version = /^\/v1\/(.+):access$/.exec(path)?.[1] ?? "";
    const text = versions[version];
    if (method !== "GET" || text === undefined) return error(404, `Secret Version [${version}] not found.`);
    return { body: JSON.stringify({ name: version, payload: { data: Buffer.from(text).toString("base64") } }) };
  };
  const google = await startBackend(answer);
  vi.stubEnv("GCE_METADATA_HOST", google.address);
  return { ...google, versions };
}

describe("the secret", () => {
  test("is read with the identity of the function", async () => {
    const { url, got } = await startGoogle();
    const source = await startTestSource(remoteGcpSecretManager, { secret: name, endpoint: url });
    expect(source.exported()).toEqual({ content: secretText, data: {} });
    expect(source.shown()).not.toContain(secretText);
    expect([source.everyMs, source.health()]).toEqual([300_000, "healthy: secret fetched"]);
    expect(got.map(({ path }) => path)).toEqual([
      "/computeMetadata/v1/instance/service-accounts/default/token",
      `/v1/${name}/versions/latest:access`,
    ]);
  });

  test.for([
    { it: "its name and the project", args: { secret: "loki", project: "shop" }, version: `${name}/versions/latest` },
    { it: "a version", args: { secret: name, version: "3" }, version: `${name}/versions/3` },
    {
      it: "a location",
      args: { secret: "projects/shop/locations/europe-west3/secrets/loki" },
      version: "projects/shop/locations/europe-west3/secrets/loki/versions/latest",
    },
  ])("may be given by $it", async ({ args, version }) => {
    const { url } = await startGoogle({ [version]: '{"a":"b"}' });
    const source = await startTestSource(remoteGcpSecretManager, { ...args, endpoint: url });
    expect(source.exported()).toEqual({ content: '{"a":"b"}', data: { a: "b" } });
  });

  test("is read again with the same token as long as that lasts, and a failure keeps it", async () => {
    const { url, got, versions } = await startGoogle();
    let now = testTime;
    const clock = () => now;
    const source = await startTestSource(remoteGcpSecretManager, { secret: name, endpoint: url }, { clock });
    versions[`${name}/versions/latest`] = "rotated";
    for (const minutes of [5, 60]) {
      now = testTime + minutes * 60_000;
      await source.refresh();
    }
    expect(got.map(({ path }) => path?.split("/").at(-1))).toEqual([
      "token",
      "latest:access",
      "latest:access",
      "token",
      "latest:access",
    ]);
    delete versions[`${name}/versions/latest`];
    expect(await failureOf(source.refresh())).toBe(
      `secret "${name}" can't be read: got status 404: Secret Version [${name}/versions/latest] not found.`,
    );
    expect(source.exported()).toEqual({ content: "rotated", data: {} });
  });
});

test("a service account's key signs for its token", async () => {
  const { url, got } = await startGoogle();
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const client_email = "app@shop.iam.gserviceaccount.com";
  const private_key = privateKey.export({ type: "pkcs8", format: "pem" });
  const key = { type: "service_account", client_email, private_key, private_key_id: "k1", token_uri: `${url}/token` };
  const args = { secret: name, endpoint: url, credentials: JSON.stringify(key) };
  const source = await startTestSource(remoteGcpSecretManager, args);
  expect(source.exported()).toEqual({ content: secretText, data: {} });
  const form = new URLSearchParams(String(got[0]?.body));
  const [header = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
  const decoded = [header, claims].map(part => JSON.parse(Buffer.from(part, "base64url").toString()) as unknown);
  const seconds = Math.floor(testTime / 1000);
  expect(decoded).toEqual([
    { alg: "RS256", typ: "JWT", kid: "k1" },
    {
      iss: client_email,
      jti: expect.any(String) as unknown,
      aud: `${url}/token`,
      iat: seconds,
      exp: seconds + 600,
      scope: "https://www.googleapis.com/auth/cloud-platform",
    },
  ]);
  const verifies = createVerify("RSA-SHA256").update(`${header}.${claims}`).verify(publicKey, signature, "base64url");
  expect([form.get("grant_type"), verifies]).toEqual(["urn:ietf:params:oauth:grant-type:jwt-bearer", true]);
});

test.for([
  {
    it: "of another kind",
    credentials: '{"type":"authorized_user","refresh_token":"correct-horse"}',
    message: 'credentials should be the key of a service account in JSON, got type "authorized_user"',
  },
  {
    it: "that is no JSON",
    credentials: "correct-horse",
    message: "credentials should be the key of a service account in JSON, got something else",
  },
])("credentials $it fail the load", async ({ credentials, message }) => {
  const { url } = await startGoogle();
  const args = { secret: name, endpoint: url, credentials };
  expect(await failureOf(startTestSource(remoteGcpSecretManager, args))).toBe(
    `secret "${name}" can't be read: ${message}`,
  );
});

test("the permission is to read the one secret", async () => {
  expect((await startTestSource(remoteGcpSecretManager, { secret: name }, { offline: true })).needs).toEqual({
    permissions: [{ action: "secretmanager.versions.access", resource: name }],
  });
});

test.for([
  {
    it: "a name without its project",
    args: { secret: "loki" },
    problem: 'secret should be projects/PROJECT/secrets/NAME where project is unset, got "loki"',
  },
  {
    it: "a whole name with a project",
    args: { secret: name, project: "shop" },
    problem: `secret should be a name alone where project is set, got "${name}"`,
  },
  {
    it: "two credentials",
    args: { credentials: "a", credentials_file: "b" },
    problem: "at most one of credentials and credentials_file may be set",
  },
])("$it is told", async ({ args, problem }) => {
  expect(await failureOf(startTestSource(remoteGcpSecretManager, { secret: name, ...args }))).toBe(problem);
});
