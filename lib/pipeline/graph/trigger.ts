/** What calls a component from outside. The local process serves these; cloud functions adapt their events to them; infrastructure is made from them. */
import type { Invocation } from "./invocation.ts";

export type Trigger = HttpTrigger | ScheduleTrigger | RecordsTrigger;

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
}

/** Records that arrive by themselves, without an address: from queues, log subscriptions, streams. */
export interface RecordsTrigger {
  readonly kind: "records";
  readonly format: "otlp" | "loki" | "cloudwatch_logs";
  /** Which trigger resources carry it. */
  readonly sources: readonly ("queue" | "log-subscription")[];
  /** For log subscriptions. */
  readonly logGroups?: readonly string[];
  readonly filterPattern?: string;
  readonly push: (record: DecodedRecord, invocation: Invocation) => Promise<void>;
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
  | { readonly format: "cloudwatch_logs"; readonly body: Uint8Array };

export type Signal = "traces" | "logs" | "metrics";
