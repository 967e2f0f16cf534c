/** Finds records by their ids in what goes over the wire and in dead letters, decoded by libraries that the program does not use for it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import protobuf from "protobufjs";
import { uncompress } from "snappyjs";
import type { DeadLetter } from "../../../lib/pipeline/delivery/dead-letters.ts";
import { decodeLokiPush, decodeOtlp } from "../../e2e/support/decode.ts";

/** What a writer sends: an id is a log line, the name of a span, or the label `id` of a series. */
export type Wire = "loki" | "remote_write_v1" | "remote_write_v2" | "otlp_traces";

const proto = path.resolve(import.meta.dirname, "../../conformance/support/messages.proto");
const messages = protobuf.parse(readFileSync(proto, "utf8"), { keepCase: true }).root;
const [version1, version2] = [messages.lookupType("WriteV1"), messages.lookupType("WriteV2")];

interface Series {
  readonly labels?: readonly { readonly name: string; readonly value: string }[];
  readonly labels_refs?: readonly number[];
}

/** The ids in a body, in their order. Throws where it is not of this form. */
export function idsIn(wire: Wire, encoding: string | undefined, body: Buffer): string[] {
  switch (wire) {
    case "loki":
      return decodeLokiPush(body).map(({ line }) => line);
    case "otlp_traces": {
      const { resource_spans = [] } = decodeOtlp("traces", { "content-encoding": encoding }, body);
      return resource_spans.flatMap(({ scope_spans = [] }) =>
        scope_spans.flatMap(({ spans = [] }) => spans.map(({ name }) => name)),
      );
    }
    case "remote_write_v1": {
      const { timeseries = [] } = version1.decode(uncompress(body)).toJSON() as { timeseries?: readonly Series[] }; // its message
      return timeseries.map(({ labels = [] }) => labels.find(({ name }) => name === "id")?.value ?? "");
    }
    case "remote_write_v2": {
      const { symbols = [], timeseries = [] } = version2.decode(uncompress(body)).toJSON() as {
        symbols?: readonly string[];
        timeseries?: readonly Series[];
      }; // its message
      return timeseries.map(({ labels_refs: refs = [] }) => {
        const at = refs.findIndex((ref, i) => i % 2 === 0 && symbols[ref] === "id");
        return symbols[refs[at + 1] ?? 0] ?? "";
      });
    }
    default:
      return wire satisfies never;
  }
}

/** The form of a request. */
export function wireOf(url: string, contentType = ""): Wire {
  if (url.startsWith("/loki/")) return "loki";
  if (url.startsWith("/v1/traces")) return "otlp_traces";
  if (url.startsWith("/api/v1/write")) return contentType.includes("v2") ? "remote_write_v2" : "remote_write_v1";
  throw new Error(`a request should be a push of a writer, got ${url}`);
}

/** The ids in a dead letter of a writer; of an event of Lambda those of the known ones that its texts have, packed or not. */
export function idsOfLetter({ format, body, metadata }: DeadLetter, known: readonly string[] = []): string[] {
  if (format !== "aws_event") return idsIn(format as Wire, metadata["contentEncoding"], Buffer.from(body)); // tests have no others
  const texts = textsIn(JSON.parse(Buffer.from(body).toString()));
  return known.filter(id => texts.some(text => text.includes(`"${id}"`)));
}

/** All texts in a value, and what they are in base64. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value, Buffer.from(value, "base64").toString("latin1")];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
