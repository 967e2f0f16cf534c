/** Sends traces, logs and metrics over OTLP/HTTP. */
import { compress } from "../../../delivery/compress.ts";
import type { DeadLetter } from "../../../delivery/dead-letters.ts";
import { messageOf } from "../../../delivery/errors.ts";
import { createHttpClient, type HttpClient } from "../../../delivery/http.ts";
import { otelPolicy } from "../../../delivery/retry.ts";
import { userAgent } from "../../../delivery/user-agent.ts";
import {
  block,
  defaultBlock,
  type Infer,
  object,
  optional,
  refused,
  refusedBlock,
  required,
  requiredBlock,
} from "../../../eval/schema.ts";
import { bool, bytes, capsule, duration, int, map, number, oneOf, string } from "../../../eval/types.ts";
import { defineComponent, type Host, type Problem } from "../../../graph/component.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { countItems, type OtlpBatch, otlpBatch } from "../../../graph/kinds.ts";
import type { Signal } from "../../../graph/trigger.ts";
import { halveRequest, mergeRequests } from "../../../telemetry/otlp/batch.ts";
import { requestToJson } from "../../../telemetry/otlp/json-write.ts";
import { readExportResponse } from "../../../telemetry/otlp/responses.ts";
import { type FreshSender, withFreshCredentials } from "../../fresh-credentials.ts";
import { replayTo } from "../../replay.ts";
import { createWriter, type Writer, withoutCredentials } from "../../writer.ts";
import { clientTls, debugMetrics } from "../args.ts";
import { authHandler } from "../auth.ts";
import { inputExports } from "../processor.ts";
import { readOtlp } from "../replay.ts";
import { clientTlsSettings } from "../tls.ts";

const client = object({
  endpoint: required(string, "Base URL; the paths of the signals are added to it."),
  proxy_url: optional(string, undefined, "Proxy for all requests."),
  compression: optional(
    oneOf("compression", ["gzip", "zlib", "deflate", "snappy", "x-snappy-framed", "zstd", "lz4", "none", ""]),
    "gzip",
    "How bodies are compressed.",
  ),
  compression_params: block(
    object({ level: required(int, "Level, as the algorithm counts them.") }),
    "Parameters of the compression.",
  ),
  tls: block(clientTls, "TLS of the connection."),
  read_buffer_size: optional(bytes, undefined, "Accepted; the runtime chooses."),
  write_buffer_size: optional(bytes, "512KiB", "Accepted; the runtime chooses."),
  timeout: optional(duration, "30s", "Time for one request."),
  headers: optional(map(string), {}, "Headers of each request."),
  max_idle_conns: optional(int, 100, "Accepted; idle connections are kept while the backend keeps them."),
  max_idle_conns_per_host: optional(int, undefined, "Accepted; see `max_idle_conns`."),
  max_conns_per_host: optional(int, undefined, "Most connections at the same time."),
  idle_conn_timeout: optional(duration, "1m30s", "Accepted; see `max_idle_conns`."),
  disable_keep_alives: optional(bool, false, "Opens a connection for each request."),
  http2_read_idle_timeout: optional(duration, undefined, "Accepted; HTTP/1.1 is spoken."),
  http2_ping_timeout: optional(duration, "15s", "Accepted; HTTP/1.1 is spoken."),
  force_attempt_http2: optional(bool, true, "Accepted; HTTP/1.1 is spoken."),
  auth: optional(authHandler, undefined, "Credentials, by an `otelcol.auth.*` component."),
  cookies: refusedBlock(
    object({ enabled: optional(bool, false, "Keeps cookies.") }),
    "is not supported",
    "Cookies between requests.",
  ),
});

const sendingQueue = object({
  enabled: optional(bool, true, "Accepted; data is acknowledged when the backend has it, there is no queue."),
  num_consumers: optional(int, 10, "Requests at the same time."),
  queue_size: optional(int, 1000, "Accepted; there is no queue."),
  block_on_overflow: optional(bool, false, "Accepted; there is no queue."),
  sizer: optional(oneOf("sizer", ["requests", "items", "bytes"]), "requests", "Accepted; there is no queue."),
  wait_for_result: optional(bool, false, "Accepted; senders always wait for the result."),
  batch: block(
    object({
      flush_timeout: optional(duration, "200ms", "Accepted; a batch waits only while requests are under way."),
      min_size: optional(int, 2000, "Accepted; what is pending is not held up."),
      max_size: optional(int, 3000, "Most items in a request."),
      sizer: optional(oneOf("sizer", ["items", "bytes"]), "items", "What sizes count."),
    }),
    "Puts what is pending into one request.",
  ),
  storage: refused(
    capsule<unknown>("*extension.ExtensionHandler"),
    "can't be used: there is no queue to store",
    "Where the queue is kept.",
  ),
});

const retryOnFailure = object({
  enabled: optional(bool, true, "Tries failed requests again."),
  initial_interval: optional(duration, "5s", "First wait."),
  randomization_factor: optional(number, 0.5, "How far waits vary."),
  multiplier: optional(number, 1.5, "By what waits grow."),
  max_interval: optional(duration, "30s", "Longest wait."),
  max_elapsed_time: optional(duration, "5m", "Time after which no other attempt starts; 0 is without end."),
});

const args = object({
  client: requiredBlock(client, "The HTTP client."),
  sending_queue: defaultBlock(sendingQueue, "How requests are sent."),
  retry_on_failure: defaultBlock(retryOnFailure, "When and how often failed requests are tried again."),
  debug_metrics: debugMetrics,
  traces_endpoint: optional(string, undefined, "URL of traces, in the place of the base URL's."),
  metrics_endpoint: optional(string, undefined, "URL of metrics."),
  logs_endpoint: optional(string, undefined, "URL of logs."),
  encoding: optional(oneOf("encoding", ["proto", "json"]), "proto", "How requests are encoded."),
});
type Args = Infer<typeof args>;
type ClientArgs = Infer<typeof client>;

export const otelcolExporterOtlphttp = defineComponent({
  name: "otelcol.exporter.otlphttp",
  summary: "Sends traces, logs and metrics over OTLP/HTTP.",
  stability: "generally-available",
  inFunctions: "The invocation ends when the backend has the data.",
  args,
  exports: inputExports,
  *check(args): Iterable<Problem> {
    if (!URL.canParse(args.client.endpoint))
      yield {
        path: ["client", "endpoint"],
        message: `endpoint should be a URL, got ${JSON.stringify(args.client.endpoint)}`,
      };
    for (const name of ["traces_endpoint", "metrics_endpoint", "logs_endpoint"] as const) {
      const value = args[name];
      if (value !== undefined && value !== "" && !URL.canParse(value))
        yield { path: [name], message: `${name} should be a URL, got ${JSON.stringify(value)}` };
    }
    if (args.client.auth && !args.client.auth.client)
      yield {
        path: ["client", "auth"],
        message: "auth should be able to authorise requests, got a handler that only checks them",
      };
  },
  build(args, host) {
    const sender = senderOf(args, host);
    const writers = {
      traces: signalWriter("traces", args, sender, host),
      logs: signalWriter("logs", args, sender, host),
      metrics: signalWriter("metrics", args, sender, host),
    };
    const consume = (batch: OtlpBatch, invocation: Invocation) => {
      const size = args.sending_queue.batch?.sizer === "bytes" ? batch.data.byteLength : countItems(batch);
      return writers[batch.signal].add("", batch, size, invocation);
    };
    const replay = (letter: DeadLetter) => {
      const batch = readOtlp(letter);
      const destination = withoutCredentials(urlOf(batch.signal, args));
      const send = (invocation: Invocation) => consume(batch, invocation);
      return replayTo(host.id, [{ destination, replay: () => ({ items: countItems(batch), send }) }], letter);
    };
    const close = async () => {
      for (const writer of Object.values(writers)) writer.close();
    };
    return { exports: { input: { consume } }, replay, close };
  },
});

/** What all signals are sent with. */
function senderOf(args: Args, host: Host): FreshSender {
  const to = (["traces", "logs", "metrics"] as const).map(signal => urlOf(signal, args)).join(" ");
  const { auth } = args.client;
  return withFreshCredentials({ to, client: makeClient(args.client, host), authorize: auth?.client }, host);
}

function makeClient(args: ClientArgs, { directory }: Host): HttpClient {
  const { tls, timeout, headers, proxy_url, max_conns_per_host, disable_keep_alives } = args;
  return createHttpClient({
    ...(tls && { tls: clientTlsSettings(tls, directory) }),
    ...(proxy_url !== undefined && proxy_url !== "" && { proxy: { url: proxy_url } }),
    ...(max_conns_per_host !== undefined && max_conns_per_host > 0 && { maxSockets: max_conns_per_host }),
    timeoutMs: timeout,
    headers: { "user-agent": userAgent, ...Object.fromEntries(headers) },
    keepAlive: !disable_keep_alives,
  });
}

/** Without a `batch` block each request that comes in is one that goes out, as in Alloy. */
function signalWriter(signal: Signal, args: Args, sender: FreshSender, host: Host): Writer<OtlpBatch> {
  const url = urlOf(signal, args);
  const { batch, num_consumers } = args.sending_queue;
  const { compression, compression_params } = args.client;
  const compressed = compression !== "none" && compression !== "";
  const json = args.encoding === "json";
  const encode = (bytes: Uint8Array) => (json ? requestToJson(signal, bytes) : bytes);
  const pack = (bytes: Uint8Array) => compress(encode(bytes), compression || "none", compression_params?.level);
  return createWriter(host, {
    destination: withoutCredentials(url),
    backend: "otlp",
    format: json ? `otlp_${signal}_json` : `otlp_${signal}`,
    policy: retryPolicy(args),
    ...sender,
    timeoutMs: args.client.timeout,
    maxBytes: batch ? batch.max_size || Number.POSITIVE_INFINITY : 1,
    concurrency: num_consumers,
    split: ({ data }) => halveRequest(signal, data.encode()).map(half => otlpBatch(signal, half)),
    encode(_, parts) {
      const [only, ...more] = parts;
      return {
        url,
        headers: {
          "content-type": json ? "application/json" : "application/x-protobuf",
          ...(compressed && { "content-encoding": compression }),
        },
        // what is compressed needs no bytes of its own
        body:
          compressed && only && more.length === 0
            ? only.data.lend(pack)
            : pack(mergeRequests(parts.map(({ data }) => data.encode()))),
        items: parts.reduce((sum, part) => sum + countItems(part), 0),
      };
    },
    onAnswer: (body, headers) => tellRejected(body, headers["content-type"] ?? "", host),
  });
}

/** A backend that took a part only says so; the rest would never be taken. What can't be read changes nothing. */
function tellRejected(body: Uint8Array, type: string, { id, log }: Host): void {
  const encoding = type.includes("protobuf") ? "protobuf" : type.includes("json") ? "json" : undefined;
  if (!encoding || !body.length) return;
  try {
    const { rejected, errorMessage } = readExportResponse(encoding, body);
    if (rejected > 0n || errorMessage !== "")
      log.warn("backend refused a part of the data", {
        component: id,
        rejected: Number(rejected),
        error: errorMessage,
      });
  } catch (error) {
    log.debug("answer of the backend could not be read", { component: id, error: messageOf(error) });
  }
}

function retryPolicy({ retry_on_failure: retry }: Args) {
  return otelPolicy({
    enabled: retry.enabled,
    initialIntervalMs: retry.initial_interval,
    maxIntervalMs: retry.max_interval,
    multiplier: retry.multiplier,
    randomizationFactor: retry.randomization_factor,
    maxElapsedMs: retry.max_elapsed_time,
  });
}

const urlOf = (signal: Signal, args: Args): string =>
  args[`${signal}_endpoint`] || joinPath(args.client.endpoint, `/v1/${signal}`);

const joinPath = (base: string, path: string): string => base.replace(/\/$/, "") + path;
