import { describe, expect, test } from "vitest";
import { inTurn, startBackend } from "../testing.ts";
import { remoteHttp } from "./http.ts";
import { failureOf, startTestSource } from "./testing.ts";

const secretText = "correct-horse-battery";

describe("the content", () => {
  test.for([
    { it: "is the body without white space around it", body: " \t\u0085one\ntwo\u00a0\r\n", text: "one\ntwo" },
    { it: "keeps a byte order mark, as Go does", body: "\ufeffone\n", text: "\ufeffone" },
    { it: "may be empty", body: "", text: "" },
  ])("$it", async ({ body, text }) => {
    const { url } = await startBackend(() => ({ body }));
    const source = await startTestSource(remoteHttp, { url });
    expect(source.exported()).toEqual({ content: { text, secret: false } });
    expect(source.health()).toBe("healthy: polled endpoint");
    expect(source.everyMs).toBe(60_000);
  });

  test("is a secret where that is wanted, and then nothing shows it", async () => {
    const { url } = await startBackend(() => ({ body: secretText }));
    const source = await startTestSource(remoteHttp, { url, is_secret: true });
    expect(source.exported()).toEqual({ content: { text: secretText, secret: true } });
    expect(source.shown()).not.toContain(secretText);
  });
});

test("the request has the method, headers, body and credentials of the arguments", async () => {
  const { url, got } = await startBackend(() => ({ body: "x" }));
  const headers = { "X-Tenant": "a", "User-Agent": "mine", Host: "other", "Content-Length": "1" };
  const client = { basic_auth: { username: "ada", password: secretText } };
  await startTestSource(remoteHttp, { url: `${url}/a?b=c`, method: "POST", headers, body: "hello", client });
  expect(got).toMatchObject([
    {
      method: "POST",
      path: "/a?b=c",
      body: Buffer.from("hello"),
      headers: {
        "x-tenant": "a",
        "user-agent": "mine",
        host: new URL(url).host,
        "content-length": "5",
        authorization: `Basic ${Buffer.from(`ada:${secretText}`).toString("base64")}`,
      },
    },
  ]);
});

test("a GET may have a body", async () => {
  const { url, got } = await startBackend(() => ({ body: "x" }));
  await startTestSource(remoteHttp, { url, body: "hello" });
  expect(got.map(({ method, body }) => [method, String(body)])).toEqual([["GET", "hello"]]);
});

describe("reading again", () => {
  test("exports what has changed", async () => {
    const { url } = await startBackend(inTurn({ body: "one" }, { body: "two" }));
    const source = await startTestSource(remoteHttp, { url, poll_frequency: "20s" });
    await source.refresh();
    expect(source.exported()).toEqual({ content: { text: "two", secret: false } });
    expect(source.everyMs).toBe(20_000);
  });

  test("keeps the last content where it fails, until it works again", async () => {
    const { url } = await startBackend(inTurn({ body: "one" }, 500, { body: "two" }));
    const source = await startTestSource(remoteHttp, { url });
    expect(await failureOf(source.refresh())).toBe(
      `polling failed: unexpected status code 500 Internal Server Error from ${url}/`,
    );
    expect(source.exported()).toEqual({ content: { text: "one", secret: false } });
    await source.refresh();
    expect(source.exported()).toEqual({ content: { text: "two", secret: false } });
    expect(source.health()).toBe("healthy: polled endpoint");
  });
});

describe("a first read fails the load", () => {
  const tooLarge = 16 * 1024 * 1024;

  test.for([
    {
      it: "of a refusal",
      answer: { status: 404, body: secretText },
      message: "unexpected status code 404 Not Found from URL/",
    },
    {
      it: "of a status that is not 200",
      answer: { status: 204 },
      message: "unexpected status code 204 No Content from URL/",
    },
    {
      it: "of more than the largest size",
      answer: { body: Buffer.alloc(tooLarge + 1, "a") },
      message: `performing request: URL/: the answer has more than ${tooLarge} bytes`,
    },
    {
      it: "of no answer in time",
      answer: undefined,
      args: { poll_timeout: "50ms" },
      message: "performing request: URL/: no answer within 50 ms",
    },
  ])("$it", async ({ answer, args = {}, message }) => {
    const { url } = await startBackend(() => answer);
    expect(
      await failureOf(
        startTestSource(remoteHttp, { url: `${url.replace("//", "//ada:pass-word@")}?token=abc-def`, ...args }),
      ),
    ).toBe(`polling failed: ${message.replace("URL", url)}`);
  });

  test("of a server that is not there", async () => {
    expect(await failureOf(startTestSource(remoteHttp, { url: "http://127.0.0.1:1" }))).toBe(
      "polling failed: performing request: http://127.0.0.1:1/: connect ECONNREFUSED 127.0.0.1:1",
    );
  });
});

test.for([
  { it: "frequency of 0", args: { poll_frequency: "0s" }, problem: "poll_frequency must be greater than 0" },
  { it: "timeout of 0", args: { poll_timeout: "0s" }, problem: "poll_timeout must be greater than 0" },
  {
    it: "timeout as long as the frequency",
    args: { poll_timeout: "1m" },
    problem: "poll_timeout must be less than poll_frequency",
  },
  {
    it: "method of two words",
    args: { method: "A B" },
    problem: 'method should be a word such as GET, got "A B"',
  },
  {
    it: "URL without a scheme",
    args: { url: "localhost" },
    problem: "url should start with http:// or https:// and a host",
  },
  {
    it: "client with two credentials",
    args: { client: { basic_auth: {}, bearer_token: "x" } },
    problem: "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
  },
])("a $it is told", ({ args, problem }) => {
  const decoded = remoteHttp.args.decode({ url: "http://a", ...args });
  expect([...(remoteHttp.check?.(decoded) ?? [])].map(({ message }) => message)).toEqual([problem]);
});
