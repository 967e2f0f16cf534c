/** The same work as traces.alloy with everything decoded and encoded by protobufjs: what Amalgam is compared with. */
import http from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import type protobuf from "protobufjs";
import { messages } from "../conformance/support/sink.ts";

const type = messages.lookupType("Traces");
const agent = new http.Agent({ keepAlive: true });
const sink = process.env["SINK"] ?? "";

interface KeyValue {
  readonly key: string;
  readonly value: { readonly string_value?: string };
}
interface Span {
  readonly trace_id: Uint8Array;
  attributes: KeyValue[];
}
interface Traces {
  resource_spans: { scope_spans: { spans: Span[] }[] }[];
}

/** FNV-1a of the trace id against half of its range, as a sampler does it. */
function sampled(traceId: Uint8Array): boolean {
  let hash = 0x811c9dc5;
  for (const byte of traceId) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash & 0x3fff) < 0x2000;
}

function transform(body: Uint8Array): Uint8Array {
  const traces = type.decode(body) as unknown as Traces; // the shape of the type
  for (const resource of traces.resource_spans) {
    for (const scope of resource.scope_spans) {
      scope.spans = scope.spans.filter(
        span =>
          !span.attributes.some(({ key, value }) => key === "http.route" && value.string_value === "/health") &&
          sampled(span.trace_id),
      );
      for (const span of scope.spans) {
        span.attributes = span.attributes.filter(({ key }) => key !== "http.request.header.authorization");
        if (!span.attributes.some(({ key }) => key === "deployment.environment"))
          span.attributes.push({ key: "deployment.environment", value: { string_value: "production" } });
      }
    }
  }
  return type.encode(traces as unknown as protobuf.Message).finish(); // as it was decoded
}

function forward(body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
      "content-length": body.length,
    };
    const request = http.request(`${sink}/v1/traces`, { method: "POST", agent, headers }, response => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject);
    request.end(body);
  });
}

http
  .createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const status = await forward(gzipSync(transform(gunzipSync(Buffer.concat(chunks))), { level: 1 })).catch(
        () => 503,
      );
      response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
    });
  })
  .listen(24_318, "127.0.0.1");
