/** Remote write bodies from JSON, as the recordings write them: label maps for lists, "stale" for the staleness marker. */
import protobuf from "protobufjs";
import { compress } from "snappyjs";
import { fillTimes, type Send } from "./case.ts";
import type { Decoded } from "./sink.ts";

const messages = protobuf.parse(
  `syntax = "proto3";
  message Pair { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Pair labels = 1; double value = 2; int64 timestamp = 3; }
  message Span { sint32 offset = 1; uint32 length = 2; }
  message Histogram { uint64 count_int = 1; double count_float = 2; double sum = 3; sint32 schema = 4; double zero_threshold = 5; uint64 zero_count_int = 6; double zero_count_float = 7;
    repeated Span negative_spans = 8; repeated sint64 negative_deltas = 9; repeated double negative_counts = 10; repeated Span positive_spans = 11; repeated sint64 positive_deltas = 12;
    repeated double positive_counts = 13; int32 reset_hint = 14; int64 timestamp = 15; repeated double custom_values = 16; }
  message Family { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
  message Series { repeated Pair labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
  message V1 { repeated Series timeseries = 1; repeated Family metadata = 3; }
  message Exemplar2 { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
  message Metadata2 { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
  message Series2 { repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3; repeated Exemplar2 exemplars = 4; Metadata2 metadata = 5; int64 created_timestamp = 6; }
  message V2 { repeated string symbols = 4; repeated Series2 timeseries = 5; }`,
  { keepCase: true },
).root;

/** Stands for the marker until the bytes are there: a double that no case has. */
const placeholder = -9876543.25;

export function writeRequest({ rw, rw2, raw }: Send): Uint8Array<ArrayBuffer> {
  const request = JSON.parse(fillTimes(JSON.stringify(rw ?? rw2)));
  const symbols: string[] = request.symbols ?? [""];
  for (const series of request.timeseries ?? []) {
    for (const each of [...(series.samples ?? []), ...(series.exemplars ?? [])]) each.value = numberOf(each.value);
    for (const each of series.histograms ?? []) each.sum = numberOf(each.sum);
    if (rw2) toReferences(series, symbols);
    else for (const each of [series, ...(series.exemplars ?? [])]) each.labels = pairsOf(each.labels);
  }
  if (rw2) request.symbols = symbols;
  const type = messages.lookupType(rw2 ? "V2" : "V1");
  const bytes = Buffer.from(type.encode(type.fromObject(request)).finish());
  markStale(bytes);
  return new Uint8Array(raw ? bytes : compress(bytes));
}

function numberOf(value: unknown): unknown {
  if (value === "stale") return placeholder;
  return /^([+-]?Inf|NaN)$/.test(String(value)) ? Number(String(value).replace("Inf", "Infinity")) : value;
}

const pairsOf = (labels: Decoded): Decoded[] =>
  Array.isArray(labels) ? labels : Object.entries(labels ?? {}).map(([name, value]) => ({ name, value }));

function toReferences(series: Decoded, symbols: string[]): void {
  const symbol = (text: string) => {
    const at = symbols.indexOf(text);
    return at < 0 ? symbols.push(text) - 1 : at;
  };
  for (const each of [series, ...(series.exemplars ?? [])]) {
    each.labels_refs ??= pairsOf(each.labels).flatMap(({ name, value }) => [symbol(name), symbol(value)]);
    delete each.labels;
  }
  if (!series.metadata) return;
  series.metadata.help_ref ??= symbol(series.metadata.help ?? "");
  series.metadata.unit_ref ??= symbol(series.metadata.unit ?? "");
}

function markStale(bytes: Buffer): void {
  const mark = Buffer.alloc(8);
  mark.writeDoubleLE(placeholder);
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark)) bytes.writeBigUInt64LE(0x7ff0000000000002n, at);
}
