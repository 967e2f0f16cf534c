import { createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildClient, type ClientConfig, validateClientConfig } from "./client-config.ts";
import type { HttpClient } from "./http.ts";

const ca = readFileSync(new URL("testdata/ca.pem", import.meta.url), "utf8");

test.for<{ it: string; config: ClientConfig; out: string | undefined }>([
  { it: "nothing", config: {}, out: undefined },
  { it: "basic_auth", config: { basic_auth: { username: "u", password: "p" } }, out: undefined },
  { it: "an empty bearer token beside basic_auth", config: { basic_auth: {}, bearer_token: "" }, out: undefined },
  {
    it: "two ways to authenticate",
    config: { basic_auth: {}, bearer_token: () => "t" },
    out: "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
  },
  {
    it: "two bearer tokens",
    config: { bearer_token: { reveal: () => "t" }, bearer_token_file: "f" },
    out: "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
  },
  {
    it: "two passwords",
    config: { basic_auth: { password: "p", password_file: "f" } },
    out: "at most one of basic_auth password & password_file must be configured",
  },
  {
    it: "two credentials",
    config: { authorization: { credentials: "p", credentials_file: "f" } },
    out: "at most one of authorization credentials & credentials_file must be configured",
  },
  {
    it: "basic as authorization",
    config: { authorization: { type: " BASIC " } },
    out: 'authorization type cannot be set to "basic", use "basic_auth" block instead',
  },
  { it: "oauth2 without client", config: { oauth2: {} }, out: "oauth2 client_id must be configured" },
  {
    it: "oauth2 without secret",
    config: { oauth2: { client_id: "c" } },
    out: "either oauth2 client_secret or client_secret_file must be configured",
  },
  {
    it: "oauth2 with two secrets",
    config: { oauth2: { client_id: "c", client_secret: "s", client_secret_file: "f" } },
    out: "at most one of oauth2 client_secret & client_secret_file must be configured",
  },
  {
    it: "oauth2 without address",
    config: { oauth2: { client_id: "c", client_secret: "s" } },
    out: "oauth2 token_url must be configured",
  },
  {
    it: "oauth2 with a proxy twice",
    config: {
      oauth2: { client_id: "c", client_secret: "s", token_url: "u", proxy_url: "p", proxy_from_environment: true },
    },
    out: "if proxy_from_environment is configured, proxy_url must not be configured",
  },
  {
    it: "oauth2 with an unknown grant",
    config: { oauth2: { client_id: "c", grant_type: "password" } },
    out: 'unsupported oauth2 grant_type "password"',
  },
  {
    it: "two authorities",
    config: { tls_config: { ca_pem: "c", ca_file: "f" } },
    out: "at most one of ca_pem and ca_file must be configured",
  },
  {
    it: "two certificates",
    config: { tls_config: { cert_pem: "c", cert_file: "f" } },
    out: "at most one of cert_pem and cert_file must be configured",
  },
  {
    it: "two keys",
    config: { tls_config: { key_pem: "c", key_file: "f" } },
    out: "at most one of key_pem and key_file must be configured",
  },
  {
    it: "a certificate without key",
    config: { tls_config: { cert_pem: "c" } },
    out: "exactly one of key_pem or key_file must be configured when a client certificate is configured",
  },
  {
    it: "a key without certificate",
    config: { tls_config: { key_file: "f" } },
    out: "exactly one of cert_pem or cert_file must be configured when a client key is configured",
  },
  {
    it: "a header that is reserved",
    config: { http_headers: new Map([["user-agent", ["x"]]]) },
    out: 'setting header "User-Agent" is not allowed',
  },
  { it: "a header that is free", config: { http_headers: new Map([["x-scope-orgid", ["x"]]]) }, out: undefined },
  {
    it: "headers for no proxy",
    config: { proxy_connect_header: new Map([["a", ["b"]]]) },
    out: "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
  },
  {
    it: "exceptions from no proxy",
    config: { no_proxy: "a" },
    out: "if no_proxy is configured, proxy_url must also be configured",
  },
  {
    it: "exceptions from the environment's proxy",
    config: { no_proxy: "a", proxy_from_environment: true },
    out: "if proxy_from_environment is configured, no_proxy must not be configured",
  },
])("$it", ({ config, out }) => {
  expect(validateClientConfig(config)).toBe(out);
});

describe("requests", () => {
  let url: string;
  let folder: string;
  let seen: { path: string; headers: IncomingMessage["headers"]; body: string }[];
  let answer: (
    path: string,
    body: string,
    headers: IncomingMessage["headers"],
  ) => { status: number; body: string; type?: string };
  let close: () => void;
  const clients: HttpClient[] = [];
  let now = 0;

  beforeEach(async () => {
    seen = [];
    now = 0;
    answer = () => ({ status: 200, body: "" });
    folder = mkdtempSync(join(tmpdir(), "client-"));
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const [path, body] = [request.url ?? "", Buffer.concat(chunks).toString()];
      seen.push({ path, headers: request.headers, body });
      const { status, body: text, type = "application/json" } = answer(path, body, request.headers);
      response.writeHead(status, { "content-type": type }).end(text);
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
    close = () => server.close();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    close();
    rmSync(folder, { recursive: true });
  });

  function build(config: ClientConfig, options: Parameters<typeof buildClient>[1] = {}) {
    const client = buildClient(config, { directory: folder, now: () => now, ...options });
    clients.push(client);
    return client;
  }
  const file = (name: string, content: string) => writeFileSync(join(folder, name), content);

  test.for<{ it: string; config: ClientConfig; out: string | undefined }>([
    { it: "nothing", config: {}, out: undefined },
    {
      it: "basic_auth",
      config: { basic_auth: { username: "u", password: "pä:" } },
      out: `Basic ${Buffer.from("u:pä:").toString("base64")}`,
    },
    { it: "basic_auth without password", config: { basic_auth: { username: "u" } }, out: "Basic dTo=" },
    {
      it: "basic_auth with a file",
      config: { basic_auth: { username: "u", password_file: "text" } },
      out: `Basic ${Buffer.from("u:from file").toString("base64")}`,
    },
    { it: "authorization", config: { authorization: { credentials: "c" } }, out: "Bearer c" },
    { it: "authorization of a type", config: { authorization: { type: "Token", credentials: "c" } }, out: "Token c" },
    {
      it: "authorization with a file",
      config: { authorization: { credentials_file: "text" } },
      out: "Bearer from file",
    },
    { it: "bearer_token", config: { bearer_token: { reveal: () => "t" } }, out: "Bearer t" },
    { it: "bearer_token_file", config: { bearer_token_file: "text" }, out: "Bearer from file" },
  ])("authorization header: $it", async ({ config, out }) => {
    file("text", " from file\n");
    await build(config).request({ url });
    expect(seen[0]?.headers.authorization).toBe(out);
  });

  test("a header of the request wins", async () => {
    await build({ bearer_token: "t" }).request({ url, headers: { Authorization: "mine" } });
    expect(seen[0]?.headers.authorization).toBe("mine");
  });

  test("http_headers are added to those of the request, options come first", async () => {
    const http_headers = new Map([["X-Many", ["b", () => "c"]], ["X-One", ["1"]]] as const); // biome-ignore format: pairs
    await build({ http_headers }, { headers: { "user-agent": "Amalgam", "x-one": "0" } }).request({
      url,
      headers: { "x-many": "a" },
    });
    expect(seen[0]?.headers).toMatchObject({ "x-many": "a, b, c", "x-one": "0, 1", "user-agent": "Amalgam" });
  });

  test("files are read again when they change", async () => {
    file("text", "one");
    const client = build({ bearer_token_file: "text" });
    await client.request({ url });
    file("text", "second");
    await client.request({ url });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer one", "Bearer second"]);
  });

  test("a file that is missing when it is needed is to be retried", async () => {
    await expect(build({ basic_auth: { password_file: "missing" } }).request({ url })).rejects.toMatchObject({
      kind: "retry",
      message: expect.stringMatching(/^password_file can't be read: ENOENT/),
    });
  });

  test.for<{ it: string; tls_config: ClientConfig["tls_config"]; out: RegExp }>([
    { it: "a file that is missing", tls_config: { ca_file: "missing" }, out: /^ca_file can't be read: ENOENT/ },
    {
      it: "an authority that is none",
      tls_config: { ca_pem: "none" },
      out: /^tls_config: ca_pem or ca_file should hold a certificate in PEM$/,
    },
    {
      it: "a key that is none",
      tls_config: { cert_pem: ca, key_pem: ca },
      out: /^tls_config: key_pem or key_file should hold a private key in PEM$/,
    },
  ])("tls: $it is told when the client is built", ({ tls_config, out }) => {
    expect(() => build({ tls_config })).toThrow(out);
  });

  describe("oauth2", () => {
    const config = (overrides: ClientConfig["oauth2"] = {}): ClientConfig => ({
      oauth2: { client_id: "my id", client_secret: () => "s&t", token_url: `${url}/token`, ...overrides },
    });
    const basic = `Basic ${Buffer.from("my+id:s%26t").toString("base64")}`;
    const token =
      (body: object | string, status = 200): typeof answer =>
      path =>
        path === "/token"
          ? { status, body: typeof body === "string" ? body : JSON.stringify(body) }
          : { status: 200, body: "" };
    const tokenRequests = () => seen.filter(({ path }) => path === "/token");
    const used = () => seen.filter(({ path }) => path !== "/token").map(({ headers }) => headers.authorization);

    test("asks for a token once and sends it", async () => {
      answer = token({ access_token: "abc", token_type: "bearer", expires_in: 3600 });
      const client = build(config({ scopes: ["a", "b"], endpoint_params: new Map([["audience", "x"]]) }));
      await Promise.all([client.request({ url }), client.request({ url })]);
      await client.request({ url });
      expect(used()).toEqual(["Bearer abc", "Bearer abc", "Bearer abc"]);
      expect(tokenRequests()).toMatchObject([
        {
          body: "grant_type=client_credentials&scope=a+b&audience=x",
          headers: { authorization: basic, "content-type": "application/x-www-form-urlencoded" },
        },
      ]);
      expect(tokenRequests().length).toBe(1);
    });

    test("asks again shortly before a token expires", async () => {
      let count = 0;
      answer = (path, ...rest) =>
        token({ access_token: `t${path === "/token" ? ++count : ""}`, expires_in: "60" })(path, ...rest);
      const client = build(config());
      for (now of [0, 49_000, 50_000, 99_000]) await client.request({ url });
      expect(used()).toEqual(["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]);
    });

    test("asks again when the secret's file changes", async () => {
      answer = token({ access_token: "abc" });
      file("secret", "one");
      const client = build(config({ client_secret: undefined, client_secret_file: "secret" }));
      await client.request({ url });
      file("secret", "another");
      await client.request({ url });
      expect(tokenRequests().length).toBe(2);
    });

    test("puts credentials into the body where the header is refused, and remembers it", async () => {
      answer = (path, body) =>
        path === "/token" && !body.includes("client_secret=s%26t")
          ? { status: 401, body: "" }
          : { status: 200, body: '{"access_token":"abc","expires_in":1}' };
      const client = build(config());
      await client.request({ url });
      await client.request({ url });
      expect(
        tokenRequests().map(({ headers, body }) => [headers.authorization, body.includes("client_id=my+id")]),
      ).toEqual([
        [basic, false],
        [undefined, true],
        [undefined, true],
      ]);
    });

    test("reads a token from a form", async () => {
      answer = path => ({
        status: 200,
        body: "access_token=abc&token_type=MAC",
        ...(path === "/token" && { type: "application/x-www-form-urlencoded; charset=utf-8" }),
      });
      await build(config()).request({ url });
      expect(used()).toEqual(["MAC abc"]);
    });

    test.for([
      {
        it: "a refusal",
        body: '{"error":"invalid_client"}',
        status: 401,
        out: 'was refused, got status 401: {"error":"invalid_client"}',
      },
      { it: "no token", body: '{"token":"secret"}', status: 200, out: "gave no access_token" },
      { it: "no JSON", body: "secret", status: 200, out: "gave no access_token" },
    ])("$it is to be retried, without a secret in the message", async ({ body, status, out }) => {
      answer = token(body, status);
      await expect(build(config()).request({ url })).rejects.toMatchObject({
        kind: "retry",
        status,
        message: `oauth2 token request to ${url}/token ${out}`,
      });
    });

    test("signs an assertion for the jwt-bearer grant", async () => {
      const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      answer = token({ access_token: "abc" });
      now = 1_000_500;
      const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
      await build(
        config({
          grant_type,
          client_secret: undefined,
          client_certificate_key: key,
          client_certificate_key_id: "k1",
          signature_algorithm: "RS512",
          iss: "me",
          claims: { x: 1 },
          scopes: ["s"],
        }),
      ).request({ url });
      const form = new URLSearchParams(tokenRequests()[0]?.body);
      const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
      const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
      expect(form.get("grant_type")).toBe(grant_type);
      expect(decode(head)).toEqual({ alg: "RS512", typ: "JWT", kid: "k1" });
      expect(decode(claims)).toEqual({
        iss: "me",
        sub: "my id",
        aud: `${url}/token`,
        iat: 1000,
        exp: 1600,
        scope: "s",
        x: 1,
        jti: expect.any(String),
      });
      expect(createVerify("RSA-SHA512").update(`${head}.${claims}`).verify(publicKey, signature, "base64url")).toBe(
        true,
      );
    });
  });
});
