import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Host } from "../../graph/component.ts";
import { testTime } from "../../graph/testing.ts";
import { startBackend } from "../testing.ts";
import { failureOf, startTestSource } from "./testing.ts";
import { startVault, type TestVault } from "./vault/testing.ts";
import { remoteVault } from "./vault.ts";

const password = "correct-horse-battery";
const token = { kind: "token", token: "root-token" };

let vault: TestVault;
beforeEach(async () => {
  vault = await startVault();
  vault.secrets.set("kv/data/shop/app", { password, user: "ada" });
});
afterEach(() => vi.unstubAllEnvs());

/** `auth` is the block's kind with its arguments. */
function start({ auth = token, ...more }: Record<string, unknown> & { auth?: object }, overrides: Partial<Host> = {}) {
  const { kind, ...args } = auth as Record<string, unknown>;
  const plain = { server: vault.url, path: "kv", key: "shop/app", auth: [{ [String(kind)]: args }], ...more };
  return startTestSource(remoteVault, plain, overrides);
}

describe("the secret", () => {
  test.for([
    { it: "is at the path and the key", args: {} },
    { it: "is at the path alone, whose first part is the mount, as in Alloy", args: { path: "kv/shop/app", key: "" } },
    { it: "is read with a slash behind the server's URL", args: { server: "URL/" } },
  ])("$it", async ({ args }) => {
    const server = (args as { server?: string }).server?.replace("URL", vault.url);
    const source = await start({ ...args, ...(server && { server }) });
    expect(source.exported()).toEqual({ data: { password, user: "ada" } });
    expect(source.shown()).not.toContain(password);
    expect(vault.calls).toEqual(["GET kv/data/shop/app"]);
    expect(source.health()).toBe("healthy: retrieved token");
    expect(source.everyMs).toBeUndefined();
  });

  test("has only its texts; of the others a warning tells the names", async () => {
    vault.secrets.set("kv/data/shop/app", { password, port: 5432, nested: { a: password } });
    const { exported, log } = await start({});
    expect(exported()).toEqual({ data: { password } });
    expect(log.lines).toEqual(
      ["port", "nested"].map(
        key =>
          `warn found field in secret which cannot be converted into a string ${JSON.stringify({ component: "test.part.a", key })}`,
      ),
    );
  });

  test("may be in a mount and a path with odd characters", async () => {
    vault.secrets.set("a/b/kv/data/shop/c d?e", { password });
    const source = await start({ path: "a/b/kv", key: "shop/c d?e" });
    expect(source.exported()).toEqual({ data: { password } });
  });

  test.for([
    { it: "the arguments name", args: { namespace: "team/a" }, env: "" },
    { it: "VAULT_NAMESPACE names", args: {}, env: "team/a" },
  ])("is in the namespace that $it", async ({ args, env }) => {
    vault.namespace = "team/a";
    vi.stubEnv("VAULT_NAMESPACE", env);
    expect((await start(args)).exported()).toEqual({ data: { password, user: "ada" } });
  });
});

describe("a first read fails the load", () => {
  test.for([
    {
      it: "of a secret that is not there",
      args: { key: "none" },
      message: "failed to get token: no secret found at kv/data/none",
    },
    {
      it: "with a wrong token",
      args: { auth: { kind: "token", token: "wrong-token" } },
      message:
        "failed to get token: error encountered while reading secret at kv/data/shop/app: got status 403: permission denied",
    },
    {
      it: "with wrong credentials",
      args: { auth: { kind: "userpass", username: "ada", password: "wrong-password" } },
      message: "failed to get token: auth.userpass: unable to log in: got status 403: permission denied",
    },
  ])("$it", async ({ args, message }) => {
    expect(await failureOf(start(args))).toBe(message);
  });

  test("with a server that never answers", async () => {
    const { url } = await startBackend(() => undefined);
    const options = { timeout: "50ms", max_retries: 0 };
    const failure = await failureOf(start({ server: url, client_options: options }));
    expect(failure.replace(/\d+ ms$/, "N ms")).toBe(
      `failed to get token: error encountered while reading secret at kv/data/shop/app: ${url}/v1/kv/data/shop/app: no answer within N ms`,
    );
  });
});

describe("what fails for now", () => {
  const client_options = { min_retry_wait: "1ms", max_retry_wait: "2ms" };

  test("is tried again", async () => {
    vault.failures.push(503, 412);
    expect((await start({ client_options })).exported()).toEqual({ data: { password, user: "ada" } });
    expect(vault.calls.length).toBe(3);
  });

  test("is tried no more often than it may be", async () => {
    vault.failures.push(500, 500, 500);
    expect(await failureOf(start({ client_options: { ...client_options, max_retries: 1 } }))).toBe(
      "failed to get token: error encountered while reading secret at kv/data/shop/app: got status 500: told to fail",
    );
    expect(vault.calls.length).toBe(2);
  });
});

describe("logging in", () => {
  const jwt = "header.payload.signature";
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "vault-"));
    writeFileSync(path.join(folder, "token"), `${jwt}\n`);
    onTestFinished(() => rmSync(folder, { recursive: true }));
  });

  test.for([
    {
      it: "with a role and its secret id",
      auth: { kind: "approle", role_id: "role", secret: "secret-id" },
      at: "auth/approle/login",
      sends: { role_id: "role", secret_id: "secret-id" },
    },
    {
      it: "with the token of a service account of Kubernetes",
      auth: { kind: "kubernetes", role: "app", service_account_file: "token" },
      at: "auth/kubernetes/login",
      sends: { role: "app", jwt },
    },
    {
      it: "with a user of LDAP",
      auth: { kind: "ldap", username: "ada", password },
      at: "auth/ldap/login/ada",
      sends: { password },
    },
    {
      it: "with a user and a password, where that is mounted",
      auth: { kind: "userpass", username: "ada", password, mount_path: "people" },
      at: "auth/people/login/ada",
      sends: { password },
    },
    {
      it: "at any path",
      auth: { kind: "custom", path: "/auth/jwt/login", data: { role: "app", jwt } },
      at: "auth/jwt/login",
      sends: { role: "app", jwt },
    },
  ])("$it", async ({ auth, at, sends }) => {
    vault.logins.set(at, sends);
    const source = await start({ auth }, { directory: folder });
    expect(source.exported()).toEqual({ data: { password, user: "ada" } });
    expect(vault.calls).toEqual([`PUT ${at}`, "GET kv/data/shop/app"]);
  });

  test("a secret id that is wrapped is unwrapped first", async () => {
    vault.wrapped.set("wrapping-token", "secret-id");
    vault.logins.set("auth/approle/login", { role_id: "role", secret_id: "secret-id" });
    const auth = { kind: "approle", role_id: "role", secret: "wrapping-token", wrapping_token: true };
    expect((await start({ auth })).exported()).toEqual({ data: { password, user: "ada" } });
    expect(await failureOf(start({ auth }))).toBe(
      "failed to get token: auth.approle: unable to log in: got status 400: wrapping token is not valid or does not exist",
    );
  });

  test("with the role of a function on AWS: a request that only its owner could sign", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    vi.stubEnv("AWS_SESSION_TOKEN", "session-token");
    let sent: Record<string, unknown> = {};
    vault.logins.set("auth/aws/login", body => {
      sent = body;
      return true;
    });
    await start({
      auth: { kind: "aws", type: "iam", role: "app", region: "eu-central-1", iam_server_id_header: "vault.example" },
    });
    const text = (name: string) => Buffer.from(String(sent[name]), "base64").toString();
    expect([sent["role"], sent["iam_http_request_method"], text("iam_request_url"), text("iam_request_body")]).toEqual([
      "app",
      "POST",
      "https://sts.eu-central-1.amazonaws.com/",
      "Action=GetCallerIdentity&Version=2011-06-15",
    ]);
    expect(JSON.parse(text("iam_request_headers"))).toEqual({
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      "x-vault-aws-iam-server-id": "vault.example",
      "x-amz-date": "20231114T221320Z",
      "x-amz-security-token": "session-token",
      host: "sts.eu-central-1.amazonaws.com",
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20231114\/eu-central-1\/sts\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-vault-aws-iam-server-id, Signature=[0-9a-f]{64}$/,
      ),
    });
    expect(JSON.stringify(sent)).not.toContain("wJalr");
  });

  test("with the identity of an EC2 instance, which a function has not", async () => {
    const metadata = await startBackend(({ path: place, headers, method }) => {
      if (place === "/latest/api/token") return method === "PUT" ? { body: "imds-token" } : { status: 405 };
      if (headers["x-aws-ec2-metadata-token"] !== "imds-token") return { status: 401 };
      return place === "/latest/dynamic/instance-identity/pkcs7" ? { body: "MIIB\n" } : { status: 404 };
    });
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url);
    vault.logins.set(
      "auth/aws/login",
      ({ nonce, ...rest }) => typeof nonce === "string" && JSON.stringify(rest) === '{"role":"app","pkcs7":"MIIB"}',
    );
    const auth = { kind: "aws", type: "ec2", role: "app" };
    expect((await start({ auth })).exported()).toEqual({ data: { password, user: "ada" } });
    expect(await failureOf(start({ auth }, { mode: "function" }))).toBe(
      'failed to get token: auth.aws: unable to log in: type "ec2" needs the metadata of an EC2 instance, which a function has not; "iam" works in one',
    );
  });

  test("with the managed identity of a function on Azure", async () => {
    const identity = await startBackend(({ path: place, headers }) =>
      headers["x-identity-header"] === "identity-header"
        ? { body: JSON.stringify({ access_token: `${jwt} for ${place}`, expires_on: "1700003600" }) }
        : { status: 401 },
    );
    vi.stubEnv("IDENTITY_ENDPOINT", `${identity.url}/msi/token`);
    vi.stubEnv("IDENTITY_HEADER", "identity-header");
    vi.stubEnv("WEBSITE_OWNER_NAME", "sub-1+group-region");
    vi.stubEnv("WEBSITE_RESOURCE_GROUP", "group");
    vi.stubEnv("WEBSITE_SITE_NAME", "shop");
    vault.logins.set("auth/azure/login", {
      role: "app",
      jwt: `${jwt} for /msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com%2F`,
      subscription_id: "sub-1",
      resource_group_name: "group",
      resource_id: "/subscriptions/sub-1/resourceGroups/group/providers/Microsoft.Web/sites/shop",
    });
    expect((await start({ auth: { kind: "azure", role: "app" } })).exported()).toEqual({
      data: { password, user: "ada" },
    });
  });

  test("with the service account of a function on Google Cloud", async () => {
    const metadata = await startBackend(({ path: place, headers }) =>
      headers["metadata-flavor"] === "Google" ? { body: `${jwt} for ${place}` } : { status: 403 },
    );
    vi.stubEnv("GCE_METADATA_HOST", metadata.address);
    const audience = encodeURIComponent(`${vault.url}/vault/app`);
    vault.logins.set("auth/gcp/login", {
      role: "app",
      jwt: `${jwt} for /computeMetadata/v1/instance/service-accounts/default/identity?audience=${audience}&format=full`,
    });
    const auth = { kind: "gcp", role: "app", type: "gce" };
    expect((await start({ auth })).exported()).toEqual({ data: { password, user: "ada" } });
  });

  test("with a token that a service account of Google signs", async () => {
    const google = await startBackend(({ path: place = "", headers, body }) => {
      if (place.endsWith("/token")) return { body: '{"access_token":"google-token","expires_in":3599}' };
      if (headers.authorization !== "Bearer google-token") return { status: 401 };
      const { payload } = JSON.parse(String(body)) as { payload: string };
      return { body: JSON.stringify({ keyId: "k", signedJwt: `${place} signed ${payload}` }) };
    });
    vi.stubEnv("GCE_METADATA_HOST", google.address);
    vi.stubEnv("GOOGLE_IAM_CREDENTIALS_ENDPOINT", google.url);
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "");
    const account = "app@project.iam.gserviceaccount.com";
    const payload = JSON.stringify({ aud: "vault/app", sub: account, exp: testTime / 1000 + 600 });
    vault.logins.set("auth/gcp/login", {
      role: "app",
      jwt: `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signJwt signed ${payload}`,
    });
    const auth = { kind: "gcp", role: "app", type: "iam", iam_service_account: account };
    expect((await start({ auth })).exported()).toEqual({ data: { password, user: "ada" } });
  });
});

describe("over time", () => {
  const auth = { kind: "userpass", username: "ada", password };
  const sends = { password };
  let now = 0;
  const clock = () => now;
  const minute = 60_000;
  const begin = async (args: object = { reread_frequency: "10m" }) => {
    now = testTime;
    vault.logins.set("auth/userpass/login/ada", sends);
    const source = await start({ auth, ...args }, { clock });
    vault.calls.length = 0;
    return {
      ...source,
      /** What is called when the component refreshes some time later. */
      later: async (milliseconds: number) => {
        now += milliseconds;
        await source.refresh();
        return vault.calls.splice(0);
      },
    };
  };

  test("the secret is read again at reread_frequency, and a rotation is exported", async () => {
    const { later, exported, everyMs } = await begin();
    vault.secrets.set("kv/data/shop/app", { password: "rotated" });
    expect(everyMs).toBe(10 * minute);
    expect(await later(10 * minute)).toEqual(["GET kv/data/shop/app"]);
    expect(exported()).toEqual({ data: { password: "rotated" } });
  });

  test("a failure keeps the last secret", async () => {
    const { later, exported } = await begin({ reread_frequency: "10m", client_options: { max_retries: 0 } });
    vault.failures.push(500);
    expect(await failureOf(later(10 * minute))).toBe(
      "failed to get token: error encountered while reading secret at kv/data/shop/app: got status 500: told to fail",
    );
    expect(exported()).toEqual({ data: { password, user: "ada" } });
    expect(await later(10 * minute)).toContain("GET kv/data/shop/app");
  });

  test("without reread_frequency nothing is read again, and no token is kept alive for it", async () => {
    expect((await begin({})).everyMs).toBeUndefined();
  });

  test("a secret with a lease is read again when two thirds of it are over", async () => {
    vault.secretLease = 90;
    const { later, everyMs } = await begin({});
    expect(everyMs).toBe(minute);
    expect(await later(minute)).toEqual(["GET kv/data/shop/app"]);
  });

  test("a token is renewed when two thirds of its life are over, also where the secret is not due", async () => {
    vault.lease.duration = 180;
    const { later, everyMs } = await begin();
    expect(everyMs).toBe(2 * minute);
    const calls: string[][] = [];
    while (calls.length < 5) calls.push(await later(2 * minute));
    const renewal = "PUT auth/token/renew-self";
    expect(calls).toEqual([[renewal], [renewal], [renewal], [renewal], [renewal, "GET kv/data/shop/app"]]);
  });

  test("a token that is not renewable is replaced by another login", async () => {
    vault.lease = { duration: 300, renewable: false };
    const { later, everyMs } = await begin();
    expect(everyMs).toBe(10 * minute);
    expect(await later(10 * minute)).toEqual(["PUT auth/userpass/login/ada", "GET kv/data/shop/app"]);
  });

  test("a token that can't be renewed any more is replaced by another login", async () => {
    const { later } = await begin({ reread_frequency: "1h" });
    vault.tokens.clear();
    expect(await later(60 * minute)).toEqual([
      "PUT auth/token/renew-self",
      "PUT auth/userpass/login/ada",
      "GET kv/data/shop/app",
    ]);
  });

  test("a token that was revoked is replaced by another login", async () => {
    const { later, exported } = await begin();
    vault.tokens.clear();
    vault.secrets.set("kv/data/shop/app", { password: "rotated" });
    expect(await later(10 * minute)).toEqual([
      "GET kv/data/shop/app",
      "PUT auth/userpass/login/ada",
      "GET kv/data/shop/app",
    ]);
    expect(exported()).toEqual({ data: { password: "rotated" } });
  });
});

test.for([
  { it: "no auth block", plain: { auth: [] }, problem: "exactly one auth.* block must be specified; found none" },
  {
    it: "two auth blocks",
    plain: { auth: [{ token: { token: "a" } }, { token: { token: "b" } }] },
    problem: "exactly one auth.* block must be specified; found 2",
  },
  {
    it: "a timeout of 0",
    plain: { client_options: { timeout: "0s" } },
    problem: "client_options.timeout must be greater than 0",
  },
  { it: "a path without a mount", plain: { key: "" }, problem: 'missing mount path in "kv"' },
  {
    it: "a server that is no URL",
    plain: { server: "vault:8200" },
    problem: "server should start with http:// or https:// and a host",
  },
  {
    it: "an unknown type of AWS",
    plain: { auth: [{ aws: { type: "x" } }] },
    problem: 'unrecognized type "x", expected one of ec2,iam',
  },
  {
    it: "an unknown signature",
    plain: { auth: [{ aws: { type: "ec2", ec2_signature_type: "x" } }] },
    problem: 'unrecognized ec2_signature_type "x", expected one of pkcs7,identity',
  },
  {
    it: "an unknown type of Google",
    plain: { auth: [{ gcp: { role: "a", type: "x" } }] },
    problem: 'unrecognized type "x", expected one of gce,iam',
  },
  {
    it: "nobody who signs",
    plain: { auth: [{ gcp: { role: "a", type: "iam" } }] },
    problem: "iam_service_account must be provided when type is iam",
  },
])("$it is told", ({ plain, problem }) => {
  const decoded = remoteVault.args.decode({
    server: "http://vault:8200",
    path: "kv",
    key: "app",
    auth: [{ token: { token: "a" } }],
    ...plain,
  });
  expect([...(remoteVault.check?.(decoded) ?? [])].map(({ message }) => message)).toEqual([problem]);
});
