import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { seeded } from "../seeded-random.ts";
import type { LogEntry, LogStream } from "./model.ts";
import { decodePushJson, decodePushProtobuf, encodePush, encodePushJson, PushError } from "./push.ts";

const { root } = protobuf.parse(`syntax = "proto3";
  message PushRequest { repeated Stream streams = 1; } message Stream { string labels = 1; repeated Entry entries = 2; uint64 hash = 3; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; } message Pair { string name = 1; string value = 2; }
  message Entry { Timestamp timestamp = 1; string line = 2; repeated Pair structuredMetadata = 3; }`);
const PushRequest = root.lookupType("PushRequest");

const body = (stream: string) => Buffer.from(`{"streams":[${stream}]}`);
const entry = (timestamp: bigint, line: string, ...metadata: string[]): LogEntry => ({ timestamp, line, metadata });
const zero = -62_135_596_800_000_000_000n;

describe("JSON in", () => {
  test.for<{ it: string; text: string; streams: LogStream[] }>([
    { it: "an empty object", text: "{}", streams: [] },
    { it: "null", text: " null", streams: [] },
    { it: "no streams", text: '{"streams":[]}', streams: [] },
    { it: "null streams", text: '{"streams":null}', streams: [] },
    {
      it: "other keys of all kinds",
      text: '{"a":[1,-2.5e+3,true,false,null,"\\u00e9",{"b":{}}],"streams":[]}',
      streams: [],
    },
    {
      it: "the key in other letters",
      text: '{"Streams":[{"stream":{"a":"b"}}]}',
      streams: [{ labels: ["a", "b"], entries: [] }],
    },
    {
      it: "a stream without values",
      text: '{"streams":[{"stream":{"a":"b"}}]}',
      streams: [{ labels: ["a", "b"], entries: [] }],
    },
    {
      it: "null values",
      text: '{"streams":[{"stream":{"a":"b"},"values":null}]}',
      streams: [{ labels: ["a", "b"], entries: [] }],
    },
    {
      it: "the old form as nothing",
      text: '{"streams":[{"labels":"{a=\\"b\\"}","entries":[{"ts":"x","line":"y"}]}]}',
      streams: [{ labels: [], entries: [] }],
    },
    {
      it: "metadata",
      text: '{"streams":[{"stream":{"a":"b"},"values":[["1","x",{"b":"2","1":"x","b":"\\n"}]]}]}',
      streams: [{ labels: ["a", "b"], entries: [entry(1n, "x", "b", "2", "1", "x", "b", "\n")] }],
    },
    {
      it: "an entry of one element",
      text: '{"streams":[{"stream":{"a":"b"},"values":[["5"]]}]}',
      streams: [{ labels: ["a", "b"], entries: [entry(5n, "")] }],
    },
    {
      it: "an empty entry, null entries and further elements",
      text: '{"streams":[{"stream":{"a":"b"},"values":[[],null,["1","x",{},7,[]]]}]}',
      streams: [{ labels: ["a", "b"], entries: [entry(zero, ""), entry(1n, "x")] }],
    },
    {
      it: "label values that are no strings",
      text: '{"streams":[{"stream":{"a":1,"b":null,"c":{"x": 1},"d":1.50}}]}',
      streams: [{ labels: ["a", "1", "b", "null", "c", '{"x": 1}', "d", "1.50"], entries: [] }],
    },
    {
      it: "the last of equal labels, and no empty ones",
      text: '{"streams":[{"stream":{"a":"1","a":"2","b":""}}]}',
      streams: [{ labels: ["a", "2"], entries: [] }],
    },
    {
      it: "the last of equal keys, and anything after the end",
      text: '{"streams":[{"stream":{"a":"1"},"values":[["1","x"]],"values":[["2","y"]]}]} trailing',
      streams: [{ labels: ["a", "1"], entries: [entry(2n, "y")] }],
    },
    {
      it: "negative times and a lone dash",
      text: '{"streams":[{"values":[["-1","x"],["-","y"],["-9223372036854775808","z"]]}]}',
      streams: [{ labels: [], entries: [entry(-1n, "x"), entry(0n, "y"), entry(-9223372036854775808n, "z")] }],
    },
    {
      it: "escapes and UTF-8",
      text: '{"streams":[{"values":[["1","\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00ü😀\\u0000"]]}]}',
      streams: [{ labels: [], entries: [entry(1n, '"\\/\b\f\n\r\té😀ü😀\0')] }],
    },
    {
      it: "strings that hold an empty object or list",
      text: '{"streams":[{"stream":"{ }","values":" []"}]}',
      streams: [{ labels: [], entries: [] }],
    },
    {
      it: "label names that print as a quoted name",
      text: '{"streams":[{"stream":{"\\"a.b\\"":"1"}}]}',
      streams: [{ labels: ["a.b", "1"], entries: [] }],
    },
    {
      it: "a control character after an escape",
      text: '{"streams":[{"values":[["1","\\n\t"]]}]}',
      streams: [{ labels: [], entries: [entry(1n, "\n\t")] }],
    },
  ])("takes $it", ({ text, streams }) => {
    expect(decodePushJson(Buffer.from(text))).toEqual(streams);
  });

  test.for([
    { it: "an empty body", text: "", message: "push request should be JSON, got an empty body" },
    { it: "a list", text: "[]", message: 'push request should be an object, got "[]"' },
    { it: "cut JSON", text: '{"streams":', message: "streams should be a list, got the end" },
    { it: "streams that are no list", text: '{"streams":{}}', message: 'streams should be a list, got "{}}"' },
    { it: "a trailing comma", text: '{"streams":[],}', message: 'push request should have a key at byte 14, got "}"' },
    { it: "a null stream", text: '{"streams":[null]}', message: 'stream should be an object, got "null]}"' },
    {
      it: "labels as a string",
      text: '{"streams":[{"stream":"{a=\\"b\\"}"}]}',
      message: "push request should have an object of labels, got a string",
    },
    { it: "values as an object", text: '{"streams":[{"values":{}}]}', message: 'values should be a list, got "{}}]}"' },
    {
      it: "an entry as an object",
      text: '{"streams":[{"values":[{}]}]}',
      message: 'entry should be a list, got "{}]}]}"',
    },
    {
      it: "a number as time",
      text: '{"streams":[{"values":[[1,"x"]]}]}',
      message: 'timestamp should be a string, got "1,\\"x\\"]]}]}"',
    },
    {
      it: "a word as time",
      text: '{"streams":[{"values":[["now","x"]]}]}',
      message: 'timestamp should be nanoseconds since 1970, got "now"',
    },
    {
      it: "a plus sign",
      text: '{"streams":[{"values":[["+1","x"]]}]}',
      message: 'timestamp should be nanoseconds since 1970, got "+1"',
    },
    {
      it: "a time of more than 64 bits",
      text: '{"streams":[{"values":[["9223372036854775808","x"]]}]}',
      message: 'timestamp should be nanoseconds since 1970, got "9223372036854775808"',
    },
    {
      it: "a number as line",
      text: '{"streams":[{"values":[["1",5]]}]}',
      message: 'line should be a string, got "5]]}]}"',
    },
    {
      it: "null metadata",
      text: '{"streams":[{"values":[["1","x",null]]}]}',
      message: 'structured metadata should be an object, got "null]]}]}"',
    },
    {
      it: "metadata that is no string",
      text: '{"streams":[{"values":[["1","x",{"k":1}]]}]}',
      message: 'structured metadata should be a string, got "1}]]}]}"',
    },
    {
      it: "half a surrogate pair",
      text: '{"streams":[{"values":[["1","\\ud800"]]}]}',
      message: 'push request has half a surrogate pair, "\\\\ud800"',
    },
    { it: "an unknown escape", text: '{"other":"\\q"}', message: "push request has an invalid escape at byte 10" },
    {
      it: "a control character",
      text: '{"other":"\t"}',
      message: "push request has a control character in a string at byte 10",
    },
    {
      it: "a number with a leading zero",
      text: '{"other":01}',
      message: 'push request should have a comma or brace at byte 10, got "1}"',
    },
    { it: "a misspelt word", text: '{"other":nil}', message: 'push request should have null at byte 9, got "nil}"' },
    {
      it: "a label name with a dash",
      text: '{"streams":[{"stream":{"a-b":"c"}}]}',
      message: 'label string should have "=" at position 2, got "-b=\\"c\\"}": "{a-b=\\"c\\"}"',
    },
  ])("refuses $it", ({ text, message }) => {
    expect(() => decodePushJson(Buffer.from(text))).toThrow(message);
  });

  test("a body that is cut anywhere is refused", () => {
    const whole = body('{"stream":{"a":"b"},"values":[["1","x\\u00e9",{"k":"v"}]]}');
    expect(decodePushJson(whole)).toHaveLength(1);
    for (let end = 0; end < whole.length; end++)
      expect(() => decodePushJson(whole.subarray(0, end))).toThrow(PushError);
  });

  test("equal labels are one object from request to request", () => {
    const [first] = decodePushJson(body('{"stream":{"a":"b","c":"d"}}'));
    const [second] = decodePushJson(body('{"stream":{"c":"d","a":"b"}}'));
    expect(second?.labels).toBe(first?.labels);
  });
});

describe("protobuf", () => {
  const random = seeded(5);
  const text = () =>
    "ab😀ü\n"
      .repeat(40)
      .slice(0, Math.floor(random() * random() * 200))
      .toWellFormed();
  const randomEntry = () =>
    entry(
      BigInt(Math.floor((random() - 0.2) * 2 ** 50)) * 1000n + BigInt(Math.floor(random() * 1000)),
      text(),
      ...Array.from({ length: Math.floor(random() * 3) }, () => [text(), text()]).flat(),
    );
  const streams = Array.from({ length: 30 }, (_, i): [string, LogEntry[]] => [
    `{app="${i}"}`,
    Array.from({ length: Math.floor(random() * 8) }, randomEntry),
  ]);

  test("protobufjs reads what is written", () => {
    const message = PushRequest.toObject(PushRequest.decode(encodePush(streams)), { longs: BigInt, defaults: true });
    const read = message["streams"].map((stream: { labels: string; entries: ProtoEntry[] }) => [
      stream.labels,
      stream.entries.map(fromProto),
    ]);
    expect(read).toEqual(streams);
  });

  test("what protobufjs writes is read", () => {
    const message = {
      streams: streams.map(([labels, entries]) => ({ labels, hash: 5, entries: entries.map(toProto) })),
    };
    const encoded = PushRequest.encode(PushRequest.fromObject(message)).finish();
    expect(decodePushProtobuf(encoded)).toEqual(
      streams.map(([labels, entries]) => ({ labels: ["app", labels.slice(6, -2)], entries })),
    );
  });

  test("a message that is cut anywhere is read or refused, nothing else", () => {
    const whole = encodePush(streams.slice(0, 4));
    for (let end = 0; end < whole.length; end++) {
      try {
        decodePushProtobuf(whole.subarray(0, end));
      } catch (error) {
        expect((error as Error).name).toMatch(/^(PushError|LabelSyntaxError)$/); // whatever it is, it is an Error
      }
    }
  });

  test.for([
    { it: "no time", entry: { line: "x" }, out: entry(zero, "x") },
    { it: "an empty time", entry: { timestamp: {}, line: "x" }, out: entry(0n, "x") },
    { it: "a time before 1970", entry: { timestamp: { seconds: -1, nanos: 999_999_999 } }, out: entry(-1n, "") },
  ])("takes $it", ({ entry, out }) => {
    const encoded = PushRequest.encode(
      PushRequest.fromObject({ streams: [{ labels: "{}", entries: [entry] }] }),
    ).finish();
    expect(decodePushProtobuf(encoded)).toEqual([{ labels: [], entries: [out] }]);
  });

  test.for([
    {
      it: "nanoseconds above a second",
      timestamp: { nanos: 1_000_000_000 },
      got: "0 seconds and 1000000000 nanoseconds",
    },
    { it: "negative nanoseconds", timestamp: { nanos: -1 }, got: "0 seconds and -1 nanoseconds" },
    { it: "the year 10000", timestamp: { seconds: 253_402_300_800 }, got: "253402300800 seconds and 0 nanoseconds" },
  ])("refuses $it", ({ timestamp, got }) => {
    const encoded = PushRequest.encode(
      PushRequest.fromObject({ streams: [{ labels: "{}", entries: [{ timestamp }] }] }),
    ).finish();
    expect(() => decodePushProtobuf(encoded)).toThrow(
      new PushError(`timestamp should be between the years 1 and 9999, got ${got}`),
    );
  });

  test("writes the time of an entry that has none", () => {
    expect(decodePushProtobuf(encodePush([["{}", [entry(zero, "x")]]]))[0]?.entries).toEqual([entry(zero, "x")]);
  });
});

interface ProtoEntry {
  timestamp: { seconds: bigint; nanos: number };
  line: string;
  structuredMetadata: { name: string; value: string }[];
}

const fromProto = ({ timestamp, line, structuredMetadata }: ProtoEntry): LogEntry => ({
  timestamp: BigInt(timestamp.seconds) * 1_000_000_000n + BigInt(timestamp.nanos),
  line,
  metadata: structuredMetadata.flatMap(({ name, value }) => [name, value]),
});

function toProto({ timestamp, line, metadata }: LogEntry) {
  const nanos = ((timestamp % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const structuredMetadata = metadata.flatMap((name, i) => (i % 2 === 0 ? [{ name, value: metadata[i + 1] }] : []));
  return {
    timestamp: { seconds: String((timestamp - nanos) / 1_000_000_000n), nanos: Number(nanos) },
    line,
    structuredMetadata,
  };
}

test("JSON out is JSON in", () => {
  const streams: LogStream[] = [
    { labels: ["a", "b"], entries: [entry(1_700_000_000_000_000_001n, "x\n", "k", "v"), entry(-5n, "")] },
  ];
  expect(encodePushJson(streams)).toBe(
    '{"streams":[{"stream":{"a":"b"},"values":[["1700000000000000001","x\\n",{"k":"v"}],["-5",""]]}]}',
  );
  expect(decodePushJson(Buffer.from(encodePushJson(streams)))).toEqual(streams);
});
