/**
 * What a queue's message holds, seen by its content: OTLP, Loki pushes, CloudWatch Logs, as they are or in the envelope of an
 * SNS notification or a log subscription, compressed or not, as JSON or as protobuf in base64.
 */
import { compressionOf, decompress } from "../../lib/pipeline/delivery/compress.ts";
import type { DecodedRecord, Signal } from "../../lib/pipeline/graph/trigger.ts";
import { otlpSignalOf, startsLikeLokiPush } from "./recognise-binary.ts";

/** What the sender said of a message: its attributes, names in lower case. */
export type Hints = ReadonlyMap<string, string>;

export const noHints: Hints = new Map();

/** Decompressed bytes that one message may have. */
export const maxDecompressedBytes = 64 * 1024 * 1024;

/** SNS in SNS is as deep as anyone needs. */
const maxEnvelopes = 4;

/** The records of a message; none for what CloudWatch Logs sends to test a subscription. Throws where the content is not recognised. */
export function recognise(text: string, hints: Hints, depth = 0): DecodedRecord[] {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return recogniseJson(trimmed, hints, depth);
  if (!trimmed) throw new Error(`${expected}, got an empty message`);
  if (!isBase64(trimmed))
    throw new Error(`${expected}, got text that starts with ${JSON.stringify(trimmed.slice(0, 20))}`);
  return recogniseBytes(Buffer.from(trimmed, "base64"), hints, depth);
}

const expected = "message should be OTLP, a Loki push, CloudWatch Logs or an SNS notification of one of them";

/** As `recognise`, for what comes as bytes: of streams, of Kafka. Text in them may be base64 of others. */
export function recogniseData(data: Uint8Array, hints: Hints): DecodedRecord[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (/^[ \t\r\n]*\{/.test(bytes.toString("latin1", 0, 64)) || isPrintable(bytes))
    return recognise(bytes.toString("utf8"), hints);
  return recogniseBytes(bytes, hints, 0);
}

const isPrintable = (bytes: Buffer): boolean => /^[\w+/=\s-]*$/.test(bytes.toString("latin1"));

/** Both alphabets, with or without padding. */
const isBase64 = (text: string): boolean => /^[\w+/-]+={0,2}$/.test(text) && text.replace(/=+$/, "").length % 4 !== 1;

function recogniseBytes(bytes: Buffer, hints: Hints, depth: number): DecodedRecord[] {
  const encoding = compressionOf(bytes);
  if (encoding) {
    if (depth >= maxEnvelopes) throw new Error(`${expected}, got more than ${maxEnvelopes} envelopes around it`);
    const opened = decompress(bytes, encoding, { maxBytes: maxDecompressedBytes });
    return recogniseBytes(Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength), hints, depth + 1);
  }
  if (bytes[0] === 0x7b) return recogniseJson(bytes.toString("utf8"), hints, depth); // {
  const inflated = depth < maxEnvelopes ? inflate(bytes) : undefined;
  if (inflated) return recogniseBytes(inflated, hints, depth + 1);
  const signal = signalOf(hints) ?? otlpSignalOf(bytes);
  if (hints.get("format") !== "loki" && signal) return [{ format: "otlp", signal, encoding: "protobuf", body: bytes }];
  if (hints.get("format") === "loki" || startsLikeLokiPush(bytes))
    return [{ ...loki(hints), encoding: "protobuf", body: bytes }];
  throw new Error(`${expected}, got ${bytes.length} bytes of something else`);
}

/** What a zlib stream holds, which the Collector's exporter to Kinesis may write; its two bytes in front may also begin other things. */
function inflate(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0x78 || bytes.readUInt16BE(0) % 31 !== 0) return undefined;
  try {
    const { buffer, byteOffset, byteLength } = decompress(bytes, "zlib", { maxBytes: maxDecompressedBytes });
    return Buffer.from(buffer, byteOffset, byteLength);
  } catch {
    return undefined; // it began like one
  }
}

/** Attributes tell the signal where the bytes don't, such as a request without a single span. */
function signalOf(hints: Hints): Signal | undefined {
  const signal = hints.get("signal");
  return signal === "traces" || signal === "logs" || signal === "metrics" ? signal : undefined;
}

function loki(hints: Hints): { readonly format: "loki"; readonly tenant?: string } {
  const tenant = hints.get("x-scope-orgid");
  return { format: "loki", ...(tenant !== undefined && { tenant }) };
}

const signals: readonly (readonly [key: string, signal: Signal])[] = [
  ["resourceSpans", "traces"],
  ["resource_spans", "traces"],
  ["resourceLogs", "logs"],
  ["resource_logs", "logs"],
  ["resourceMetrics", "metrics"],
  ["resource_metrics", "metrics"],
];

function recogniseJson(text: string, hints: Hints, depth: number): DecodedRecord[] {
  if (depth > maxEnvelopes) throw new Error(`${expected}, got more than ${maxEnvelopes} envelopes around it`);
  let message: Readonly<Record<string, unknown>>;
  try {
    message = JSON.parse(text) as Readonly<Record<string, unknown>>; // starts with a brace
  } catch (cause) {
    throw new Error(`message should be JSON, got ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const found = signals.filter(([key]) => Array.isArray(message[key]));
  if (found.length) {
    const body = Buffer.from(text);
    return found.map(([, signal]) => ({ format: "otlp", signal, encoding: "json", body }));
  }
  if (Array.isArray(message["streams"])) return [{ ...loki(hints), encoding: "json", body: Buffer.from(text) }];
  if (message["Type"] === "Notification" && typeof message["Message"] === "string")
    return recognise(message["Message"], hintsOfSns(message["MessageAttributes"], hints), depth + 1);
  if (isSubscription(message)) return cloudwatchLogs(openSubscription(message.awslogs.data));
  if (typeof message["messageType"] === "string" && Array.isArray(message["logEvents"]))
    return cloudwatchLogs(Buffer.from(text));
  throw new Error(`${expected}, got JSON with the keys ${Object.keys(message).join(", ") || "(none)"}`);
}

const isSubscription = (message: Readonly<Record<string, unknown>>): message is { awslogs: { data: string } } => {
  const awslogs = message["awslogs"];
  return typeof awslogs === "object" && awslogs !== null && "data" in awslogs && typeof awslogs.data === "string";
};

function hintsOfSns(attributes: unknown, outer: Hints): Hints {
  if (typeof attributes !== "object" || attributes === null) return outer;
  const hints = new Map(outer);
  for (const [name, attribute] of Object.entries(attributes as Readonly<Record<string, { Value?: unknown }>>)) // as SNS writes them
    if (typeof attribute?.Value === "string") hints.set(name.toLowerCase(), attribute.Value);
  return hints;
}

/** The JSON inside the `data` of a log subscription. */
export function openSubscription(data: string): Uint8Array {
  if (!isBase64(data.trim())) throw new Error("awslogs.data should be base64, got something else");
  try {
    return decompress(Buffer.from(data, "base64"), "gzip", { maxBytes: maxDecompressedBytes });
  } catch (cause) {
    throw new Error(`awslogs.data should be gzip: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** A record of what a log subscription delivers; none if it only tests whether somebody is there. */
export function cloudwatchLogs(body: Uint8Array): DecodedRecord[] {
  return isControlMessage(body) ? [] : [{ format: "cloudwatch_logs", body }];
}

/** Looks closer only where the words occur, since the component parses the JSON anyway. */
function isControlMessage(body: Uint8Array): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes("CONTROL_MESSAGE")) return false;
  try {
    return (JSON.parse(bytes.toString("utf8")) as { messageType?: unknown }).messageType === "CONTROL_MESSAGE";
  } catch {
    return false; // the component says what is wrong with it
  }
}
