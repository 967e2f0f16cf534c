/** Sends log entries to Loki, or to anything that speaks Loki's push API. */

import type { DeadLetter } from "../../delivery/dead-letters.ts";
import { DeliveryError } from "../../delivery/errors.ts";
import { lokiPolicy } from "../../delivery/retry.ts";
import { block, blocks, defaultBlock, type Infer, object, optional, required } from "../../eval/schema.ts";
import { bool, bytes, duration, int, map, string } from "../../eval/types.ts";
import { defineComponent, type Host, type Problem } from "../../graph/component.ts";
import { fanOut } from "../../graph/gate.ts";
import type { Invocation } from "../../graph/invocation.ts";
import { logs } from "../../graph/kinds.ts";
import { receiver } from "../../graph/receiver.ts";
import { type Labels, labelValue } from "../../telemetry/labels.ts";
import { printLabels } from "../../telemetry/loki/labels.ts";
import { type LogBatch, type LogEntry, type LogStream, tenantLabel } from "../../telemetry/loki/model.ts";
import { encodePush } from "../../telemetry/loki/push.ts";
import { compressBlock } from "../../telemetry/snappy.ts";
import { clientProblems, endpointClient, httpClientFields } from "../http-client.ts";
import { replayTo } from "../replay.ts";
import { createWriter, type Writer, withoutCredentials } from "../writer.ts";
import { isInternal } from "./internal-labels.ts";
import { readLogs } from "./replay.ts";

const endpoint = object({
  name: optional(string, undefined, "Names the endpoint in metrics."),
  url: required(string, "Where to push to, with its path."),
  batch_wait: optional(
    duration,
    "1s",
    "Longest time that entries wait for company. They wait only while a request is under way.",
  ),
  batch_size: optional(bytes, "1MiB", "Size of the lines of one request."),
  remote_timeout: optional(duration, "10s", "Time for one request."),
  headers: optional(map(string), undefined, "Headers of each request."),
  min_backoff_period: optional(duration, "500ms", "Shortest wait before a request is tried again."),
  max_backoff_period: optional(duration, "5m", "Longest wait before a request is tried again."),
  max_backoff_retries: optional(int, 10, "Attempts at one request; 0 is without end."),
  tenant_id: optional(string, undefined, "Tenant of entries that have none."),
  retry_on_http_429: optional(bool, true, "Tries again where Loki limits the rate."),
  ...httpClientFields,
  queue_config: defaultBlock(
    object({
      capacity: optional(bytes, "10MiB", "Accepted; entries are acknowledged when Loki has them, there is no queue."),
      min_shards: optional(int, 1, "Requests of one tenant at the same time; above 1 their order is not kept."),
      drain_timeout: optional(duration, "15s", "Accepted; there is no queue to drain."),
      block_on_overflow: optional(bool, true, "Accepted; senders always wait for the answer."),
    }),
    "How requests are sent.",
  ),
});

const args = object({
  endpoint: blocks(endpoint, "A place to send to; every endpoint gets all entries."),
  external_labels: optional(map(string), undefined, "Labels of all streams that do not have them."),
  max_streams: optional(int, 0, "Most streams in a request; 0 is without limit."),
  wal: block(
    object({
      enabled: optional(
        bool,
        false,
        "Accepted; entries are acknowledged when Loki has them, so there is nothing to log ahead.",
      ),
      max_segment_age: optional(duration, undefined, "Accepted; nothing is logged ahead."),
      min_read_frequency: optional(duration, undefined, "Accepted; nothing is logged ahead."),
      max_read_frequency: optional(duration, undefined, "Accepted; nothing is logged ahead."),
      drain_timeout: optional(duration, undefined, "Accepted; nothing is logged ahead."),
    }),
    "The write-ahead log. There is none here.",
  ),
});
type Args = Infer<typeof args>;
type Endpoint = Infer<typeof endpoint>;

export const lokiWrite = defineComponent({
  name: "loki.write",
  summary: "Sends log entries to Loki, or to anything that speaks Loki's push API.",
  stability: "generally-available",
  inFunctions:
    "All entries of an invocation meet in as few requests as their size allows; the invocation ends when Loki has them.",
  args,
  exports: object({ receiver: required(receiver(logs), "Takes the entries to send.") }),
  *check(args: Args): Iterable<Problem> {
    for (const [i, each] of args.endpoint.entries()) {
      if (!URL.canParse(each.url))
        yield { path: ["endpoint", i, "url"], message: `url should be a URL, got ${JSON.stringify(each.url)}` };
      yield* clientProblems(each, ["endpoint", i]);
    }
  },
  build(args, host) {
    const writers = args.endpoint.map((each, n) => endpointWriter(args, each, host, n));
    return {
      exports: { receiver: fanOut(writers) },
      replay: letter => replayTo(host.id, writers, letter),
      close: async () => {
        for (const { close } of writers) close();
      },
    };
  },
});

function endpointWriter({ external_labels, max_streams }: Args, args: Endpoint, host: Host, n: number) {
  const destination = withoutCredentials(args.url);
  const labelText = labelTexts(external_labels ?? new Map());
  // they add to the headers of a push and never replace one
  const own = Object.fromEntries([...(args.headers ?? [])].map(([name, value]) => [name.toLowerCase(), value]));
  delete own["user-agent"];
  const writer: Writer<LogBatch> = createWriter(host, {
    destination,
    backend: "loki",
    format: "loki",
    policy: lokiPolicy(args.min_backoff_period, args.max_backoff_period, args.max_backoff_retries),
    client: endpointClient(args, host, n),
    timeoutMs: args.remote_timeout,
    maxBytes: args.batch_size,
    concurrency: args.queue_config.min_shards,
    retryOn429: args.retry_on_http_429,
    split: halve,
    encode(tenant, batches) {
      const streams = mergeStreams(batches, labelText);
      if (max_streams > 0 && streams.size > max_streams) {
        throw new DeliveryError(`${host.id} should send at most ${max_streams} streams at once, got ${streams.size}`, {
          kind: "split",
        });
      }
      return {
        url: args.url,
        headers: {
          ...own,
          "content-type": "application/x-protobuf",
          ...(tenant !== "" && { "x-scope-orgid": tenant }),
        },
        body: compressBlock(encodePush(streams)),
        items: logs.count(batches.flat()),
      };
    },
  });
  const sendTo = async (tenant: string, batch: LogBatch, invocation: Invocation) => {
    const chunks = chunksOf(batch, args.batch_size);
    await Promise.all(chunks.map(chunk => writer.add(tenant, chunk, sizeOf(chunk), invocation)));
  };
  return {
    destination,
    replay(letter: DeadLetter) {
      const streams = readLogs(letter);
      const tenant = letter.metadata["key"] ?? "";
      return { items: logs.count(streams), send: (invocation: Invocation) => sendTo(tenant, streams, invocation) };
    },
    async consume(batch: LogBatch, invocation: Invocation) {
      const parts = byTenant(batch, args.tenant_id ?? "");
      await Promise.all([...parts].map(([tenant, part]) => sendTo(tenant, part, invocation)));
    },
    close: writer.close,
  };
}

/** Streams by their tenant: their own, or that of the endpoint. */
export function byTenant(batch: LogBatch, fallback: string): ReadonlyMap<string, LogBatch> {
  const [first, ...more] = batch;
  const tenantOf = ({ labels }: LogStream) => labelValue(labels, tenantLabel) || fallback;
  if (!first) return new Map();
  if (!more.length) return new Map([[tenantOf(first), batch]]);
  const parts = new Map<string, LogStream[]>();
  for (const stream of batch) {
    const tenant = tenantOf(stream);
    const part = parts.get(tenant);
    if (part) part.push(stream);
    else parts.set(tenant, [stream]);
  }
  return parts;
}

/** Label sets as Loki's push API takes them, with the external labels that a stream does not have; remembered by identity. */
function labelTexts(external: ReadonlyMap<string, string>): (labels: Labels) => string {
  const texts = new WeakMap<Labels, string>();
  return labels => {
    const known = texts.get(labels);
    if (known !== undefined) return known;
    const text = printLabels(withExternal(labels, external));
    texts.set(labels, text);
    return text;
  };
}

/** External labels never replace a stream's own; empty ones are sent, too. Labels that begin with `__` stay here. */
export function withExternal(labels: Labels, external: ReadonlyMap<string, string>): readonly string[] {
  const pairs = new Map(external);
  for (let i = 0; i < labels.length; i += 2) pairs.set(labels[i] as string, labels[i + 1] as string); // pairs
  return [...pairs].filter(([name]) => !isInternal(name)).flat();
}

/** Entries of equal label text become one stream, in their order. */
function mergeStreams(
  batches: readonly LogBatch[],
  labelText: (labels: Labels) => string,
): Map<string, readonly LogEntry[]> {
  const parts = new Map<string, (readonly LogEntry[])[]>();
  for (const batch of batches) {
    for (const { labels, entries } of batch) {
      const text = labelText(labels);
      const before = parts.get(text);
      if (before) before.push(entries);
      else parts.set(text, [entries]);
    }
  }
  const merged = new Map<string, readonly LogEntry[]>();
  for (const [text, lists] of parts) merged.set(text, lists.length === 1 ? (lists[0] as LogEntry[]) : lists.flat()); // the only one
  return merged;
}

/** Cuts a batch that is larger than a request, between entries; one entry may be larger by itself. */
export function chunksOf(batch: LogBatch, maxBytes: number): readonly LogBatch[] {
  if (maxBytes <= 0 || sizeOf(batch) <= maxBytes) return [batch];
  const chunks: LogStream[][] = [];
  let chunk: LogStream[] = [];
  let size = 0;
  for (const { labels, entries } of batch) {
    let start = 0;
    for (const [i, entry] of entries.entries()) {
      const weight = weightOf(entry);
      if (size > 0 && size + weight > maxBytes) {
        if (i > start) chunk.push({ labels, entries: entries.slice(start, i) });
        chunks.push(chunk);
        [chunk, size, start] = [[], 0, i];
      }
      size += weight;
    }
    if (start < entries.length) chunk.push({ labels, entries: start === 0 ? entries : entries.slice(start) });
  }
  if (chunk.length) chunks.push(chunk);
  return chunks;
}

/** What the entries weigh, by their lines and metadata. */
function sizeOf(batch: LogBatch): number {
  let size = 0;
  for (const { entries } of batch) for (const entry of entries) size += weightOf(entry);
  return size;
}

function weightOf({ line, metadata }: LogEntry): number {
  let size = line.length;
  for (const text of metadata) size += text.length;
  return size;
}

/** Two halves of the entries, or nothing where there is only one. */
export function halve(batch: LogBatch): readonly LogBatch[] | undefined {
  const total = logs.count(batch);
  if (total < 2) return undefined;
  const first: LogStream[] = [];
  const second: LogStream[] = [];
  let room = total >> 1;
  for (const { labels, entries } of batch) {
    if (room > 0) first.push({ labels, entries: entries.slice(0, room) });
    if (entries.length > room) second.push({ labels, entries: entries.slice(Math.max(0, room)) });
    room = Math.max(0, room - entries.length);
  }
  return [first, second];
}
