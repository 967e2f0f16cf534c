/**
 * How the fields of a message are indexed: an entry of four integers each, [tag, start, at, end]. The field with its tag is
 * bytes[start, end), its value begins at `at`. What else an entry can be, node.ts tells.
 */

export const noEntries = new Int32Array(0);

/** Entries kept free behind an index, so that one or two appended fields do not move it. */
export const spare = 2;

/** What must be free in an array of entries before another field is indexed. */
export const roomOfField = 4 * (spare + 1);
