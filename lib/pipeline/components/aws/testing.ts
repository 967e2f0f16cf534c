/** For tests: a small S3 that gives ranges of objects. */
import { createHash } from "node:crypto";
import { type BackendAnswer, type BackendRequest, startBackend } from "../testing.ts";

export interface TestBucket {
  readonly url: string;
  /** By bucket and key: `logs/a b.gz`. Replaced and deleted while it runs. */
  readonly objects: Map<string, Buffer>;
  readonly got: readonly BackendRequest[];
  /** What is asked before each answer; an answer of its own takes the place of the object. */
  interfere: (request: BackendRequest) => BackendAnswer | undefined;
}

export const etagOf = (bytes: Buffer): string => createHash("md5").update(bytes).digest("hex");

/** Listens until the test is over. */
export async function startS3(objects: Readonly<Record<string, Buffer | string>> = {}): Promise<TestBucket> {
  const all = new Map(
    Object.entries(objects).map(([name, content]) => [name, Buffer.from(content as string)] as const),
  ); // or a buffer
  const bucket = { objects: all, interfere: (_: BackendRequest): BackendAnswer | undefined => undefined };
  const { url, got } = await startBackend(request => bucket.interfere(request) ?? answerOf(request, all));
  return Object.assign(bucket, { url, got });
}

const xml = (code: string, message: string) => `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;

function answerOf({ path = "", headers }: BackendRequest, objects: ReadonlyMap<string, Buffer>): BackendAnswer {
  const name = decodeURIComponent(path.split("?", 1)[0]?.slice(1) ?? "");
  const object = objects.get(name);
  if (!object) return { status: 404, body: xml("NoSuchKey", "The specified key does not exist.") };
  const etag = `"${etagOf(object)}"`;
  if (headers["if-match"] !== undefined && headers["if-match"] !== etag)
    return {
      status: 412,
      body: xml("PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    };
  const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? []).map(Number);
  if (from >= object.length)
    return { status: 416, headers: { "content-range": `bytes */${object.length}` }, body: xml("InvalidRange", "") };
  const body = object.subarray(from, to + 1);
  const range = `bytes ${from}-${from + body.length - 1}/${object.length}`;
  return { status: 206, headers: { etag, "content-range": range }, body };
}
