/** A letter as bytes: a line of JSON, then the body. Its id begins with its time, so that ids sort as letters came. */
import type { DeadLetter } from "./dead-letters.ts";
import { messageOf } from "./errors.ts";

/** An id for a new letter. */
export const newLetterId = ({ time }: DeadLetter): string =>
  `${stampOf(time)}-${process.getBuiltinModule("node:crypto").randomUUID()}`;

/** What ids of letters of a time begin with. */
export const stampOf = (time: number): string => String(Math.max(0, Math.floor(time))).padStart(14, "0");

export const timeOfId = (id: string): number => Number(id.slice(0, 14));

/** Ids come from outside, such as the command line: no way out of a folder. */
export const isLetterId = (id: string): boolean => /^\d{14}-[\w-]+$/.test(id);

export const headerOf = ({ body: _, ...header }: DeadLetter): string => JSON.stringify(header);

export function letterBytes(letter: DeadLetter): Buffer {
  return Buffer.concat([Buffer.from(`${headerOf(letter)}\n`), letter.body]);
}

/** No writer makes a request that is larger. */
const maxBytes = 512 * 1024 * 1024;

/** Throws where the bytes are no letter. */
export function readLetter(stored: Uint8Array): DeadLetter {
  const bytes = isGzip(stored)
    ? process.getBuiltinModule("node:zlib").gunzipSync(stored, { maxOutputLength: maxBytes })
    : Buffer.from(stored);
  const end = bytes.indexOf(10);
  return { ...readHeader(bytes.toString("utf8", 0, Math.max(0, end))), body: new Uint8Array(bytes.subarray(end + 1)) };
}

/** No letter begins as these bytes do. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Reads the text of a message in a queue: the letter's line of JSON, then its body in base64, which may be elsewhere. */
export function readMessage(text: string): DeadLetter {
  const end = text.indexOf("\n");
  return {
    ...readHeader(text.slice(0, Math.max(0, end))),
    body: new Uint8Array(Buffer.from(text.slice(end + 1), "base64")),
  };
}

/** Reads a letter's line of JSON, also of versions that wrote less. */
export function readHeader(text: string): Omit<DeadLetter, "body"> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw new Error(`a letter should begin with a line of JSON, but ${messageOf(cause)}`, { cause });
  }
  const fields = Object(header) as Partial<DeadLetter>; // what is needed of it is looked at below
  const { component, destination, reason, time } = fields;
  if (typeof component !== "string" || typeof destination !== "string" || typeof reason !== "string")
    throw new Error("a letter should have texts as component, destination and reason, got others");
  if (typeof time !== "number") throw new Error(`a letter's time should be a number, got ${String(time)}`);
  const { contentType = "application/octet-stream", metadata = {} } = fields;
  return { ...fields, component, destination, reason, time, contentType, metadata };
}
