/**
 * Puts each element of a JSON list on a line of its own, as it comes and in its place: no byte moves, so that offsets stay those of the
 * content. What is before the list becomes empty lines, what is behind it is left out. Content without such a list passes as it is.
 */

const [newline, carriageReturn, space, quote, comma, colon, backslash] = Buffer.from('\n\r ",:\\') as unknown as Codes;
type Codes = readonly [number, number, number, number, number, number, number]; // as many as there are
const [openList, closeList, openObject, closeObject] = Buffer.from("[]{}") as unknown as Codes;

/** A list begins within the first bytes of its object, or there is none. */
const maxBefore = 256 * 1024;

export class Elements {
  readonly #key: Buffer;
  #state: "search" | "resumed" | "list" | "behind" | "lines";
  /** What came while the list is searched. */
  #held: Buffer = Buffer.alloc(0);
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** `from`: where in the content the bytes begin, and whether that is in a list. */
  constructor(name: string, from: { readonly offset: number; readonly list?: boolean }) {
    this.#key = Buffer.from(JSON.stringify(name));
    this.#state = from.offset === 0 ? "search" : from.list ? "resumed" : "lines";
  }

  /** A list was found. */
  get isList(): boolean {
    return this.#state !== "search" && this.#state !== "lines";
  }

  /** The lines, as far as they are known. */
  push(bytes: Buffer): Buffer {
    switch (this.#state) {
      case "search":
        return this.#search(bytes);
      case "resumed":
      case "list":
        return this.#cut(Buffer.from(bytes), 0); // a copy, as it is changed
      case "behind":
        return Buffer.alloc(0);
      default:
        return bytes;
    }
  }

  /** What is left when all has come: there is no list in it. */
  end(): Buffer {
    return this.#held;
  }

  #search(bytes: Buffer): Buffer {
    const all = Buffer.concat([this.#held, bytes]);
    const start = startOfList(all.subarray(0, maxBefore), this.#key);
    if (start === undefined && all.length < maxBefore) {
      this.#held = all;
      return Buffer.alloc(0);
    }
    this.#held = Buffer.alloc(0);
    this.#state = start === undefined || start < 0 ? "lines" : "list";
    if (this.#state === "lines") return all;
    all.fill(newline, 0, start);
    return this.#cut(all, start as number); // found
  }

  #cut(bytes: Buffer, start: number): Buffer {
    for (let i = start; i < bytes.length; i++) {
      const byte = bytes[i] as number; // below its length
      if (byte === newline || byte === carriageReturn) bytes[i] = space;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
        continue;
      }
      // what was read before may have ended with the list
      if (this.#state === "resumed" && byte > space) {
        this.#state = byte === comma ? "behind" : "list";
        if (byte === comma) return bytes.subarray(0, 0);
      }
      if (byte === quote) this.#inString = true;
      else if (byte === openList || byte === openObject) this.#depth++;
      else if (byte === comma && !this.#depth) bytes[i] = newline;
      else if ((byte === closeList || byte === closeObject) && --this.#depth < 0) {
        this.#state = "behind";
        bytes[i] = newline;
        return bytes.subarray(0, i + 1);
      }
    }
    return bytes;
  }
}

/** Where the list's first element may begin: of content that is a list, or an object with one; -1 where there is none, `undefined` where it is not here yet. */
function startOfList(bytes: Buffer, key: Buffer): number | undefined {
  if (bytes[0] === 0xef && bytes.length < 3) return undefined;
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const begin = behindSpace(bytes, hasMark ? 3 : 0);
  if (bytes[begin] === openList) return begin + 1;
  if (bytes[begin] !== openObject) return begin < bytes.length ? -1 : undefined;
  let depth = 0;
  for (let i = begin; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === openList || byte === openObject) depth++;
    else if ((byte === closeList || byte === closeObject) && --depth === 0) return -1;
    else if (byte === quote) {
      const from = i;
      i = endOfString(bytes, i);
      if (depth > 1 || !bytes.subarray(from, i + 1).equals(key)) continue;
      const value = behindSpace(bytes, i + 1);
      if (value >= bytes.length) return undefined;
      if (bytes[value] !== colon) continue; // it is no key
      const start = behindSpace(bytes, value + 1);
      if (start >= bytes.length) return undefined;
      if (bytes[start] === openList) return start + 1;
    }
  }
  return undefined;
}

function behindSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) <= space) at++;
  return at;
}

function endOfString(bytes: Buffer, open: number): number {
  let i = open + 1;
  while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
  return i;
}
