/** Receives log entries over Loki's push API, as JSON, protobuf or plain lines. */

import { decompress } from "../../../delivery/compress.ts";
import { BadEncodingError, DeliveryError, messageOf, orReject, TooLargeError } from "../../../delivery/errors.ts";
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, bytes, capsule, list, map, string } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { fanOut } from "../../../graph/gate.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { logs } from "../../../graph/kinds.ts";
import { receiver } from "../../../graph/receiver.ts";
import type { DecodedRecord, HttpReply, HttpRequest, Route } from "../../../graph/trigger.ts";
import { compileRules, type Relabel, type RelabelRule } from "../../../relabel/relabel.ts";
import { type Labels, labelsFromMap, labelsToMap, noLabels } from "../../../telemetry/labels.ts";
import { type LogBatch, type LogStream, tenantLabel } from "../../../telemetry/loki/model.ts";
import { decodePushJson, decodePushProtobuf } from "../../../telemetry/loki/push.ts";
import { uncompressBlock } from "../../../telemetry/snappy.ts";
import { withoutInternal } from "../internal-labels.ts";
import { answerTime, httpServer, serverFields, serverProblems, serverTls } from "./server-args.ts";

const args = object({
  ...serverFields,
  forward_to: required(list(receiver(logs)), "Where to send entries."),
  labels: optional(map(string), undefined, "Labels of every entry; they win over the client's."),
  relabel_rules: optional(
    capsule<readonly RelabelRule[]>("relabel.Rules"),
    undefined,
    "Rules for the labels of every stream, as `loki.relabel` exports them.",
  ),
  use_incoming_timestamp: optional(
    bool,
    false,
    "Keeps the client's times; otherwise entries have the time of their arrival.",
  ),
  max_send_message_size: optional(bytes, "100MiB", "Largest protobuf body, decompressed."),
});
type Args = Infer<typeof args>;

/** Compressed bytes of a body: Loki's own limit on what a request may decompress to bounds the rest. */
const maxBodyBytes = 100 << 20;

export const lokiSourceApi = defineComponent({
  name: "loki.source.api",
  summary: "Receives log entries over Loki's push API, as JSON, protobuf or plain lines.",
  stability: "generally-available",
  inFunctions:
    "Served at the function's URL; messages of queues and topics with a push request as their body are taken, too.",
  args,
  check: serverProblems,
  build(args, host) {
    const next = fanOut(args.forward_to);
    const http = args.http ?? httpServer.decode({});
    const tls = serverTls(http, host.directory);
    const normalise = streamLabels(args);
    const forward = (batch: LogBatch, invocation: Invocation) => next.consume(batch, invocation);
    const push = async (record: DecodedRecord, invocation: Invocation) => {
      if (record.format !== "loki")
        throw new DeliveryError(`loki.source.api takes Loki pushes, got ${record.format}`, { kind: "reject" });
      const batch = orReject(() =>
        record.encoding === "json"
          ? decodePushJson(record.body)
          : decodePushProtobuf(uncompressBlock(record.body, args.max_send_message_size)),
      );
      await forward(received(batch, record.tenant ?? "", args, normalise, invocation), invocation);
    };
    const answerPush = async (request: HttpRequest, invocation: Invocation): Promise<HttpReply> => {
      let batch: LogBatch;
      try {
        batch = decodeRequest(request, args.max_send_message_size);
      } catch (error) {
        return { status: error instanceof TooLargeError ? 413 : 400, body: `${messageOf(error)}\n` };
      }
      return settle(forward(received(batch, tenantOf(request), args, normalise, invocation), invocation));
    };
    const answerRaw = async ({ body }: HttpRequest, invocation: Invocation): Promise<HttpReply> =>
      settle(forward(rawLines(body, args, invocation), invocation));
    const route = (path: string, handle: Route["handle"]): Route => ({
      method: "POST",
      path,
      maxBodyBytes,
      ...answerTime(http.server_write_timeout),
      handle,
    });
    host.log.debug("serving Loki's push API", { component: host.id, port: http.listen_port });
    return {
      triggers: [
        {
          kind: "http",
          host: http.listen_address,
          port: http.listen_port,
          authenticated: false,
          ...(tls && { tls }),
          routes: [
            route("/loki/api/v1/push", answerPush),
            route("/api/v1/push", answerPush),
            route("/loki/api/v1/raw", answerRaw),
            route("/api/v1/raw", answerRaw),
            { method: "GET", path: "/ready", maxBodyBytes: 0, handle: async () => ({ status: 200, body: "ready\n" }) },
          ],
        },
        { kind: "records", format: "loki", sources: ["queue", "topic"], push },
      ],
    };
  },
});

/** JSON where the content type says so, snappy protobuf otherwise. */
function decodeRequest({ headers, body }: HttpRequest, maxBytes: number): LogBatch {
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const encoding = headers["content-encoding"] ?? "";
  if (type === "application/json") {
    if (encoding !== "" && encoding !== "gzip" && encoding !== "deflate" && encoding !== "snappy")
      throw new BadEncodingError(`Content-Encoding ${JSON.stringify(encoding)} not supported`);
    return decodePushJson(encoding === "" ? body : decompress(body, encoding, { maxBytes: maxBodyBytes }));
  }
  if (encoding !== "" && encoding !== "snappy")
    throw new BadEncodingError(`Content-Encoding ${JSON.stringify(encoding)} not supported`);
  return decodePushProtobuf(uncompressBlock(body, maxBytes));
}

/** The answer when everything below has taken the entries, or has not. */
async function settle(work: Promise<void>): Promise<HttpReply> {
  try {
    await work;
    return { status: 204 };
  } catch (error) {
    if (error instanceof DeliveryError && !error.retryable)
      return { status: error.kind === "split" ? 413 : 400, body: `${error.message}\n` };
    const retryAfterMs = error instanceof DeliveryError ? (error.retryAfterMs ?? 1000) : 1000;
    return {
      status: 503,
      headers: { "retry-after": String(Math.ceil(retryAfterMs / 1000)) },
      body: `${messageOf(error)}\n`,
    };
  }
}

/** The one tenant that the client names; several in one header are none. */
function tenantOf({ headers }: HttpRequest): string {
  const tenant = headers["x-scope-orgid"] ?? "";
  return tenant.includes("|") ? "" : tenant;
}

/** Entries as they go on: labels of the configuration, rules, time, tenant. Streams without labels are gone. */
function received(
  batch: LogBatch,
  tenant: string,
  { use_incoming_timestamp }: Args,
  normalise: Relabel,
  { now }: Invocation,
): LogBatch {
  const timestamp = BigInt(now) * 1_000_000n;
  const streams: LogStream[] = [];
  for (const { labels, entries } of batch) {
    const kept = normalise(labels);
    if (!kept?.length) continue;
    streams.push({
      labels: tenant === "" ? kept : withLabel(kept, tenantLabel, tenant),
      entries: use_incoming_timestamp ? entries : entries.map(entry => ({ ...entry, timestamp })),
    });
  }
  return streams;
}

/** What the configuration makes of a client's labels: its own labels win, rules see all, names with `__` in front stay here. */
function streamLabels({ labels: own, relabel_rules }: Args): Relabel {
  const relabel = relabel_rules ? compileRules(relabel_rules) : undefined;
  return labels => {
    let result: Labels | undefined = own?.size ? labelsFromMap(new Map([...labelsToMap(labels), ...own])) : labels;
    if (relabel) result = relabel(result);
    return result && withoutInternal(result);
  };
}

const withLabel = (labels: Labels, name: string, value: string): Labels =>
  labelsFromMap(labelsToMap(labels).set(name, value));

/** A line an entry; empty lines are none. */
function rawLines(body: Uint8Array, { labels }: Args, { now }: Invocation): LogBatch {
  const timestamp = BigInt(now) * 1_000_000n;
  const lines = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8").split("\n");
  const entries = lines.flatMap(text => {
    const line = text.endsWith("\r") ? text.slice(0, -1) : text;
    return line === "" ? [] : [{ timestamp, line, metadata: [] }];
  });
  return entries.length ? [{ labels: labels ? labelsFromMap(labels) : noLabels, entries }] : [];
}
