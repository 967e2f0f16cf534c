/**
 * Traces as views on their bytes.
 *
 *   const traces = new Traces(body);              // nothing is read yet; `validate` checks the whole beforehand
 *   for (const { resource, scopeSpans } of traces.resourceSpans)
 *     for (const { spans } of scopeSpans) {
 *       spans.removeIf(span => span.attributes.get("http.route") === "/health");
 *       for (const span of spans) {
 *         span.name = span.name.toLowerCase();
 *         span.attributes.set("env", resource.attributes.get("deployment.environment"));
 *       }
 *     }
 *   traces.encode();                              // the same bytes, if nothing was written
 *   const other = traces.fork();                  // an independent view: who writes copies
 */
import { adoptOldScopes, ResourceGroup, ScopeGroup } from "./common.ts";
import * as f from "./fields.ts";
import type { Node } from "./node.ts";
import { ValueMap } from "./value.ts";
import { blankOf, View, ViewList } from "./view.ts";

export { Traces } from "./requests.ts";

/** The groups of a request. */
export const resourceSpansOf = (request: Node): ViewList<ResourceSpans> => new ViewList(request, 1, ResourceSpans);

export class ResourceSpans extends ResourceGroup {
  static readonly blank = blankOf(1);

  get scopeSpans(): ViewList<ScopeSpans> {
    adoptOldScopes(this.node);
    return new ViewList(this.node, 2, ScopeSpans);
  }
}

export class ScopeSpans extends ScopeGroup {
  static readonly blank = blankOf(1);

  get spans(): ViewList<Span> {
    return new ViewList(this.node, 2, Span);
  }
}

export class Span extends View {
  static readonly blank = blankOf(1, 2, 4, 15);
  #attributes: ValueMap | undefined;

  get traceId(): Uint8Array {
    return f.bytes(this.node, 0x0a);
  }
  set traceId(value: Uint8Array) {
    f.setId(this.node, 0x0a, 16, value);
  }
  /** Lowercase hex, "" for none. */
  get traceIdHex(): string {
    return f.hexId(this.node, 0x0a);
  }
  set traceIdHex(value: string) {
    f.setHexId(this.node, 0x0a, 16, value);
  }
  get spanId(): Uint8Array {
    return f.bytes(this.node, 0x12);
  }
  set spanId(value: Uint8Array) {
    f.setId(this.node, 0x12, 8, value);
  }
  get spanIdHex(): string {
    return f.hexId(this.node, 0x12);
  }
  set spanIdHex(value: string) {
    f.setHexId(this.node, 0x12, 8, value);
  }
  get traceState(): string {
    return f.text(this.node, 0x1a);
  }
  set traceState(value: string) {
    f.setText(this.node, 0x1a, value);
  }
  get parentSpanId(): Uint8Array {
    return f.bytes(this.node, 0x22);
  }
  set parentSpanId(value: Uint8Array) {
    f.setId(this.node, 0x22, 8, value);
  }
  get parentSpanIdHex(): string {
    return f.hexId(this.node, 0x22);
  }
  set parentSpanIdHex(value: string) {
    f.setHexId(this.node, 0x22, 8, value);
  }
  get name(): string {
    return f.text(this.node, 0x2a);
  }
  set name(value: string) {
    f.setText(this.node, 0x2a, value);
  }
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  get kind(): number {
    return f.int32(this.node, 0x30);
  }
  set kind(value: number) {
    f.setInt32(this.node, 0x30, value);
  }
  get startTimeUnixNano(): bigint {
    return f.fixed64(this.node, 0x39);
  }
  set startTimeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x39, value);
  }
  get endTimeUnixNano(): bigint {
    return f.fixed64(this.node, 0x41);
  }
  set endTimeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x41, value);
  }
  get attributes(): ValueMap {
    this.#attributes ??= new ValueMap(this.node, 0x4a, false);
    return this.#attributes;
  }
  get droppedAttributesCount(): number {
    return f.uint32(this.node, 0x50);
  }
  set droppedAttributesCount(value: number) {
    f.setUint32(this.node, 0x50, value);
  }
  get events(): ViewList<SpanEvent> {
    return new ViewList(this.node, 11, SpanEvent);
  }
  get droppedEventsCount(): number {
    return f.uint32(this.node, 0x60);
  }
  set droppedEventsCount(value: number) {
    f.setUint32(this.node, 0x60, value);
  }
  get links(): ViewList<SpanLink> {
    return new ViewList(this.node, 13, SpanLink);
  }
  get droppedLinksCount(): number {
    return f.uint32(this.node, 0x70);
  }
  set droppedLinksCount(value: number) {
    f.setUint32(this.node, 0x70, value);
  }
  get status(): SpanStatus {
    return new SpanStatus(this.node.message(0x7a));
  }
  get flags(): number {
    return f.fixed32(this.node, 0x85);
  }
  set flags(value: number) {
    f.setFixed32(this.node, 0x85, value);
  }
}

export class SpanEvent extends View {
  static readonly blank = blankOf();

  get timeUnixNano(): bigint {
    return f.fixed64(this.node, 0x09);
  }
  set timeUnixNano(value: bigint) {
    f.setFixed64(this.node, 0x09, value);
  }
  get name(): string {
    return f.text(this.node, 0x12);
  }
  set name(value: string) {
    f.setText(this.node, 0x12, value);
  }
  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x1a, false);
  }
  get droppedAttributesCount(): number {
    return f.uint32(this.node, 0x20);
  }
  set droppedAttributesCount(value: number) {
    f.setUint32(this.node, 0x20, value);
  }
}

export class SpanLink extends View {
  static readonly blank = blankOf(1, 2);

  get traceId(): Uint8Array {
    return f.bytes(this.node, 0x0a);
  }
  set traceId(value: Uint8Array) {
    f.setId(this.node, 0x0a, 16, value);
  }
  get traceIdHex(): string {
    return f.hexId(this.node, 0x0a);
  }
  set traceIdHex(value: string) {
    f.setHexId(this.node, 0x0a, 16, value);
  }
  get spanId(): Uint8Array {
    return f.bytes(this.node, 0x12);
  }
  set spanId(value: Uint8Array) {
    f.setId(this.node, 0x12, 8, value);
  }
  get spanIdHex(): string {
    return f.hexId(this.node, 0x12);
  }
  set spanIdHex(value: string) {
    f.setHexId(this.node, 0x12, 8, value);
  }
  get traceState(): string {
    return f.text(this.node, 0x1a);
  }
  set traceState(value: string) {
    f.setText(this.node, 0x1a, value);
  }
  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x22, false);
  }
  get droppedAttributesCount(): number {
    return f.uint32(this.node, 0x28);
  }
  set droppedAttributesCount(value: number) {
    f.setUint32(this.node, 0x28, value);
  }
  get flags(): number {
    return f.fixed32(this.node, 0x35);
  }
  set flags(value: number) {
    f.setFixed32(this.node, 0x35, value);
  }
}

export class SpanStatus extends View {
  static readonly blank = blankOf();

  get message(): string {
    return f.text(this.node, 0x12);
  }
  set message(value: string) {
    f.setText(this.node, 0x12, value);
  }
  /** 0 unset, 1 ok, 2 error. */
  get code(): number {
    return f.int32(this.node, 0x18);
  }
  set code(value: number) {
    f.setInt32(this.node, 0x18, value);
  }
}
