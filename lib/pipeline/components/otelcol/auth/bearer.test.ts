import { expect, test } from "vitest";
import type { OutgoingRequest } from "../../../delivery/http.ts";
import { openPipeline, problemsOf } from "../testing.ts";

/** A semicolon is a line break. */
const config = (body: string) => `otelcol.auth.bearer "a" {\n${body.replaceAll("; ", "\n")}\n}`;

const open = async (body: string) => (await openPipeline(config(body))).authHandler("otelcol.auth.bearer.a");

const variants: readonly (readonly [it: string, body: string, header: string, value: string])[] = [
  ["Bearer where nothing else is said", 'token = "t"', "authorization", "Bearer t"],
  ["another scheme", 'token = "t"; scheme = "Token"', "authorization", "Token t"],
  ["no scheme", 'token = "t"; scheme = ""', "authorization", "t"],
  ["another header", 'token = "t"; header = "X-Key"; scheme = ""', "x-key", "t"],
];

test.for(variants)("client: %s", async ([, body, header, value]) => {
  const request: OutgoingRequest = { method: "POST", url: new URL("http://127.0.0.1/"), headers: {}, body: undefined };
  const { client } = await open(body);
  await client?.(request, undefined);
  expect(request.headers).toEqual({ [header]: value });
});

test.for(variants)("server: %s", async ([, body, header, value]) => {
  const { server } = await open(body);
  const ask = async (headers: Record<string, string>) =>
    (await server?.({ method: "POST", path: "/", headers, query: "", body: new Uint8Array() }))?.ok;
  expect([await ask({ [header]: value }), await ask({ [header]: `${value}x` }), await ask({})]).toEqual([
    true,
    false,
    false,
  ]);
});

test("mistake: no token", async () => {
  expect(await problemsOf(config(""))).toEqual(['missing required attribute "token" @ otelcol.auth.bearer "a" {']);
});
