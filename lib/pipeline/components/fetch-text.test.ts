import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { object } from "../eval/schema.ts";
import { testHost } from "../graph/testing.ts";
import { textSource, textSourceFields } from "./fetch-text.ts";

const closing: (() => void)[] = [];
let server: Server | undefined;
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  server?.closeAllConnections();
  await new Promise(resolve => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function fetched(listener: RequestListener, args: Record<string, unknown> = {}): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>(resolve => started.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(started.address() as AddressInfo).port}/a`; // it listens on TCP
  const source = textSource(object(textSourceFields).decode({ url, ...args }), testHost());
  closing.push(() => source.close());
  return await source.fetch().catch((error: Error) => error.message.replaceAll(url, "URL"));
}

test.for([
  { it: "is without the white space around it", body: "\u0085 \n a b \u2003\n", text: "a b" },
  { it: "keeps a byte order mark, as Go does", body: "\ufeffa", text: "\ufeffa" },
  { it: "may be empty", body: " \n", text: "" },
])("the text $it", async ({ body, text }) => {
  expect(await fetched((_, response) => response.end(body))).toBe(text);
});

test("headers of the connection are not the user's", async () => {
  const headers = { Host: "elsewhere", "Content-Length": "9", "Transfer-Encoding": "chunked", "User-Agent": "me" };
  const text = await fetched(({ headers: got }, response) => response.end(JSON.stringify(got)), { headers });
  const { host, "user-agent": agent, "content-length": length } = JSON.parse(text);
  expect([host.startsWith("127.0.0.1:"), agent, length]).toEqual([true, "me", undefined]);
});

test.for<{ it: string; listener: RequestListener; args?: Record<string, unknown>; message: string }>([
  {
    it: "a status other than 200",
    listener: (_, response) => response.writeHead(202).end("a"),
    message: "unexpected status code 202 Accepted from URL",
  },
  {
    it: "a status without a name",
    listener: (_, response) => response.writeHead(599).end("a"),
    message: "unexpected status code 599 from URL",
  },
  {
    it: "an answer that takes too long",
    listener: () => {},
    args: { poll_timeout: "20ms" },
    message: "performing request: URL: no answer within 20 ms",
  },
  {
    it: "an answer that is too large",
    listener: (_, response) => response.end(Buffer.alloc(16 * 1024 * 1024 + 1)),
    message: "performing request: URL: the answer has more than 16777216 bytes",
  },
  {
    it: "a redirect that isn't followed",
    listener: (_, response) => response.writeHead(302, { location: "/b" }).end(),
    args: { client: { follow_redirects: false } },
    message: "unexpected status code 302 Found from URL",
  },
])("$it is a failure", async ({ listener, args, message }) => {
  expect(await fetched(listener, args)).toBe(message);
});
