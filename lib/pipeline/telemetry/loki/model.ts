/** Log entries as Loki's push API knows them: streams of timestamped lines with structured metadata. */
import type { Labels } from "../labels.ts";

export interface LogEntry {
  /** Nanoseconds since the epoch. */
  readonly timestamp: bigint;
  readonly line: string;
  /** Structured metadata: flat name, value pairs in their order; names may repeat. */
  readonly metadata: readonly string[];
}

export interface LogStream {
  /** `__tenant_id__`, where set, is the tenant that the writer sends the stream for; it never leaves as a label. */
  readonly labels: Labels;
  readonly entries: readonly LogEntry[];
}

export type LogBatch = readonly LogStream[];

export const tenantLabel = "__tenant_id__";
