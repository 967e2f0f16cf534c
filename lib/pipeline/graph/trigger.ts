/** What calls a component from outside. The local process serves these; cloud functions adapt their events to them; infrastructure is made from them. */
import type { Invocation } from "./invocation.ts";

export type Trigger = HttpTrigger | ScheduleTrigger | RecordsTrigger | ObjectsTrigger;

/** Routes on one listening address. */
export interface HttpTrigger {
  readonly kind: "http";
  readonly host: string;
  readonly port: number;
  readonly routes: readonly Route[];
  /** The configuration brings its own authentication, so that a function's URL may be open to it. */
  readonly authenticated: boolean;
  readonly tls?: TlsListener;
}

export interface TlsListener {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
  /** What is asked of clients. @default nothing */
  readonly clientCertificates?: ClientCertificates;
}

/** Whether clients show a certificate, and whether the CA must have signed it. */
export type ClientCertificates = "request" | "require-any" | "verify-if-given" | "require-and-verify";

export interface Route {
  /** `undefined`: any method, the handler answers 405 itself. */
  readonly method?: string;
  /** Exact path. */
  readonly path: string;
  /** Compressed bytes that are read before the answer is 413. */
  readonly maxBodyBytes: number;
  /** Milliseconds until an answer must be given in the local process. @default 30000 */
  readonly answerWithinMs?: number;
  readonly handle: (request: HttpRequest, invocation: Invocation) => Promise<HttpReply>;
}

/** A light request: the web's `Request` costs a cold start several milliseconds. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  /** Names in lower case; repeated headers joined with a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface ScheduleTrigger {
  readonly kind: "schedule";
  readonly everyMs: number;
  readonly run: (invocation: Invocation) => Promise<void>;
  /** How many invocations should share the next run, from what the last ones cost; each then does its shard. */
  readonly shards?: (invocation: Invocation) => Promise<number>;
}

/** Objects of buckets, read when an event tells that they are there. */
export interface ObjectsTrigger {
  readonly kind: "objects";
  /** Which objects it takes; an empty list is all that events tell of. */
  readonly buckets: readonly ObjectSelection[];
  /** ARN of the queue that events come through, where others made it and the notifications into it. */
  readonly queue?: string;
  /**
   * Reads an object, and stops before the deadline: then it resolves to how far it came, and the caller sees to it that it is
   * called again with that. `undefined`: all of the object has been acknowledged.
   */
  readonly read: (object: ObjectCreated, invocation: Invocation) => Promise<ObjectProgress | undefined>;
}

export interface ObjectSelection {
  readonly bucket: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

/** An object as an event tells of it; the key is decoded. */
export interface ObjectCreated {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  /** Without quotes. */
  readonly etag?: string;
  readonly size?: number;
  readonly region?: string;
  /** Milliseconds since the epoch of the event. */
  readonly time?: number;
  /** Tells events of one key apart. */
  readonly sequencer?: string;
  /** How often this event was delivered; absent where nobody counts. */
  readonly attempt?: number;
  /** Others come with the same event, and again if one of them fails. */
  readonly shared?: boolean;
  /** How far others came with it. */
  readonly progress?: ObjectProgress;
}

/** All before it has been acknowledged. Plain data, since it travels in messages. */
export interface ObjectProgress {
  /** Of the object that was read; another one starts anew. Empty where it was not read so far. */
  readonly etag: string;
  /** Bytes of the content, decompressed. */
  readonly offset: number;
  /** Lines, or parts of such as are too long. */
  readonly lines: number;
  /** Parts of the line at `offset` that came before it. */
  readonly parts?: number;
  /** `offset` is in a list of JSON, whose elements count as lines. */
  readonly list?: boolean;
  /** Where decompression can begin before `offset`: a byte of the object, and the content's offset there. */
  readonly restart?: ObjectRestart;
}

export interface ObjectRestart {
  /** A byte of the object. */
  readonly at: number;
  /** That of the content there. */
  readonly offset: number;
  /** How the content is packed. */
  readonly packing: "none" | "gzip" | "zstd" | "bzip2";
}

/** What brings records: a queue (SQS), a log subscription, a stream (Kinesis), a topic (SNS), Firehose, Kafka, an event bus. */
export type RecordSource = "queue" | "log-subscription" | "stream" | "topic" | "firehose" | "kafka" | "bus";

/** Records that arrive by themselves, without an address. */
export interface RecordsTrigger {
  readonly kind: "records";
  /** `raw`: bytes as they came; the component opens them itself. */
  readonly format: "otlp" | "loki" | "cloudwatch_logs" | "raw";
  /** Which trigger resources carry it. */
  readonly sources: readonly RecordSource[];
  /**
   * Names or ARNs of what it takes records of, with `*` for any characters; an empty list is all. A component that has the list is
   * made for its sources and comes before those without, one that names a source before those that take all.
   */
  readonly from?: readonly string[];
  /** In the place of `from`, where names can't say it. */
  readonly takes?: (from: string) => boolean;
  /** For log subscriptions. */
  readonly logGroups?: readonly string[];
  readonly filterPattern?: string;
  /** For Kafka: what the event source needs to poll. */
  readonly kafka?: KafkaConnection;
  /** For event buses: an event pattern as EventBridge has it, and the bus. */
  readonly bus?: BusRule;
  readonly push: (record: DecodedRecord, invocation: Invocation) => Promise<void>;
}

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  readonly groupId: string;
  /** As Lambda names what its event source can do. */
  readonly authentication: "none" | "plain" | "scram_256" | "scram_512" | "mtls" | "iam";
  readonly startAt: "latest" | "earliest";
}

export interface BusRule {
  /** Name or ARN. */
  readonly name: string;
  readonly pattern: Readonly<Record<string, unknown>>;
}

/** A record whose content is known but not decoded. */
export type DecodedRecord =
  | {
      readonly format: "otlp";
      readonly signal: Signal;
      readonly encoding: "json" | "protobuf";
      readonly body: Uint8Array;
    }
  | {
      readonly format: "loki";
      readonly encoding: "json" | "protobuf";
      readonly body: Uint8Array;
      readonly tenant?: string;
    }
  /** The decompressed JSON of a CloudWatch Logs subscription. */
  | { readonly format: "cloudwatch_logs"; readonly body: Uint8Array }
  | RawRecord;

/** A record as it came, with what is known of it besides its bytes. */
export interface RawRecord {
  readonly format: "raw";
  readonly body: Uint8Array;
  /** ARN of the queue, stream, topic or delivery stream; cluster and topic of Kafka; the source of an event on a bus. */
  readonly from: string;
  /** Names the record in its source: message id; shard and sequence number; topic, partition and offset. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number | undefined;
  /** Partition key, message group. */
  readonly key?: string;
  /** What the sender and the source say of it. */
  readonly attributes: Readonly<Record<string, string>>;
}

export type Signal = "traces" | "logs" | "metrics";
