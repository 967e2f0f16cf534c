/**
 * Logs as views on their bytes, as `traces.ts` has traces.
 *
 *   for (const { resource, scopeLogs } of new Logs(body).resourceLogs)
 *     for (const { logRecords } of scopeLogs)
 *       for (const log of logRecords) if (log.body === "ready") log.severityNumber = 9;
 */
import { adoptOldScopes, ResourceGroup, ScopeGroup } from "./common.ts";
import * as f from "./fields.ts";
import type { Node } from "./node.ts";
import { fieldValue, setFieldValue, type Value, type ValueInput, ValueMap } from "./value.ts";
import { blankOf, View, ViewList } from "./view.ts";

export { Logs } from "./requests.ts";

/** The groups of a request. */
export const resourceLogsOf = (request: Node): ViewList<ResourceLogs> => new ViewList(request, 1, ResourceLogs);

export class ResourceLogs extends ResourceGroup {
  static readonly blank = blankOf(1);

  get scopeLogs(): ViewList<ScopeLogs> {
    adoptOldScopes(this.node);
    return new ViewList(this.node, 2, ScopeLogs);
  }
}

export class ScopeLogs extends ScopeGroup {
  static readonly blank = blankOf(1);

  get logRecords(): ViewList<LogRecord> {
    return new ViewList(this.node, 2, LogRecord);
  }
}

export class LogRecord extends View {
  static readonly blank = blankOf(5, 9, 10);

  get timeUnixNano(): bigint {
    return f.fixed64(this.node, 0x09);
  }
  set timeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x09, value);
  }
  get observedTimeUnixNano(): bigint {
    return f.fixed64(this.node, 0x59);
  }
  set observedTimeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x59, value);
  }
  /** 1 to 24 by OTLP; other numbers are kept. */
  get severityNumber(): number {
    return f.int32(this.node, 0x10);
  }
  set severityNumber(value: number) {
    f.setInt32(this.node, 0x10, value);
  }
  get severityText(): string {
    return f.text(this.node, 0x1a);
  }
  set severityText(value: string) {
    f.setText(this.node, 0x1a, value);
  }
  /** A list or map is a live view. */
  get body(): Value {
    return fieldValue(this.node, 0x2a);
  }
  set body(value: ValueInput) {
    setFieldValue(this.node, 0x2a, value);
  }
  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x32, false);
  }
  get droppedAttributesCount(): number {
    return f.uint32(this.node, 0x38);
  }
  set droppedAttributesCount(value: number) {
    f.setUint32(this.node, 0x38, value);
  }
  get flags(): number {
    return f.fixed32(this.node, 0x45);
  }
  set flags(value: number) {
    f.setFixed32(this.node, 0x45, value);
  }
  get traceId(): Uint8Array {
    return f.bytes(this.node, 0x4a);
  }
  set traceId(value: Uint8Array) {
    f.setId(this.node, 0x4a, 16, value);
  }
  /** Lowercase hex, "" for none. */
  get traceIdHex(): string {
    return f.hexId(this.node, 0x4a);
  }
  set traceIdHex(value: string) {
    f.setHexId(this.node, 0x4a, 16, value);
  }
  get spanId(): Uint8Array {
    return f.bytes(this.node, 0x52);
  }
  set spanId(value: Uint8Array) {
    f.setId(this.node, 0x52, 8, value);
  }
  /** Lowercase hex, "" for none. */
  get spanIdHex(): string {
    return f.hexId(this.node, 0x52);
  }
  set spanIdHex(value: string) {
    f.setHexId(this.node, 0x52, 8, value);
  }
  get eventName(): string {
    return f.text(this.node, 0x62);
  }
  set eventName(value: string) {
    f.setText(this.node, 0x62, value);
  }
}
