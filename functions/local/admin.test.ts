/** The process' own server with an `http` block: TLS, certificates of clients, passwords, and their change while it runs. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request as startHttp } from "node:http";
import { request as startHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SecureVersion, TLSSocket } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { serveAdmin } from "./admin.ts";
import { LocalProcess } from "./process.ts";

const testdata = path.resolve(import.meta.dirname, "../../lib/pipeline/delivery/testdata");
const pem = (name: string) => readFileSync(path.join(testdata, name), "utf8");
const quoted = (text: string) => JSON.stringify(text);

/** A certificate that no CA signed. */
let other: { readonly cert: string; readonly key: string };
let folder: string;
let port: number;
let local: LocalProcess;
let log = testLog();
const closing: (() => Promise<void> | void)[] = [];

beforeAll(() => {
  const place = mkdtempSync(path.join(tmpdir(), "certificate-"));
  const [key, cert] = [path.join(place, "key.pem"), path.join(place, "cert.pem")];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=other",
      "-keyout",
      key,
      "-out",
      cert,
    ],
    { stdio: "ignore" },
  );
  other = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(place, { recursive: true });
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "admin-"));
  for (const name of ["ca.pem", "server.pem", "server.key"])
    copyFileSync(path.join(testdata, name), path.join(folder, name));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true });
});

const write = (text: string) => writeFileSync(path.join(folder, "a.alloy"), text);

async function start(text: string): Promise<void> {
  write(text);
  log = testLog();
  local = new LocalProcess({
    config: path.join(folder, "a.alloy"),
    storagePath: path.join(folder, "data"),
    stability: "generally-available",
    log,
  });
  closing.push(() => local.stop());
  await local.load();
  const server = await serveAdmin(local, { host: "127.0.0.1", port: 0 }, log);
  port = (server.address() as AddressInfo).port; // listening on TCP
  closing.unshift(() => {
    server.close();
    server.closeAllConnections();
  });
}

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Speaks TLS, and trusts the CA of the tests. */
  readonly tls?: {
    readonly cert?: string;
    readonly key?: string;
    readonly ca?: string;
    readonly servername?: string;
    readonly ciphers?: string;
    readonly ecdhCurve?: string;
    readonly maxVersion?: SecureVersion;
    readonly minVersion?: SecureVersion;
  };
  readonly agent?: Agent;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly authenticate: string | undefined;
  /** Whose certificate was seen. */
  readonly peer: string | undefined;
  readonly cipher: string | undefined;
}

function ask({ path: place = "/-/ready", method = "GET", headers = {}, tls, agent }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: place, method, headers, agent: agent ?? false };
    const request = (tls ? startHttps : startHttp)(
      { ...options, ...(tls && { ca: pem("ca.pem"), servername: "backend.test", ...tls }) } as object,
      response => {
        const socket = response.socket as Partial<TLSSocket>; // where TLS is spoken
        const [peer, cipher] = [socket.getPeerCertificate?.().subject?.CN, socket.getCipher?.().name];
        let body = "";
        response.on("data", chunk => {
          body += chunk;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode,
            body: body.trim(),
            authenticate: response.headers["www-authenticate"],
            peer: String(peer),
            cipher,
          }),
        );
      },
    );
    request.on("error", reject);
    request.end();
  });
}

/** The status, or that there was none. */
const statusOf = (asked: Asked): Promise<number | undefined | string> =>
  ask(asked).then(
    ({ status }) => status,
    () => "refused",
  );

const basic = (credentials: string) => ({ authorization: `Basic ${Buffer.from(credentials).toString("base64")}` });
const files = 'cert_file = "server.pem"\nkey_file = "server.key"\n';
const tlsBlock = (more = "", certificate = files) => `http {\ntls {\n${certificate}${more}\n}\n}\n`;
const authBlock = (more = "") => `http {\nauth {\nbasic {\nusername = "me"\npassword = "pass word"\n}\n${more}\n}\n}\n`;

describe("TLS", () => {
  test.for([
    { it: "from files, whose paths start at the configuration", text: tlsBlock() },
    {
      it: "from text",
      text: () => tlsBlock("", `cert_pem = ${quoted(pem("server.pem"))}\nkey_pem = ${quoted(pem("server.key"))}\n`),
    },
  ])("$it", async ({ text }) => {
    await start(typeof text === "string" ? text : text());
    expect(await ask({ tls: {} })).toMatchObject({ status: 200, body: "Amalgam is ready." });
    expect(await statusOf({})).toBe("refused");
  });

  test.for([
    {
      it: "min_version",
      more: 'min_version = "TLS13"',
      bad: { maxVersion: "TLSv1.2" },
      good: { minVersion: "TLSv1.3" },
    },
    {
      it: "max_version",
      more: 'max_version = "TLS12"',
      bad: { minVersion: "TLSv1.3" },
      good: { maxVersion: "TLSv1.2" },
    },
    {
      it: "old versions",
      more: 'min_version = "TLS11"',
      bad: { minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" },
      good: { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    },
    {
      it: "cipher_suites",
      more: 'cipher_suites = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]',
      bad: { maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256" },
      good: { maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384" },
    },
    {
      it: "curve_preferences",
      more: 'curve_preferences = ["CurveP384"]',
      bad: { ecdhCurve: "X25519" },
      good: { ecdhCurve: "P-384" },
    },
  ] as const)("$it", async ({ more, bad, good }) => {
    await start(tlsBlock(more));
    expect([await statusOf({ tls: bad }), await statusOf({ tls: good })]).toEqual(["refused", 200]);
  });

  test("suites of TLS 1.3 are on whatever cipher_suites says", async () => {
    await start(tlsBlock('cipher_suites = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]'));
    expect((await ask({ tls: { minVersion: "TLSv1.3" } })).cipher).toMatch(/^TLS_/);
  });

  test.for([
    { type: "NoClientCert", ca: "", results: [200, 200, 200] },
    { type: "RequestClientCert", ca: "", results: [200, 200, 200] },
    { type: "RequireAnyClientCert", ca: "", results: ["refused", 200, 200] },
    { type: "VerifyClientCertIfGiven", ca: 'client_ca_file = "ca.pem"', results: [200, "refused", 200] },
    { type: "RequireAndVerifyClientCert", ca: 'client_ca_file = "ca.pem"', results: ["refused", "refused", 200] },
  ])("$type: without a certificate, with one of nobody, with one of the CA", async ({ type, ca, results }) => {
    await start(tlsBlock(`client_auth_type = "${type}"\n${ca}`));
    const signed = { cert: pem("client.pem"), key: pem("client.key") };
    const found: unknown[] = [];
    for (const tls of [{}, other, signed]) found.push(await statusOf({ tls }));
    expect(found).toEqual(results);
  });
});

describe("a reload", () => {
  test("begins and ends TLS for new connections; those that are open go on as they are", async () => {
    await start("");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closing.unshift(() => agent.destroy());
    expect((await ask({ agent })).status).toBe(200);
    write(tlsBlock());
    expect(await ask({ agent, path: "/-/reload", method: "POST" })).toMatchObject({ body: "config reloaded" });
    expect([await statusOf({ agent }), await statusOf({}), await statusOf({ tls: {} })]).toEqual([200, "refused", 200]);
    write("");
    expect((await ask({ tls: {}, path: "/-/reload", method: "POST" })).body).toBe("config reloaded");
    expect([await statusOf({}), await statusOf({ tls: {} })]).toEqual([200, "refused"]);
  });

  test("exchanges the certificate", async () => {
    await start(tlsBlock());
    write(tlsBlock("", `cert_pem = ${quoted(other.cert)}\nkey_pem = ${quoted(other.key)}\n`));
    await local.load();
    expect(await statusOf({ tls: {} })).toBe("refused");
    expect((await ask({ tls: { ca: other.cert, servername: "other" } })).peer).toBe("other");
  });

  test("is not needed where the certificate's files change; until both fit the old ones go on", async () => {
    await start(tlsBlock());
    writeFileSync(path.join(folder, "server.pem"), other.cert);
    expect(await statusOf({ tls: {} })).toBe(200);
    expect(log.lines.filter(line => line.startsWith("error certificates could not be read again"))).toHaveLength(1);
    writeFileSync(path.join(folder, "server.key"), other.key);
    expect((await ask({ tls: { ca: other.cert, servername: "other" } })).peer).toBe("other");
  });

  test.for([
    {
      it: "a file that is missing",
      text: tlsBlock().replace("server.pem", "none.pem"),
      says: /^http: cert_file can't be read: ENOENT/,
    },
    {
      it: "a key that does not fit",
      text: () => tlsBlock("", `cert_file = "server.pem"\nkey_pem = ${quoted(other.key)}\n`),
      says: /^http: the certificate can't be used: /,
    },
    {
      it: "a certificate that is none",
      text: tlsBlock("", 'cert_pem = "x"\nkey_file = "server.key"\n'),
      says: /^http: cert_pem or cert_file should hold a certificate in PEM$/,
    },
    {
      it: "no version that is left",
      text: tlsBlock('min_version = "TLS13"\nmax_version = "TLS12"'),
      says: /^http: no version of TLS is left between min_version TLS13 and max_version TLS12$/,
    },
  ])("with $it leaves all as it was", async ({ text, says }) => {
    await start(authBlock());
    write(typeof text === "string" ? text : text());
    await expect(local.load()).rejects.toThrow(says);
    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ headers: basic("me:pass word") })).toBe(200);
  });

  test("from a page of the same address is taken, with TLS too", async () => {
    await start(tlsBlock());
    const headers = { origin: `https://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" };
    expect(await statusOf({ tls: {}, path: "/-/reload", method: "POST", headers })).toBe(200);
    const plain = { ...headers, origin: `http://127.0.0.1:${port}` };
    expect(await statusOf({ tls: {}, path: "/-/reload", method: "POST", headers: plain })).toBe(403);
  });
});

describe("a password", () => {
  const places = ["/", "/metrics", "/-/ready", "/-/healthy", "/api/v0/web/status", "/assets/main.js", "/nothing"];
  const statuses = async (headers: Record<string, string> = {}, paths = places) => {
    const found: unknown[] = [];
    for (const each of paths) found.push(await statusOf({ path: each, headers }));
    return found;
  };

  test("closes everything without a filter", async () => {
    await start(authBlock());
    expect(await statuses()).toEqual([401, 401, 401, 401, 401, 401, 401]);
    expect(await statuses(basic("me:pass word"))).toEqual([200, 200, 200, 200, 200, 200, 404]);
    expect(await ask()).toMatchObject({ body: "unauthorized", authenticate: 'Basic realm="Restricted"' });
    expect(await statusOf({ path: "/-/reload", method: "POST" })).toBe(401);
  });

  test.for([
    { it: "none", headers: {} },
    { it: "another password", headers: basic("me:password") },
    { it: "another user", headers: basic("you:pass word") },
    { it: "the beginning of it", headers: basic("me:pass") },
    { it: "no user", headers: basic("pass word") },
    { it: "another scheme", headers: { authorization: "Bearer pass word" } },
    { it: "nothing behind the scheme", headers: { authorization: "Basic " } },
    { it: "text that is not encoded", headers: { authorization: "Basic me:pass word" } },
  ])("is not given by $it", async ({ headers }) => {
    await start(authBlock());
    expect(await statusOf({ headers: headers as Record<string, string> })).toBe(401);
  });

  test.for([
    {
      it: "closes paths that begin so",
      filter: 'paths = ["/metrics", "/api/"]',
      out: [200, 401, 200, 200, 401, 200, 404],
    },
    { it: "closes all that begin with a slash", filter: 'paths = ["/"]', out: [401, 401, 401, 401, 401, 401, 401] },
    { it: "closes nothing without paths", filter: "", out: [200, 200, 200, 200, 200, 200, 404] },
    {
      it: "opens paths that begin so, and closes the others",
      filter: 'paths = ["/-/", "/metrics"]\nauthenticate_matching_paths = false',
      out: [401, 200, 200, 200, 401, 401, 401],
    },
  ])("with a filter $it", async ({ filter, out }) => {
    await start(authBlock(`filter {\n${filter}\n}`));
    expect(await statuses()).toEqual(out);
  });

  test("can't be passed by with another writing of a path", async () => {
    await start(authBlock('filter {\npaths = ["/metrics", "/api/"]\n}'));
    const ways = ["/x/../metrics", "/%6detrics", "//metrics", "/x/%2e%2e/api/v0/web/status", "/METRICS", "/.//metrics"];
    for (const way of ways) expect([way, await statusOf({ path: way })]).not.toEqual([way, 200]);
  });

  test("can change, and go", async () => {
    await start(authBlock());
    write(authBlock().replace("pass word", "new"));
    await local.load();
    expect(await statusOf({ headers: basic("me:pass word") })).toBe(401);
    expect(await statusOf({ headers: basic("me:new") })).toBe(200);
    write("");
    await local.load();
    expect(await statusOf({})).toBe(200);
  });
});

test.for([
  { it: "no certificate", tls: "", says: "must specify either cert_pem or cert_file" },
  { it: "no key", tls: 'cert_pem = "x"', says: "must specify either key_pem or key_file" },
  { it: "two certificates", tls: `${files}cert_pem = "x"`, says: "cannot specify both cert_pem and cert_file" },
  { it: "two keys", tls: `${files}key_pem = "x"`, says: "cannot specify both key_pem and key_file" },
  {
    it: "two CAs",
    tls: `${files}client_ca_pem = "x"\nclient_ca_file = "y"`,
    says: "cannot specify both client_ca_pem and client_ca_file",
  },
  {
    it: "a CA and no wish for certificates",
    tls: `${files}client_ca_pem = "x"`,
    says: "cannot specify client_ca_pem or client_ca_file when client_auth_type is NoClientCert",
  },
  { it: "an odd type", tls: `${files}client_auth_type = "Maybe"`, says: '"Maybe" unknown client auth type "Maybe"' },
  { it: "an odd cipher", tls: `${files}cipher_suites = ["X"]`, says: `"X" unknown cipher "X"` },
  { it: "an odd curve", tls: `${files}curve_preferences = ["X"]`, says: `"X" unknown curve "X"` },
  { it: "an odd version", tls: `${files}min_version = "TLS9"`, says: `"TLS9" unknown TLS version "TLS9"` },
  {
    it: "the store of Windows",
    tls: "windows_certificate_filter {\nserver {\n}\nclient {\n}\n}",
    says: `"windows_certificate_filter" can't be used: the certificate store of Windows is not supported`,
  },
])("a tls block with $it does not load", async ({ tls, says }) => {
  await expect(start(`http {\ntls {\n${tls}\n}\n}\n`)).rejects.toMatchObject({ diagnostics: [{ message: says }] });
});
