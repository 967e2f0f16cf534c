import { expect, test } from "vitest";
import type { OutgoingRequest } from "../../../delivery/http.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { openPipeline, problemsOf } from "../testing.ts";

/** A semicolon is a line break. */
const config = (...headers: string[]) =>
  `otelcol.auth.headers "a" {\n${headers.map(body => `header {\n${body.replaceAll("; ", "\n")}\n}`).join("\n")}\n}`;

const known: Pick<Invocation, "metadata" | "auth"> = {
  metadata: new Map([["x-tenant", ["shop"]], ["x-many", ["a", "b"]]]), // biome-ignore format: pairs
  auth: new Map([["username", "ada"]]),
};

/** The headers of a request that had `old: 1`. */
async function headersOf(...headers: string[]): Promise<OutgoingRequest["headers"]> {
  const pipeline = await openPipeline(config(...headers));
  const request: OutgoingRequest = {
    method: "POST",
    url: new URL("http://127.0.0.1/"),
    headers: { old: "1" },
    body: undefined,
  };
  await pipeline.authHandler("otelcol.auth.headers.a").client?.(request, known as Invocation); // the rest isn't looked at
  return request.headers;
}

test.for<[it: string, header: string, headers: OutgoingRequest["headers"]]>([
  ["a new header", 'key = "X-New"; value = "v"', { old: "1", "x-new": "v" }],
  ["one that is there", 'key = "Old"; value = "v"', { old: "v" }],
  ["insert leaves what is there", 'key = "old"; value = "v"; action = "insert"', { old: "1" }],
  ["insert adds", 'key = "new"; value = "v"; action = "insert"', { old: "1", new: "v" }],
  ["update changes what is there", 'key = "old"; value = "v"; action = "UPDATE"', { old: "v" }],
  ["update adds nothing", 'key = "new"; value = "v"; action = "update"', { old: "1" }],
  ["delete", 'key = "old"; value = "v"; action = "delete"', {}],
  ["from the client's request", 'key = "t"; from_context = "X-Tenant"', { old: "1", t: "shop" }],
  ["from a header that it didn't send", 'key = "t"; from_context = "x-none"', { old: "1", t: "" }],
  ["from the client's authentication", 'key = "u"; from_attribute = "username"', { old: "1", u: "ada" }],
])("%s", async ([, header, headers]) => {
  expect(await headersOf(header)).toEqual(headers);
});

test("headers are set in order", async () => {
  expect(await headersOf('key = "a"; value = "1"', 'key = "a"; value = "2"; action = "update"')).toEqual({
    old: "1",
    a: "2",
  });
});

test("of more than one value nobody knows which is meant", async () => {
  await expect(headersOf('key = "t"; from_context = "x-many"')).rejects.toMatchObject({
    message: "2 source keys found in the context, can't determine which one to use for header",
    retryable: true,
  });
});

test.for<[it: string, header: string, problem: string]>([
  ["no key", 'key = ""; value = "v"', 'key must be set to a non-empty string @ ""'],
  ["no value", 'key = "a"', "either value, from_context or from_attribute must be provided @ header {"],
  [
    "two values",
    'key = "a"; value = "v"; from_context = "b"',
    "only one of value, from_context and from_attribute may be provided @ header {",
  ],
  ["an unknown action", 'key = "a"; value = "v"; action = "set"', '"set" unknown action set @ "set"'],
])("mistake: %s", async ([, header, problem]) => {
  expect(await problemsOf(config(header))).toEqual([problem]);
});
