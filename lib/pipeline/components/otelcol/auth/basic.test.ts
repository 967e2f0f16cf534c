import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { OutgoingRequest } from "../../../delivery/http.ts";
import { openPipeline, problemsOf } from "../testing.ts";

const directory = mkdtempSync(path.join(tmpdir(), "amalgam-auth-"));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, content: string): string => {
  const full = path.join(directory, name);
  writeFileSync(full, content);
  return full;
};

/** A semicolon is a line break. */
const config = (body: string) => `otelcol.auth.basic "a" {\n${body.replaceAll("; ", "\n")}\n}`;

const open = async (body: string) => (await openPipeline(config(body))).authHandler("otelcol.auth.basic.a");

const outgoing = (): OutgoingRequest => ({
  method: "POST",
  url: new URL("http://127.0.0.1/"),
  headers: {},
  body: undefined,
});

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

test.for<[it: string, body: string, pair: string]>([
  ["user and password", 'username = "ada"; password = "secret"', "ada:secret"],
  [
    "client_auth goes before them",
    'username = "x"; password = "y"; client_auth {; username = "ada"; password = "s:t"; }',
    "ada:s:t",
  ],
  [
    "files go before texts",
    `client_auth {; username = "x"; password = "y"; username_file = ${JSON.stringify(file("user", "ada\n"))}; password_file = ${JSON.stringify(file("password", "secret\n"))}; }`,
    "ada:secret",
  ],
])("client: %s", async ([, body, pair]) => {
  const { client } = await open(body);
  const request = outgoing();
  await client?.(request, undefined);
  expect(request.headers).toEqual({ authorization: basic(pair) });
});

const incoming = (authorization: string | undefined) => ({
  method: "POST",
  path: "/",
  headers: authorization === undefined ? {} : { authorization },
  query: "",
  body: new Uint8Array(),
});

// SHA-1 of "secret", as htpasswd -s writes it
const sha = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";

test.for<[it: string, body: string, authorization: string | undefined, outcome: string]>([
  ["the one user", 'username = "ada"; password = "secret"', basic("ada:secret"), "ada"],
  ["another password", 'username = "ada"; password = "secret"', basic("ada:Secret"), "invalid credentials\n"],
  ["nobody", 'username = "ada"; password = "secret"', undefined, "no basic auth provided\n"],
  ["another scheme", 'username = "ada"; password = "secret"', "Bearer x", "invalid authorization scheme prefix\n"],
  ["of a list", `htpasswd {; inline = "bob:${sha}"; }`, basic("bob:secret"), "bob"],
  ["of a file", `htpasswd {; file = ${JSON.stringify(file("users", `bob:${sha}\n`))}; }`, basic("bob:secret"), "bob"],
  ["not of the list", `htpasswd {; inline = "bob:${sha}"; }`, basic("ada:secret"), "invalid credentials\n"],
])("server: %s", async ([, body, authorization, outcome]) => {
  const { server } = await open(body);
  const result = await server?.(incoming(authorization));
  expect(result?.ok ? result.attributes.get("username") : result?.reply.body).toBe(outcome);
});

test("client_auth alone can't check", async () => {
  expect((await open('client_auth {; username = "a"; password = "b"; }')).server).toBeUndefined();
});

test("a list alone can't authorise", async () => {
  expect((await open(`htpasswd {; inline = "bob:${sha}"; }`)).client).toBeUndefined();
});

test.for<[it: string, body: string, problem: string]>([
  ["nothing", "", 'no credential source provided @ otelcol.auth.basic "a" {'],
  ["a user alone", 'username = "a"', 'no password provided @ "a"'],
  ["a password alone", 'password = "a"', 'no username provided @ "a"'],
  ["an empty list", "htpasswd { }", "htpasswd should have file or inline @ htpasswd { }"],
  [
    "a file that isn't there",
    'htpasswd {; file = "/nowhere/users"; }',
    "file could not be read: ENOENT: no such file or directory, open '/nowhere/users' @ \"/nowhere/users\"",
  ],
])("mistake: %s", async ([, body, problem]) => {
  expect(await problemsOf(config(body))).toEqual([problem]);
});
