/** Places of letters as users write them: `s3://BUCKET/PREFIX`, `sqs:QUEUE_URL`, `sqs:QUEUE_URL,s3://BUCKET/PREFIX`. */

export interface S3Letters {
  readonly bucket: string;
  /** Without slashes around it; may be empty. */
  readonly prefix: string;
}

export interface QueuePlace {
  readonly kind: "sqs";
  readonly queueUrl: string;
  /** For letters that are larger than a message. */
  readonly larger: S3Letters | undefined;
}

export type LetterPlace = ({ readonly kind: "s3" } & S3Letters) | QueuePlace;

/** The place that a text names in a cloud; `undefined` where it names none. */
export function letterPlace(text: string): LetterPlace | undefined {
  const s3 = s3Letters(text);
  if (s3) return { kind: "s3", ...s3 };
  const place = queuePlace(text);
  return place?.queueUrl.endsWith(fifo) ? undefined : place;
}

/** The FIFO queue where data waits, and the bucket for what is larger than a message: `sqs:QUEUE_URL.fifo,s3://BUCKET/PREFIX`. */
export function handOverPlace(text: string): QueuePlace | undefined {
  const place = queuePlace(text);
  return place?.queueUrl.endsWith(fifo) ? place : undefined;
}

const fifo = ".fifo";

function queuePlace(text: string): QueuePlace | undefined {
  const [, queueUrl = "", more] = /^sqs:([^,]+)(?:,(.*))?$/s.exec(text) ?? [];
  const larger = more === undefined ? undefined : s3Letters(more);
  if (!/^https?:\/\/[^/]+\/./.test(queueUrl) || !URL.canParse(queueUrl)) return undefined;
  return more !== undefined && !larger ? undefined : { kind: "sqs", queueUrl, larger };
}

function s3Letters(text: string): S3Letters | undefined {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/,]+)(?:\/([^,]*))?$/.exec(text) ?? [];
  return bucket === undefined ? undefined : { bucket, prefix: prefix.replace(/^\/+|\/+$/g, "") };
}

/** What places look like, for messages. */
export const letterPlaces =
  "s3://BUCKET/PREFIX, sqs:QUEUE_URL (of a standard queue) or sqs:QUEUE_URL,s3://BUCKET/PREFIX";
