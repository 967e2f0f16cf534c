import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { seeded } from "../seeded-random.ts";
import { WireError } from "../wire.ts";
import type { Exemplar, MetricType, NativeHistogram, Sample } from "./model.ts";
import { countWritten, encodeWriteRequest, metricTypes, type WriteOptions } from "./remote-write.ts";
import { decodeWriteRequest, KnownSeries } from "./remote-write-decode.ts";

const histogramFields = `oneof count { uint64 count_int = 1; double count_float = 2; } double sum = 3; sint32 schema = 4; double zero_threshold = 5;
  oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; } repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9;
  repeated double negative_counts = 10; repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12; repeated double positive_counts = 13;
  int32 reset_hint = 14; int64 timestamp = 15; repeated double custom_values = 16;`;
const { root } = protobuf.parse(
  `syntax = "proto3";
  message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated bytes metadata = 3; } message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; } message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message Histogram { ${histogramFields} }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
  message Request { repeated string symbols = 4; repeated TimeSeries2 timeseries = 5; }
  message Sample2 { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
  message Histogram2 { ${histogramFields} int64 start_timestamp = 17; }
  message Exemplar2 { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
  message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
  message TimeSeries2 { repeated uint32 labels_refs = 1; repeated Sample2 samples = 2; repeated Histogram2 histograms = 3; repeated Exemplar2 exemplars = 4;
    Metadata metadata = 5; int64 created_timestamp = 6; }`,
  { keepCase: true },
);
const types = { 1: root.lookupType("WriteRequest"), 2: root.lookupType("Request") } as const;

const all = (version: 1 | 2): WriteOptions => ({ version, send_exemplars: true, send_native_histograms: true });

const sample = (fields: Partial<Sample>): Sample => ({
  labels: ["__name__", "a", "job", "b"],
  timestamp: 1_700_000_000_000,
  value: 0,
  histogram: undefined,
  exemplars: undefined,
  metadata: undefined,
  startTimestamp: undefined,
  stale: false,
  ...fields,
});

const histogram = (fields: Partial<NativeHistogram> = {}): NativeHistogram => ({
  float: false,
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 1n,
  count: 6n,
  sum: 10.5,
  positiveSpans: [{ offset: -3, length: 2 }],
  positiveBuckets: [2, -1],
  negativeSpans: [],
  negativeBuckets: [],
  resetHint: "unknown",
  customValues: [],
  ...fields,
});

const decode = (version: 1 | 2, bytes: Uint8Array) =>
  types[version].toObject(types[version].decode(bytes), { longs: Number }) as {
    timeseries?: object[];
    symbols?: string[];
  }; // the shape of the message
const labels = [
  { name: "__name__", value: "a" },
  { name: "job", value: "b" },
];

describe("version 1 out", () => {
  test.for<{ it: string; fields: Partial<Sample>; options?: Partial<WriteOptions>; series: object[] }>([
    {
      it: "a float",
      fields: { value: 1.5 },
      series: [{ labels, samples: [{ value: 1.5, timestamp: 1_700_000_000_000 }] }],
    },
    {
      it: "exemplars, with the sample's time where they have none",
      fields: {
        value: 1,
        exemplars: [
          { labels: ["t", "x"], value: 2, timestamp: 5 },
          { labels: [], value: 3, timestamp: undefined },
        ],
      },
      series: [
        {
          labels,
          samples: [{ value: 1, timestamp: 1_700_000_000_000 }],
          exemplars: [
            { labels: [{ name: "t", value: "x" }], value: 2, timestamp: 5 },
            { value: 3, timestamp: 1_700_000_000_000 },
          ],
        },
      ],
    },
    {
      it: "no exemplars when they are off",
      fields: { value: 1, exemplars: [{ labels: [], value: 2, timestamp: 5 }] },
      options: { send_exemplars: false },
      series: [{ labels, samples: [{ value: 1, timestamp: 1_700_000_000_000 }] }],
    },
    {
      it: "a histogram",
      fields: { histogram: histogram({ resetHint: "gauge" }) },
      series: [
        {
          labels,
          histograms: [
            {
              count_int: 6,
              sum: 10.5,
              schema: 1,
              zero_threshold: 0.001,
              zero_count_int: 1,
              positive_spans: [{ offset: -3, length: 2 }],
              positive_deltas: [2, -1],
              reset_hint: 3,
              timestamp: 1_700_000_000_000,
            },
          ],
        },
      ],
    },
    {
      it: "a float histogram",
      fields: {
        histogram: histogram({
          float: true,
          count: 2.5,
          zeroCount: 0,
          schema: 0,
          negativeSpans: [{ offset: 0, length: 1 }],
          negativeBuckets: [0.5],
          positiveBuckets: [1, 1],
        }),
      },
      series: [
        {
          labels,
          histograms: [
            {
              count_float: 2.5,
              sum: 10.5,
              zero_threshold: 0.001,
              zero_count_float: 0,
              positive_spans: [{ offset: -3, length: 2 }],
              positive_counts: [1, 1],
              negative_spans: [{ length: 1 }],
              negative_counts: [0.5],
              timestamp: 1_700_000_000_000,
            },
          ],
        },
      ],
    },
    {
      it: "nothing of a histogram when they are off",
      fields: { histogram: histogram() },
      options: { send_native_histograms: false },
      series: [],
    },
    {
      it: "only the exemplars of a histogram when they are off",
      fields: { histogram: histogram(), exemplars: [{ labels: [], value: 2, timestamp: 5 }] },
      options: { send_native_histograms: false },
      series: [{ labels, exemplars: [{ value: 2, timestamp: 5 }] }],
    },
    {
      it: "nothing of a histogram with custom buckets",
      fields: { histogram: histogram({ schema: -53, customValues: [1, 2] }) },
      series: [],
    },
  ])("writes $it", ({ fields, options, series }) => {
    const bytes = encodeWriteRequest([sample(fields)], { ...all(1), ...options });
    expect(decode(1, bytes).timeseries ?? []).toEqual(series);
  });

  test("the staleness marker and NaN have Prometheus' bits", () => {
    const bytes = encodeWriteRequest(
      [sample({ stale: true, value: Number.NaN }), sample({ value: Number.NaN })],
      all(1),
    );
    expect(bytes.includes(Buffer.from("09020000000000f07f", "hex"))).toBe(true);
    expect(bytes.includes(Buffer.from("09010000000000f87f", "hex"))).toBe(true);
  });
});

describe("version 2 out", () => {
  test("writes each text once, and metadata for every series", () => {
    const metadata = { type: "counter" as const, help: "a", unit: "b" };
    const bytes = encodeWriteRequest(
      [sample({ value: 1, metadata, startTimestamp: 7 }), sample({ labels: ["__name__", "c"], value: 2 })],
      all(2),
    );
    expect(decode(2, bytes)).toEqual({
      symbols: ["", "__name__", "a", "job", "b", "c"],
      timeseries: [
        {
          labels_refs: [1, 2, 3, 4],
          samples: [{ value: 1, timestamp: 1_700_000_000_000, start_timestamp: 7 }],
          metadata: { type: 1, help_ref: 2, unit_ref: 4 },
        },
        { labels_refs: [1, 5], samples: [{ value: 2, timestamp: 1_700_000_000_000 }], metadata: {} },
      ],
    });
  });

  test("writes custom buckets and exemplars", () => {
    const custom = histogram({
      schema: -53,
      zeroThreshold: 0,
      zeroCount: 0n,
      customValues: [1, 2.5],
      sum: 0,
      positiveSpans: [{ offset: 0, length: 2 }],
    });
    const bytes = encodeWriteRequest(
      [sample({ histogram: custom, startTimestamp: 9, exemplars: [{ labels: ["job", "x"], value: 1, timestamp: 3 }] })],
      all(2),
    );
    expect(bytes.includes(Buffer.from([0x30, 0x00]))).toBe(true); // a zero count that is zero is there, as part of its oneof
    expect(decode(2, bytes).timeseries).toEqual([
      {
        labels_refs: [1, 2, 3, 4],
        histograms: [
          {
            count_int: 6,
            schema: -53,
            zero_count_int: 0,
            positive_spans: [{ length: 2 }],
            positive_deltas: [2, -1],
            timestamp: 1_700_000_000_000,
            custom_values: [1, 2.5],
            start_timestamp: 9,
          },
        ],
        exemplars: [{ labels_refs: [3, 5], value: 1, timestamp: 3 }],
        metadata: {},
      },
    ]);
  });
});

test("counts what is written", () => {
  const samples = [
    sample({}),
    sample({ exemplars: [{ labels: [], value: 1, timestamp: 1 }] }),
    sample({ histogram: histogram() }),
    sample({ histogram: histogram({ schema: -53 }) }),
  ];
  expect(countWritten(samples, all(1))).toEqual({ samples: 2, histograms: 1, exemplars: 1 });
  expect(countWritten(samples, { version: 2, send_exemplars: false, send_native_histograms: true })).toEqual({
    samples: 2,
    histograms: 2,
    exemplars: 0,
  });
});

describe("in", () => {
  const encode = (version: 1 | 2, message: object) =>
    types[version].encode(types[version].fromObject(message)).finish();

  test("version 1: sorts labels, drops empty ones, shares exemplars with the last sample", () => {
    const series = {
      labels: [{ name: "z", value: "1" }, { name: "e" }, { name: "__name__", value: "a" }],
      samples: [
        { value: 1, timestamp: 2 },
        { value: 3, timestamp: -4 },
      ],
      exemplars: [{ value: 5, timestamp: 6 }],
    };
    expect(
      decodeWriteRequest(encode(1, { timeseries: [series], metadata: [Buffer.from("x")] }), { version: 1 }),
    ).toEqual({
      samples: [
        sample({ labels: ["__name__", "a", "z", "1"], value: 1, timestamp: 2 }),
        sample({
          labels: ["__name__", "a", "z", "1"],
          value: 3,
          timestamp: -4,
          exemplars: [{ labels: [], value: 5, timestamp: 6 }],
        }),
      ],
      problems: [],
    });
  });

  test("version 1: known series keep their label object", () => {
    const known = new KnownSeries();
    const body = encode(1, {
      timeseries: [
        { labels, samples: [{ value: 1 }] },
        { labels: labels.toReversed(), samples: [{ value: 1 }] },
      ],
    });
    const [first, other] = decodeWriteRequest(body, { version: 1, known }).samples;
    const [again] = decodeWriteRequest(body, { version: 1, known }).samples;
    expect(again?.labels).toBe(first?.labels);
    expect(other?.labels).toEqual(first?.labels);
  });

  test.for([
    {
      it: "no metric name",
      version: 1 as const,
      series: { labels: [{ name: "a", value: "b" }] },
      problem: 'series should have a metric name, got ["a","b"]',
    },
    {
      it: "a label twice",
      version: 1 as const,
      series: { labels: [...labels, { name: "job", value: "x" }] },
      problem: 'series should have each label once, got "job" twice',
    },
    {
      it: "an odd number of references",
      version: 2 as const,
      series: { labels_refs: [1, 2, 3] },
      problem: "labels should be pairs of references, got 3",
    },
    {
      it: "a reference to nowhere",
      version: 2 as const,
      series: { labels_refs: [1, 9] },
      problem: "labels should refer to one of 4 symbols, got 9",
    },
    {
      it: "metadata of nowhere",
      version: 2 as const,
      series: { labels_refs: [1, 2], metadata: { help_ref: 9 } },
      problem: "metadata should refer to symbols of the request",
    },
    {
      it: "a label twice in version 2",
      version: 2 as const,
      series: { labels_refs: [1, 2, 1, 3] },
      problem: 'series should have each label once, got "__name__" twice',
    },
  ])("leaves out a series with $it", ({ version, series, problem }) => {
    const good = version === 1 ? { labels, samples: [{ value: 1 }] } : { labels_refs: [1, 2], samples: [{ value: 1 }] };
    const body = encode(version, {
      symbols: ["", "__name__", "a", "b"],
      timeseries: [{ ...series, samples: [{ value: 2 }] }, good],
    });
    const { samples, problems } = decodeWriteRequest(body, { version });
    expect({ values: samples.map(({ value }) => value), problems }).toEqual({ values: [1], problems: [problem] });
  });

  test("version 2: metadata and start timestamps", () => {
    const body = encode(2, {
      symbols: ["", "__name__", "a", "Help"],
      timeseries: [
        {
          labels_refs: [1, 2],
          samples: [{ value: 1, timestamp: 2, start_timestamp: 3 }],
          metadata: { type: 2, help_ref: 3 },
        },
        { labels_refs: [1, 2], samples: [{ value: 1, timestamp: 2 }], created_timestamp: 4 },
      ],
    });
    const metadata = { type: "gauge", help: "Help", unit: "" };
    const starts = (startTimestamps: boolean) =>
      decodeWriteRequest(body, { version: 2, startTimestamps }).samples.map(each => [
        each.metadata,
        each.startTimestamp,
      ]);
    expect(starts(true)).toEqual([
      [metadata, 3],
      [undefined, 4],
    ]);
    expect(starts(false)).toEqual([
      [metadata, undefined],
      [undefined, undefined],
    ]);
  });
});

describe("round trips", () => {
  const random = seeded(17);
  const number = () =>
    Math.round((random() - 0.3) * 10 ** Math.floor(random() * 10)) / 2 ** Math.floor(random() * 4) || 0; // no negative zero, which is not sent
  const time = () => 1_700_000_000_000 + Math.floor(random() * 1e9);
  const list = <T>(most: number, make: () => T) => Array.from({ length: Math.floor(random() * (most + 1)) }, make);
  const randomHistogram = (version: 1 | 2): NativeHistogram => {
    const float = random() < 0.5;
    const side = () => list(4, () => (float ? Math.abs(number()) : Math.floor((random() - 0.5) * 1e6)));
    const whole = () => BigInt(Math.floor(random() * 2 ** 40)) << BigInt(Math.floor(random() * 20));
    const spans = () =>
      list(3, () => ({ offset: Math.floor((random() - 0.5) * 100), length: Math.floor(random() * 9) }));
    const custom = version === 2 && random() < 0.3;
    return {
      float,
      schema: custom ? -53 : Math.floor(random() * 12) - 4,
      zeroThreshold: random(),
      zeroCount: float ? number() : whole(),
      count: float ? number() : whole(),
      sum: number(),
      positiveSpans: spans(),
      positiveBuckets: side(),
      negativeSpans: spans(),
      negativeBuckets: side(),
      resetHint: (["unknown", "yes", "no", "gauge"] as const)[Math.floor(random() * 4)] ?? "unknown", // literals for the union
      customValues: custom ? list(4, number) : [],
    };
  };
  const exemplar = (): Exemplar => ({
    labels: list(1, () => ["trace", "ü→😀".repeat(10)]).flat(),
    value: number(),
    timestamp: time(),
  });
  const randomSample = (version: 1 | 2): Sample => {
    const exemplars = list(2, exemplar);
    const type = metricTypes[Math.floor(random() * 8)] as MetricType; // below the length
    const known =
      random() < 0.5
        ? { type, help: "Help ü".repeat(20), unit: "s" }
        : { type: "unknown" as const, help: "", unit: "" };
    const native = random() < 0.3;
    return sample({
      labels: [
        "__name__",
        `m${Math.floor(random() * 5)}`,
        ...Array.from({ length: 3 }, (_, i) => [`l${i}`, "väl😀".repeat(1 + Math.floor(random() * 30))]).flat(),
      ],
      timestamp: time(),
      value: native ? 0 : number(),
      histogram: native ? randomHistogram(version) : undefined,
      exemplars: exemplars.length > 0 ? exemplars : undefined,
      metadata: version === 2 ? known : undefined,
      startTimestamp: version === 2 && random() < 0.5 ? time() : undefined,
    });
  };

  test.for([1, 2] as const)(
    "version %i: what is written is read again, and protobufjs reads and writes the same",
    version => {
      const samples = Array.from({ length: 150 }, () => randomSample(version));
      const bytes = encodeWriteRequest(samples, all(version));
      expect(decodeWriteRequest(bytes, { version, startTimestamps: true })).toEqual({ samples, problems: [] });
      const type = types[version];
      expect(decodeWriteRequest(type.encode(type.decode(bytes)).finish(), { version, startTimestamps: true })).toEqual({
        samples,
        problems: [],
      });
    },
  );

  test.for([1, 2] as const)("version %i: a message that is cut anywhere is read or refused, nothing else", version => {
    const bytes = encodeWriteRequest(
      Array.from({ length: 6 }, () => randomSample(version)),
      all(version),
    );
    for (let end = 0; end < bytes.length; end++) {
      try {
        decodeWriteRequest(bytes.subarray(0, end), { version });
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }
  });
});
