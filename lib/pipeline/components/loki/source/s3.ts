/** Reads objects of S3 line by line when events tell of them. Only in Amalgam. */
import { ObjectMissing } from "../../../delivery/s3-reader.ts";
import { blocks, defaultBlock, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, bytes, capsule, duration, int, list, map, oneOf, string } from "../../../eval/types.ts";
import { type Consumer, defineComponent, type Host, type Problem } from "../../../graph/component.ts";
import { droppedCounter } from "../../../graph/dropped.ts";
import { fanOut } from "../../../graph/gate.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { logs } from "../../../graph/kinds.ts";
import { receiver } from "../../../graph/receiver.ts";
import type { ObjectCreated, ObjectProgress, ObjectSelection } from "../../../graph/trigger.ts";
import { compileRules, type RelabelRule } from "../../../relabel/relabel.ts";
import { type Labels, labelsFromMap } from "../../../telemetry/labels.ts";
import type { LogBatch, LogEntry } from "../../../telemetry/loki/model.ts";
import { ObjectClients, objectNeeds, Turns } from "../../aws/objects.ts";
import { awsClientArgs, awsClientProblems, credentialsOf } from "../../remote/aws/client.ts";
import { withoutInternal } from "../internal-labels.ts";
import { fieldsOf, type LineSink, type ReadOptions, readLines, timesOf } from "./s3/read.ts";

const bucket = object({
  name: required(string, "The bucket."),
  prefix: optional(string, "", "How keys begin that are read."),
  suffix: optional(string, "", "How keys end that are read."),
});

const metadataNames = [
  "object_bucket",
  "object_key",
  "object_version",
  "object_offset",
  "object_line",
  "object_id",
] as const;

const args = object({
  forward_to: required(list(receiver(logs)), "Where to send entries."),
  bucket: blocks(
    bucket,
    "Objects to read; all that events tell of where there is none. Notifications are made for those here.",
  ),
  labels: optional(
    map(string),
    { job: "s3" },
    "Labels of every entry. Few, since each distinct set is a stream; the rest is structured metadata.",
  ),
  relabel_rules: optional(
    capsule<readonly RelabelRule[]>("relabel.Rules"),
    undefined,
    "Rules that may make labels of `__s3_bucket`, `__s3_key`, `__s3_region`, `__s3_version` and `__s3_size`; objects whose labels they drop are not read.",
  ),
  metadata: optional(
    list(oneOf("metadata", metadataNames)),
    ["object_key"],
    "Structured metadata of every entry: `object_bucket`, `object_key`, `object_version`, `object_offset` (of the line's first byte in the decompressed content), `object_line` (counted from 0), `object_id` (all of them in one, the same when a line comes again).",
  ),
  compression: optional(
    oneOf("compression", ["auto", "none", "gzip", "zstd", "bzip2"]),
    "auto",
    "`auto`: what the first bytes tell, whatever the name. Otherwise `none`, `gzip`, `zstd` or `bzip2`.",
  ),
  max_decompressed_size: optional(
    bytes,
    "64GiB",
    "Content of an object that is taken; more than that fails it, so that a small object can't make work without end.",
  ),
  json_list: optional(
    string,
    undefined,
    "Name of a list in objects that are JSON, each of whose elements is an entry: `Records` of CloudTrail, `configurationItems` of Config. Objects that are a list are read so, too, and all others line by line. Longer elements than `max_line_size` are cut off with a mark.",
  ),
  max_line_size: optional(bytes, "256KiB", "Longest line, as Loki takes it by default."),
  long_lines: optional(
    oneOf("long_lines", ["split", "truncate"]),
    "split",
    "Longer lines go on in parts with the structured metadata `line_part`, and `line_parts` at the last, or are cut off with a mark.",
  ),
  batch_size: optional(bytes, "512KiB", "Text that is sent on at once."),
  max_in_flight: optional(
    int,
    1,
    "Batches of an object that are on their way at the same time, while the next one is read. With more than 1 as many come again after a failure.",
  ),
  parallel_objects: optional(int, 4, "Objects that are read at the same time."),
  missing_objects: optional(
    oneOf("missing_objects", ["acknowledge", "fail"]),
    "acknowledge",
    "An object that was deleted since its event is counted and done with, or fails its event.",
  ),
  time_reserve: optional(
    duration,
    "5s",
    "Time before the end of an invocation, at most a third of it, at which reading stops and the rest is handed on.",
  ),
  checkpoint_interval: optional(
    duration,
    "5s",
    "Time after which the state store is told how far an object is read; what a function that is killed repeats. 0: after each batch.",
  ),
  use_path_style: optional(bool, false, "Puts the bucket into the path instead of the host's name."),
  client: defaultBlock(awsClientArgs, "How to reach S3."),
});
type Args = Infer<typeof args>;

export const lokiSourceS3 = defineComponent({
  name: "loki.source.s3",
  summary: "Reads objects of S3 line by line when events tell of them.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "Events of S3, direct, through SNS, SQS or EventBridge, name the objects. Before the time of an invocation ends, what is left of an object is handed on through its queue; without a queue the event fails, and its retry reads on.",
  args,
  check: problemsOf,
  build(args, host) {
    const buckets = args.bucket.map(selectionOf);
    const clients = new ObjectClients({
      region: args.client.region,
      endpoint: args.client.endpoint,
      pathStyle: args.use_path_style,
      credentials: region => credentialsOf({ ...args.client, region }),
    });
    const read = objectReader(args, host, clients);
    return {
      triggers: [{ kind: "objects", buckets, read }],
      needs: { permissions: objectNeeds(buckets), state: true },
      close: async () => clients.close(),
    };
  },
});

const selectionOf = ({ name, prefix, suffix }: Infer<typeof bucket>): ObjectSelection => ({
  bucket: name,
  ...(prefix && { prefix }),
  ...(suffix && { suffix }),
});

function* problemsOf(args: Args): Iterable<Problem> {
  yield* awsClientProblems(args.client);
  for (const [i, { name }] of args.bucket.entries())
    if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(name))
      yield {
        path: ["bucket", i, "name"],
        message: `name should be that of a bucket, 3 to 63 of a-z, 0-9, dots and hyphens, got ${JSON.stringify(name)}`,
      };
  const least = { max_line_size: 256, batch_size: 1, max_in_flight: 1, parallel_objects: 1, max_decompressed_size: 1 };
  for (const [name, min] of Object.entries(least)) {
    const value = args[name as keyof typeof least]; // one of its keys
    if (!(value >= min)) yield { path: [name], message: `${name} should be ${min} or more, got ${value}` };
  }
}

/** Reads objects, some at a time; those that have no turn before the time is over are handed on as they are. */
function objectReader(args: Args, host: Host, clients: ObjectClients) {
  const next = fanOut(args.forward_to);
  const turns = new Turns(args.parallel_objects);
  const dropped = droppedCounter(host);
  const labelsOf = labeller(args);
  const options: ReadOptions = {
    id: host.id,
    log: host.log,
    clock: host.clock,
    lines: {
      maxBytes: args.max_line_size,
      long: args.json_list === undefined ? args.long_lines : "truncate", // only between elements it is known where one is
      offsets: args.metadata.includes("object_offset") || args.metadata.includes("object_id"),
    },
    list: args.json_list,
    packing: args.compression === "auto" ? undefined : args.compression,
    maxContentBytes: args.max_decompressed_size,
    batchBytes: args.batch_size,
    maxInFlight: args.max_in_flight,
    reserveMs: args.time_reserve,
    checkpointMs: args.checkpoint_interval,
  };
  const readNow = async (object: ObjectCreated, invocation: Invocation): Promise<ObjectProgress | undefined> => {
    const { stopAt } = timesOf(invocation, options);
    const labels = labelsOf(object);
    if (!labels) {
      dropped("relabel", 1);
      return undefined;
    }
    if (host.clock() >= stopAt) return object.progress ?? { etag: object.etag ?? "", offset: 0, lines: 0 };
    const sink = new EntrySink(object, labels, args.metadata, next, invocation);
    try {
      return await readLines({ object, invocation, source: clients.of(object), sink }, options);
    } catch (error) {
      if (!(error instanceof ObjectMissing) || args.missing_objects === "fail") throw error;
      dropped("object_missing", 1);
      host.log.warn("object is gone, its event is done with", fieldsOf(object, host));
      return undefined;
    }
  };
  return async (object: ObjectCreated, invocation: Invocation): Promise<ObjectProgress | undefined> => {
    if (object.size === 0) return undefined;
    if (host.mode === "function") keepHeapSmall();
    return turns.run(() => readNow(object, invocation));
  };
}

let isKeptSmall = false;

/**
 * Lines live for milliseconds, and V8 answers them with a space for young objects of up to 100 MB, and lets the rest grow to a multiple
 * of what is in use: with a 2 GiB object 240 MB in all. From now on the one stays as it is, the other may double: 125 MB.
 */
function keepHeapSmall(): void {
  if (isKeptSmall) return;
  isKeptSmall = true;
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=100");
}

function labeller({ labels, relabel_rules }: Args): (object: ObjectCreated) => Labels | undefined {
  const fixed = labelsFromMap(labels);
  if (!relabel_rules) return () => fixed;
  const relabel = compileRules(relabel_rules);
  return ({ bucket, key, region = "", versionId = "", size }) => {
    const given = new Map([
      ...labels,
      ["__s3_bucket", bucket],
      ["__s3_key", key],
      ["__s3_region", region],
      ["__s3_version", versionId],
      ["__s3_size", size === undefined ? "" : String(size)],
    ]);
    const result = relabel(labelsFromMap(given));
    return result && withoutInternal(result);
  };
}

type MetadataName = (typeof metadataNames)[number];

/**
 * Makes entries of lines. Times are that of the event and one nanosecond more for each line: so they keep their order, equal
 * lines stay apart, and one that comes again is the same for Loki.
 */
class EntrySink implements LineSink {
  readonly #labels: Labels;
  readonly #next: Consumer<LogBatch>;
  readonly #time: bigint;
  /** The same for all lines. */
  readonly #shared: readonly string[];
  readonly #own: ((line: number, offset: number) => readonly string[]) | undefined;
  #entries: LogEntry[] = [];

  constructor(
    object: ObjectCreated,
    labels: Labels,
    names: readonly MetadataName[],
    next: Consumer<LogBatch>,
    { now }: Invocation,
  ) {
    this.#labels = labels;
    this.#next = next;
    this.#time = BigInt(Math.trunc(object.time ?? now)) * 1_000_000n;
    const { shared, own } = metadataOf(object, names);
    this.#shared = shared;
    this.#own = own;
  }

  readonly take = (index: number, line: string, offset: number, part: number, parts: number): void => {
    let metadata = this.#shared;
    if (this.#own) metadata = [...metadata, ...this.#own(index, offset)];
    if (part) metadata = [...metadata, "line_part", String(part), ...(parts ? ["line_parts", String(parts)] : [])];
    this.#entries.push({ timestamp: this.#time + BigInt(index), line, metadata });
  };

  readonly send = async (invocation: Invocation): Promise<void> => {
    const entries = this.#entries;
    this.#entries = [];
    await this.#next.consume([{ labels: this.#labels, entries }], invocation);
  };
}

function metadataOf({ bucket, key, versionId = "" }: ObjectCreated, names: readonly MetadataName[]) {
  const shared: string[] = [];
  const parts: ((line: number, offset: number) => readonly [string, string])[] = [];
  for (const name of new Set(names)) {
    switch (name) {
      case "object_bucket":
        shared.push(name, bucket);
        break;
      case "object_key":
        shared.push(name, key);
        break;
      case "object_version":
        if (versionId) shared.push(name, versionId);
        break;
      case "object_offset":
        parts.push((_, offset) => [name, String(offset)]);
        break;
      case "object_line":
        parts.push(line => [name, String(line)]);
        break;
      case "object_id":
        parts.push((_, offset) => [name, `${bucket}/${key}${versionId && `?versionId=${versionId}`}#${offset}`]);
        break;
      default:
        name satisfies never;
    }
  }
  const own = parts.length ? (line: number, offset: number) => parts.flatMap(part => part(line, offset)) : undefined;
  return { shared, own };
}
