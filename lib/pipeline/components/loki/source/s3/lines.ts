/** Cuts bytes that come in pieces into lines. A line that is too long goes on in parts or cut off, and is never held as a whole. */

export interface LineOptions {
  /** Bytes of a line, without its end. */
  readonly maxBytes: number;
  readonly long: "split" | "truncate";
  /** Offsets of all lines are wanted, which takes longer. */
  readonly offsets: boolean;
}

export interface LinePlace {
  readonly offset: number;
  /** Parts of the line at the offset that are before it. */
  readonly parts: number;
}

/**
 * Takes a line. `offset` is where it begins, and that of the first line of some where offsets are not wanted. `part` counts parts of
 * a long line from 1 and is 0 for a whole one; `parts` is their number with the last of them, 0 before.
 */
export type TakeLine = (text: string, offset: number, part: number, parts: number) => void;

const newline = 10;
const carriageReturn = 13;
const markerBytes = 64;

export class Lines {
  readonly #options: LineOptions;
  readonly #take: TakeLine;
  /** Pieces of a line that has not ended. */
  #carry: Buffer[] = [];
  #carried = 0;
  /** Bytes of a line that were dropped behind what is kept of it. */
  #left = 0;
  #lastLeft = 0;
  /** Where what is carried begins. */
  #offset: number;
  #parts: number;

  constructor(options: LineOptions, { offset, parts }: LinePlace, take: TakeLine) {
    this.#options = options;
    this.#take = take;
    this.#offset = offset;
    this.#parts = parts;
  }

  /** All before it has been given. */
  get place(): LinePlace {
    return { offset: this.#offset, parts: this.#parts };
  }

  push(bytes: Buffer): void {
    const last = bytes.lastIndexOf(newline);
    if (last < 0) {
      this.#hold(bytes);
      return;
    }
    let from = 0;
    if (this.#carried || this.#parts) {
      // the line that has begun before is taken by itself, since parts of it may be gone
      from = bytes.indexOf(newline) + 1;
      this.#hold(bytes.subarray(0, from - 1));
      this.#endLine(1);
    }
    if (from <= last) this.#takeWhole(bytes.subarray(from, last + 1));
    if (last + 1 < bytes.length) this.#hold(bytes.subarray(last + 1));
  }

  /** The last line may have no end. */
  end(): void {
    if (this.#carried) this.#endLine(0);
  }

  /** Lines that are complete. */
  #takeWhole(bytes: Buffer): void {
    const { maxBytes, offsets } = this.#options;
    const lines = offsets ? [] : bytes.toString("utf8", 0, bytes.length - 1).split("\n");
    // a character is at most three bytes for each of its units
    const isLong = (line: string) => line.length * 3 > maxBytes && Buffer.byteLength(line) > maxBytes;
    if (offsets || lines.some(isLong)) {
      this.#takeEach(bytes);
      return;
    }
    const isFirst = this.#offset === 0;
    for (let i = 0; i < lines.length; i++) {
      let line = lines[i] as string; // below its length
      if (i === 0 && isFirst && line.charCodeAt(0) === 0xfeff) line = line.slice(1);
      if (line.charCodeAt(line.length - 1) === carriageReturn) line = line.slice(0, -1);
      this.#take(line, this.#offset, 0, 0);
    }
    this.#offset += bytes.length;
    this.#parts = 0;
  }

  /** The same, with the bytes of each looked at. */
  #takeEach(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(newline, from);
      this.#carry = [bytes.subarray(from, end)];
      this.#carried = end - from;
      this.#endLine(1);
      from = end + 1;
    }
  }

  /** Keeps what may be the begin of a line; what is surely too long goes on at once. */
  #hold(bytes: Buffer): void {
    if (!bytes.length) return;
    const { maxBytes, long } = this.#options;
    const room = maxBytes + 1 - this.#carried; // a carriage return may be part of the line's end
    if (long === "truncate") {
      if (room > 0) this.#carry.push(bytes.subarray(0, room));
      if (bytes.length > room) this.#lastLeft = bytes[bytes.length - 1] as number; // not empty
      this.#left += Math.max(0, bytes.length - Math.max(0, room));
      this.#carried += Math.min(bytes.length, Math.max(0, room));
      return;
    }
    this.#carry.push(bytes);
    this.#carried += bytes.length;
    if (bytes.length > room) this.#takeParts(maxBytes + 1, false);
  }

  /** `terminator`: bytes of the line's end. */
  #endLine(terminator: number): void {
    const { maxBytes, long } = this.#options;
    const total = this.#carried + this.#left;
    if (long === "split" && this.#carried > maxBytes) {
      // what is behind the parts that are given now ends below
      this.#takeParts(maxBytes, true);
    }
    const raw = this.#joined();
    const bytes = raw[raw.length - 1] === carriageReturn && !this.#left ? raw.subarray(0, -1) : raw;
    const start = this.#offset;
    const left = this.#left && this.#lastLeft === carriageReturn ? this.#left - 1 : this.#left;
    if (long === "truncate" && bytes.length + left > maxBytes) {
      const keep = boundaryBefore(bytes, Math.max(0, maxBytes - markerBytes));
      const gone = bytes.length + left - keep;
      this.#take(`${decode(bytes.subarray(0, keep), start)}… (${gone} bytes cut off)`, start, 0, 0);
    } else if (this.#parts) this.#take(decode(bytes, 1), start, this.#parts + 1, this.#parts + 1);
    else this.#take(decode(bytes, start), start, 0, 0);
    this.#offset += (long === "truncate" ? total : raw.length) + terminator;
    this.#parts = 0;
    this.#carry = [];
    this.#carried = 0;
    this.#left = 0;
  }

  /** Gives parts of a line on as long as there is more than so much of it. */
  #takeParts(more: number, isLast: boolean): void {
    const { maxBytes } = this.#options;
    let bytes = this.#joined();
    const length = isLast && bytes[bytes.length - 1] === carriageReturn ? bytes.length - 1 : bytes.length;
    let at = 0;
    while (length - at > more) {
      const end = boundaryBefore(bytes, at + maxBytes);
      this.#take(decode(bytes.subarray(at, end), this.#offset || this.#parts), this.#offset, ++this.#parts, 0);
      this.#offset += end - at;
      at = end;
    }
    bytes = bytes.subarray(at);
    this.#carry = [bytes];
    this.#carried = bytes.length;
  }

  #joined(): Buffer {
    return this.#carry.length === 1 ? (this.#carry[0] as Buffer) : Buffer.concat(this.#carry); // one
  }
}

/** The last place up to `end` that is not within a character. */
function boundaryBefore(bytes: Buffer, end: number): number {
  if (end >= bytes.length) return bytes.length;
  let at = end;
  while (at > end - 4 && at > 0 && ((bytes[at] as number) & 0xc0) === 0x80) at--; // below the length
  return at > end - 4 && at > 0 ? at : end;
}

/** What is no UTF-8 becomes U+FFFD. Only at the very begin U+FEFF says how the text is written. */
function decode(bytes: Buffer, offset: number): string {
  const text = bytes.toString("utf8");
  return offset === 0 && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
