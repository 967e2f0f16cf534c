import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { ModuleContent } from "../../graph/module-content.ts";
import { testHost } from "../../graph/testing.ts";
import { importHttp } from "./http.ts";

let server: Server | undefined;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await new Promise(resolve => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>(resolve => started.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(started.address() as AddressInfo).port}`; // it listens on TCP
}

async function start(args: Record<string, unknown>) {
  const seen: ModuleContent[] = [];
  const health: string[] = [];
  const host = testHost({
    setExports: exports => seen.push((exports as { content: ModuleContent }).content), // as the schema says
    reportHealth: (state, message) => health.push(`${state}: ${message}`),
  });
  const instance = await importHttp.build(importHttp.args.decode(args), host);
  closing.push(() => instance.close?.());
  return { ...instance, seen, health };
}

test("the module is what the URL answers, its path is the URL's folder", async () => {
  const host = await serve((_, response) => response.end("\n declare {} \n"));
  const { exports, refresh, health } = await start({ url: `http://${host}/mods/a.alloy?v=1`, poll_frequency: "5m" });
  expect(exports).toEqual({
    content: { files: [{ name: `http://${host}/mods/a.alloy`, text: "declare {}" }], path: `http://${host}/mods/` },
  });
  expect(refresh?.everyMs).toBe(300_000);
  expect(health).toEqual(["healthy: polled endpoint"]);
});

test("method, headers, body and credentials are sent", async () => {
  const host = await serve(async ({ method, headers, url }, response) => {
    response.end(JSON.stringify([method, url, headers["x-team"], headers.authorization]));
  });
  const client = { basic_auth: { username: "ann", password: "s3cret" } };
  const { exports } = await start({ url: `http://${host}/m?a=b`, method: "POST", headers: { "X-Team": "a" }, client });
  expect(exports?.content.files[0]?.text).toBe(`["POST","/m?a=b","a","Basic ${btoa("ann:s3cret")}"]`);
});

test("a refresh exports what has changed, and a failed one keeps the last text", async () => {
  let [status, text] = [200, "one"];
  const host = await serve((_, response) => response.writeHead(status).end(text));
  const { refresh, seen, health } = await start({ url: `http://${host}/m` });
  await refresh?.run();
  expect(seen).toEqual([]);
  status = 503;
  await expect(refresh?.run()).rejects.toThrow(
    `polling failed: unexpected status code 503 Service Unavailable from http://${host}/m`,
  );
  [status, text] = [200, "two"];
  await refresh?.run();
  expect(seen).toEqual([{ files: [{ name: `http://${host}/m`, text: "two" }], path: `http://${host}/` }]);
  expect(health).toEqual(Array(3).fill("healthy: polled endpoint"));
});

test("a first request that fails fails the load, without the password", async () => {
  const host = await serve((_, response) => response.writeHead(404).end());
  await expect(start({ url: `http://ann:s3cret@${host}/m?token=x` })).rejects.toThrow(
    `creating http component: unexpected status code 404 Not Found from http://${host}/m`,
  );
});

test.for([
  { it: "a time between requests", args: { poll_frequency: "0s" }, message: "poll_frequency must be greater than 0" },
  { it: "a time for a request", args: { poll_timeout: "0s" }, message: "poll_timeout must be greater than 0" },
  { it: "a method", args: { method: "GET IT" }, message: 'method should be a word such as GET, got "GET IT"' },
  { it: "a URL", args: { url: "file:///x" }, message: "url should start with http:// or https:// and a host" },
  {
    it: "one kind of credentials",
    args: { client: { bearer_token: "t", basic_auth: {} } },
    message: "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
  },
])("needs $it", ({ args, message }) => {
  const problems = [...(importHttp.check?.(importHttp.args.decode({ url: "http://a", ...args })) ?? [])];
  expect(problems.map(problem => problem.message)).toEqual([message]);
});
