import {
  type Buckets,
  type Exemplar,
  ExponentialHistogramDataPoint,
  HistogramDataPoint,
  NumberDataPoint,
  SummaryDataPoint,
} from "../../telemetry/otlp/metrics.ts";
import type { Context } from "../context.ts";
import { fail } from "../error.ts";
import { int64, Part, Unsigned } from "../value.ts";
import {
  expectDouble,
  expectDoubles,
  expectInt,
  expectInts,
  int,
  map,
  type Path,
  type Paths,
  parts,
  time,
} from "./path.ts";

const exponential = ({ point }: Context): ExponentialHistogramDataPoint | undefined =>
  point instanceof ExponentialHistogramDataPoint ? point : undefined;
const histogram = ({ point }: Context): HistogramDataPoint | undefined =>
  point instanceof HistogramDataPoint ? point : undefined;

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The positive or the negative buckets: three paths. */
function buckets(name: "positive" | "negative"): Paths {
  const of = (c: Context): Buckets | undefined => exponential(c)?.[name];
  return {
    [name]: {
      get(c) {
        const view = of(c);
        return view && new Part("pmetric.ExponentialHistogramDataPointBuckets", view);
      },
      set: () => fail(`${name} can't be written as a whole, only its offset and bucket_counts`),
    },
    [`${name}.offset`]: {
      get(c) {
        const view = of(c);
        return view && BigInt(view.offset);
      },
      set(c, value) {
        const offset = Number(BigInt.asIntN(32, expectInt(value)));
        const view = of(c);
        if (view) view.offset = offset;
      },
    },
    [`${name}.bucket_counts`]: {
      get(c) {
        const view = of(c);
        return view && new Unsigned(view.bucketCounts);
      },
      set(c, value) {
        const counts = value instanceof Unsigned ? value.values : expectInts(value).map(unsigned);
        const view = of(c);
        if (view) view.bucketCounts = counts;
      },
    },
  };
}

const count: Path = {
  get: ({ point }) => (point instanceof NumberDataPoint ? undefined : int64(point.count)),
  set({ point }, value) {
    const own = unsigned(expectInt(value));
    if (!(point instanceof NumberDataPoint)) point.count = own;
  },
};

const sum: Path = {
  get: ({ point }) => (point instanceof NumberDataPoint ? undefined : (point.sum ?? 0)),
  set({ point }, value) {
    const own = expectDouble(value);
    if (!(point instanceof NumberDataPoint)) point.sum = own;
  },
};

/** What belongs to a data point of whichever kind; what a kind doesn't have is nil, and writing it does nothing. */
export const dataPointPaths: Paths = {
  attributes: map(c => c.point.attributes),
  ...time(
    "start_time",
    c => c.point.startTimeUnixNano,
    (c, value) => {
      c.point.startTimeUnixNano = value;
    },
  ),
  ...time(
    "time",
    c => c.point.timeUnixNano,
    (c, value) => {
      c.point.timeUnixNano = value;
    },
  ),
  value_double: {
    get({ point }) {
      if (!(point instanceof NumberDataPoint)) return undefined;
      const { value } = point;
      return typeof value === "number" ? value : 0;
    },
    set({ point }, value) {
      const own = expectDouble(value);
      if (point instanceof NumberDataPoint) point.value = own;
    },
  },
  value_int: {
    get({ point }) {
      if (!(point instanceof NumberDataPoint)) return undefined;
      const { value } = point;
      return typeof value === "bigint" ? value : 0n;
    },
    set({ point }, value) {
      const own = expectInt(value);
      if (point instanceof NumberDataPoint) point.value = own;
    },
  },
  exemplars: parts<Exemplar>("pmetric.ExemplarSlice", ({ point }) =>
    point instanceof SummaryDataPoint ? undefined : point.exemplars,
  ),
  flags: int(
    c => c.point.flags,
    (c, value) => {
      c.point.flags = value;
    },
  ),
  count,
  sum,
  bucket_counts: {
    get(c) {
      const point = histogram(c);
      return point && new Unsigned(point.bucketCounts);
    },
    set(c, value) {
      const counts = value instanceof Unsigned ? value.values : expectInts(value).map(unsigned);
      const point = histogram(c);
      if (point) point.bucketCounts = counts;
    },
  },
  explicit_bounds: {
    get: c => histogram(c)?.explicitBounds,
    set(c, value) {
      const bounds = expectDoubles(value);
      const point = histogram(c);
      if (point) point.explicitBounds = bounds;
    },
  },
  scale: {
    get(c) {
      const point = exponential(c);
      return point && BigInt(point.scale);
    },
    set(c, value) {
      const scale = Number(BigInt.asIntN(32, expectInt(value)));
      const point = exponential(c);
      if (point) point.scale = scale;
    },
  },
  zero_count: {
    get(c) {
      const point = exponential(c);
      return point && int64(point.zeroCount);
    },
    set(c, value) {
      const own = unsigned(expectInt(value));
      const point = exponential(c);
      if (point) point.zeroCount = own;
    },
  },
  ...buckets("positive"),
  ...buckets("negative"),
  quantile_values: parts("pmetric.SummaryDataPointValueAtQuantileSlice", ({ point }) =>
    point instanceof SummaryDataPoint ? point.quantileValues : undefined,
  ),
};
