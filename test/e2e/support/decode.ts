/** What amalgam sends, decoded by libraries that amalgam does not use for it. */
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";
import { uncompress } from "snappyjs";

const proto = path.resolve(import.meta.dirname, "../../conformance/support/messages.proto");
const messages = protobuf.parse(readFileSync(proto, "utf8"), { keepCase: true }).root;

/** Encodes a message of the file of messages. */
export function encode(type: string, value: object): Buffer {
  const message = messages.lookupType(type);
  return Buffer.from(message.encode(message.fromObject(value)).finish());
}

function decode(type: string, bytes: Uint8Array): unknown {
  const message = messages.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: String, bytes: base64, json: true });
}

// protobufjs takes the constructor for "as base64"
const base64 = String;

export interface Entry {
  readonly labels: string;
  readonly line: string;
}

interface LokiPush {
  readonly streams?: readonly { readonly labels: string; readonly entries?: readonly { readonly line?: string }[] }[];
}

/** The entries of a push as `loki.write` sends it. */
export function decodeLokiPush(body: Buffer): Entry[] {
  const { streams = [] } = decode("LokiPush", uncompress(body)) as LokiPush; // its message
  return streams.flatMap(({ labels, entries = [] }) => entries.map(({ line = "" }) => ({ labels, line })));
}

export interface AnyValue {
  readonly string_value?: string;
  readonly bool_value?: boolean;
  readonly int_value?: string;
  readonly double_value?: number;
  readonly array_value?: { readonly values?: readonly AnyValue[] };
  readonly kvlist_value?: { readonly values?: readonly KeyValue[] };
  readonly bytes_value?: string;
}

export interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue;
}

export interface Attributed {
  readonly attributes?: readonly KeyValue[];
}

export interface Span extends Attributed {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  readonly kind?: number;
  readonly start_time_unix_nano: string;
  readonly end_time_unix_nano: string;
  readonly events?: readonly (Attributed & { readonly name: string })[];
  readonly links?: readonly (Attributed & { readonly trace_id: string; readonly span_id: string })[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

export interface LogRecord extends Attributed {
  readonly time_unix_nano?: string;
  readonly severity_number?: number;
  readonly severity_text?: string;
  readonly body?: AnyValue;
  readonly trace_id?: string;
  readonly event_name?: string;
}

export interface Point extends Attributed {
  readonly as_int?: string;
  readonly as_double?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucket_counts?: readonly string[];
  readonly explicit_bounds?: readonly number[];
}

export interface Data {
  readonly data_points?: readonly Point[];
  readonly aggregation_temporality?: number;
  readonly is_monotonic?: boolean;
}

export interface Metric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: Data;
  readonly sum?: Data;
  readonly histogram?: Data;
  readonly exponential_histogram?: Data;
}

export interface Scope extends Attributed {
  readonly name?: string;
  readonly version?: string;
}

interface Scoped {
  readonly resource?: Attributed;
}

/** An export request of any signal, in the field names of the protocol. */
export interface OtlpRequest {
  readonly resource_spans?: readonly (Scoped & {
    readonly scope_spans?: readonly { readonly scope?: Scope; readonly spans?: readonly Span[] }[];
  })[];
  readonly resource_logs?: readonly (Scoped & {
    readonly scope_logs?: readonly { readonly scope?: Scope; readonly log_records?: readonly LogRecord[] }[];
  })[];
  readonly resource_metrics?: readonly (Scoped & {
    readonly scope_metrics?: readonly { readonly scope?: Scope; readonly metrics?: readonly Metric[] }[];
  })[];
}

const types = { traces: "Traces", logs: "Logs", metrics: "Metrics" } as const;

/** An export request as `otelcol.exporter.otlphttp` sends it: protobuf, plain or with gzip. */
export function decodeOtlp(signal: keyof typeof types, headers: IncomingHttpHeaders, body: Buffer): OtlpRequest {
  const plain = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  return decode(types[signal], plain) as OtlpRequest; // its message
}
