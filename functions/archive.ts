/** A zip with the files of a function, the same bytes for the same files, wherever and whenever it is made. */
import { zipSync } from "fflate";

/** Near ZIP's beginning, in the computer's own time zone, since the format has none; at noon, which every zone has. */
const mtime = (): Date => new Date(1980, 0, 2, 12);

/** Readable by everyone: Lambda runs functions as another user than the one who uploads them. */
const readable = 0o100644 << 16;

/** Compressed by a program that is the same on every processor; Node's own gives other bytes on others. */
export function archive(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return zipSync(
    Object.fromEntries(
      entries.map(([name, bytes]) => [name, [bytes, { level: 9, mtime: mtime(), os: 3, attrs: readable }]]),
    ),
  );
}
