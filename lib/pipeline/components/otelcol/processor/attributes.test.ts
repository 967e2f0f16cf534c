import { expect, test } from "vitest";
import { keyValues, logRequest, metricRequest, type Plain, spanRequest } from "../../../ottl/testing.ts";
import { openPipeline, problemsOf, type Request } from "../testing.ts";

/** A semicolon is a line break. */
const config = (body: string, signal = "traces") => `
  otelcol.processor.attributes "a" {
    ${body.replaceAll("; ", "\n")}
    output {
      ${signal} = [test.sink.out.input]
    }
  }
  test.sink "out" { }
`;

const before: { readonly [key: string]: Plain } = {
  text: "a-1",
  int: 5n,
  double: 2.5,
  bool: true,
  list: [1n, "x"],
  map: { k: "v" },
  empty: undefined,
};

/** What the attributes of a span become. */
async function changed(actions: string, attributes = before): Promise<object> {
  const pipeline = await openPipeline(config(actions));
  await pipeline.push("otelcol.processor.attributes.a", "traces", spanRequest({ attributes: keyValues(attributes) }), {
    metadata: new Map([["x-tenant", ["one", "two"]]]),
    auth: new Map([["username", "ada"]]),
  });
  await pipeline.close();
  return spanOf(pipeline.received[0]?.request);
}

type Span = { attributes?: { key: string; value: object }[] };
type Traces = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };

function spanOf(request: Request | undefined): object {
  const { attributes = [] } = (request as Traces | undefined)?.resourceSpans[0]?.scopeSpans[0]?.spans[0] ?? {};
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value]));
}

const asJson = (attributes: { readonly [key: string]: Plain }) =>
  spanOf({
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: keyValues(attributes) }] }] }],
  });

const without = (...keys: string[]) =>
  Object.fromEntries(Object.entries(before).filter(([key]) => !keys.includes(key)));

test.for<[it: string, action: string, after: { readonly [key: string]: Plain }]>([
  ["insert writes what isn't there", 'key = "new"; value = 1; action = "insert"', { ...before, new: 1n }],
  ["insert leaves what is there", 'key = "text"; value = 1; action = "insert"', before],
  ["update writes what is there", 'key = "text"; value = "b"; action = "update"', { ...before, text: "b" }],
  ["update leaves out what isn't", 'key = "new"; value = "b"; action = "update"', before],
  ["upsert writes either way", 'key = "new"; value = true; action = "upsert"', { ...before, new: true }],
  ["action names may be in upper case", 'key = "text"; value = 1.5; action = "UPSERT"', { ...before, text: 1.5 }],
  [
    "a value may be a list",
    'key = "new"; value = [1, "x", [true]]; action = "insert"',
    { ...before, new: [1n, "x", [true]] },
  ],
  [
    "a value may be a map",
    'key = "new"; value = {a = {b = 1}}; action = "insert"',
    { ...before, new: { a: { b: 1n } } },
  ],
  [
    "from another attribute, of any kind",
    'key = "new"; from_attribute = "map"; action = "insert"',
    { ...before, new: { k: "v" } },
  ],
  ["from one that isn't there", 'key = "new"; from_attribute = "none"; action = "upsert"', before],
  [
    "from request headers",
    'key = "new"; from_context = "metadata.X-Tenant"; action = "insert"',
    { ...before, new: "one;two" },
  ],
  [
    "headers need no prefix",
    'key = "new"; from_context = "x-tenant"; action = "insert"',
    { ...before, new: "one;two" },
  ],
  ["from a header that isn't there", 'key = "new"; from_context = "x-none"; action = "insert"', before],
  [
    "from the authentication",
    'key = "new"; from_context = "auth.username"; action = "insert"',
    { ...before, new: "ada" },
  ],
  ["delete", 'key = "text"; action = "delete"', without("text")],
  ["delete by a pattern", 'pattern = "^(int|double)$"; action = "delete"', without("int", "double")],
  ["delete by both", 'key = "text"; pattern = "^i"; action = "delete"', without("text", "int")],
  [
    "extract by named groups",
    'key = "text"; pattern = "^(?P<letter>.)-(?P<number>.)"; action = "extract"',
    { ...before, letter: "a", number: "1" },
  ],
  ["extract overwrites", 'key = "text"; pattern = "^(?P<int>.)"; action = "extract"', { ...before, int: "a" }],
  ["extract of another text", 'key = "text"; pattern = "(?P<x>z)"; action = "extract"', before],
  ["extract of what is no text", 'key = "int"; pattern = "(?P<x>5)"; action = "extract"', before],
  ["an int as text", 'key = "int"; converted_type = "string"; action = "convert"', { ...before, int: "5" }],
  ["an int as a double", 'key = "int"; converted_type = "double"; action = "convert"', { ...before, int: 5 }],
  [
    "a double as an int is cut off",
    'key = "double"; converted_type = "int"; action = "convert"',
    { ...before, double: 2n },
  ],
  ["a truth value as an int", 'key = "bool"; converted_type = "int"; action = "convert"', { ...before, bool: 1n }],
  ["a map as text", 'key = "map"; converted_type = "string"; action = "convert"', { ...before, map: '{"k":"v"}' }],
  ["a text that is no number stays", 'key = "text"; converted_type = "int"; action = "convert"', before],
  ["what isn't there isn't converted", 'key = "none"; converted_type = "string"; action = "convert"', before],
])("%s", async ([, action, after]) => {
  expect(await changed(`action {; ${action}; }`)).toEqual(asJson(after));
});

test("actions are done in order", async () => {
  const steps = [
    'key = "x"; value = "1"; action = "insert"',
    'key = "x"; converted_type = "int"; action = "convert"',
    'key = "y"; from_attribute = "x"; action = "upsert"',
    'key = "x"; action = "delete"',
  ];
  expect(await changed(steps.map(step => `action {; ${step}; }`).join("; "), { a: "b" })).toEqual(
    asJson({ a: "b", y: 1n }),
  );
});

test.for<[it: string, value: Plain, hash: string]>([
  ["a text", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["an int by its bytes, the lowest first", 1n, "7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8"],
  ["a double by its bytes", 0, "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"],
  ["a truth value by one byte", true, "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"],
  ["a list not at all", [1n], ""],
])("hash: %s", async ([, value, hash]) => {
  expect(await changed('action {; key = "v"; action = "hash"; }', { v: value })).toEqual(asJson({ v: hash }));
});

test("hash by a pattern", async () => {
  expect(await changed('action {; pattern = "^a"; action = "hash"; }', { a: "abc", b: "abc" })).toEqual(
    asJson({ a: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", b: "abc" }),
  );
});

const mark = 'action {; key = "hit"; value = true; action = "insert"; }';

const span = spanRequest(
  { name: "GET /users", kind: 2, attributes: keyValues(before) },
  { attributes: keyValues({ "service.name": "shop", zone: "eu" }) },
  { name: "lib", version: "1.2" },
);

test.for<[it: string, blocks: string, hit: boolean]>([
  ["a service", 'include {; match_type = "strict"; services = ["x", "shop"]; }', true],
  ["another service", 'include {; match_type = "strict"; services = ["sho"]; }', false],
  ["a part of a service's name", 'include {; match_type = "regexp"; services = ["sho"]; }', true],
  ["a span's name", 'include {; match_type = "strict"; span_names = ["GET /users"]; }', true],
  ["a span's name by an expression", 'include {; match_type = "regexp"; span_names = ["^POST", "users$"]; }', true],
  ["a kind", 'include {; match_type = "strict"; span_kinds = ["SPAN_KIND_SERVER"]; }', true],
  ["another kind", 'include {; match_type = "strict"; span_kinds = ["SPAN_KIND_CLIENT"]; }', false],
  ["a library", 'include {; match_type = "strict"; library {; name = "lib"; version = "1.2"; }; }', true],
  [
    "a library of another version",
    'include {; match_type = "strict"; library {; name = "lib"; version = "1"; }; }',
    false,
  ],
  ["a resource", 'include {; match_type = "strict"; resource {; key = "zone"; value = "eu"; }; }', true],
  ["an attribute that is there", 'include {; match_type = "strict"; attribute {; key = "map"; }; }', true],
  ["an attribute that isn't", 'include {; match_type = "strict"; attribute {; key = "none"; }; }', false],
  ["an int", 'include {; match_type = "strict"; attribute {; key = "int"; value = 5; }; }', true],
  ["an int isn't a text", 'include {; match_type = "strict"; attribute {; key = "int"; value = "5"; }; }', false],
  ["a list", 'include {; match_type = "strict"; attribute {; key = "list"; value = [1, "x"]; }; }', true],
  ["an int by an expression", 'include {; match_type = "regexp"; attribute {; key = "int"; value = "^5$"; }; }', true],
  [
    "a list by an expression never",
    'include {; match_type = "regexp"; attribute {; key = "list"; value = ".*"; }; }',
    false,
  ],
  [
    "all attributes must match",
    'include {; match_type = "strict"; attribute {; key = "int"; value = 5; }; attribute {; key = "text"; value = "z"; }; }',
    false,
  ],
  ["excluded", 'exclude {; match_type = "strict"; services = ["shop"]; }', false],
  ["not excluded", 'exclude {; match_type = "strict"; services = ["other"]; }', true],
  [
    "included but excluded",
    'include {; match_type = "strict"; services = ["shop"]; }; exclude {; match_type = "regexp"; span_names = ["^GET"]; }',
    false,
  ],
])("span: %s", async ([, blocks, hit]) => {
  const pipeline = await openPipeline(config(`${blocks}; ${mark}`));
  await pipeline.push("otelcol.processor.attributes.a", "traces", span);
  expect("hit" in spanOf(pipeline.received[0]?.request)).toBe(hit);
  await pipeline.close();
});

const log = (severityNumber: number) =>
  logRequest({ body: { stringValue: "hello world" }, severityText: "INFO", severityNumber });

test.for<[it: string, severity: number, match: string, hit: boolean]>([
  ["a body", 9, 'match_type = "strict"; log_bodies = ["hello world"]', true],
  ["a body by an expression", 9, 'match_type = "regexp"; log_bodies = ["wor"]', true],
  ["a severity text", 9, 'match_type = "strict"; log_severity_texts = ["WARN"]', false],
  ["a severity at least", 9, 'match_type = "strict"; log_severity {; min = "INFO"; match_undefined = false; }', true],
  ["a severity below", 8, 'match_type = "strict"; log_severity {; min = "INFO"; match_undefined = true; }', false],
  ["no severity", 0, 'match_type = "strict"; log_severity {; min = "INFO"; match_undefined = true; }', true],
])("log: %s", async ([, severity, match, hit]) => {
  const pipeline = await openPipeline(config(`include {; ${match}; }; ${mark}`, "logs"));
  await pipeline.push("otelcol.processor.attributes.a", "logs", log(severity));
  expect(JSON.stringify(pipeline.received[0]?.request).includes('"hit"')).toBe(hit);
  await pipeline.close();
});

test.for<[it: string, blocks: string, hits: number]>([
  ["without a selection all points", "", 2],
  ["a metric's name", 'include {; match_type = "strict"; metric_names = ["m"]; }; ', 2],
  ["another name", 'include {; match_type = "strict"; metric_names = ["n"]; }; ', 0],
  ["other properties match no metric", 'include {; match_type = "strict"; attribute {; key = "a"; }; }; ', 0],
  ["excluded", 'exclude {; match_type = "regexp"; metric_names = ["^m"]; }; ', 0],
])("metric: %s", async ([, blocks, hits]) => {
  const pipeline = await openPipeline(config(`${blocks}${mark}`, "metrics"));
  const request = metricRequest({ name: "m", gauge: { dataPoints: [{ asInt: "1" }, { asInt: "2" }] } });
  await pipeline.push("otelcol.processor.attributes.a", "metrics", request);
  expect(JSON.stringify(pipeline.received[0]?.request).split('"hit"')).toHaveLength(hits + 1);
  await pipeline.close();
});

test.for<[it: string, body: string, problem: string]>([
  ["no action", "", 'missing required block "action" @ otelcol.processor.attributes "a" {'],
  [
    "an unknown action",
    'action {; key = "a"; action = "drop"; }',
    'unsupported action "drop", expected insert, update, upsert, delete, hash, extract, convert @ action {',
  ],
  ["no key", 'action {; value = 1; action = "insert"; }', 'missing required field "key" @ action {'],
  [
    "nothing to delete",
    'action {; action = "delete"; }',
    'missing required field: at least one of "key" and "pattern" has to be used @ action {',
  ],
  [
    "no value",
    'action {; key = "a"; action = "update"; }',
    'action "update" needs "value", "from_attribute" or "from_context" @ action {',
  ],
  [
    "two values",
    'action {; key = "a"; value = 1; from_attribute = "b"; action = "update"; }',
    'action "update" should have one source of the value, got 2 @ action {',
  ],
  [
    "a pattern where there is none",
    'action {; key = "a"; value = 1; pattern = "b"; action = "update"; }',
    'action "update" does not use "pattern" @ action {',
  ],
  [
    "a value to delete",
    'action {; key = "a"; value = 1; action = "delete"; }',
    'action "delete" does not use "value" or "from_attribute" @ action {',
  ],
  [
    "a pattern that can't be",
    'action {; pattern = "("; action = "hash"; }',
    'error parsing regexp: missing closing ): `(` @ "("',
  ],
  [
    "no pattern to extract",
    'action {; key = "a"; action = "extract"; }',
    'action "extract" needs "pattern" @ action {',
  ],
  [
    "a pattern without groups",
    'action {; key = "a"; pattern = "b"; action = "extract"; }',
    'pattern contains no named matcher groups @ "b"',
  ],
  [
    "a group without a name",
    'action {; key = "a"; pattern = "(?P<x>b)(c)"; action = "extract"; }',
    'pattern contains at least one unnamed matcher group @ "(?P<x>b)(c)"',
  ],
  [
    "no kind to convert to",
    'action {; key = "a"; action = "convert"; }',
    'action "convert" needs "converted_type" @ action {',
  ],
  [
    "an unknown kind",
    'action {; key = "a"; converted_type = "bool"; action = "convert"; }',
    'converted_type should be int, double or string, got "bool" @ action {',
  ],
  [
    "an empty selection",
    `include {; match_type = "strict"; }; ${mark}`,
    'at least one of "services", "span_names", "span_kinds", "attribute", "library" or "resource" must be set @ include {',
  ],
  [
    "log properties for spans",
    `include {; match_type = "strict"; log_bodies = ["a"]; }; ${mark}`,
    "log_bodies should not be specified for trace spans @ include {",
  ],
  [
    "an unknown kind of span",
    `include {; match_type = "strict"; span_kinds = ["server"]; }; ${mark}`,
    'span_kinds should be among SPAN_KIND_INTERNAL, SPAN_KIND_SERVER, SPAN_KIND_CLIENT, SPAN_KIND_PRODUCER, SPAN_KIND_CONSUMER with match_type strict, got "server" @ include {',
  ],
  [
    "an expression that can't be",
    `include {; match_type = "regexp"; services = ["("]; }; ${mark}`,
    'error parsing regexp: missing closing ): `(` @ "("]',
  ],
  [
    "an expression for a number",
    `include {; match_type = "regexp"; attribute {; key = "a"; value = 1; }; }; ${mark}`,
    "match_type regexp compares texts only, the value should be a string @ 1",
  ],
])("mistake: %s", async ([, body, problem]) => {
  expect(await problemsOf(config(body))).toEqual([problem]);
});

test("span properties can't select logs", async () => {
  expect(await problemsOf(config(`include {; match_type = "strict"; services = ["a"]; }; ${mark}`, "logs"))).toEqual([
    "services, span_names, and span_kinds are not valid for log records @ include {",
  ]);
});
