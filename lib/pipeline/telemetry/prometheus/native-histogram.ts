/** Native histograms: buckets as sparse spans, made compact as Prometheus does, and built from classic buckets. */
import type { BucketSpan, NativeHistogram } from "./model.ts";
import type { HistogramMessage } from "./protobuf-messages.ts";

/** The schema of histograms whose bounds are `customValues`. */
export const customBucketsSchema = -53;

/** Buckets and the spans that say where they are. */
export interface Buckets {
  readonly spans: readonly BucketSpan[];
  readonly buckets: readonly number[];
}

/**
 * Drops empty buckets at the ends of spans, and runs of more than `maxEmpty` of them inside; neighbouring spans become one.
 * `deltas` says that buckets are differences to the bucket before, as in integer histograms.
 */
export function compact(
  { spans, buckets }: Buckets,
  { maxEmpty, deltas }: { maxEmpty: number; deltas: boolean },
): Buckets {
  const outSpans: { offset: number; length: number }[] = [];
  const counts: number[] = [];
  let index = 0;
  let position = 0;
  let absolute = 0;
  let next = 0;
  for (const span of spans) {
    position += span.offset;
    for (let i = 0; i < span.length && index < buckets.length; i++, position++) {
      const bucket = buckets[index++] as number; // checked in the condition
      absolute = deltas ? absolute + bucket : bucket;
      if (absolute === 0) continue;
      const gap = position - next;
      const last = outSpans.at(-1);
      if (last !== undefined && gap <= maxEmpty) {
        for (let empty = 0; empty < gap; empty++) counts.push(0);
        last.length += gap + 1;
      } else outSpans.push({ offset: gap, length: 1 });
      counts.push(absolute);
      next = position + 1;
    }
  }
  return {
    spans: outSpans,
    buckets: deltas ? counts.map((count, i) => count - (i === 0 ? 0 : (counts[i - 1] as number))) : counts,
  }; // i - 1 is inside
}

/** Collects the samples of one classic histogram; a contradiction makes it unusable. */
export class ClassicHistogram {
  #bounds: number[] = [];
  #counts: number[] = [];
  #count: number | undefined;
  #sum = 0;
  #broken = false;

  /** Takes a bucket; buckets may come in any order, of a repeated bound the first counts. */
  bucket(bound: number, count: number): void {
    if (count < 0) this.#broken = true;
    if (this.#broken) return;
    let at = this.#bounds.length;
    while (at > 0 && (this.#bounds[at - 1] as number) >= bound) at--; // at - 1 is inside
    if (this.#bounds[at] === bound) return;
    if (at > 0 && count < (this.#counts[at - 1] as number)) this.#broken = true; // at - 1 is inside
    if (at < this.#counts.length && count > (this.#counts[at] as number)) this.#broken = true; // at is inside
    this.#bounds.splice(at, 0, bound);
    this.#counts.splice(at, 0, count);
  }

  count(count: number): void {
    if (count < 0) this.#broken = true;
    else this.#count = count;
  }

  sum(sum: number): void {
    this.#sum = sum;
  }

  /** The histogram with custom buckets, `undefined` when the parts contradict each other. */
  convert(): NativeHistogram | undefined {
    const bounds = [...this.#bounds];
    const cumulative = [...this.#counts];
    const total = this.#count ?? cumulative.at(-1);
    if (this.#broken || total === undefined || bounds[0] === -Infinity) return undefined;
    if (bounds.at(-1) !== Infinity) {
      bounds.push(Infinity);
      cumulative.push(total);
    }
    if (total !== cumulative.at(-1)) return undefined;
    const float = ![...cumulative, total].every(Number.isInteger);
    const counts = cumulative.map((count, i) => count - (i === 0 ? 0 : (cumulative[i - 1] as number))); // i - 1 is inside
    const values = float ? counts : counts.map((count, i) => count - (i === 0 ? 0 : (counts[i - 1] as number))); // as above
    const { spans, buckets } = compact(
      { spans: [{ offset: 0, length: counts.length }], buckets: values },
      { maxEmpty: float ? 0 : 2, deltas: !float },
    );
    return {
      float,
      schema: customBucketsSchema,
      zeroThreshold: 0,
      zeroCount: 0,
      count: total,
      sum: this.#sum,
      positiveSpans: spans,
      positiveBuckets: buckets,
      negativeSpans: [],
      negativeBuckets: [],
      resetHint: "unknown",
      customValues: bounds.slice(0, -1),
    };
  }
}

/** The native parts of an exposed histogram; floats where one of its counts is. */
export function toNativeHistogram(message: HistogramMessage, gauge: boolean): NativeHistogram {
  const float = message.countFloat > 0 || message.zeroCountFloat > 0;
  const how = { maxEmpty: 0, deltas: !float };
  const positive = compact(
    { spans: message.positiveSpans, buckets: float ? message.positiveCounts : message.positiveDeltas },
    how,
  );
  const negative = compact(
    { spans: message.negativeSpans, buckets: float ? message.negativeCounts : message.negativeDeltas },
    how,
  );
  return {
    float,
    schema: message.schema,
    zeroThreshold: message.zeroThreshold,
    zeroCount: float ? message.zeroCountFloat : message.zeroCount,
    count: float ? message.countFloat : message.count,
    sum: message.sum,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
    resetHint: gauge ? "gauge" : "unknown",
    customValues: [],
  };
}

/** The classic buckets of an exposed histogram as custom buckets, `undefined` when they contradict each other. */
export function toClassicHistogram(message: HistogramMessage, gauge: boolean): NativeHistogram | undefined {
  const classic = new ClassicHistogram();
  classic.count(message.countFloat || Number(message.count));
  classic.sum(message.sum);
  for (const { bound, count, countFloat } of message.buckets) classic.bucket(bound, countFloat || Number(count));
  const histogram = classic.convert();
  return histogram && gauge ? { ...histogram, resetHint: "gauge" } : histogram;
}
