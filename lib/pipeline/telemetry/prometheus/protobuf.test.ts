import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { type ExpositionOptions, parseExposition, SeriesCache } from "./exposition.ts";

const { root } = protobuf.parse(
  `syntax = "proto2"; package io.prometheus.client;
  message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
  message LabelPair { optional string name = 1; optional string value = 2; }
  enum MetricType { COUNTER = 0; GAUGE = 1; SUMMARY = 2; UNTYPED = 3; HISTOGRAM = 4; GAUGE_HISTOGRAM = 5; }
  message Gauge { optional double value = 1; }
  message Counter { optional double value = 1; optional Exemplar exemplar = 2; optional Timestamp created_timestamp = 3; }
  message Quantile { optional double quantile = 1; optional double value = 2; }
  message Summary { optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Quantile quantile = 3; optional Timestamp created_timestamp = 4; }
  message Untyped { optional double value = 1; }
  message Histogram { optional uint64 sample_count = 1; optional double sample_count_float = 4; optional double sample_sum = 2; repeated Bucket bucket = 3;
    optional Timestamp created_timestamp = 15; optional sint32 schema = 5; optional double zero_threshold = 6; optional uint64 zero_count = 7;
    optional double zero_count_float = 8; repeated BucketSpan negative_span = 9; repeated sint64 negative_delta = 10; repeated double negative_count = 11;
    repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13; repeated double positive_count = 14; repeated Exemplar exemplars = 16; }
  message Bucket { optional uint64 cumulative_count = 1; optional double cumulative_count_float = 4; optional double upper_bound = 2; optional Exemplar exemplar = 3; }
  message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
  message Exemplar { repeated LabelPair label = 1; optional double value = 2; optional Timestamp timestamp = 3; }
  message Metric { repeated LabelPair label = 1; optional Gauge gauge = 2; optional Counter counter = 3; optional Summary summary = 4;
    optional Untyped untyped = 5; optional Histogram histogram = 7; optional int64 timestamp_ms = 6; }
  message MetricFamily { optional string name = 1; optional string help = 2; optional MetricType type = 3; repeated Metric metric = 4; optional string unit = 5; }`,
  { keepCase: true },
);
const MetricFamily = root.lookupType("io.prometheus.client.MetricFamily");

const page = (...families: object[]) =>
  Buffer.concat(
    families.map(family => Buffer.from(MetricFamily.encodeDelimited(MetricFamily.fromObject(family)).finish())),
  );

const defaults: ExpositionOptions = {
  contentType: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
  scrape_fallback_protocol: "",
  scrape_native_histograms: true,
  scrape_classic_histograms: false,
  convert_classic_histograms_to_nhcb: false,
  enable_type_and_unit_labels: false,
};

/** Rows as `series value @time`, with `native` for native histograms and exemplars behind a hash. */
function read(body: Buffer, options: Partial<ExpositionOptions> = {}): string[] {
  const cache = new SeriesCache();
  const results = [0, 1].map(() => {
    const result = parseExposition(body, { ...defaults, ...options }, cache);
    expect(result.error).toBeUndefined();
    return Array.from({ length: result.count }, (_, i) => {
      const labels = result.series[i]?.labels ?? [];
      const pairs = labels
        .slice(1)
        .flatMap((text, at) => (at % 2 === 0 ? (at === 0 ? text : `${labels[at]}=${text}`) : []));
      const exemplars = result.exemplars
        .get(i)
        ?.map(({ labels, value, timestamp }) => ` # ${labels.join("=")} ${value} ${timestamp ?? ""}`.trimEnd());
      const timestamp = Number.isNaN(result.timestamps[i]) ? "" : ` @${result.timestamps[i]}`;
      return `${pairs.join(",")} ${result.histograms.has(i) ? "native" : result.values[i]}${timestamp}${exemplars?.join("") ?? ""}`;
    });
  });
  expect(results[1]).toEqual(results[0]);
  return results[0] ?? [];
}

const label = (name: string, value: string) => ({ name, value });
const exemplar = (value: number, seconds?: number) => ({
  label: [label("t", "x")],
  value,
  ...(seconds !== undefined && { timestamp: { seconds, nanos: 500_000_000 } }),
});
const native = {
  sample_count: 12,
  sample_sum: 34.5,
  schema: 2,
  zero_threshold: 0.001,
  zero_count: 2,
  positive_span: [
    { offset: 0, length: 2 },
    { offset: 3, length: 1 },
    { offset: 0, length: 0 },
  ],
  positive_delta: [3, 1, -2],
  negative_span: [{ offset: -1, length: 2 }],
  negative_delta: [1, -1],
};
const buckets = [
  { cumulative_count: 4, upper_bound: 1, exemplar: exemplar(0.5) },
  { cumulative_count: 9, upper_bound: 5, exemplar: exemplar(2, 7) },
];

describe("families", () => {
  test.for<{ it: string; family: object; options?: Partial<ExpositionOptions>; out: string[] }>([
    {
      it: "a counter with its exemplar",
      family: {
        name: "c_total",
        type: "COUNTER",
        metric: [
          {
            label: [label("z", "1"), label("a", "")],
            counter: { value: 7, exemplar: exemplar(1, 5) },
            timestamp_ms: 99,
          },
        ],
      },
      out: ["c_total,a=,z=1 7 @99 # t=x 1 5500"],
    },
    {
      it: "gauges and untyped values",
      family: {
        name: "g",
        type: "GAUGE",
        metric: [{ gauge: { value: -1.5 } }, { label: [label("a", "b")], gauge: { value: Infinity } }],
      },
      out: ["g -1.5", "g,a=b Infinity"],
    },
    {
      it: "an untyped value",
      family: { name: "u", type: "UNTYPED", metric: [{ untyped: { value: 4 } }] },
      out: ["u 4"],
    },
    { it: "a metric without a value as 0", family: { name: "g", type: "GAUGE", metric: [{}] }, out: ["g 0"] },
    {
      it: "a summary",
      family: {
        name: "s",
        type: "SUMMARY",
        metric: [
          {
            summary: {
              sample_count: 2,
              sample_sum: 3,
              quantile: [
                { quantile: 0.5, value: 1 },
                { quantile: 1, value: Number.NaN },
              ],
            },
          },
        ],
      },
      out: ["s_count 2", "s_sum 3", "s,quantile=0.5 1", "s,quantile=1.0 NaN"],
    },
    {
      it: "a summary without quantiles",
      family: { name: "s", type: "SUMMARY", metric: [{ summary: { sample_count: 2 } }] },
      out: ["s_count 2", "s_sum 0"],
    },
    {
      it: "a classic histogram with its missing infinite bucket",
      family: {
        name: "h",
        type: "HISTOGRAM",
        metric: [{ histogram: { sample_count: 12, sample_sum: 3, bucket: buckets } }],
      },
      out: [
        "h_count 12",
        "h_sum 3",
        "h_bucket,le=1.0 4 # t=x 0.5",
        "h_bucket,le=5.0 9 # t=x 2 7500",
        "h_bucket,le=+Inf 12",
      ],
    },
    {
      it: "a classic histogram with float counts",
      family: {
        name: "h",
        type: "GAUGE_HISTOGRAM",
        metric: [
          { histogram: { sample_count_float: 2.5, bucket: [{ cumulative_count_float: 2.5, upper_bound: Infinity }] } },
        ],
      },
      out: ["h_count 2.5", "h_sum 0", "h_bucket,le=+Inf 2.5"],
    },
    {
      it: "a native histogram without its classic buckets, with exemplars of the buckets that have a time",
      family: { name: "n", type: "HISTOGRAM", metric: [{ histogram: { ...native, bucket: buckets } }] },
      out: ["n native # t=x 2 7500"],
    },
    {
      it: "a native histogram's own exemplars that have a time",
      family: {
        name: "n",
        type: "HISTOGRAM",
        metric: [{ histogram: { ...native, bucket: buckets, exemplars: [exemplar(1), exemplar(3, 9)] } }],
      },
      out: ["n native # t=x 3 9500"],
    },
    {
      it: "a native histogram with its classic buckets",
      family: { name: "n", type: "HISTOGRAM", metric: [{ histogram: { ...native, bucket: buckets } }] },
      options: { scrape_classic_histograms: true },
      out: [
        "n native # t=x 2 7500",
        "n_count 12",
        "n_sum 34.5",
        "n_bucket,le=1.0 4 # t=x 0.5",
        "n_bucket,le=5.0 9 # t=x 2 7500",
        "n_bucket,le=+Inf 12",
      ],
    },
    {
      it: "a native histogram that has no classic buckets to keep",
      family: { name: "n", type: "HISTOGRAM", metric: [{ histogram: native }] },
      options: { scrape_classic_histograms: true },
      out: ["n native"],
    },
    {
      it: "native histograms as classic where native ones are not wanted",
      family: { name: "n", type: "HISTOGRAM", metric: [{ histogram: native }] },
      options: { scrape_native_histograms: false },
      out: ["n_count 12", "n_sum 34.5", "n_bucket,le=+Inf 12"],
    },
    {
      it: "classic histograms as custom buckets",
      family: {
        name: "h",
        type: "HISTOGRAM",
        metric: [{ histogram: { sample_count: 12, sample_sum: 3, bucket: buckets } }],
      },
      options: { convert_classic_histograms_to_nhcb: true, scrape_classic_histograms: true },
      out: [
        "h native # t=x 2 7500",
        "h_count 12",
        "h_sum 3",
        "h_bucket,le=1.0 4 # t=x 0.5",
        "h_bucket,le=5.0 9 # t=x 2 7500",
        "h_bucket,le=+Inf 12",
      ],
    },
    { it: "an empty family as nothing, whatever its name", family: { type: "GAUGE" }, out: [] },
    {
      it: "type and unit labels",
      family: {
        name: "g_bytes",
        type: "GAUGE",
        unit: "bytes",
        metric: [{ label: [label("__type__", "mine")], gauge: { value: 1 } }],
      },
      options: { enable_type_and_unit_labels: true },
      out: ["g_bytes,__type__=gauge,__unit__=bytes 1"],
    },
  ])("reads $it", ({ family, options, out }) => {
    expect(
      read(page(family, { name: "end", type: "GAUGE", metric: [{ gauge: { value: 1 } }] }), options).slice(0, -1),
    ).toEqual(out);
  });

  test("a native histogram is compact", () => {
    const result = parseExposition(
      page({ name: "n", type: "GAUGE_HISTOGRAM", metric: [{ histogram: native }] }),
      defaults,
      new SeriesCache(),
    );
    expect(result.histograms.get(0)).toEqual({
      float: false,
      schema: 2,
      zeroThreshold: 0.001,
      zeroCount: 2n,
      count: 12n,
      sum: 34.5,
      positiveSpans: [
        { offset: 0, length: 2 },
        { offset: 3, length: 1 },
      ],
      positiveBuckets: [3, 1, -2],
      negativeSpans: [{ offset: -1, length: 1 }],
      negativeBuckets: [1],
      resetHint: "gauge",
      customValues: [],
    });
  });

  test("a float histogram has counts", () => {
    const histogram = {
      sample_count_float: 4.5,
      sample_sum: 7,
      zero_count_float: 0.5,
      positive_span: [{ offset: 1, length: 3 }],
      positive_count: [1.5, 0, 2.5],
    };
    const result = parseExposition(
      page({ name: "n", type: "HISTOGRAM", metric: [{ histogram }] }),
      defaults,
      new SeriesCache(),
    );
    expect(result.histograms.get(0)).toMatchObject({
      float: true,
      count: 4.5,
      zeroCount: 0.5,
      positiveSpans: [
        { offset: 1, length: 1 },
        { offset: 1, length: 1 },
      ],
      positiveBuckets: [1.5, 2.5],
    });
  });

  test("metadata, and start timestamps on request", () => {
    const body = page({
      name: "c_total",
      help: "H",
      type: "COUNTER",
      unit: "u",
      metric: [{ counter: { value: 1, created_timestamp: { seconds: 5, nanos: 1_000_000 } } }],
    });
    const result = parseExposition(body, { ...defaults, startTimestamps: true }, new SeriesCache());
    expect(result.series[0]?.metadata).toEqual({ type: "counter", help: "H", unit: "u" });
    expect([...result.startTimestamps]).toEqual([[0, 5001]]);
    expect(parseExposition(body, defaults, new SeriesCache()).startTimestamps.size).toBe(0);
  });

  test("the staleness marker is seen", () => {
    const body = page({ name: "g", type: "GAUGE", metric: [{ gauge: { value: -9876543.25 } }] });
    const marker = Buffer.alloc(8);
    marker.writeDoubleLE(-9876543.25);
    Buffer.from("020000000000f07f", "hex").copy(body, body.indexOf(marker));
    expect([...parseExposition(body, defaults, new SeriesCache()).stale]).toEqual([0]);
  });
});

const good = { name: "good", type: "GAUGE", metric: [{ gauge: { value: 1 } }] };

test.for([
  {
    it: "a family without a name",
    body: page(good, { type: "GAUGE", metric: [{}] }),
    message: 'expected a metric name in valid UTF-8, got ""',
  },
  {
    it: "a label without a name",
    body: page(good, { name: "a", type: "GAUGE", metric: [{ label: [label("", "x")] }] }),
    message: 'expected labels with a name in valid UTF-8, got ["","x"]',
  },
  {
    it: "an unknown type",
    body: Buffer.concat([page(good), Buffer.from("070a016118092200", "hex")]),
    message: 'expected a type of metric "a", got 9',
  },
  {
    it: "a cut page",
    body: page(good, good).subarray(0, -1),
    message: "protobuf message ends unexpectedly at byte 23",
  },
])("refuses $it, and counts what was read before", ({ body, message }) => {
  const result = parseExposition(body, defaults, new SeriesCache());
  expect({ count: result.count, error: result.error }).toEqual({ count: 1, error: { line: 0, message } });
});

test("a page that is cut anywhere is read or an error, nothing else", () => {
  const body = page(good, {
    name: "n",
    type: "HISTOGRAM",
    metric: [{ label: [label("a", "b")], histogram: { ...native, bucket: buckets } }],
  });
  for (let end = 0; end < body.length; end++)
    expect(parseExposition(body.subarray(0, end), defaults, new SeriesCache()).count).toBeLessThan(2);
});
