import path from "node:path";
import { describe, expect, test } from "vitest";
import { testHost } from "../graph/testing.ts";
import { clientProblems, endpointClient, httpClientArgs, makeClient, url } from "./http-client.ts";
import { startBackend } from "./testing.ts";

/** The request headers that a client with these arguments sends. */
async function sent(args: Record<string, unknown>, directory = "/") {
  const { got, url } = await startBackend();
  const client = makeClient(httpClientArgs.decode(args), testHost({ directory }));
  await client.request({ url });
  client.close();
  return got[0]?.headers ?? {};
}

describe("a request of an endpoint that is refused for its credentials", () => {
  test.for([
    {
      it: "is sent by the client that took the place of this one",
      status: 401,
      replaced: true,
      out: ["old", "fresh"],
      asked: 1,
    },
    { it: "stays refused where there is no other client", status: 403, replaced: false, out: ["old"], asked: 1 },
    {
      it: "stays refused where the other client is for another address",
      status: 401,
      replaced: true,
      elsewhere: true,
      out: ["old"],
      asked: 1,
    },
    { it: "stays refused where it was for something else", status: 404, replaced: true, out: ["old"], asked: 0 },
  ])("$it", async ({ status, replaced, elsewhere, out, asked }) => {
    // biome-ignore format: a table
    const { got, url } = await startBackend(({ headers }) => ({
      status: headers.authorization === "Bearer fresh" ? 200 : status,
    }));
    const args = (token: string, to = url) => ({ ...httpClientArgs.decode({ bearer_token: token }), url: to });
    let times = 0;
    const host = testHost({
      readAgain: async () => {
        times++;
        if (replaced) endpointClient(args("fresh", elsewhere ? `${url}/other` : url), host, 1);
      },
    });
    const other = endpointClient(args("of another endpoint"), host, 0);
    const client = endpointClient(args("old"), host, 1);
    const answer = await client.request({ url });
    expect(got.map(({ headers }) => headers.authorization)).toEqual(out.map(token => `Bearer ${token}`));
    expect([answer.status, times]).toEqual([out.length > 1 ? 200 : status, asked]);
    for (const each of [client, other]) each.close();
  });
});

describe("a request", () => {
  test.for<{ it: string; args: Record<string, unknown>; headers: Record<string, unknown> }>([
    {
      it: "says who sends it",
      args: {},
      headers: { "user-agent": expect.stringMatching(/^Amalgam\/\d/), authorization: undefined },
    },
    {
      it: "has a user and a password",
      args: { basic_auth: { username: "u", password: "p" } },
      headers: { authorization: "Basic dTpw" },
    },
    { it: "has a token", args: { bearer_token: "t" }, headers: { authorization: "Bearer t" } },
    {
      it: "has a token from a file of the configuration's folder",
      args: { bearer_token_file: "token.txt" },
      headers: { authorization: expect.stringMatching(/^Bearer \S+$/) },
    },
    {
      it: "has another scheme",
      args: { authorization: { type: "Token", credentials: "t" } },
      headers: { authorization: "Token t" },
    },
    {
      it: "has headers of the configuration",
      args: { http_headers: { "X-Mine": ["a", "b"] } },
      headers: { "x-mine": "a, b" },
    },
  ])("$it", async ({ args, headers }) => {
    const folder = path.join(import.meta.dirname, "../../../test/conformance/cases/prom-scrape-auth");
    const all = await sent(args, folder);
    expect(Object.fromEntries(Object.keys(headers).map(name => [name, all[name]]))).toEqual(headers);
  });
});

test("a file that is not there fails the load", () => {
  expect(() => makeClient(httpClientArgs.decode({ tls_config: { ca_file: "gone.pem" } }), testHost())).toThrow(
    expect.objectContaining({ name: "ProblemError", message: expect.stringMatching(/^ca_file can't be read: ENOENT/) }),
  );
});

test.for<{ args: Record<string, unknown>; problems: object[] }>([
  { args: {}, problems: [] },
  {
    args: { bearer_token: "t", authorization: {} },
    problems: [
      {
        path: ["endpoint", 0],
        message:
          "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
      },
    ],
  },
  {
    args: { proxy_url: "http://p", proxy_from_environment: true },
    problems: [
      { path: ["endpoint", 0], message: "if proxy_from_environment is configured, proxy_url must not be configured" },
    ],
  },
])("problems of $args", ({ args, problems }) => {
  expect([...clientProblems(httpClientArgs.decode(args), ["endpoint", 0])]).toEqual(problems);
});

test("a URL is absolute, or empty for none", () => {
  expect([url.decode("http://a"), url.decode("")]).toEqual(["http://a", ""]);
  expect(() => url.decode("a/b")).toThrow('should be a URL, got "a/b"');
});

test("a TLS version that is none is told as Alloy does", () => {
  expect(() => httpClientArgs.decode({ tls_config: { min_version: "TLS9" } })).toThrow(
    "tls_config.min_version: unknown TLS version: TLS9",
  );
});
