/** Encodings of messages that become telemetry. */
import { DeliveryError, messageOf } from "../../../../delivery/errors.ts";
import type { Invocation } from "../../../../graph/invocation.ts";
import { type OtlpBatch, otlpBatch } from "../../../../graph/kinds.ts";
import type { RawRecord, Signal } from "../../../../graph/trigger.ts";
import { requestFromJson } from "../../../../telemetry/otlp/json-read.ts";
import { batchOf } from "../otlp.ts";

export type Decode = (record: RawRecord, invocation: Invocation) => OtlpBatch;

/** How messages of a signal are read; a text says why they can't be. */
export function decoderOf(signal: Signal, encoding: string): Decode | string {
  switch (encoding) {
    case "otlp_proto":
      return ({ body }) => batchOf({ signal, looksInto: false }, "protobuf", body);
    case "otlp_json":
      return ({ body }) => batchOf({ signal, looksInto: false }, "json", body);
    default:
      break;
  }
  if (elsewhere.has(`${signal} ${encoding}`))
    return `encoding ${JSON.stringify(encoding)} is not built here yet: send otlp_proto or otlp_json`;
  const decode = signal === "logs" ? logsDecoder(encoding) : undefined;
  return decode ?? `unrecognized ${signal} encoding ${JSON.stringify(encoding)}`;
}

const elsewhere: ReadonlySet<string> = new Set([
  ...["jaeger_proto", "jaeger_json", "zipkin_proto", "zipkin_json", "zipkin_thrift"].map(name => `traces ${name}`),
  "logs azure_resource_logs",
]);

function logsDecoder(encoding: string): Decode | undefined {
  if (encoding === "raw") return ({ body }) => logOf({ bytesValue: Buffer.from(body).toString("base64") });
  if (encoding === "json") return (record, invocation) => logOf(anyValue(jsonOf(record)), invocation);
  const charset = encoding === "text" ? "utf-8" : encoding.startsWith("text_") ? encoding.slice("text_".length) : "";
  if (!charset) return undefined;
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(charset, { ignoreBOM: true });
  } catch {
    return undefined;
  }
  return ({ body }, invocation) => logOf({ stringValue: decoder.decode(body) }, invocation);
}

/** One log record with the time at which it was seen. */
function logOf(body: unknown, invocation?: Invocation): OtlpBatch {
  const observed = invocation && { observedTimeUnixNano: `${invocation.now}000000` };
  const request = { resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords: [{ ...observed, body }] }] }] };
  return otlpBatch("logs", requestFromJson("logs", JSON.stringify(request)));
}

function jsonOf({ body, id }: RawRecord): unknown {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (cause) {
    throw new DeliveryError(`message ${id} should be JSON: ${messageOf(cause)}`, { kind: "reject", cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new DeliveryError(`message ${id} should be an object in JSON, got something else`, { kind: "reject" });
}

/** A value of JSON as OTLP has it; all numbers are doubles, as in the Collector. */
function anyValue(value: unknown): unknown {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value !== "object" || value === null) return {};
  return { kvlistValue: { values: Object.entries(value).map(([key, item]) => ({ key, value: anyValue(item) })) } };
}
