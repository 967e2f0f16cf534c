/** Receives records of Amazon Data Firehose: over its HTTP endpoint protocol, or as the function that transforms them. */
import { decompress } from "../../../delivery/compress.ts";
import { constantTimeEqual } from "../../../delivery/constant-time.ts";
import { DeliveryError, messageOf } from "../../../delivery/errors.ts";
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, capsule, list, secret } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { droppedCounter } from "../../../graph/dropped.ts";
import { fanOut } from "../../../graph/gate.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { logs } from "../../../graph/kinds.ts";
import { receiver } from "../../../graph/receiver.ts";
import type { HttpReply, HttpRequest } from "../../../graph/trigger.ts";
import { compileRules, isLegacyLabelName, type Relabel, type RelabelRule } from "../../../relabel/relabel.ts";
import { type Labels, labelsFromMap, labelsToMap, noLabels } from "../../../telemetry/labels.ts";
import { type LogBatch, type LogStream, tenantLabel } from "../../../telemetry/loki/model.ts";
import { parseMessage } from "./cloudwatch_logs.ts";
import { decodeBase64, parseFirehoseRequest } from "./firehose-request.ts";
import { rawOf } from "./raw-record.ts";
import { answerTime, httpServer, serverFields, serverProblems, serverTls } from "./server-args.ts";

const args = object({
  ...serverFields,
  access_key: optional(secret, undefined, "Key that Firehose must show; any request is taken where it is unset."),
  use_incoming_timestamp: optional(
    bool,
    false,
    "Keeps the times of the request, or of the events of CloudWatch Logs; otherwise entries have the time of their arrival.",
  ),
  forward_to: required(list(receiver(logs)), "Where to send entries."),
  relabel_rules: optional(
    capsule<readonly RelabelRule[]>("relabel.Rules"),
    undefined,
    "Rules that may make labels of `__aws_firehose_request_id`, `__aws_firehose_source_arn` and, of CloudWatch Logs, `__aws_owner`, `__aws_cw_log_group`, `__aws_cw_log_stream`, `__aws_cw_matched_filters` and `__aws_cw_msg_type`.",
  ),
});
type Args = Infer<typeof args>;

/** Of a request, compressed; Firehose sends at most 64 MiB. */
const maxBodyBytes = 64 << 20;
/** Decompressed bytes of a request or a record. */
const maxBytes = 256 << 20;

export const lokiSourceAwsfirehose = defineComponent({
  name: "loki.source.awsfirehose",
  summary: "Receives records of Amazon Data Firehose, also those of CloudWatch Logs in it.",
  stability: "generally-available",
  inFunctions:
    "Served at the function's URL, to which a delivery stream sends; what the backend refuses for now is answered with 503, and Firehose sends it again. Instead, a delivery stream may have the function transform its records: then they go on to the stream's destination as they came, with the result `Ok`; one that can't be delivered is `ProcessingFailed`, and Firehose puts it into its bucket.",
  args,
  check: serverProblems,
  build(args, host) {
    const next = fanOut(args.forward_to);
    const http = args.http ?? httpServer.decode({});
    const tls = serverTls(http, host.directory);
    const dropped = droppedCounter(host);
    const convert = converter(args, dropped);
    const handle = async (request: HttpRequest, invocation: Invocation): Promise<HttpReply> => {
      const key = args.access_key?.reveal() ?? "";
      if (key && !constantTimeEqual(request.headers["x-amz-firehose-access-key"] ?? "", key))
        return reply(request, invocation, 401, "access key not provided or incorrect");
      let batch: LogBatch;
      try {
        batch = batchOf(request, convert, invocation);
      } catch (error) {
        return reply(request, invocation, 400, messageOf(error));
      }
      try {
        if (batch.length) await next.consume(batch, invocation);
        return reply(request, invocation, 200);
      } catch (error) {
        return failure(request, invocation, error);
      }
    };
    return {
      triggers: [
        {
          kind: "http",
          host: http.listen_address,
          port: http.listen_port,
          authenticated: args.access_key !== undefined,
          ...(tls && { tls }),
          routes: [
            {
              method: "POST",
              path: "/awsfirehose/api/v1/push",
              maxBodyBytes,
              ...answerTime(http.server_write_timeout),
              handle,
            },
          ],
        },
        {
          kind: "records",
          format: "raw",
          sources: ["firehose"],
          async push(record, invocation) {
            const { body, from, timestamp, attributes } = rawOf(record, host);
            const common = new Map([
              ["__aws_firehose_request_id", attributes["invocation_id"] ?? ""],
              ["__aws_firehose_source_arn", from],
            ]);
            const now = BigInt(invocation.now) * 1_000_000n;
            const time = timestamp === undefined ? now : BigInt(timestamp) * 1_000_000n;
            const stream = convert(body, common, { now, incoming: time });
            if (stream) await next.consume([stream], invocation);
          },
        },
      ],
    };
  },
});

interface Times {
  readonly now: bigint;
  /** Of the request. */
  readonly incoming: bigint;
}

/** The stream of a record; `undefined` where it can't be read, which is counted. */
type Convert = (data: Buffer | Uint8Array, common: ReadonlyMap<string, string>, times: Times) => LogStream | undefined;

function batchOf(request: HttpRequest, convert: Convert, { now }: Invocation): LogBatch {
  const { timestamp, records } = parseFirehoseRequest(textOf(request));
  const common = commonLabels(request);
  const times = { now: BigInt(now) * 1_000_000n, incoming: BigInt(Math.trunc(timestamp / 1000)) * 1_000_000_000n };
  return records.flatMap(record => convert(decodeBase64(record) ?? undecoded, common, times) ?? []);
}

/** Stands for a record that is not base64. */
const undecoded = Buffer.alloc(0);

function textOf({ headers, body }: HttpRequest): string {
  const bytes = headers["content-encoding"] === "gzip" ? decompress(body, "gzip", { maxBytes }) : body;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function converter(
  { relabel_rules, use_incoming_timestamp }: Args,
  dropped: (reason: string, items: number) => void,
): Convert {
  const relabel = relabel_rules ? compileRules(relabel_rules) : undefined;
  return (data, common, { now, incoming }) => {
    if (data === undecoded) {
      dropped("base64-decode", 1);
      return undefined;
    }
    const time = use_incoming_timestamp ? incoming : now;
    if (!isGzip(data)) {
      const line = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8");
      return { labels: labelsOf(common, relabel), entries: [{ timestamp: time, line, metadata: [] }] };
    }
    try {
      return cloudwatchStream(decompress(data, "gzip", { maxBytes }), common, relabel, event =>
        use_incoming_timestamp ? BigInt(event ?? 0) * 1_000_000n : time,
      );
    } catch {
      dropped("cloudwatch-logs-decode", 1);
      return undefined;
    }
  };
}

/** Only gzip is taken for CloudWatch Logs; its third byte is the method. */
const isGzip = (data: Uint8Array): boolean => data[0] === 0x1f && data[1] === 0x8b && data[2] === 8;

function cloudwatchStream(
  json: Uint8Array,
  common: ReadonlyMap<string, string>,
  relabel: Relabel | undefined,
  timeOf: (event: number | undefined) => bigint,
): LogStream | undefined {
  const message = parseMessage(json);
  const labels = new Map([
    ...common,
    ["__aws_owner", message.owner],
    ["__aws_cw_log_group", message.logGroup],
    ["__aws_cw_log_stream", message.logStream],
    ["__aws_cw_matched_filters", message.subscriptionFilters.join(",")],
    ["__aws_cw_msg_type", message.messageType],
  ]);
  if (!message.logEvents.length) return undefined;
  return {
    labels: labelsOf(labels, relabel),
    entries: message.logEvents.map(event => ({
      timestamp: timeOf(event.timestamp),
      line: event.message,
      metadata: [],
    })),
  };
}

/** What rules make of labels, without those that are internal or have a bad name. Labels that a rule drops are none, but their entry goes on, as in Alloy. */
function labelsOf(given: ReadonlyMap<string, string>, relabel: Relabel | undefined): Labels {
  const labels = labelsFromMap(given);
  const relabelled = relabel ? (relabel(labels) ?? noLabels) : labels;
  const kept = [...labelsToMap(relabelled)].filter(
    ([name, value]) =>
      (name === tenantLabel || !name.startsWith("__")) && isLegacyLabelName(name) && value.isWellFormed(),
  );
  return labelsFromMap(new Map(kept));
}

function commonLabels({ headers }: HttpRequest): ReadonlyMap<string, string> {
  return new Map([
    ["__aws_firehose_request_id", headers["x-amz-firehose-request-id"] ?? ""],
    ["__aws_firehose_source_arn", headers["x-amz-firehose-source-arn"] ?? ""],
    [tenantLabel, headers["x-scope-orgid"] ?? ""],
    ...staticLabels(headers["x-amz-firehose-common-attributes"] ?? ""),
  ]);
}

const labelPrefix = "lbl_";

/** Labels that the delivery stream's parameters set; JSON that is none sets none. */
function staticLabels(header: string): [string, string][] {
  let attributes: unknown;
  try {
    const given = Object.entries((JSON.parse(header) ?? {}) as Readonly<Record<string, unknown>>); // any other value has no such field
    attributes = given.findLast(([name]) => name.toLowerCase() === "commonattributes")?.[1]; // as Go finds fields
  } catch {
    return [];
  }
  if (typeof attributes !== "object" || attributes === null) return [];
  const found = Object.entries(attributes);
  if (!found.every(([, value]) => typeof value === "string" || value === null)) return []; // as Go decodes: all or nothing
  return found.flatMap(([name, value]): [string, string][] => {
    if (!name.startsWith(labelPrefix)) return [];
    const raw = name.slice(labelPrefix.length);
    const label = isLegacyLabelName(raw) ? raw : promString(raw);
    return isLegacyLabelName(label) ? [[label, String(value ?? "")]] : [];
  });
}

/** Makes a name out of others: snake case, with underscores for what stands between words. */
const promString = (text: string): string =>
  text
    .replace(/(?<=[\p{Ll}\p{Nd}])(?=\p{Lu})/gu, "_")
    .replace(/[ ,\t/\\.\-:=@<>()“]/g, "_")
    .replaceAll("%", "_percent")
    .toLowerCase();

function failure(request: HttpRequest, invocation: Invocation, error: unknown): HttpReply {
  if (error instanceof DeliveryError && !error.retryable)
    return reply(request, invocation, error.kind === "split" ? 413 : 400, error.message);
  const retryAfterMs = error instanceof DeliveryError ? (error.retryAfterMs ?? 1000) : 1000;
  const answer = reply(request, invocation, 503, messageOf(error));
  return { ...answer, headers: { ...answer.headers, "retry-after": String(Math.ceil(retryAfterMs / 1000)) } };
}

/** As Firehose wants an answer, with the id of its request. */
const reply = ({ headers }: HttpRequest, { now }: Invocation, status: number, errorMessage?: string): HttpReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: `${JSON.stringify({
    requestId: headers["x-amz-firehose-request-id"] ?? "",
    timestamp: Math.trunc(now / 1000),
    ...(errorMessage !== undefined && { errorMessage }),
  })}\n`,
});
