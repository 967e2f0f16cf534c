/** Letters in a bucket of S3, to be read. */
import type { LetterBox } from "./dead-letters.ts";
import { ObjectLetters, type Objects } from "./dead-letters-objects.ts";
import type { S3Letters } from "./dead-letters-place.ts";
import { type BucketLetters, bucketLetters, type Credentials, hourOf, putLetter } from "./dead-letters-send.ts";
import { deleteObject, getObject, objectKeys, putObject } from "./s3.ts";

export function s3DeadLetters(place: S3Letters, credentials: Credentials): LetterBox {
  const letters = bucketLetters(place, credentials);
  return new ObjectLetters(objectsOf(letters), {
    folderOf: hourOf,
    put: (id, letter) => putLetter(letters, id, letter),
  });
}

const objectsOf = ({ bucket, prefix }: BucketLetters): Objects => ({
  put: (key, bytes) => putObject(bucket, prefix + key, bytes),
  get: key => getObject(bucket, prefix + key),
  delete: key => deleteObject(bucket, prefix + key),
  async *keys({ prefix: below, after }) {
    const start = after === undefined ? {} : { after: prefix + after };
    for await (const key of objectKeys(bucket, { prefix: prefix + below, ...start })) yield key.slice(prefix.length);
  },
  close: () => bucket.client.close(),
});
