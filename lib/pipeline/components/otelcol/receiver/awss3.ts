/** Receives traces, logs and metrics that `otelcol.exporter.awss3` put into a bucket, when events tell of its objects. */
import { TooLargeError } from "../../../delivery/errors.ts";
import { ObjectMissing, S3Reader } from "../../../delivery/s3-reader.ts";
import { type Packing, unpack } from "../../../delivery/unpack.ts";
import { block, type Infer, object, optional, refused, required, requiredBlock } from "../../../eval/schema.ts";
import { bool, int, string } from "../../../eval/types.ts";
import { defineComponent, type Host, type Problem } from "../../../graph/component.ts";
import { droppedCounter } from "../../../graph/dropped.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import type { ObjectCreated, Signal } from "../../../graph/trigger.ts";
import { ObjectClients, type ObjectSource, objectNeeds, Turns } from "../../aws/objects.ts";
import { output } from "../args.ts";
import { otlpRecords } from "./otlp.ts";

const noTimes =
  "can't be used: a range of time is read by no event, and nothing runs here between events; give the sqs block, and for what is there already send events of its objects into the queue";

const s3downloader = object({
  region: optional(string, "us-east-1", "Region of the bucket."),
  s3_bucket: required(string, "The bucket."),
  s3_prefix: required(string, "How keys begin."),
  s3_partition_format: optional(
    string,
    "year=%Y/month=%m/day=%d/hour=%H/minute=%M",
    "Accepted; keys come with events and are not made of times.",
  ),
  s3_partition_timezone: optional(string, "", "Accepted; as above."),
  file_prefix: optional(string, "", "How names of files begin; what is behind it tells the signal."),
  endpoint: optional(string, "", "URL of a service that is not AWS."),
  endpoint_partition_id: optional(string, "aws", "Accepted; the endpoint says enough."),
  s3_force_path_style: optional(bool, false, "Puts the bucket into the path instead of the host's name."),
});

const sqs = object({
  queue_url: optional(string, "", "The queue that events of the bucket come through."),
  region: optional(string, "", "Its region."),
  endpoint: optional(string, "", "Accepted; the queue calls the function."),
  wait_time_seconds: optional(int, undefined, "Accepted; as above."),
  max_number_of_messages: optional(int, undefined, "Accepted; as above."),
});

const args = object({
  start_time: refused(string, noTimes, "Start of the range to read."),
  end_time: refused(string, noTimes, "End of the range to read."),
  s3downloader: requiredBlock(s3downloader, "Where objects are."),
  sqs: block(sqs, "How events come."),
  output,
});
type Args = Infer<typeof args>;

/** An object is one request, which is held as a whole. */
const maxBytes = 64 << 20;
const parallelObjects = 2;

export const otelcolReceiverAwss3 = defineComponent({
  name: "otelcol.receiver.awss3",
  summary: "Receives traces, logs and metrics as OTLP from objects of S3 when events tell of them.",
  stability: "experimental",
  inFunctions:
    "Events of S3, through the queue of the sqs block, direct, or through SNS or EventBridge, name the objects. A name ends with `.json` or `.binpb`, and with `.gz` where it is packed; what it holds its JSON tells, or `traces_`, `metrics_` or `logs_` in the name.",
  args,
  check: problemsOf,
  build(args, host) {
    const {
      region,
      endpoint,
      s3_bucket: bucket,
      s3_prefix: prefix,
      s3_force_path_style: pathStyle,
    } = args.s3downloader;
    const clients = new ObjectClients({ region, endpoint, pathStyle });
    const buckets = [{ bucket, ...(prefix && { prefix }) }];
    const queue = arnOf(args.sqs);
    const turns = new Turns(parallelObjects);
    const read = objectReader(args, host);
    return {
      triggers: [
        {
          kind: "objects",
          buckets,
          ...(queue && { queue }),
          read: (object, invocation) => turns.run(() => read(object, clients.of(object), invocation)),
        },
      ],
      needs: { permissions: objectNeeds(buckets) },
      close: async () => clients.close(),
    };
  },
});

/** As Alloy puts it. */
function* problemsOf({ start_time, end_time, s3downloader, sqs }: Args): Iterable<Problem> {
  const messages: string[] = [];
  const within = (value: number | undefined, min: number, max: number) =>
    value === undefined || (value >= min && value <= max);
  if (s3downloader.s3_bucket === "") messages.push("bucket is required");
  if (!start_time && !end_time && !sqs) messages.push("either starttime/endtime or sqs configuration must be provided");
  if (sqs) {
    if (sqs.queue_url === "") messages.push("sqs.queue_url is required");
    if (sqs.region === "") messages.push("sqs.region is required");
    if (!within(sqs.wait_time_seconds, 0, 20)) messages.push("sqs.wait_time_seconds must be between 0 and 20");
    if (!within(sqs.max_number_of_messages, 1, 10))
      messages.push("sqs.max_number_of_messages must be between 1 and 10");
  }
  if (messages.length) yield { path: [], message: messages.join("; ") };
}

/** The ARN of a queue, by its URL: `https://sqs.eu-central-1.amazonaws.com/123456789012/objects`. */
function arnOf(sqs: Args["sqs"]): string | undefined {
  const [, account, name] = /\/(\d{12})\/([\w.-]+)$/.exec(sqs?.queue_url ?? "") ?? [];
  return sqs && account && name && `arn:${partitionOf(sqs.region)}:sqs:${sqs.region}:${account}:${name}`;
}

const partitionOf = (region: string): string =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";

function objectReader({ s3downloader: { file_prefix }, output }: Args, host: Host) {
  const push = otlpRecords(host.id, output);
  const dropped = droppedCounter(host);
  return async (object: ObjectCreated, source: ObjectSource, invocation: Invocation): Promise<undefined> => {
    const { bucket, key } = object;
    const name = `s3://${bucket}/${key}`;
    const fields = { component: host.id, bucket, key };
    const encoding = encodingOf(key);
    if (!encoding) {
      // as the Collector, which leaves such objects where they are
      dropped("unsupported_format", 1);
      host.log.warn("object should end with .json or .binpb, also with .gz behind it; it is left out", fields);
      return;
    }
    const reader = new S3Reader({
      ...source,
      name,
      deadline: invocation.deadline,
      now: host.clock,
      signal: invocation.signal,
    });
    try {
      const body = await readWhole(reader, key.endsWith(".gz") ? undefined : "none");
      const signal = signalOf(body, encoding, key, file_prefix);
      if (!signal)
        throw new Error(
          `${name} should have traces_, metrics_ or logs_ in its name, or be JSON that tells what it is, got neither`,
        );
      if (!output[signal].length) {
        dropped("no_output", 1);
        host.log.warn("object has a signal that goes nowhere, it is left out", { ...fields, signal });
        return;
      }
      await push({ format: "otlp", signal, encoding, body }, invocation);
    } catch (error) {
      if (error instanceof TooLargeError) throw new Error(`${name}: ${error.message}`, { cause: error });
      if (!(error instanceof ObjectMissing)) throw error;
      dropped("object_missing", 1);
      host.log.warn("object is gone, its event is done with", fields);
    } finally {
      reader.close();
    }
  };
}

async function readWhole(reader: S3Reader, packing: Packing | undefined): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const { bytes } of unpack(reader.bytes(0), { packing })) {
    length += bytes.length;
    if (length > maxBytes) throw new TooLargeError(maxBytes);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

function encodingOf(key: string): "json" | "protobuf" | undefined {
  const name = key.replace(/\.gz$/, "");
  if (name.endsWith(".json")) return "json";
  return name.endsWith(".binpb") ? "protobuf" : undefined;
}

const keys: readonly (readonly [RegExp, Signal])[] = [
  [/^\s*\{\s*"resource(Spans|_spans)"/, "traces"],
  [/^\s*\{\s*"resource(Metrics|_metrics)"/, "metrics"],
  [/^\s*\{\s*"resource(Logs|_logs)"/, "logs"],
];

/** What a request holds: its first key tells, or the exporter's name of it, `PREFIXtraces_123456789.binpb`. */
function signalOf(body: Buffer, encoding: "json" | "protobuf", key: string, prefix: string): Signal | undefined {
  if (encoding === "json") {
    const start = body.toString("utf8", 0, 256);
    const found = keys.find(([pattern]) => pattern.test(start));
    if (found) return found[1];
  }
  const file = key.slice(key.lastIndexOf("/") + 1);
  const rest = file.startsWith(prefix) ? file.slice(prefix.length) : file;
  return /(?:^|[^a-z])(traces|metrics|logs)_/.exec(rest)?.[1] as Signal | undefined; // one of the words
}
