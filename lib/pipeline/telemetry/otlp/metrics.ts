/**
 * Metrics as views on their bytes, as `traces.ts` has traces.
 *
 *   for (const { scopeMetrics } of new Metrics(body).resourceMetrics)
 *     for (const { metrics } of scopeMetrics)
 *       for (const metric of metrics) {
 *         metric.kind;                                       // "sum", or undefined for a metric without data
 *         for (const point of metric.dataPoints) point.attributes.delete("pod");
 *         const { sum } = metric;                            // the view, if it is a sum
 *         if (sum) for (const point of sum.dataPoints) point.value; // bigint (int), number (double), undefined
 *       }
 */
import { adoptOldScopes, ResourceGroup, ScopeGroup } from "./common.ts";
import * as f from "./fields.ts";
import type { Node } from "./node.ts";
import { ValueMap } from "./value.ts";
import { blankOf, View, ViewList } from "./view.ts";

export { Metrics } from "./requests.ts";

/** The groups of a request. */
export const resourceMetricsOf = (request: Node): ViewList<ResourceMetrics> =>
  new ViewList(request, 1, ResourceMetrics);

export class ResourceMetrics extends ResourceGroup {
  static readonly blank = blankOf(1);

  get scopeMetrics(): ViewList<ScopeMetrics> {
    adoptOldScopes(this.node);
    return new ViewList(this.node, 2, ScopeMetrics);
  }
}

export class ScopeMetrics extends ScopeGroup {
  static readonly blank = blankOf(1);

  get metrics(): ViewList<Metric> {
    return new ViewList(this.node, 2, Metric);
  }
}

export type MetricKind = "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary";
export type MetricData = Gauge | Sum | Histogram | ExponentialHistogram | Summary;
export type DataPoint = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint;

export class Metric extends View {
  static readonly blank = blankOf();

  get name(): string {
    return f.text(this.node, 0x0a);
  }
  set name(value: string) {
    f.setText(this.node, 0x0a, value);
  }
  get description(): string {
    return f.text(this.node, 0x12);
  }
  set description(value: string) {
    f.setText(this.node, 0x12, value);
  }
  get unit(): string {
    return f.text(this.node, 0x1a);
  }
  set unit(value: string) {
    f.setText(this.node, 0x1a, value);
  }
  get metadata(): ValueMap {
    return new ValueMap(this.node, 0x62, false);
  }

  /** Which kind of data the metric has; a metric may have none. */
  get kind(): MetricKind | undefined {
    const entry = dataEntry(this.node);
    return entry < 0 ? undefined : kindOfTag(this.node.entries[entry]);
  }

  /** The data of whichever kind. */
  get data(): MetricData | undefined {
    const entry = dataEntry(this.node);
    if (entry < 0) return undefined;
    const node = this.node.child(entry);
    switch (kindOfTag(this.node.entries[entry])) {
      case "gauge":
        return new Gauge(node);
      case "sum":
        return new Sum(node);
      case "histogram":
        return new Histogram(node);
      case "exponentialHistogram":
        return new ExponentialHistogram(node);
      case "summary":
        return new Summary(node);
      default:
        return undefined;
    }
  }

  /** The points of whichever kind; none for a metric without data. */
  get dataPoints(): ViewList<DataPoint> | readonly [] {
    return this.data?.dataPoints ?? [];
  }

  /** Makes the metric one of this kind, with new empty data in the place of what it had. */
  setKind(kind: MetricKind): void {
    for (const tag of dataTags) this.node.clear(tag);
    this.node.append(dataTags[kinds.indexOf(kind)] as number, noBytes, 0, 0); // as many tags as kinds
  }

  get gauge(): Gauge | undefined {
    const { data } = this;
    return data instanceof Gauge ? data : undefined;
  }
  get sum(): Sum | undefined {
    const { data } = this;
    return data instanceof Sum ? data : undefined;
  }
  get histogram(): Histogram | undefined {
    const { data } = this;
    return data instanceof Histogram ? data : undefined;
  }
  get exponentialHistogram(): ExponentialHistogram | undefined {
    const { data } = this;
    return data instanceof ExponentialHistogram ? data : undefined;
  }
  get summary(): Summary | undefined {
    const { data } = this;
    return data instanceof Summary ? data : undefined;
  }
}

const noBytes = new Uint8Array(0);
const kinds: readonly MetricKind[] = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
const dataTags: readonly number[] = [0x2a, 0x3a, 0x4a, 0x52, 0x5a];

const kindOfTag = (tag: number | undefined): MetricKind | undefined => kinds[dataTags.indexOf(tag ?? 0)];

/** The entry of the data, of several kinds the last; -1 for none. */
function dataEntry(node: Node): number {
  node.look();
  const { entries } = node;
  for (let entry = node.last - 4; entry >= node.first; entry -= 4) if (kindOfTag(entries[entry])) return entry;
  return -1;
}

export class Gauge extends View {
  static readonly blank = blankOf();

  get dataPoints(): ViewList<NumberDataPoint> {
    return new ViewList(this.node, 1, NumberDataPoint);
  }
}

export class Sum extends View {
  static readonly blank = blankOf();

  get dataPoints(): ViewList<NumberDataPoint> {
    return new ViewList(this.node, 1, NumberDataPoint);
  }
  /** 0 unspecified, 1 delta, 2 cumulative. */
  get aggregationTemporality(): number {
    return f.int32(this.node, 0x10);
  }
  set aggregationTemporality(value: number) {
    f.setInt32(this.node, 0x10, value);
  }
  get isMonotonic(): boolean {
    return f.bool(this.node, 0x18);
  }
  set isMonotonic(value: boolean) {
    f.setBool(this.node, 0x18, value);
  }
}

export class Histogram extends View {
  static readonly blank = blankOf();

  get dataPoints(): ViewList<HistogramDataPoint> {
    return new ViewList(this.node, 1, HistogramDataPoint);
  }
  /** 0 unspecified, 1 delta, 2 cumulative. */
  get aggregationTemporality(): number {
    return f.int32(this.node, 0x10);
  }
  set aggregationTemporality(value: number) {
    f.setInt32(this.node, 0x10, value);
  }
}

export class ExponentialHistogram extends View {
  static readonly blank = blankOf();

  get dataPoints(): ViewList<ExponentialHistogramDataPoint> {
    return new ViewList(this.node, 1, ExponentialHistogramDataPoint);
  }
  /** 0 unspecified, 1 delta, 2 cumulative. */
  get aggregationTemporality(): number {
    return f.int32(this.node, 0x10);
  }
  set aggregationTemporality(value: number) {
    f.setInt32(this.node, 0x10, value);
  }
}

export class Summary extends View {
  static readonly blank = blankOf();

  get dataPoints(): ViewList<SummaryDataPoint> {
    return new ViewList(this.node, 1, SummaryDataPoint);
  }
}

export class NumberDataPoint extends View {
  static readonly blank = blankOf();

  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x3a, false);
  }
  get startTimeUnixNano(): bigint {
    return f.fixed64(this.node, 0x11);
  }
  set startTimeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x11, value);
  }
  get timeUnixNano(): bigint {
    return f.fixed64(this.node, 0x19);
  }
  set timeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x19, value);
  }
  get exemplars(): ViewList<Exemplar> {
    return new ViewList(this.node, 5, Exemplar);
  }
  /** 1: no recorded value. */
  get flags(): number {
    return f.uint32(this.node, 0x40);
  }
  set flags(value: number) {
    f.setUint32(this.node, 0x40, value);
  }
  /** An int is a bigint, a double is a number; undefined if the point has no value. */
  get value(): bigint | number | undefined {
    return f.oneofNumber(this.node, 0x21, 0x31);
  }
  set value(value: bigint | number | undefined) {
    f.setOneofNumber(this.node, 0x21, 0x31, value);
  }
}

export class HistogramDataPoint extends View {
  static readonly blank = blankOf();

  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x4a, false);
  }
  get startTimeUnixNano(): bigint {
    return f.fixed64(this.node, 0x11);
  }
  set startTimeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x11, value);
  }
  get timeUnixNano(): bigint {
    return f.fixed64(this.node, 0x19);
  }
  set timeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x19, value);
  }
  get count(): bigint {
    return f.fixed64(this.node, 0x21);
  }
  set count(value: bigint) {
    f.setFixed64(this.node, 0x21, value);
  }
  get sum(): number | undefined {
    return f.optionalDouble(this.node, 0x29);
  }
  set sum(value: number | undefined) {
    f.setOptionalDouble(this.node, 0x29, value);
  }
  get bucketCounts(): bigint[] {
    return f.numbers(this.node, 6, f.fixed64s);
  }
  set bucketCounts(value: readonly bigint[]) {
    f.setNumbers(this.node, 6, f.fixed64s, value);
  }
  get explicitBounds(): number[] {
    return f.numbers(this.node, 7, f.doubles);
  }
  set explicitBounds(value: readonly number[]) {
    f.setNumbers(this.node, 7, f.doubles, value);
  }
  get exemplars(): ViewList<Exemplar> {
    return new ViewList(this.node, 8, Exemplar);
  }
  get flags(): number {
    return f.uint32(this.node, 0x50);
  }
  set flags(value: number) {
    f.setUint32(this.node, 0x50, value);
  }
  get min(): number | undefined {
    return f.optionalDouble(this.node, 0x59);
  }
  set min(value: number | undefined) {
    f.setOptionalDouble(this.node, 0x59, value);
  }
  get max(): number | undefined {
    return f.optionalDouble(this.node, 0x61);
  }
  set max(value: number | undefined) {
    f.setOptionalDouble(this.node, 0x61, value);
  }
}

export class ExponentialHistogramDataPoint extends View {
  static readonly blank = blankOf(8, 9);

  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x0a, false);
  }
  get startTimeUnixNano(): bigint {
    return f.fixed64(this.node, 0x11);
  }
  set startTimeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x11, value);
  }
  get timeUnixNano(): bigint {
    return f.fixed64(this.node, 0x19);
  }
  set timeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x19, value);
  }
  get count(): bigint {
    return f.fixed64(this.node, 0x21);
  }
  set count(value: bigint) {
    f.setFixed64(this.node, 0x21, value);
  }
  get sum(): number | undefined {
    return f.optionalDouble(this.node, 0x29);
  }
  set sum(value: number | undefined) {
    f.setOptionalDouble(this.node, 0x29, value);
  }
  get scale(): number {
    return f.sint32(this.node, 0x30);
  }
  set scale(value: number) {
    f.setSint32(this.node, 0x30, value);
  }
  get zeroCount(): bigint {
    return f.fixed64(this.node, 0x39);
  }
  set zeroCount(value: bigint) {
    f.setFixed64(this.node, 0x39, value);
  }
  get positive(): Buckets {
    return new Buckets(this.node.message(0x42));
  }
  get negative(): Buckets {
    return new Buckets(this.node.message(0x4a));
  }
  get flags(): number {
    return f.uint32(this.node, 0x50);
  }
  set flags(value: number) {
    f.setUint32(this.node, 0x50, value);
  }
  get exemplars(): ViewList<Exemplar> {
    return new ViewList(this.node, 11, Exemplar);
  }
  get min(): number | undefined {
    return f.optionalDouble(this.node, 0x61);
  }
  set min(value: number | undefined) {
    f.setOptionalDouble(this.node, 0x61, value);
  }
  get max(): number | undefined {
    return f.optionalDouble(this.node, 0x69);
  }
  set max(value: number | undefined) {
    f.setOptionalDouble(this.node, 0x69, value);
  }
  get zeroThreshold(): number {
    return f.double(this.node, 0x71);
  }
  set zeroThreshold(value: number) {
    f.setDouble(this.node, 0x71, value);
  }
}

/** The positive or negative buckets of an exponential histogram. */
export class Buckets extends View {
  static readonly blank = blankOf();

  get offset(): number {
    return f.sint32(this.node, 0x08);
  }
  set offset(value: number) {
    f.setSint32(this.node, 0x08, value);
  }
  get bucketCounts(): bigint[] {
    return f.numbers(this.node, 2, f.varint64s);
  }
  set bucketCounts(value: readonly bigint[]) {
    f.setNumbers(this.node, 2, f.varint64s, value);
  }
}

export class SummaryDataPoint extends View {
  static readonly blank = blankOf();

  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x3a, false);
  }
  get startTimeUnixNano(): bigint {
    return f.fixed64(this.node, 0x11);
  }
  set startTimeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x11, value);
  }
  get timeUnixNano(): bigint {
    return f.fixed64(this.node, 0x19);
  }
  set timeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x19, value);
  }
  get count(): bigint {
    return f.fixed64(this.node, 0x21);
  }
  set count(value: bigint) {
    f.setFixed64(this.node, 0x21, value);
  }
  get sum(): number {
    return f.double(this.node, 0x29);
  }
  set sum(value: number) {
    f.setDouble(this.node, 0x29, value);
  }
  get quantileValues(): ViewList<QuantileValue> {
    return new ViewList(this.node, 6, QuantileValue);
  }
  get flags(): number {
    return f.uint32(this.node, 0x40);
  }
  set flags(value: number) {
    f.setUint32(this.node, 0x40, value);
  }
}

export class QuantileValue extends View {
  static readonly blank = blankOf();

  get quantile(): number {
    return f.double(this.node, 0x09);
  }
  set quantile(value: number) {
    f.setDouble(this.node, 0x09, value);
  }
  get value(): number {
    return f.double(this.node, 0x11);
  }
  set value(value: number) {
    f.setDouble(this.node, 0x11, value);
  }
}

export class Exemplar extends View {
  static readonly blank = blankOf(4, 5);

  get filteredAttributes(): ValueMap {
    return new ValueMap(this.node, 0x3a, false);
  }
  get timeUnixNano(): bigint {
    return f.fixed64(this.node, 0x11);
  }
  set timeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x11, value);
  }
  get spanId(): Uint8Array {
    return f.bytes(this.node, 0x22);
  }
  set spanId(value: Uint8Array) {
    f.setId(this.node, 0x22, 8, value);
  }
  /** Lowercase hex, "" for none. */
  get spanIdHex(): string {
    return f.hexId(this.node, 0x22);
  }
  set spanIdHex(value: string) {
    f.setHexId(this.node, 0x22, 8, value);
  }
  get traceId(): Uint8Array {
    return f.bytes(this.node, 0x2a);
  }
  set traceId(value: Uint8Array) {
    f.setId(this.node, 0x2a, 16, value);
  }
  /** Lowercase hex, "" for none. */
  get traceIdHex(): string {
    return f.hexId(this.node, 0x2a);
  }
  set traceIdHex(value: string) {
    f.setHexId(this.node, 0x2a, 16, value);
  }
  /** An int is a bigint, a double is a number; undefined if the point has no value. */
  get value(): bigint | number | undefined {
    return f.oneofNumber(this.node, 0x19, 0x31);
  }
  set value(value: bigint | number | undefined) {
    f.setOneofNumber(this.node, 0x19, 0x31, value);
  }
}
