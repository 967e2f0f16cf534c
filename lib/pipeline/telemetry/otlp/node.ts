/**
 * A message as a view on its bytes. The fields of a node are indexed at the first look: one entry of four integers each, in
 * an array that all nodes of a document share, so that neither looking nor cutting allocates. What is written goes to the
 * document's scratch bytes and the entry points there. Encoding copies ranges; only nodes that were written, or have
 * something written below them, are put together anew.
 *
 * An entry is [tag, start, at, end]: the field with its tag is bytes[start, end), its value begins at `at`.
 *   tag 0         the field was removed
 *   start < 0     the range is in the scratch bytes, from ~start
 *   start = bare  there is no such range: tag and length of the child must be written
 *   at < 0        the field's message is node ~at of the document
 */
import { noEntries, roomOfField, spare } from "./entry.ts";
import type { View } from "./view.ts";
import {
  byteAt,
  cursor,
  maxDepth,
  readVarint,
  skipValue,
  varintSize,
  viewOf,
  WireError,
  wireBytes,
  wireFixed32,
  wireFixed64,
} from "./wire.ts";
import { Writer } from "./writer.ts";

const bare = -0x8000_0000;
const noBytes = new Uint8Array(0);
const smallestChunk = 256;
const largestChunk = 16_384;

/** A field in the scratch bytes that any number of entries may point to. */
interface SharedField {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly start: number;
  readonly at: number;
  readonly end: number;
}

/** What the nodes of one request share. */
export class Document {
  /** Where new indexes go, from `used`. */
  chunk: Int32Array = noEntries;
  used = 0;
  readonly nodes: Node[] = [];
  readonly root: Node;
  /** The bytes of the whole, as long as nothing has been written since. */
  encoded: Uint8Array | undefined;
  #view: DataView | undefined;
  #scratch: Writer | undefined;
  readonly #shared: SharedField[] = [];

  constructor(bytes: Uint8Array) {
    this.encoded = bytes;
    // One class of arrays only: code that has seen a Buffer and a Uint8Array is slower for both.
    const plain =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.root = new Node(this, plain, 0, plain.length, undefined);
  }

  /** The root's bytes. */
  get view(): DataView {
    this.#view ??= viewOf(this.root.bytes);
    return this.#view;
  }

  get scratch(): Writer {
    this.#scratch ??= new Writer(Math.min(4096, 256 + this.root.end));
    return this.#scratch;
  }

  /** Begins a chunk that takes at least `count` integers. Nodes keep the chunk that their index is in. */
  nextChunk(count: number): Int32Array {
    this.chunk = new Int32Array(Math.max(count, Math.min(largestChunk, this.chunk.length * 2), smallestChunk));
    this.used = 0;
    return this.chunk;
  }

  /** Begins a chunk with the index that grows at the end of the present one, from `first` to `last`; it then begins at 0. */
  moveIndex(first: number, last: number): Int32Array {
    const before = this.chunk.subarray(first, last);
    const chunk = this.nextChunk(2 * before.length + roomOfField);
    chunk.set(before);
    return chunk;
  }

  /** Writes a field that many nodes have to the scratch bytes, once. */
  shared(tag: number, content: Uint8Array): SharedField {
    for (const field of this.#shared) if (field.content === content && field.tag === tag) return field;
    const { scratch } = this;
    const start = scratch.position;
    scratch.varint(tag);
    scratch.varint(content.length);
    const at = scratch.position;
    scratch.raw(content, 0, content.length);
    const field = { tag, content, start, at, end: scratch.position };
    this.#shared.push(field);
    return field;
  }

  encode(): Uint8Array {
    this.encoded ??= this.root.encode();
    return this.encoded;
  }

  /** Hands the bytes of the whole to a function that keeps nothing of them: where something was written they are a loan. */
  lend<T>(use: (bytes: Uint8Array) => T): T {
    return this.encoded ? use(this.encoded) : putTogether(this.root, out => use(out.bytes.subarray(0, out.position)));
  }
}

// Memory for a whole request is expensive to get, to clear, and to collect: it is kept for the next one.
let output: Writer | undefined;
const largestKept = 8 << 20;

function putTogether<T>(node: Node, use: (out: Writer) => T): T {
  const out = output ?? new Writer(64 << 10);
  output = undefined; // not for who encodes while this one is in use
  out.position = 0;
  node.write(out);
  const result = use(out);
  if (out.bytes.length <= largestKept) output = out;
  return result;
}

/** A document of a request's bytes, of which nothing is read yet. */
export const openDocument = (bytes: Uint8Array): Document => new Document(bytes);

/** One message of a document. Views with names for the fields stand on it; all of them share this one class. */
export class Node {
  readonly document: Document;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly parent: Node | undefined;
  readonly depth: number;
  /** This node, or one below it, was written. */
  changed = false;
  /** The view that stands on it, made at most once: processors look at the same items one after the other. */
  view: View | undefined = undefined;
  /** The chunk that the index is in. */
  entries: Int32Array = noEntries;
  /** Where the entries begin, -1 before the first look. */
  first = -1;
  /** Behind the last entry. */
  last = 0;
  /** Behind the entries that may still be used. */
  room = 0;

  constructor(document: Document, bytes: Uint8Array, start: number, end: number, parent: Node | undefined) {
    this.document = document;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    if (this.depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
  }

  /** Indexes the fields, unless it has been done. */
  look(): void {
    if (this.first < 0) this.#index();
  }

  #index(): void {
    const { document, bytes, end } = this;
    let entries = document.chunk;
    let first = document.used;
    let write = first;
    let at = this.start;
    while (at < end) {
      if (write + roomOfField > entries.length) {
        entries = document.moveIndex(first, write);
        write -= first;
        first = 0;
      }
      const start = at;
      let tag = byteAt(bytes, at++);
      if (tag > 0x7f) {
        tag = readVarint(bytes, start, end);
        at = cursor;
      }
      if (tag < 8) throw new WireError("field number should be above 0, got 0");
      let value = at;
      switch (tag & 7) {
        case wireBytes: {
          let length = byteAt(bytes, at++);
          if (length > 0x7f || at > end) {
            length = readVarint(bytes, at - 1, end);
            at = cursor;
          }
          value = at;
          at += length;
          break;
        }
        case wireFixed64:
          at += 8;
          break;
        case wireFixed32:
          at += 4;
          break;
        default:
          at = skipValue(bytes, at, end, tag);
      }
      if (at > end) throw new WireError(`field ${tag >>> 3} should end within its message, got ${at - end} bytes more`);
      entries[write] = tag;
      entries[write + 1] = start;
      entries[write + 2] = value;
      entries[write + 3] = at;
      write += 4;
    }
    this.setIndex(entries, first, write);
  }

  /** Takes entries at the end of the document's chunk as the index. */
  setIndex(entries: Int32Array, first: number, last: number): void {
    this.entries = entries;
    this.first = first;
    this.last = last;
    this.room = Math.min(last + 4 * spare, entries.length);
    this.document.used = this.room;
  }

  /** The entry of a field, the last where there are several; -1 for none. */
  find(tag: number): number {
    if (this.first < 0) this.#index();
    const { entries } = this;
    for (let entry = this.last - 4; entry >= this.first; entry -= 4) if (entries[entry] === tag) return entry;
    return -1;
  }

  /** The bytes that the range of an entry means; of an entry without child. */
  bytesOf(entry: number): Uint8Array {
    return (this.entries[entry + 1] as number) < 0 ? this.document.scratch.bytes : this.bytes; // entries have four
  }

  /** The content of an entry as bytes, with what was written below it. */
  contentOf(entry: number): Uint8Array {
    const { entries } = this;
    const { nodes } = this.document;
    const at = entries[entry + 2] as number; // entries have four
    if (at < 0) return (nodes[~at] as Node).encode(); // put there when the entry was made so
    return this.bytesOf(entry).subarray(at, entries[entry + 3] as number);
  }

  /** The message of an entry, always the same node. */
  child(entry: number): Node {
    const { document } = this;
    const { entries } = this;
    const { nodes } = document;
    const at = entries[entry + 2] as number; // entries have four
    if (at < 0) return nodes[~at] as Node; // put there when the entry was made so
    const child = new Node(document, this.bytesOf(entry), at, entries[entry + 3] as number, this);
    entries[entry + 2] = ~(nodes.push(child) - 1);
    return child;
  }

  /** The message in a field that always has one: an absent one is an empty one; several are merged, as protobuf wants. */
  message(tag: number): Node {
    const found = this.find(tag);
    if (found < 0) return this.#adopt(tag, noBytes, 0, 0);
    const { entries } = this;
    for (let entry = found - 4; entry >= this.first; entry -= 4) if (entries[entry] === tag) return this.#merge(tag);
    return this.child(found);
  }

  #merge(tag: number): Node {
    const parts: Uint8Array[] = [];
    const { entries } = this;
    for (let entry = this.first; entry < this.last; entry += 4) {
      if (entries[entry] !== tag) continue;
      parts.push(this.child(entry).encode());
      entries[entry] = 0;
    }
    const bytes = new Uint8Array(Buffer.concat(parts));
    return this.#adopt(tag, bytes, 0, bytes.length);
  }

  /** A child that is not a range of this node's bytes. Not a change by itself. */
  #adopt(tag: number, bytes: Uint8Array, start: number, end: number): Node {
    const child = new Node(this.document, bytes, start, end, this);
    this.#push(tag, bare, ~(this.document.nodes.push(child) - 1), 0);
    return child;
  }

  /** Appends a message with the given content. */
  append(tag: number, bytes: Uint8Array, start: number, end: number): Node {
    this.look();
    this.touch();
    return this.#adopt(tag, bytes, start, end);
  }

  #push(tag: number, start: number, at: number, end: number): number {
    if (this.last === this.room) this.#move();
    const entry = this.last;
    const { entries } = this;
    entries[entry] = tag;
    entries[entry + 1] = start;
    entries[entry + 2] = at;
    entries[entry + 3] = end;
    this.last += 4;
    return entry;
  }

  /** Moves the entries to where there is room for more. Removed ones move too: what iterates counts from `first`. */
  #move(): void {
    const { document } = this;
    const count = this.last - this.first;
    const room = count * 2 + 4 * spare;
    if (document.used + room > document.chunk.length) document.nextChunk(room);
    const first = document.used;
    document.chunk.set(this.entries.subarray(this.first, this.last), first);
    this.entries = document.chunk;
    this.first = first;
    this.last = first + count;
    this.room = first + room;
    document.used = this.room;
  }

  /** Reads fields as if they had another tag of the same wire type. Not a change by itself. */
  retag(from: number, to: number): void {
    this.look();
    const { entries } = this;
    for (let entry = this.first; entry < this.last; entry += 4) {
      if (entries[entry] !== from) continue;
      this.child(entry);
      entries[entry] = to;
      entries[entry + 1] = bare;
    }
  }

  /** Notes that this node was written. */
  touch(): void {
    this.document.encoded = undefined;
    for (let node: Node | undefined = this; node !== undefined && !node.changed; node = node.parent)
      node.changed = true;
  }

  /** Removes the field of an entry. */
  cut(entry: number): void {
    this.entries[entry] = 0;
    this.touch();
  }

  /** Removes all fields with this tag. */
  clear(tag: number): void {
    if (this.find(tag) < 0) return;
    const { entries } = this;
    for (let entry = this.first; entry < this.last; entry += 4) if (entries[entry] === tag) entries[entry] = 0;
    this.touch();
  }

  /** Puts what was written to the scratch bytes since `start`, a field with its tag, in the place of an entry (-1: at the end). */
  put(entry: number, tag: number, start: number): void {
    const { document } = this;
    const { position } = document.scratch;
    // The value of a string or message begins behind its length; of other wire types behind the tag.
    const { bytes } = document.scratch;
    let at = start + varintSize(tag);
    if ((tag & 7) === wireBytes) {
      readVarint(bytes, at, position);
      at = cursor;
    }
    this.putRange(entry, tag, start, at, position);
  }

  /** As `put`, for a field that stands in the scratch bytes from `start` to `end`, its value from `at`. */
  putRange(entry: number, tag: number, start: number, at: number, end: number): void {
    this.touch();
    if (entry < 0) {
      this.look();
      this.#push(tag, ~start, at, end);
      return;
    }
    const { entries } = this;
    entries[entry] = tag;
    entries[entry + 1] = ~start;
    entries[entry + 2] = at;
    entries[entry + 3] = end;
  }

  /** As `put`, for a field of which there is one: others with its tag go. */
  putSingle(tag: number, start: number): void {
    const found = this.find(tag);
    const { entries } = this;
    for (let entry = this.first; entry < found; entry += 4) if (entries[entry] === tag) entries[entry] = 0;
    this.put(found, tag, start);
  }

  /** The content's size when encoded. */
  measure(): number {
    if (!this.changed) return this.end - this.start;
    this.look();
    const { entries } = this;
    const { nodes } = this.document;
    let size = 0;
    for (let entry = this.first; entry < this.last; entry += 4) {
      const tag = entries[entry] as number; // entries have four
      if (tag === 0) continue;
      const start = entries[entry + 1] as number;
      const at = entries[entry + 2] as number;
      if (at < 0 && (start === bare || (nodes[~at] as Node).changed)) {
        const inner = (nodes[~at] as Node).measure(); // put there when the entry was made so
        size += varintSize(tag >>> 0) + varintSize(inner) + inner;
      } else size += (entries[entry + 3] as number) - (start < 0 ? ~start : start);
    }
    return size;
  }

  /** Writes the content. */
  write(out: Writer): void {
    if (!this.changed) {
      out.raw(this.bytes, this.start, this.end);
      return;
    }
    const { entries } = this;
    const { nodes, scratch, root, view } = this.document;
    const own = this.bytes === root.bytes ? view : viewOf(this.bytes);
    let source = this.bytes; // neighbours that lie side by side are copied as one range
    let sourceView = own;
    let from = 0;
    let to = 0;
    for (let entry = this.first; entry < this.last; entry += 4) {
      const tag = entries[entry] as number; // entries have four
      if (tag === 0) continue;
      const start = entries[entry + 1] as number;
      const at = entries[entry + 2] as number;
      if (at < 0 && (start === bare || (nodes[~at] as Node).changed)) {
        const child = nodes[~at] as Node; // put there when the entry was made so
        out.range(source, sourceView, from, to);
        from = to;
        const room = varintSize(child.end - child.start); // its length nearly always takes as many bytes as before
        const content = out.open(tag >>> 0, room);
        child.write(out);
        out.close(content, room);
        continue;
      }
      const origin = start < 0 ? scratch.bytes : this.bytes;
      const begin = start < 0 ? ~start : start;
      if (begin !== to || origin !== source) {
        out.range(source, sourceView, from, to);
        source = origin;
        sourceView = start < 0 ? scratch.view : own;
        from = begin;
      }
      to = entries[entry + 3] as number;
    }
    out.range(source, sourceView, from, to);
  }

  /** The content as bytes: a range of the original where nothing was written. */
  encode(): Uint8Array {
    return this.changed ? putTogether(this, out => out.finish()) : this.bytes.subarray(this.start, this.end);
  }

  /** How many fields have this tag. */
  count(tag: number): number {
    this.look();
    const { entries } = this;
    let count = 0;
    for (let entry = this.first; entry < this.last; entry += 4) if (entries[entry] === tag) count++;
    return count;
  }

  /** A node of its own, in a document of its own. */
  static of(bytes: Uint8Array): Node {
    return new Document(bytes).root;
  }
}
