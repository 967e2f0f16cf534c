/** What a receiver answers: an export response, with what it rejected if anything, or a google.rpc.Status. */
import { messageToJson } from "./json-write.ts";
import { responseTo, rpcStatus, type Signal } from "./schema.ts";
import { cursor, readSignedVarint64, readText, readVarint, skipValue } from "./wire.ts";
import { Writer } from "./writer.ts";

/** How a request was encoded, and its answer is to be. */
export type Encoding = "protobuf" | "json";

/** Items that were not accepted, and why. */
export interface PartialSuccess {
  readonly rejected: bigint;
  readonly errorMessage: string;
}

/** The body of a successful answer. */
export function exportResponse(signal: Signal, encoding: Encoding, partial?: PartialSuccess): Uint8Array {
  if (partial === undefined && encoding === "json") return Buffer.from('{"partialSuccess":{}}');
  const out = new Writer(64);
  // As Alloy does, the partial success is there even if it is empty.
  const open = out.open(0x0a);
  if (partial !== undefined && partial.rejected !== 0n) {
    out.varint(0x08);
    out.varint64(partial.rejected);
  }
  if (partial !== undefined && partial.errorMessage !== "") {
    out.varint(0x12);
    out.text(partial.errorMessage);
  }
  out.close(open);
  const bytes = out.finish();
  return encoding === "protobuf" ? bytes : messageToJson(responseTo(signal), bytes);
}

/** The body of a refusal: a google.rpc.Status with a gRPC code and a message. */
export function statusResponse(encoding: Encoding, code: number, message: string): Uint8Array {
  const out = new Writer(message.length + 16);
  if (code !== 0) {
    out.varint(0x08);
    out.varint64(BigInt(code));
  }
  if (message !== "") {
    out.varint(0x12);
    out.text(message);
  }
  const bytes = out.finish();
  return encoding === "protobuf" ? bytes : messageToJson(rpcStatus(), bytes);
}

/** What a backend that accepted a request says that it did not take of it. An empty answer means that it took all. */
export function readExportResponse(encoding: Encoding, body: Uint8Array): PartialSuccess {
  if (body.length === 0) return { rejected: 0n, errorMessage: "" };
  if (encoding === "protobuf") return readPartialSuccess(body);
  const json: unknown = JSON.parse(Buffer.from(body).toString());
  const partial = member(json, "partialSuccess");
  const rejected =
    member(partial, "rejectedSpans") ?? member(partial, "rejectedLogRecords") ?? member(partial, "rejectedDataPoints");
  return { rejected: BigInt(String(rejected ?? 0)), errorMessage: String(member(partial, "errorMessage") ?? "") };
}

function readPartialSuccess(bytes: Uint8Array): PartialSuccess {
  let [rejected, errorMessage] = [0n, ""];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at, bytes.length);
    const value = cursor;
    const end = skipValue(bytes, value, bytes.length, tag);
    at = end;
    // Within the partial success as around it: a response has no other field, and its tag is none of the inner ones.
    if (tag === 0x0a) {
      readVarint(bytes, value, end);
      at = cursor;
    } else if (tag === 0x08) rejected = readSignedVarint64(bytes, value);
    else if (tag === 0x12) {
      readVarint(bytes, value, end);
      errorMessage = readText(bytes, cursor, end);
    }
  }
  return { rejected, errorMessage };
}

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
