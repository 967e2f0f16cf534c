/** Letters in a bucket of S3: `PREFIX/yyyy/mm/dd/hh/ID.letter`, the bytes of the folder's files, larger ones with gzip. */
import type { LetterBox } from "./dead-letters.ts";
import { timeOfId } from "./dead-letters-form.ts";
import { ObjectLetters, type Objects } from "./dead-letters-objects.ts";
import { type Bucket, openBucket } from "./s3.ts";

const gzipFrom = 1024;

export function s3DeadLetters({ bucket, prefix }: { readonly bucket: string; readonly prefix: string }): LetterBox {
  return new ObjectLetters(objectsBelow(openBucket(bucket), prefix === "" ? "" : `${prefix}/`), {
    folderOf: hourOf,
    pack: bytes => (bytes.length > gzipFrom ? process.getBuiltinModule("node:zlib").gzipSync(bytes) : bytes),
  });
}

/** `2026/11/21/14/`, in UTC. */
const hourOf = (id: string): string =>
  `${new Date(timeOfId(id)).toISOString().slice(0, 13).replaceAll("-", "/").replace("T", "/")}/`;

const objectsBelow = (bucket: Bucket, prefix: string): Objects => ({
  put: (key, bytes) => bucket.put(prefix + key, bytes, { "content-type": "application/octet-stream" }),
  get: key => bucket.get(prefix + key),
  delete: key => bucket.delete(prefix + key),
  async *keys({ prefix: below, after }) {
    const start = after === undefined ? {} : { after: prefix + after };
    for await (const key of bucket.keys({ prefix: prefix + below, ...start })) yield key.slice(prefix.length);
  },
  close: () => bucket.close(),
});
