/** Receives traces, logs and metrics over OTLP/HTTP, as protobuf or JSON. */
import { decompress } from "../../../delivery/compress.ts";
import { DeliveryError, messageOf, orReject, TooLargeError } from "../../../delivery/errors.ts";
import { block, type Infer, object, optional, refusedBlock } from "../../../eval/schema.ts";
import { bool, bytes, duration, int, list, string } from "../../../eval/types.ts";
import { type Consumer, defineComponent, type Problem, ProblemError } from "../../../graph/component.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { type OtlpBatch, otlpBatch } from "../../../graph/kinds.ts";
import { bySignal } from "../../../graph/otel-consumer.ts";
import type { HttpReply, HttpRequest, RecordsTrigger, Route, Signal } from "../../../graph/trigger.ts";
import { canonicalise } from "../../../telemetry/otlp/canonical.ts";
import { requestFromJson } from "../../../telemetry/otlp/json-read.ts";
import { exportResponse, statusResponse } from "../../../telemetry/otlp/responses.ts";
import { validate, validateAndIndex } from "../../../telemetry/otlp/validate.ts";
import { listenerTls, listenerTlsProblems } from "../../listener-tls.ts";
import { debugMetrics, type OutputArgs, output, serverTls } from "../args.ts";
import { authHandler } from "../auth.ts";
import { preflight, withCors } from "./cors.ts";

const auth = optional(authHandler, undefined, "Who may send, by an `otelcol.auth.*` component.");

const grpc = object({
  endpoint: optional(string, "0.0.0.0:4317", "Address to listen on."),
  transport: optional(string, "tcp", "Network of the address."),
  tls: block(serverTls, "TLS of the listener."),
  max_recv_msg_size: optional(bytes, undefined, "Largest message."),
  max_concurrent_streams: optional(int, undefined, "Most streams of a connection."),
  read_buffer_size: optional(bytes, "512KiB", "Read buffer."),
  write_buffer_size: optional(bytes, undefined, "Write buffer."),
  keepalive: block(
    object({
      server_parameters: block(
        object({
          max_connection_idle: optional(duration, undefined, "Idle time of a connection."),
          max_connection_age: optional(duration, undefined, "Age of a connection."),
          max_connection_age_grace: optional(duration, undefined, "Time to finish after that."),
          time: optional(duration, undefined, "Time between pings."),
          timeout: optional(duration, undefined, "Time for an answer to a ping."),
        }),
        "What the server asks of connections.",
      ),
      enforcement_policy: block(
        object({
          min_time: optional(duration, undefined, "Shortest time between pings of a client."),
          permit_without_stream: optional(bool, false, "Pings without a stream are allowed."),
        }),
        "What the server allows of clients.",
      ),
    }),
    "Keep-alive of connections.",
  ),
  auth,
  include_metadata: optional(bool, false, "Hands request headers to later components."),
});

const defaultMaxBytes = 20 << 20;

const http = object({
  endpoint: optional(string, "0.0.0.0:4318", "Address to listen on."),
  tls: block(serverTls, "TLS of the listener."),
  cors: block(
    object({
      allowed_origins: optional(list(string), [], "Origins that may send, with `*` as a wildcard."),
      allowed_headers: optional(list(string), [], "Headers that they may send besides the usual ones."),
      exposed_headers: optional(list(string), [], "Headers of answers that they may read."),
      max_age: optional(int, 0, "Seconds that a browser may remember this."),
    }),
    "Requests from browsers.",
  ),
  auth,
  max_request_body_size: optional(bytes, undefined, "Largest body, compressed and decompressed; 20 MiB where unset."),
  include_metadata: optional(bool, false, "Hands request headers to later components."),
  compression_algorithms: optional(
    list(string),
    ["gzip", "zstd", "zlib", "snappy", "deflate", "lz4"],
    "Content encodings that are taken.",
  ),
  keep_alives_enabled: optional(bool, undefined, "Accepted; connections are kept."),
  idle_timeout: optional(duration, "1m", "Accepted; the runtime closes idle connections."),
  read_timeout: optional(duration, undefined, "Accepted; bodies are bounded by their size."),
  write_timeout: optional(duration, "30s", "Time until an answer must be given."),
  read_header_timeout: optional(duration, "1m", "Accepted; the runtime bounds it."),
  traces_url_path: optional(string, "/v1/traces", "Path of traces."),
  metrics_url_path: optional(string, "/v1/metrics", "Path of metrics."),
  logs_url_path: optional(string, "/v1/logs", "Path of logs."),
});
type Http = Infer<typeof http>;

const args = object({
  grpc: refusedBlock(
    grpc,
    "can't be served: functions answer HTTP only, send OTLP over HTTP to the http block",
    "The gRPC listener.",
  ),
  http: block(http, "The HTTP listener."),
  debug_metrics: debugMetrics,
  output,
});

export const otelcolReceiverOtlp = defineComponent({
  name: "otelcol.receiver.otlp",
  summary: "Receives traces, logs and metrics over OTLP/HTTP, as protobuf or JSON.",
  stability: "generally-available",
  inFunctions:
    "Served at the function's URL; messages of queues and topics with an export request as their body are taken, too.",
  args,
  *check({ http }): Iterable<Problem> {
    if (http && !parseEndpoint(http.endpoint))
      yield {
        path: ["http", "endpoint"],
        message: `endpoint should be HOST:PORT, got ${JSON.stringify(http.endpoint)}`,
      };
    if (http?.auth && !http.auth.server)
      yield {
        path: ["http", "auth"],
        message: "auth should be able to check requests, got a handler that only authorises them",
      };
    if (http?.tls) yield* listenerTlsProblems({ ...http.tls }, ["http", "tls"]);
    for (const [i, name] of (http?.compression_algorithms ?? []).entries()) {
      if (!encodings.has(name))
        yield {
          path: ["http", "compression_algorithms", i],
          message: `unsupported compression algorithm ${JSON.stringify(name)}`,
        };
    }
  },
  build({ http, output }, host) {
    const next = bySignal(output);
    if (!http) return {};
    const address = parseEndpoint(http.endpoint);
    if (!address) throw new ProblemError("endpoint should be HOST:PORT", ["http", "endpoint"]);
    const maxBytes = http.max_request_body_size || defaultMaxBytes;
    const wired = (["traces", "metrics", "logs"] as const).filter(signal => output[signal].length > 0);
    const tls = http.tls && listenerTls(http.tls, host.directory, ["http", "tls"]);
    return {
      triggers: [
        {
          kind: "http",
          ...address,
          authenticated: http.auth !== undefined,
          ...(tls && { tls }),
          routes: wired.flatMap(signal => routesOf({ signal, next, looksInto: false }, http, maxBytes)),
        },
        {
          kind: "records",
          format: "otlp",
          sources: ["queue", "topic"],
          push: otlpRecords(host.id, output),
        },
      ],
    };
  },
});

const encodings: ReadonlySet<string> = new Set([
  "",
  "gzip",
  "zstd",
  "zlib",
  "snappy",
  "x-snappy-framed",
  "deflate",
  "lz4",
]);

/** `host:port`, also with an empty host or one in brackets. */
export function parseEndpoint(endpoint: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(endpoint);
  const port = Number(match?.[3]);
  return match && port <= 65_535 ? { host: match[1] ?? match[2] ?? "", port } : undefined;
}

/** Where a signal's requests go on to. */
interface Way {
  readonly signal: Signal;
  readonly next: Consumer<OtlpBatch>;
  /** The last request was looked into there: the next one is indexed while it is checked. */
  looksInto: boolean;
}

function routesOf(way: Way, http: Http, maxBytes: number): Route[] {
  const path = http[`${way.signal}_url_path`];
  const common = {
    path: path.startsWith("/") ? path : `/${path}`,
    maxBodyBytes: maxBytes,
    ...(http.write_timeout > 0 && { answerWithinMs: http.write_timeout }),
  };
  const { cors } = http;
  const take: Route["handle"] = (request, invocation) => answer(way, http, maxBytes, request, invocation);
  if (!cors?.allowed_origins.length) return [{ ...common, method: "POST", handle: take }];
  const post: Route["handle"] = async (request, invocation) => withCors(cors, request, await take(request, invocation));
  const options: Route["handle"] = async request => preflight(cors, request) ?? methodNotAllowed;
  return [
    { ...common, method: "POST", handle: post },
    { ...common, method: "OPTIONS", handle: options },
  ];
}

async function answer(
  way: Way,
  http: Http,
  maxBytes: number,
  request: HttpRequest,
  invocation: Invocation,
): Promise<HttpReply> {
  const { signal, next } = way;
  const authenticated = await http.auth?.server?.(request);
  if (authenticated && !authenticated.ok) return authenticated.reply;
  const encoding = encodingOf(request);
  const unsupported = unsupportedEncoding(request, http.compression_algorithms);
  if (!encoding) return unsupported === undefined ? unsupportedMediaType : textReply(400, unsupported);
  if (unsupported !== undefined) return errorResponse(encoding, 400, unsupported);
  let batch: OtlpBatch;
  try {
    const body = decode(request, maxBytes);
    batch = batchOf(way, encoding, body);
  } catch (error) {
    if (error instanceof TooLargeError) return errorResponse(encoding, 413, messageOf(error));
    return errorResponse(encoding, error instanceof UnmarkedCompressionError ? 500 : 400, messageOf(error));
  }
  try {
    const client = {
      ...(http.include_metadata && { metadata: metadataOf(request) }),
      ...(authenticated && { auth: authenticated.attributes }),
    };
    await next.consume(batch, { ...invocation, ...client });
    way.looksInto = batch.data.isOpen;
    return { status: 200, headers: { "content-type": mediaTypes[encoding] }, body: exportResponse(signal, encoding) };
  } catch (error) {
    return failure(encoding, error);
  }
}

/** A failure below as the OTLP specification answers it: 503 and 429 ask for a retry, 400 says that there is no point in one. */
function failure(encoding: "json" | "protobuf", error: unknown): HttpReply {
  if (error instanceof DeliveryError && !error.retryable)
    return errorResponse(encoding, error.kind === "split" ? 413 : 400, error.message);
  const { status, retryAfterMs } =
    error instanceof DeliveryError ? error : { status: undefined, retryAfterMs: undefined };
  const reply = errorResponse(encoding, status === 429 ? 429 : 503, messageOf(error));
  return { ...reply, headers: { ...reply.headers, "retry-after": String(Math.ceil((retryAfterMs ?? 1000) / 1000)) } };
}

function encodingOf({ headers }: HttpRequest): "json" | "protobuf" | undefined {
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return "json";
  return type === "application/x-protobuf" ? "protobuf" : undefined;
}

/** JSON that begins like gzip: Alloy fails on it as on its own fault. */
class UnmarkedCompressionError extends Error {}

function decode({ headers, body }: HttpRequest, maxBytes: number): Uint8Array {
  const encoding = headers["content-encoding"] ?? "";
  if (encoding !== "") return decompress(body, encoding, { maxBytes });
  if (body[0] === 0x1f && body[1] === 0x8b && headers["content-type"]?.includes("json"))
    throw new UnmarkedCompressionError("body is compressed but content-encoding does not say so");
  return body;
}

function unsupportedEncoding({ headers }: HttpRequest, allowed: readonly string[]): string | undefined {
  const encoding = headers["content-encoding"] ?? "";
  return encoding === "" || allowed.includes(encoding) ? undefined : `unsupported Content-Encoding: ${encoding}`;
}

const textReply = (status: number, body: string): HttpReply => ({
  status,
  headers: { "content-type": "text/plain" },
  body,
});

const methodNotAllowed = textReply(405, "405 method not allowed, supported: [POST]");
const unsupportedMediaType = textReply(
  415,
  "415 unsupported media type, supported: [application/json, application/x-protobuf]",
);

const textOf = (body: Uint8Array): string => Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");

const mediaTypes = { json: "application/json", protobuf: "application/x-protobuf" } as const;

/** Codes of google.rpc.Status for the statuses that are answered here. */
const rpcCodes: Readonly<Record<number, number>> = { 400: 3, 413: 8, 429: 8, 500: 13, 503: 14 };

const errorResponse = (encoding: "json" | "protobuf", status: number, message: string): HttpReply => ({
  status,
  headers: { "content-type": mediaTypes[encoding] },
  body: statusResponse(encoding, rpcCodes[status] ?? 2, message),
});

type Taken = Pick<Way, "signal" | "looksInto">;

/** The batch of an export request in one of its encodings. */
export function batchOf(way: Taken, encoding: "json" | "protobuf", body: Uint8Array): OtlpBatch {
  const { signal } = way;
  return encoding === "json" ? otlpBatch(signal, requestFromJson(signal, textOf(body))) : checked(way, body);
}

/** The body, refused where Alloy would refuse it. Only a request in the old form is written anew; all others go on as they came. */
function checked({ signal, looksInto }: Taken, body: Uint8Array): OtlpBatch {
  const batch = otlpBatch(signal, body);
  const { oldScopes } = looksInto ? validateAndIndex(signal, batch.data.node) : validate(signal, body);
  return oldScopes ? otlpBatch(signal, canonicalise(signal, body)) : batch;
}

const metadataOf = ({ headers }: HttpRequest): ReadonlyMap<string, readonly string[]> =>
  new Map(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value]] as const])));

/** Hands on export requests that come as records; refuses what Alloy's receiver would refuse, and signals that go nowhere. */
export function otlpRecords(component: string, output: OutputArgs): RecordsTrigger["push"] {
  const next = bySignal(output);
  return async (record, invocation) => {
    if (record.format !== "otlp")
      throw new DeliveryError(`${component} takes OTLP, got ${record.format}`, { kind: "reject" });
    const { signal, encoding, body } = record;
    if (!output[signal].length)
      throw new DeliveryError(`${component} should have ${signal} in its output, since it got some`, {
        kind: "reject",
      });
    await next.consume(
      orReject(() => batchOf({ signal, looksInto: false }, encoding, body)),
      invocation,
    );
  };
}
