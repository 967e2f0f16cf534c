/** The views against a full decode, edit and encode by protobufjs, on payloads made from seeds. */
import { describe, expect, test } from "vitest";
import { isCanonical } from "./canonical.ts";
import { Logs } from "./logs.ts";
import { Metrics } from "./metrics.ts";
import { type Field, type Message, requests, type Signal } from "./schema.ts";
import { decodePlain, encodePlain, type Plain, randomFrom, randomRequest, randomValue } from "./testing.ts";
import { Traces } from "./traces.ts";
import { validate, validateAndIndex } from "./validate.ts";
import { attributeKey, type Value, ValueList, ValueMap } from "./value.ts";
import { View, ViewList } from "./view.ts";
import { WireError } from "./wire.ts";

const signals: readonly Signal[] = ["traces", "logs", "metrics"];
const seeds = Array.from({ length: 25 }, (_, i) => i + 1);

function open(signal: Signal, bytes: Uint8Array): Traces | Logs | Metrics {
  return signal === "traces" ? new Traces(bytes) : signal === "logs" ? new Logs(bytes) : new Metrics(bytes);
}

const member = (view: object, name: string): unknown => Reflect.get(view, name);

/** The whole of a view, read through its accessors, in the form of `decodePlain`. */
function plainOf(view: View, message: Message): Plain {
  const plain: Plain = {};
  for (const field of message.fields) {
    if (field.number === 1000 || field.name === "entity_refs") continue;
    const read = readField(view, field);
    if (read !== undefined) plain[field.jsonName] = read;
  }
  return plain;
}

function readField(view: View, field: Field): unknown {
  if (field.name === "as_double" || field.name === "as_int") {
    const value = member(view, "value");
    if (typeof value !== (field.name === "as_int" ? "bigint" : "number")) return undefined;
    return plainScalar(value);
  }
  const value = member(view, field.jsonName);
  if (field.message?.name === "AnyValue") return nonEmptyObject(plainValue(value as Value)); // a body
  if (value instanceof ValueMap) return nonEmpty(plainPairs(value));
  if (value instanceof ViewList) return nonEmpty(Array.from(value, item => plainOf(item, messageOf(field))));
  if (value instanceof View) {
    const plain = plainOf(value, messageOf(field));
    return field.always && Object.keys(plain).length === 0 ? undefined : plain;
  }
  if (Array.isArray(value)) return nonEmpty(value.map(plainScalar));
  if (value === undefined) return undefined;
  const scalar = plainScalar(value);
  return field.presence || !(scalar === "" || scalar === "0" || scalar === 0 || scalar === false) ? scalar : undefined;
}

function messageOf(field: Field): Message {
  if (field.message === undefined) throw new Error(`${field.name} should be a message`);
  return field.message;
}

const nonEmpty = (list: unknown[]): unknown => (list.length > 0 ? list : undefined);
const nonEmptyObject = (plain: Plain): unknown => (Object.keys(plain).length > 0 ? plain : undefined);

function plainScalar(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function plainPairs(map: ValueMap): Plain[] {
  return Array.from(map, ([key, value]) => {
    const plain = plainValue(value);
    return { ...(key !== "" && { key }), ...(Object.keys(plain).length > 0 && { value: plain }) };
  });
}

function plainValue(value: Value): Plain {
  switch (typeof value) {
    case "undefined":
      return {};
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "bigint":
      return { intValue: String(value) };
    case "number":
      return { doubleValue: value };
    default:
      if (value instanceof ValueMap) return { kvlistValue: value.size > 0 ? { values: plainPairs(value) } : {} };
      if (value instanceof ValueList)
        return { arrayValue: value.length > 0 ? { values: Array.from(value, plainValue) } : {} };
      return { bytesValue: Buffer.from(value).toString("base64") };
  }
}

/** Entity references have no accessors; they pass as bytes. */
function withoutEntities(plain: unknown): unknown {
  if (Array.isArray(plain)) return plain.map(withoutEntities);
  if (typeof plain !== "object" || plain === null) return plain;
  const entries = Object.entries(plain).filter(([name]) => name !== "entityRefs");
  const kept = Object.fromEntries(entries.map(([name, value]) => [name, withoutEntities(value)]));
  if (typeof kept["resource"] === "object" && Object.keys(Object(kept["resource"])).length === 0)
    delete kept["resource"];
  return kept;
}

describe.for(signals)("%s", signal => {
  test("an untouched request gives the very same bytes", () => {
    const bytes = encodePlain(signal, randomRequest(signal, 1));
    const views = open(signal, bytes);
    plainOf(views, requests[signal]);
    expect(views.encode()).toBe(bytes);
    expect(views.byteLength).toBe(bytes.length);
    const buffer = Buffer.from(bytes);
    expect(open(signal, buffer).encode()).toBe(buffer);
  });

  test.for(seeds)("reads all fields as a full decode does, seed %i", seed => {
    const bytes = encodePlain(signal, randomRequest(signal, seed));
    expect(plainOf(open(signal, bytes), requests[signal])).toEqual(withoutEntities(decodePlain(signal, bytes)));
  });

  test.for(seeds)("writes every scalar of every message as a full encode does, seed %i", seed => {
    const bytes = encodePlain(signal, randomRequest(signal, seed));
    const views = open(signal, bytes);
    const plain = decodePlain(signal, bytes);
    overwrite(views, requests[signal], plain, randomFrom(seed + 1000));
    expect(views.byteLength).toBe(views.encode().length);
    expect(decodePlain(signal, views.encode())).toEqual(decodePlain(signal, encodePlain(signal, plain)));
    expect(plainOf(views, requests[signal])).toEqual(plainOf(open(signal, views.encode()), requests[signal]));
  });

  test("a payload cut at any place is refused or read, never more", () => {
    const bytes = encodePlain(signal, randomRequest(signal, 10));
    expect(bytes.length).toBeGreaterThan(500);
    for (let length = 0; length < 500; length++) expectSound(signal, bytes.slice(0, length));
  });

  test("payloads with wrong bytes are refused or read, never more", () => {
    const random = randomFrom(7);
    for (let round = 0; round < 250; round++) {
      const bytes = encodePlain(signal, randomRequest(signal, 1 + (round % 20)));
      for (let i = 0; i < 1 + (round % 4); i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      expectSound(signal, bytes);
    }
  });
});

/** What the check lets in can be read and written; nothing else than a `WireError` is thrown. */
function expectSound(signal: Signal, bytes: Uint8Array): void {
  let valid = false;
  try {
    validate(signal, bytes);
    valid = true;
    const views = open(signal, bytes);
    validateAndIndex(signal, views.node);
    plainOf(views, requests[signal]);
    overwrite(views, requests[signal], {}, randomFrom(1));
    open(signal, views.encode()).itemCount;
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    expect(valid).toBe(false);
    try {
      plainOf(open(signal, bytes), requests[signal]);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  }
}

/** Gives every scalar of the messages that exist another value, in the view and in the plain object. */
function overwrite(view: View, message: Message, plain: Plain, random: () => number): void {
  for (const field of message.fields) {
    if (field.number === 1000 || field.name === "entity_refs" || field.message?.name === "KeyValue") continue;
    if (field.message?.name === "AnyValue") continue;
    if (field.name === "as_double" || field.name === "as_int") overwriteOneof(view, field, plain, random);
    else if (field.message === undefined) {
      const value = field.repeated
        ? Array.from({ length: Math.floor(random() * 4) }, () => randomValue(field, random, 0))
        : randomValue(field, random, 0);
      plain[field.jsonName] = value;
      const assigned = Array.isArray(value) ? value.map(item => valueFor(field, item)) : valueFor(field, value);
      expect(Reflect.set(view, field.jsonName, assigned)).toBe(true);
    } else overwriteBelow(member(view, field.jsonName), field, plain, random);
  }
}

function overwriteOneof(view: View, field: Field, plain: Plain, random: () => number): void {
  if (random() < 0.5) return;
  const value = randomValue(field, random, 0);
  delete plain["asDouble"];
  delete plain["asInt"];
  plain[field.jsonName] = value;
  expect(Reflect.set(view, "value", valueFor(field, value))).toBe(true);
}

function overwriteBelow(value: unknown, field: Field, plain: Plain, random: () => number): void {
  if (value instanceof ViewList) {
    const plains = plain[field.jsonName];
    let index = 0;
    for (const item of value) {
      overwrite(item, messageOf(field), Array.isArray(plains) ? plains[index] : {}, random);
      index++;
    }
  } else if (value instanceof View) {
    plain[field.jsonName] ??= {};
    overwrite(value, messageOf(field), Object(plain[field.jsonName]), random);
  }
}

/** A plain value as the accessors take it. */
function valueFor(field: Field, value: unknown): unknown {
  switch (field.type) {
    case "bytes":
    case "traceId":
    case "spanId":
      return new Uint8Array(Buffer.from(String(value), "base64"));
    case "fixed64":
    case "sfixed64":
    case "int64":
    case "uint64":
      return BigInt(String(value));
    default:
      return value;
  }
}

interface PlainSpan {
  name: string;
  kind: number;
  attributes: { key: string; value: Plain }[];
  events: Plain[];
  links: Plain[];
  status?: Plain;
}
interface PlainTraces {
  resourceSpans: { resource: { attributes: Plain[] }; scopeSpans: { scope: Plain; spans: PlainSpan[] }[] }[];
}

const base: PlainTraces = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeSpans: [
        {
          scope: { name: "lib" },
          spans: Array.from({ length: 6 }, (_, i) => ({
            name: `span ${i}`,
            kind: i,
            attributes: [
              { key: "i", value: { intValue: String(i) } },
              { key: "dup", value: { stringValue: "first" } },
              { key: "dup", value: { stringValue: "second" } },
              {
                key: "map",
                value: {
                  kvlistValue: {
                    values: [
                      { key: "deep", value: { arrayValue: { values: [{ intValue: "1" }, { stringValue: "two" }] } } },
                      { key: "flag", value: { boolValue: true } },
                    ],
                  },
                },
              },
              { key: "http.route", value: { stringValue: "/" } },
              { key: "none", value: {} },
            ],
            events: [{ name: "start" }, { name: "end" }],
            links: [{ traceState: "a=1" }],
          })),
        },
      ],
    },
  ],
};

/** The map in an attribute. */
function mapOf(value: Value): ValueMap {
  if (!(value instanceof ValueMap)) throw new Error("value should be a map");
  return value;
}

function listOf(value: Value): ValueList {
  if (!(value instanceof ValueList)) throw new Error("value should be a list");
  return value;
}

const spansOf = (traces: Traces) => {
  const spans = traces.resourceSpans.at(0)?.scopeSpans.at(0)?.spans;
  if (spans === undefined) throw new Error("the request should have spans");
  return spans;
};

const pair = (key: string, value: Plain) => ({ key, value });
const string = (text: string): Plain => ({ stringValue: text });

test.for<{ it: string; views: (traces: Traces) => void; plain: (spans: PlainSpan[], all: PlainTraces) => void }>([
  {
    it: "removes half of the spans",
    views: traces => expect(spansOf(traces).removeIf(({ kind }) => kind % 2 === 1)).toBe(3),
    plain: spans => spans.splice(0, 6, ...spans.filter(({ kind }) => kind % 2 === 0)),
  },
  {
    it: "removes all spans",
    views: traces => spansOf(traces).clear(),
    plain: spans => spans.splice(0),
  },
  {
    it: "replaces an attribute in its place",
    views: traces => {
      for (const { attributes } of spansOf(traces)) attributes.set("i", "text");
    },
    plain: spans => {
      for (const { attributes } of spans) attributes[0] = pair("i", string("text"));
    },
  },
  {
    it: "adds an attribute at the end",
    views: traces => {
      for (const { attributes } of spansOf(traces)) attributes.set(attributeKey("new"), 1.5);
    },
    plain: spans => {
      for (const { attributes } of spans) attributes.push(pair("new", { doubleValue: 1.5 }));
    },
  },
  {
    it: "adds values of all kinds",
    views: traces => {
      const { attributes } = spansOf(traces).at(2) ?? {};
      attributes?.add("n", undefined);
      attributes?.add("i", -1n);
      attributes?.add("big", 2n ** 63n - 1n);
      attributes?.add("b", false);
      attributes?.add("y", new Uint8Array([1, 2]));
      attributes?.add("l", [1n, "x", [true], new Map([["k", 2]])]);
      attributes?.add("ü", "é".repeat(100));
      attributes?.add("long", "x".repeat(20_000));
    },
    plain: spans =>
      spans[2]?.attributes.push(
        pair("n", {}),
        pair("i", { intValue: "-1" }),
        pair("big", { intValue: "9223372036854775807" }),
        pair("b", { boolValue: false }),
        pair("y", { bytesValue: "AQI=" }),
        pair("l", {
          arrayValue: {
            values: [
              { intValue: "1" },
              string("x"),
              { arrayValue: { values: [{ boolValue: true }] } },
              { kvlistValue: { values: [pair("k", { doubleValue: 2 })] } },
            ],
          },
        }),
        pair("ü", string("é".repeat(100))),
        pair("long", string("x".repeat(20_000))),
      ),
  },
  {
    it: "removes the first of two equal keys",
    views: traces => {
      for (const { attributes } of spansOf(traces)) {
        expect(attributes.delete("dup")).toBe(true);
        expect(attributes.get("dup")).toBe("second");
        expect(attributes.delete("missing")).toBe(false);
      }
    },
    plain: spans => {
      for (const { attributes } of spans) attributes.splice(1, 1);
    },
  },
  {
    it: "removes attributes by key and by value",
    views: traces => {
      for (const { attributes } of spansOf(traces)) {
        expect(attributes.removeIf((key, value) => key === "dup" || value() === "/")).toBe(3);
      }
    },
    plain: spans => {
      for (const { attributes } of spans) {
        attributes.splice(1, 2);
        attributes.splice(2, 1);
      }
    },
  },
  {
    it: "writes into nested maps and lists, seen again through other views",
    views: traces => {
      for (const { attributes } of spansOf(traces)) {
        mapOf(attributes.get("map")).set("flag", "changed");
        mapOf(attributes.get("map")).set("more", 5n);
        const deep = listOf(mapOf(attributes.get("map")).get("deep"));
        deep.push("three");
        deep.set(0, 100n);
        expect([...listOf(mapOf(attributes.get("map")).get("deep"))]).toEqual([100n, "two", "three"]);
        expect(deep.removeIf(value => value === "two")).toBe(1);
      }
    },
    plain: spans => {
      for (const { attributes } of spans) {
        attributes[3] = pair("map", {
          kvlistValue: {
            values: [
              pair("deep", { arrayValue: { values: [{ intValue: "100" }, string("three")] } }),
              pair("flag", string("changed")),
              pair("more", { intValue: "5" }),
            ],
          },
        });
      }
    },
  },
  {
    it: "copies a nested map to another key and span, after which both change apart",
    views: traces => {
      const first = mapOf(spansOf(traces).at(0)?.attributes.get("map"));
      first.delete("deep");
      spansOf(traces).at(1)?.attributes.set("copy", first);
      first.set("flag", false);
    },
    plain: spans => {
      const map = (flag: boolean) => ({ kvlistValue: { values: [pair("flag", { boolValue: flag })] } });
      spans[1]?.attributes.push(pair("copy", map(true)));
      spans[0]?.attributes.splice(3, 1, pair("map", map(false)));
    },
  },
  {
    it: "sets the attributes of a span to those of its resource",
    views: ({ resourceSpans }) => {
      for (const { resource, scopeSpans } of resourceSpans) {
        for (const { spans } of scopeSpans) {
          for (const span of spans) {
            span.attributes.set("resource", resource.attributes);
            span.attributes.replaceAll([...span.attributes].slice(-1));
          }
        }
      }
    },
    plain: (spans, all) => {
      const values = all.resourceSpans[0]?.resource.attributes;
      for (const span of spans) span.attributes = [pair("resource", { kvlistValue: { values } })];
    },
  },
  {
    it: "appends events, a link and a status, and removes an event",
    views: traces => {
      for (const span of spansOf(traces)) {
        span.events.removeIf(({ name }) => name === "start");
        const event = span.events.append();
        event.name = "added";
        event.timeUnixNano = 5n;
        event.attributes.set("k", "v");
        span.links.append().traceIdHex = "000102030405060708090a0b0c0d0e0f";
        span.status.code = 2;
        span.status.message = "failed";
      }
    },
    plain: spans => {
      for (const span of spans) {
        span.events = [{ name: "end" }, { name: "added", timeUnixNano: "5", attributes: [pair("k", string("v"))] }];
        span.links.push({ traceId: "AAECAwQFBgcICQoLDA0ODw==" });
        span.status = { code: 2, message: "failed" };
      }
    },
  },
  {
    it: "appends copies of spans, also ones that were written",
    views: traces => {
      const spans = spansOf(traces);
      const first = spans.at(0);
      if (first) first.name = "changed";
      spans.append(first).kind = 9;
      spans.append(new Traces(traces.encode()).resourceSpans.at(0)?.scopeSpans.at(0)?.spans.at(3));
      if (first) first.name = "changed again";
    },
    plain: spans => {
      const [first, , , fourth] = structuredClone(spans);
      if (first && fourth) spans.push({ ...first, name: "changed", kind: 9 }, fourth);
      if (spans[0]) spans[0].name = "changed again";
    },
  },
  {
    it: "changes many things one after the other, encoding between",
    views: traces => {
      for (let round = 0; round < 30; round++) {
        for (const span of spansOf(traces)) {
          span.attributes.set(`key ${round % 7}`, BigInt(round));
          span.attributes.delete(`key ${(round + 3) % 7}`);
          span.name += ".";
        }
        if (round % 10 === 0) traces.encode();
      }
    },
    plain: spans => {
      for (const span of spans) {
        for (let round = 0; round < 30; round++) {
          const at = span.attributes.findIndex(({ key }) => key === `key ${round % 7}`);
          span.attributes.splice(
            at < 0 ? span.attributes.length : at,
            1,
            pair(`key ${round % 7}`, { intValue: String(round) }),
          );
          const gone = span.attributes.findIndex(({ key }) => key === `key ${(round + 3) % 7}`);
          if (gone >= 0) span.attributes.splice(gone, 1);
          span.name += ".";
        }
      }
    },
  },
  {
    it: "adds a resource with a scope and a span",
    views: ({ resourceSpans }) => {
      const group = resourceSpans.append();
      group.schemaUrl = "https://schemas.example/1";
      group.resource.attributes.set("r", true);
      const scope = group.scopeSpans.append();
      scope.scope.version = "1";
      scope.spans.append().name = "new";
    },
    plain: (_, all) => {
      const added: unknown = {
        schemaUrl: "https://schemas.example/1",
        resource: { attributes: [pair("r", { boolValue: true })] },
        scopeSpans: [{ scope: { version: "1" }, spans: [{ name: "new" }] }],
      };
      Reflect.apply(Array.prototype.push, all.resourceSpans, [added]);
    },
  },
])("$it", ({ views, plain }) => {
  const all = structuredClone(base);
  const traces = new Traces(encodePlain("traces", { ...base }));
  views(traces);
  plain(all.resourceSpans[0]?.scopeSpans[0]?.spans ?? [], all);
  const encoded = traces.encode();
  expect(traces.byteLength).toBe(encoded.length);
  expect(decodePlain("traces", encoded)).toEqual(decodePlain("traces", encodePlain("traces", { ...all })));
  expect(() => validate("traces", encoded)).not.toThrow();
});

test("a fork and its origin change apart", () => {
  const traces = new Traces(encodePlain("traces", { ...base }));
  spansOf(traces).removeIf(({ kind }) => kind > 1);
  const fork = traces.fork();
  spansOf(fork).clear();
  expect(traces.spanCount).toBe(2);
  expect(fork.spanCount).toBe(0);
  for (const span of spansOf(traces)) span.name = "origin";
  expect(Array.from(spansOf(traces), ({ name }) => name)).toEqual(["origin", "origin"]);
  expect(fork.encode()).not.toEqual(traces.encode());
});

test("new messages have the fields that Alloy's encoder always writes", () => {
  const traces = new Traces();
  traces.resourceSpans.append().scopeSpans.append().spans.append().links.append();
  const logs = new Logs();
  logs.resourceLogs.append().scopeLogs.append().logRecords.append();
  const metrics = new Metrics();
  const metric = metrics.resourceMetrics.append().scopeMetrics.append().metrics.append();
  metric.setKind("exponentialHistogram");
  metric.exponentialHistogram?.dataPoints.append().exemplars.append();
  expect(isCanonical("traces", traces.encode())).toBe(true);
  expect(isCanonical("logs", logs.encode())).toBe(true);
  expect(isCanonical("metrics", metrics.encode())).toBe(true);
});

test("an empty key is left out, as Alloy's encoder does, and found", () => {
  const map = ValueMap.from([["", "v"]]);
  expect(Buffer.from(map.encode()).toString("hex")).toBe("0a0512030a0176");
  expect([map.get(""), map.has(""), [...map.keys()]]).toEqual(["v", true, [""]]);
  map.set("", 1n);
  expect([...map]).toEqual([["", 1n]]);
});

test("a metric changes its kind of data", () => {
  const metrics = new Metrics();
  const metric = metrics.resourceMetrics.append().scopeMetrics.append().metrics.append();
  expect(metric.kind).toBe(undefined);
  expect([...metric.dataPoints]).toEqual([]);
  metric.setKind("gauge");
  const point = metric.gauge?.dataPoints.append();
  if (point) point.value = 0n;
  expect(point?.value).toBe(0n);
  if (point) point.value = 0;
  expect(point?.value).toBe(0);
  if (point) point.value = undefined;
  expect(point?.value).toBe(undefined);
  metric.setKind("sum");
  expect([metric.kind, metric.gauge, metric.sum?.dataPoints.length]).toEqual(["sum", undefined, 0]);
});

test.for<{ it: string; field: string; id: string; hex: string }>([
  {
    it: "gives a new id",
    field: "traceIdHex",
    id: "0A0b0c0d0e0f00112233445566778899",
    hex: "0a0b0c0d0e0f00112233445566778899",
  },
  { it: "takes zeros as no id", field: "spanIdHex", id: "0000000000000000", hex: "" },
  { it: "takes nothing as no id", field: "parentSpanIdHex", id: "", hex: "" },
])("an id as hex $it", ({ field, id, hex }) => {
  const traces = new Traces(encodePlain("traces", randomRequest("traces", 4)));
  const span = traces.resourceSpans.append().scopeSpans.append().spans.append();
  Reflect.set(span, field, id);
  expect(Reflect.get(span, field)).toBe(hex);
});

test.for([
  { it: "too short", id: "0a0b", message: "id should have 8 bytes, got 2" },
  { it: "not hex", id: "zz", message: "id should have 8 bytes, got 1" },
])("an id that is $it is refused", ({ id, message }) => {
  const span = new Traces().resourceSpans.append().scopeSpans.append().spans.append();
  expect(() => {
    span.spanIdHex = id;
  }).toThrow(message);
});

describe("what protobuf allows besides", () => {
  const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
  /** One span with these fields. */
  const traceOf = (fields: string): Traces => {
    const nest = (tag: string, inner: string) => `${tag}${(inner.length / 2).toString(16).padStart(2, "0")}${inner}`;
    return new Traces(hex(nest("0a", nest("12", nest("12", fields.replaceAll(" ", ""))))));
  };

  test("of a repeated scalar the last counts, and setting it leaves one", () => {
    const span = spansOf(traceOf("2a0161 2a0162")).at(0);
    expect(span?.name).toBe("b");
    if (span) span.name = "c";
    expect(Buffer.from(span?.node.encode() ?? []).toString("hex")).toBe("2a0163");
  });

  test("a repeated single message is merged", () => {
    const span = spansOf(traceOf("7a03120161 7a021802")).at(0);
    expect([span?.status.message, span?.status.code]).toEqual(["a", 2]);
    if (span) span.status.message = "b";
    expect([span?.status.message, span?.status.code]).toEqual(["b", 2]);
    expect(Buffer.from(span?.node.encode() ?? []).toString("hex")).toBe("7a05120162" + "1802");
  });

  test("unknown fields, groups too, stay where others are written", () => {
    const span = spansOf(traceOf("9a0601aa 0b0801130c14 2a0161 a00601")).at(0);
    if (span) span.name = "b";
    expect(Buffer.from(span?.node.encode() ?? []).toString("hex")).toBe("9a0601aa0b0801130c14" + "2a0162a00601");
  });

  test("scope spans at their old number are read, written at the present one, and not where both are there", () => {
    const scopes = (number: string) => `${number}05 1203 2a0161`.replaceAll(" ", "");
    const group = scopes("c23e");
    const old = new Traces(hex(`0a${(group.length / 2).toString(16).padStart(2, "0")}${group}`));
    const bytes = old.encode();
    expect(Array.from(spansOf(old), ({ name }) => name)).toEqual(["a"]);
    expect([old.spanCount, old.encode()]).toEqual([1, bytes]);
    for (const span of spansOf(old)) span.name = "b";
    expect(Buffer.from(old.encode()).toString("hex")).toBe("0a07120512032a0162");
  });

  test("long lengths and unusual ones are read", () => {
    const span = spansOf(traceOf("aa00 8100 61")).at(0); // tag and length each take a byte more than they need
    expect(span?.name).toBe("a");
  });

  test("packed and single numbers are one list", () => {
    const metrics = new Metrics();
    const metric = metrics.resourceMetrics.append().scopeMetrics.append().metrics.append();
    metric.setKind("histogram");
    const one = "0100000000000000";
    const { node } = metric;
    node.clear(0x4a);
    const point = hex(`310200000000000000 3208${one}`);
    node.append(0x4a, hex(`0a13${Buffer.from(point).toString("hex")}`), 0, 21);
    const [found] = metric.histogram?.dataPoints ?? [];
    expect(found?.bucketCounts).toEqual([2n, 1n]);
    if (found) found.bucketCounts = [3n];
    expect(found?.bucketCounts).toEqual([3n]);
  });

  test("messages deeper than the limit are refused", () => {
    let value = new Uint8Array(0);
    for (let i = 0; i < 1100; i++) {
      const list = new ValueList();
      list.node.append(0x0a, value, 0, value.length);
      const any = new ValueList();
      any.node.append(0x2a, list.encode(), 0, list.encode().length);
      value = new Uint8Array(any.encode());
    }
    const logs = new Logs();
    logs.resourceLogs.append().scopeLogs.append().logRecords.append().node.append(0x2a, value, 0, value.length);
    expect(() => validate("logs", logs.encode())).toThrow("messages should be at most 1000 deep, got more");
    let body: Value = new Logs(logs.encode()).resourceLogs.at(0)?.scopeLogs.at(0)?.logRecords.at(0)?.body;
    expect(() => {
      while (body instanceof ValueList) body = body.at(0);
    }).toThrow("messages should be at most 1000 deep, got more");
  });
});
