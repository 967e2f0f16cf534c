/** Values from elsewhere as a user meets them: a secret that is rotated takes effect without a restart or a deployment. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { loadFunction } from "../../functions/aws/entry.ts";
import { createHandler, type Handler } from "../../functions/aws/handler.ts";
import { bundle } from "../../functions/bundle.ts";
import { readConfiguration } from "../../functions/local/configuration.ts";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { remoteAwsKms } from "../../lib/pipeline/components/remote/aws/kms.ts";
import { remoteAwsSecretsManager } from "../../lib/pipeline/components/remote/aws/secrets_manager.ts";
import { remoteAwsSsmParameter } from "../../lib/pipeline/components/remote/aws/ssm_parameter.ts";
import { remoteS3 } from "../../lib/pipeline/components/remote/s3.ts";
import { failureOf, startTestSource, type TestSource } from "../../lib/pipeline/components/remote/testing.ts";
import { startVault } from "../../lib/pipeline/components/remote/vault/testing.ts";
import { remoteVault } from "../../lib/pipeline/components/remote/vault.ts";
import type { Needs } from "../../lib/pipeline/graph/component.ts";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { post } from "./support/client.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "./support/moto.ts";
import { freePort } from "./support/ports.ts";
import { startAmalgam, temporaryFolder, writeConfig } from "./support/process.ts";
import { type Sink, startSink } from "./support/sink.ts";
import { until } from "./support/until.ts";

/** Gives a text that changes, or a status; counts who asks. */
async function startText(text: string) {
  const served = { text, status: 200, asked: 0, url: "" };
  const server = createServer((_, response) => {
    served.asked++;
    response.writeHead(served.status).end(served.text);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/value`; // listens on TCP
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return served;
}

const basic = (password: string) => `Basic ${Buffer.from(`ada:${password}`).toString("base64")}`;

const writer = (sink: Sink, label: string, password: string) => `
loki.write "out" {
  endpoint {
    url = "${sink.url}/loki/api/v1/push"
    basic_auth {
      username = "ada"
      password = ${password}
    }
  }
  external_labels = { version = ${label} }
}
`;

const receiver = (port: number) => `
loki.source.api "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = ${port}
  }
  forward_to = [loki.write.out.receiver]
}
`;

const push = (line: string) =>
  JSON.stringify({ streams: [{ stream: { job: "a" }, values: [["1700000000000000000", line]] }] });

/** As a function URL gives it. */
const pushEvent = () => ({
  version: "2.0",
  rawPath: "/loki/api/v1/push",
  rawQueryString: "",
  headers: { "content-type": "application/json" },
  requestContext: { http: { method: "POST", path: "/loki/api/v1/push" }, stage: "$default", requestId: "r" },
  body: push("line"),
  isBase64Encoded: false,
});

/** Sends lines until one comes out as wanted, and gives how the last one came out. */
async function arrives(sink: Sink, port: number, label: string, password: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/loki/api/v1/push`;
  await until(
    async () => {
      await post({ url, headers: { "content-type": "application/json" }, body: push("line") });
      const seen = sink.entries.at(-1)?.labels.includes(`version="${label}"`);
      return seen && sink.requests.at(-1)?.headers.authorization === basic(password);
    },
    () => `version ${label} with its password, last: ${JSON.stringify([sink.entries.at(-1), sink.requests.at(-1)])}`,
  );
}

test("amalgam run: what a URL gives is a label and a password, a change takes effect, and a failure changes nothing", async () => {
  const sink = await startSink();
  const version = await startText("one");
  const password = await startText("first-password");
  const port = await freePort();
  const poll = 'poll_frequency = "1s"\n  poll_timeout = "900ms"';
  const amalgam = await startAmalgam(
    writeConfig(`
remote.http "version" {
  url = "${version.url}"
  ${poll}
}

remote.http "password" {
  url       = "${password.url}"
  is_secret = true
  ${poll}
}
${writer(sink, "remote.http.version.content", "remote.http.password.content")}${receiver(port)}`),
  );
  await arrives(sink, port, "one", "first-password");
  version.text = "two";
  password.text = "second-password";
  await arrives(sink, port, "two", "second-password");

  password.status = 503;
  password.text = "not-a-password";
  const healthy = async () => (await fetch(`${amalgam.admin}/-/healthy`)).status;
  await until(async () => (await healthy()) === 500, "the failure is seen in the health");
  await arrives(sink, port, "two", "second-password");

  const pages = ["/metrics", "/api/v0/web/components", "/api/v0/web/components/remote.http.password"];
  const shown = await Promise.all(pages.map(async place => (await fetch(amalgam.admin + place)).text()));
  for (const secret of ["first-password", "second-password", "not-a-password"])
    expect(shown.join("\n") + amalgam.log()).not.toContain(secret);
  expect(shown[2]).toContain("(secret)");
  expect(amalgam.log()).toContain("polling failed: unexpected status code 503 Service Unavailable");

  password.status = 200;
  password.text = "third-password";
  await arrives(sink, port, "two", "third-password");
  await until(async () => (await healthy()) === 200, "the health is good again");
});

test("in a function a value is read at the cold start, and again only when it is older than its period", async () => {
  const sink = await startSink();
  const version = await startText("one");
  let now = Date.now();
  const config = writeConfig(`
remote.http "version" {
  url            = "${version.url}"
  poll_frequency = "5m"
}
${writer(sink, "remote.http.version.content", '"x"')}${receiver(3100)}`);
  const { files } = readConfiguration(config);
  const pipeline = await loadFunction(files, {
    definitions: [...definitions.values()],
    stability: "generally-available",
    directory: path.dirname(config),
    log: testLog(),
    environment: { clock: () => now },
  });
  onTestFinished(() => pipeline.close());
  const handler = createHandler(pipeline);
  const invoke = async () => {
    await handler(pushEvent());
    return { label: /version="(\w+)"/.exec(sink.entries.at(-1)?.labels ?? "")?.[1], asked: version.asked };
  };
  const seen = [await invoke()];
  version.text = "two";
  for (const minutes of [1, 3]) {
    now += minutes * 60_000;
    seen.push(await invoke());
  }
  now += 60_000;
  seen.push(await invoke(), await invoke());
  version.status = 500;
  now += 300_000;
  seen.push(await invoke());
  expect(seen).toEqual([
    { label: "one", asked: 1 },
    { label: "one", asked: 1 },
    { label: "one", asked: 1 },
    { label: "two", asked: 2 },
    { label: "two", asked: 2 },
    { label: "two", asked: 3 },
  ]);
});

describe.runIf(motoIsInstalled)("with an emulator of AWS that checks signatures and permissions", () => {
  let moto: Moto;
  const credentials = { key: "", secret: "" };

  beforeAll(async () => {
    moto = await startMoto();
    const place = `<LocationConstraint>${region}</LocationConstraint>`;
    await moto.put("/config", `<CreateBucketConfiguration>${place}</CreateBucketConfiguration>`);
    await moto.put("/config/a%20folder/value.txt", "one\n");
    await moto.json("secretsmanager", "secretsmanager.CreateSecret", { Name: "shop/loki", SecretString: loki("one") });
    const parameter = (Name: string, Value: string, Type = "SecureString") =>
      moto.json("ssm", "AmazonSSM.PutParameter", { Name, Value, Type, Overwrite: true });
    await parameter("/shop/prod/version", "one", "String");
    await parameter("/shop/prod/db/password", "first-password");
    for (let i = 0; i < 12; i++) await parameter(`/shop/many/${i}`, String(i));
    await moto.guard();
  });
  afterAll(() => moto?.stop());

  const loki = (version: string) => JSON.stringify({ version, password: `${version}-password`, port: 3100 });
  const actionsOf = ({ permissions = [] }: Needs = {}) => permissions.map(({ action }) => action);

  /** Sources of the four kinds. They are made by a user who may do only what they need, as a function's role does. */
  const start = async (build: (client: object) => Promise<TestSource>, actions: readonly string[]) => {
    const { accessKeyId: key, secretAccessKey: secret } = await moto.addUser(`user-${Math.random()}`, actions);
    Object.assign(credentials, { key, secret });
    return build({ endpoint: moto.url, region, key, secret });
  };

  test("each reads with the permissions that it asks for, and nothing else; what is rotated is seen", async () => {
    const kinds = [
      {
        actions: ["s3:GetObject"],
        build: (client: object) =>
          startTestSource(remoteS3, {
            path: "s3://config/a folder/value.txt",
            client: { ...client, use_path_style: true },
          }),
        before: { content: { text: "one\n", secret: false } },
        rotate: () => moto.put("/config/a%20folder/value.txt", "two\n"),
        after: { content: { text: "two\n", secret: false } },
      },
      {
        actions: ["secretsmanager:GetSecretValue"],
        build: (client: object) => startTestSource(remoteAwsSecretsManager, { secret_id: "shop/loki", client }),
        before: { content: loki("one"), data: { version: "one", password: "one-password", port: "3100" } },
        rotate: () =>
          moto.json("secretsmanager", "secretsmanager.PutSecretValue", {
            SecretId: "shop/loki",
            SecretString: loki("two"),
          }),
        after: { content: loki("two"), data: { version: "two", password: "two-password", port: "3100" } },
      },
      {
        actions: ["ssm:GetParameter"],
        build: (client: object) => startTestSource(remoteAwsSsmParameter, { name: "/shop/prod/db/password", client }),
        before: { content: "first-password", data: {} },
        rotate: () =>
          moto.json("ssm", "AmazonSSM.PutParameter", {
            Name: "/shop/prod/db/password",
            Value: "second-password",
            Type: "SecureString",
            Overwrite: true,
          }),
        after: { content: "second-password", data: {} },
      },
      {
        actions: ["ssm:GetParametersByPath", "ssm:GetParametersByPath"],
        build: (client: object) => startTestSource(remoteAwsSsmParameter, { path: "/shop/prod", client }),
        before: { data: { version: "one", "db/password": "second-password" } },
        rotate: () =>
          moto.json("ssm", "AmazonSSM.PutParameter", {
            Name: "/shop/prod/version",
            Value: "two",
            Type: "String",
            Overwrite: true,
          }),
        after: { data: { version: "two", "db/password": "second-password" } },
      },
    ];
    for (const { actions, build, before, rotate, after } of kinds) {
      const source = await start(build, actions);
      expect(actionsOf(source.needs)).toEqual(actions);
      expect(source.exported()).toEqual(before);
      await rotate();
      await source.refresh();
      expect(source.exported()).toEqual(after);
    }
  });

  test("a text is decrypted with the permission that it asks for, and only with its context", async () => {
    const { KeyMetadata } = (await moto.json("kms", "TrentService.CreateKey", {})) as { KeyMetadata: { Arn: string } };
    const { CiphertextBlob: ciphertext } = (await moto.json("kms", "TrentService.Encrypt", {
      KeyId: KeyMetadata.Arn,
      Plaintext: Buffer.from(loki("one")).toString("base64"),
      EncryptionContext: { app: "shop" },
    })) as { CiphertextBlob: string };
    const args = { ciphertext, key_id: KeyMetadata.Arn };
    const startIn = (app: string) =>
      start(client => startTestSource(remoteAwsKms, { ...args, encryption_context: { app }, client }), ["kms:Decrypt"]);
    const source = await startIn("shop");
    expect(source.needs).toEqual({ permissions: [{ action: "kms:Decrypt", resource: KeyMetadata.Arn }] });
    expect(source.exported()).toEqual({
      content: loki("one"),
      data: { version: "one", password: "one-password", port: "3100" },
    });
    expect(await failureOf(startIn("other"))).toContain(
      "Decrypt was refused, got status 400: InvalidCiphertextException",
    );
  });

  test("a path with more parameters than the service gives at a time is read whole", async () => {
    const source = await start(
      client => startTestSource(remoteAwsSsmParameter, { path: "/shop/many/", client }),
      ["ssm:GetParametersByPath"],
    );
    const numbers = Array.from({ length: 12 }, (_, i) => String(i));
    expect(source.exported()).toEqual({ data: Object.fromEntries(numbers.map(n => [n, n])) });
  });

  // moto tells the reason of a 403 as XML, which these services never do
  test.for([
    {
      it: "a secret that is not there",
      args: { secret_id: "none" },
      says: /^secret "none" can't be read: GetSecretValue was refused, got status 40\d: ResourceNotFoundException: /,
    },
    {
      it: "a wrong key",
      settings: { secret: "wrong-secret-key" },
      says: /^secret "shop\/loki" can't be read: GetSecretValue was refused, got status 403$/,
    },
    {
      it: "a role without the permission",
      actions: ["s3:GetObject"],
      says: /^secret "shop\/loki" can't be read: GetSecretValue was refused, got status 403$/,
    },
  ])("$it is told, without the secret key", async ({ args, settings, actions, says }) => {
    const failure = await failureOf(
      start(
        client =>
          startTestSource(remoteAwsSecretsManager, {
            secret_id: "shop/loki",
            ...args,
            client: { ...client, ...settings },
          }),
        actions ?? ["secretsmanager:GetSecretValue"],
      ),
    );
    expect(failure).toMatch(says);
    for (const key of [credentials.secret, "wrong-secret-key"]) expect(failure).not.toContain(key);
  });

  test("an object that is not there fails the load of a function, and leaves a local process without it, as in Alloy", async () => {
    const none = (mode: "local" | "function") =>
      start(
        client =>
          startTestSource(
            remoteS3,
            { path: "s3://config/none", client: { ...client, use_path_style: true } },
            { mode },
          ),
        ["s3:GetObject"],
      );
    const message = "s3://config/none can't be read: got status 404: NoSuchKey: The specified key does not exist.";
    expect(await failureOf(none("function"))).toBe(message);
    const source = await none("local");
    expect([source.exported(), source.health()]).toEqual([
      { content: { text: "", secret: false } },
      `unhealthy: ${message}`,
    ]);
    await moto.put("/config/none", "now");
    await source.refresh();
    expect([source.exported(), source.health()]).toEqual([
      { content: { text: "now", secret: false } },
      "healthy: s3 file updated",
    ]);
  });

  test("the request that proves a role to Vault is one that STS takes", async () => {
    const vault = await startVault();
    vault.secrets.set("kv/data/app", { a: "b" });
    const user = await moto.addUser("vault-user", ["s3:GetObject"]);
    vi.stubEnv("AWS_ACCESS_KEY_ID", user.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", user.secretAccessKey);
    onTestFinished(() => void vi.unstubAllEnvs());
    let login: Record<string, unknown> = {};
    vault.logins.set("auth/aws/login", body => {
      login = body;
      return true;
    });
    const auth = [{ aws: { type: "iam", region } }];
    await startTestSource(remoteVault, { server: vault.url, path: "kv", key: "app", auth }, { clock: Date.now });
    const decoded = (name: string) => Buffer.from(String(login[name]), "base64").toString();
    const { host, ...headers } = JSON.parse(decoded("iam_request_headers")) as Record<string, string>;
    // what Vault does with it: it asks STS who signed
    const { status, text } = await post({
      url: moto.url,
      headers: { ...headers, host: String(host) },
      body: decoded("iam_request_body"),
    });
    expect([status, /<Arn>([^<]+)</.exec(text)?.[1]]).toEqual([200, "arn:aws:iam::123456789012:user/vault-user"]);
  });

  test("amalgam run: a secret that is rotated is used without a restart", async () => {
    const sink = await startSink();
    const port = await freePort();
    const user = await moto.addUser("runner", ["secretsmanager:GetSecretValue"]);
    const put = (version: string) =>
      moto.json("secretsmanager", "secretsmanager.PutSecretValue", {
        SecretId: "shop/loki",
        SecretString: loki(version),
      });
    await put("three");
    const config = writeConfig(`
remote.aws.secrets_manager "loki" {
  secret_id      = "shop/loki"
  poll_frequency = "300ms"
}
${writer(sink, "convert.nonsensitive(remote.aws.secrets_manager.loki.data.version)", "remote.aws.secrets_manager.loki.data.password")}${receiver(port)}`);
    const amalgam = await startAmalgam(config, {
      env: {
        AWS_ENDPOINT_URL: moto.url,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: user.accessKeyId,
        AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      },
    });
    await arrives(sink, port, "three", "three-password");
    await put("four");
    await arrives(sink, port, "four", "four-password");
    const page = await (await fetch(`${amalgam.admin}/api/v0/web/components/remote.aws.secrets_manager.loki`)).text();
    expect(page).toContain("(secret)");
    for (const secret of ["four-password", user.secretAccessKey]) expect(page + amalgam.log()).not.toContain(secret);
  });

  test("a bundled function reads its secrets at the cold start, with what the runtime gives it", async () => {
    const sink = await startSink();
    const user = await moto.addUser("bundled", ["secretsmanager:GetSecretValue", "ssm:GetParametersByPath"]);
    await moto.json("secretsmanager", "secretsmanager.PutSecretValue", {
      SecretId: "shop/loki",
      SecretString: loki("bundled"),
    });
    const config = writeConfig(`
remote.aws.secrets_manager "loki" {
  secret_id = "shop/loki"
}

remote.aws.ssm_parameter "prod" {
  path = "/shop/prod"
}
${writer(sink, "convert.nonsensitive(remote.aws.ssm_parameter.prod.data.version)", "remote.aws.secrets_manager.loki.data.password")}${receiver(3100)}`);
    const { file } = await bundle({ config, outdir: temporaryFolder(), target: "aws" });
    vi.stubEnv("AWS_ENDPOINT_URL", moto.url);
    vi.stubEnv("AWS_REGION", region);
    vi.stubEnv("AWS_ACCESS_KEY_ID", user.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", user.secretAccessKey);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { handler } = (await import(file)) as { handler: Handler }; // what a bundle exports
    await handler(pushEvent());
    expect(sink.requests.map(({ headers }) => headers.authorization)).toEqual([basic("bundled-password")]);
    expect(sink.entries.map(({ labels }) => labels)).toEqual(['{job="a", version="two"}']);
  });
});
