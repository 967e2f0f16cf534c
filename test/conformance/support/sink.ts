/** The backend of a case: takes Loki pushes, remote writes and OTLP by their paths, and keeps what they hold, decoded. */
import { readFileSync } from "node:fs";
import http, { type IncomingMessage } from "node:http";
import path from "node:path";
import zlib from "node:zlib";
import protobuf from "protobufjs";
import { uncompress } from "snappyjs";
import type { CaseInput } from "./case.ts";

// biome-ignore lint/suspicious/noExplicitAny: decoded messages are compared, never computed with by type
export type Decoded = any;

export interface Got {
  loki: Decoded[];
  prometheus: Decoded[];
  metadata: Decoded[];
  traces: Decoded[];
  logs: Decoded[];
  metrics: Decoded[];
  other: Decoded[];
  sinkSeen?: Decoded[];
}

export interface Sink {
  readonly port: number;
  readonly got: Got;
  readonly state: { requests: number; last: number };
  close(): void;
}

export const messages = protobuf.parse(readFileSync(path.join(import.meta.dirname, "messages.proto"), "utf8"), {
  keepCase: true,
}).root;

const decode = (type: string, bytes: Buffer): Decoded => {
  const message = messages.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: String, bytes: String, json: true });
};

/** Listens on a port that the system chooses. */
export async function startSink(input: CaseInput): Promise<Sink> {
  const got: Got = { loki: [], prometheus: [], metadata: [], traces: [], logs: [], metrics: [], other: [] };
  const state = { requests: 0, last: Date.now() };
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // a server's requests give buffers
    state.last = Date.now();
    state.requests++;
    const url = request.url ?? "";
    if (input.sinkSeen) {
      got.sinkSeen ??= [];
      got.sinkSeen.push({
        method: request.method,
        url,
        ...Object.fromEntries(input.sinkSeen.map(name => [name, request.headers[name] ?? null])),
      });
    }
    const status = input.sinkStatus?.[state.requests - 1] ?? 0;
    if (status > 299) return response.writeHead(status).end("no");
    const extra = keep(got, url, request, Buffer.concat(chunks));
    response
      .writeHead(/\/loki\/|\/api\/v1\/write/.test(url) ? 204 : 200, {
        "content-type": "application/x-protobuf",
        ...extra,
      })
      .end();
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number }; // listening on TCP
  return {
    port,
    got,
    state,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function keep(got: Got, url: string, { method, headers }: IncomingMessage, raw: Buffer): Record<string, string> {
  try {
    const type = headers["content-type"] ?? "";
    const body = plain(url, headers, raw, type);
    if (url.includes("/loki/")) got.loki.push(...lokiEntries(body, headers));
    else if (url.includes("/api/v1/write"))
      return remoteWrite(got, body, type.includes("io.prometheus.write.v2.Request"));
    else if (url.endsWith("/v1/traces"))
      got.traces.push(
        ...(type.includes("json")
          ? JSON.parse(body.toString()).resourceSpans
          : (decode("Traces", body).resource_spans ?? [])),
      );
    else if (url.endsWith("/v1/logs")) got.logs.push(...(decode("Logs", body).resource_logs ?? []));
    else if (url.endsWith("/v1/metrics")) got.metrics.push(...(decode("Metrics", body).resource_metrics ?? []));
    else got.other.push({ method, url, body: body.toString("utf8") });
  } catch (error) {
    got.other.push({ url, error: String(error) });
  }
  return {};
}

function plain(url: string, headers: http.IncomingHttpHeaders, raw: Buffer, type: string): Buffer {
  const encoding = headers["content-encoding"];
  if (encoding === "gzip") return zlib.gunzipSync(raw);
  if (encoding === "zstd") return zlib.zstdDecompressSync(raw);
  if (encoding === "snappy" || (url.includes("/loki/") && !type.includes("json"))) return Buffer.from(uncompress(raw));
  return raw;
}

function lokiEntries(body: Buffer, headers: http.IncomingHttpHeaders): Decoded[] {
  const tenant = headers["x-scope-orgid"];
  return (decode("LokiPush", body).streams ?? []).flatMap((stream: Decoded) =>
    (stream.entries ?? []).map((entry: Decoded) => ({
      labels: stream.labels,
      ts: String(BigInt(entry.timestamp?.seconds ?? 0) * 1_000_000_000n + BigInt(entry.timestamp?.nanos ?? 0)),
      line: entry.line ?? "",
      meta: Object.fromEntries((entry.structuredMetadata ?? []).map((pair: Decoded) => [pair.name, pair.value]).sort()),
      ...(tenant && { tenant }),
    })),
  );
}

/** A double from its bits, with the staleness marker told from other NaNs. */
function fromBits(bits: string | undefined): number | string {
  if (bits === undefined) return 0;
  if (BigInt(bits) === 0x7ff0000000000002n) return "stale";
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(bits));
  const value = view.getFloat64(0);
  return Number.isFinite(value) ? value : String(value);
}

function remoteWrite(got: Got, body: Buffer, v2: boolean): Record<string, string> {
  const request = decode(v2 ? "WriteV2" : "WriteV1", body);
  const count = { samples: 0, histograms: 0, exemplars: 0 };
  for (const series of request.timeseries ?? []) {
    if (v2) resolveSymbols(series, request.symbols ?? []);
    for (const kind of Object.keys(count) as (keyof typeof count)[]) count[kind] += series[kind]?.length ?? 0; // its own keys
    got.prometheus.push({
      labels: Object.fromEntries((series.labels ?? []).map((pair: Decoded) => [pair.name, pair.value ?? ""])),
      samples: (series.samples ?? []).map((each: Decoded) => [
        fromBits(each.value),
        each.timestamp ?? "0",
        each.start_timestamp,
      ]),
      ...(series.histograms && {
        histograms: series.histograms.map((each: Decoded) =>
          "sum" in each ? { ...each, sum: fromBits(each.sum) } : each,
        ),
      }),
      ...(series.exemplars && { exemplars: series.exemplars }),
      ...(v2 && { v2: { metadata: series.metadata, created: series.created_timestamp } }),
    });
  }
  got.metadata.push(...(request.metadata ?? []));
  return v2
    ? Object.fromEntries(
        Object.entries(count).map(([kind, n]) => [`x-prometheus-remote-write-${kind}-written`, String(n)]),
      )
    : {};
}

function resolveSymbols(series: Decoded, symbols: readonly string[]): void {
  const at = (ref: number | undefined) => symbols[ref ?? 0] ?? `?${ref}`;
  const pairs = (refs: readonly number[] = []) =>
    refs.flatMap((ref, i) => (i % 2 ? [] : [{ name: at(ref), value: at(refs[i + 1]) }]));
  series.labels = pairs(series.labels_refs);
  series.exemplars &&= series.exemplars.map(({ labels_refs, ...rest }: Decoded) => ({
    labels: pairs(labels_refs),
    ...rest,
  }));
  series.metadata &&= {
    type: series.metadata.type ?? 0,
    help: at(series.metadata.help_ref),
    unit: at(series.metadata.unit_ref),
  };
}
