/** Reads a configuration from where it is; what did not change since it was read before is not sent again. */
import { environmentCredentials } from "../../../lib/pipeline/delivery/aws-credentials.ts";
import { endpointOf, regionOf } from "../../../lib/pipeline/delivery/aws-endpoints.ts";
import { DeliveryError } from "../../../lib/pipeline/delivery/errors.ts";
import { createHttpClient, type HttpClient, type HttpResponse } from "../../../lib/pipeline/delivery/http.ts";
import { deliver, type RetryPolicy } from "../../../lib/pipeline/delivery/retry.ts";
import { s3Authorizer, s3Reason, s3Url } from "../../../lib/pipeline/delivery/s3.ts";
import { userAgent } from "../../../lib/pipeline/delivery/user-agent.ts";
import { decodeSource } from "../../../lib/pipeline/syntax/source.ts";
import type { RemotePlace } from "./place.ts";

/** A file as it was read. */
export interface RemoteFile {
  /** With the place in front. */
  readonly name: string;
  readonly text: string;
  /** What the server calls this state of it; empty where it has no name. */
  readonly etag: string;
}

export type Files = readonly RemoteFile[];

export interface ReadOptions {
  /** For all requests, with their repetitions. */
  readonly timeoutMs: number;
  /** After a failure that may pass. */
  readonly retries: number;
}

/** Reads; gives the same files again where nothing changed. */
export type ReadFiles = (known: Files | undefined, options: ReadOptions) => Promise<Files>;

/** More than any configuration, and less than what hurts. */
const maxBytes = 16 * 1024 * 1024;
const maxFiles = 1000;

/** Makes what reads a place. `token` is for a server. */
export function readerOf(place: RemotePlace, token: string | undefined): ReadFiles {
  switch (place.kind) {
    case "http":
      return httpReader(place, token);
    case "s3":
      return s3Reader(place);
    default:
      return place satisfies never;
  }
}

/** What bounds one reading, with all its requests and their repetitions. */
interface Limit {
  readonly deadline: number;
  readonly policy: RetryPolicy;
}

/** Asks until there is an answer that is none of throttling or failure. */
const ask = (send: (timeoutMs: number) => Promise<HttpResponse>, { deadline, policy }: Limit): Promise<HttpResponse> =>
  deliver(
    async ({ remainingMs }) => {
      // a server that hangs leaves time for another attempt, if there is to be one
      const answer = await send(Math.max(1, policy.maxRetries ? remainingMs / 2 : remainingMs));
      if (answer.status >= 500 || answer.status === 429)
        throw new DeliveryError(`got status ${answer.status}`, { kind: "retry", status: answer.status });
      return answer;
    },
    { policy, deadline },
  );

const limitOf = ({ timeoutMs, retries }: ReadOptions): Limit => ({
  deadline: Date.now() + timeoutMs,
  policy: { minMs: 100, maxMs: 1000, maxRetries: retries },
});

const fileOf = (name: string, { body, headers }: HttpResponse): RemoteFile => ({
  name,
  text: decodeSource(name, body).source.text,
  etag: headers["etag"] ?? "",
});

function httpReader({ name, url }: RemotePlace & { kind: "http" }, token: string | undefined): ReadFiles {
  const client = createHttpClient({
    headers: {
      "user-agent": userAgent,
      accept: "text/plain, */*;q=0.1",
      ...(token && { authorization: `Bearer ${token}` }),
    },
  });
  return async (known, options) => {
    const [before] = known ?? [];
    const headers = before?.etag ? { "if-none-match": before.etag } : {};
    const answer = await ask(
      limit => client.request({ url, headers, timeoutMs: limit, maxBytes, overflow: "fail" }),
      limitOf(options),
    );
    if (url.protocol === "https:" && !answer.url.startsWith("https:"))
      throw new Error("should be led on to https:// only, got a redirect to http://");
    if (answer.status === 304 && known) return known;
    if (answer.status !== 200) throw new Error(refusalOf(answer, token));
    const file = fileOf(name, answer);
    return before?.text === file.text && known ? known : [file];
  };
}

function refusalOf({ status }: HttpResponse, token: string | undefined): string {
  const hint = token ? "" : ", and AMALGAM_CONFIG_TOKEN is not set";
  return `got status ${status}${status === 401 || status === 403 ? hint : ""}`;
}

type S3Place = RemotePlace & { readonly kind: "s3" };

function s3Reader(place: S3Place): ReadFiles {
  const bucket = new Bucket(place);
  return async (known, options) => {
    const limit = limitOf(options);
    if (!place.folder) {
      const file = await bucket.get(place.key, known?.[0], limit);
      return known && file === known[0] ? known : [file];
    }
    const listed = await bucket.list(limit);
    if (!listed.length) throw new Error("should have an object that ends with .alloy, got none");
    const before = new Map(known?.map(file => [file.name, file]));
    const files = await Promise.all(
      listed.map(({ key, etag }) => {
        const same = before.get(bucket.nameOf(key));
        return same?.etag === etag ? same : bucket.get(key, undefined, limit);
      }),
    );
    const unchanged = known?.length === files.length && files.every((file, i) => file === known[i]);
    return unchanged ? known : files;
  };
}

class Bucket {
  readonly #place: S3Place;
  readonly #clients = new Map<string, HttpClient>();
  #region = regionOf("") || "us-east-1";

  constructor(place: S3Place) {
    this.#place = place;
  }

  nameOf(key: string): string {
    return `s3://${this.#place.bucket}/${key}`;
  }

  /** Gives the known one where it is still that. */
  async get(key: string, known: RemoteFile | undefined, limit: Limit): Promise<RemoteFile> {
    const headers = known?.etag ? { "if-none-match": known.etag } : {};
    const answer = await this.#request(key, {}, headers, limit);
    if (answer.status === 304 && known) return known;
    if (answer.status !== 200) throw new Error(`GetObject was refused, ${refusalOfS3(answer)}`);
    return fileOf(this.nameOf(key), answer);
  }

  /** Objects right below the prefix, as files of a folder are. */
  async list(limit: Limit): Promise<readonly { readonly key: string; readonly etag: string }[]> {
    const found: { key: string; etag: string }[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const query = {
        "list-type": "2",
        delimiter: "/",
        prefix: this.#place.key,
        ...(token && { "continuation-token": token }),
      };
      const answer = await this.#request("", query, {}, limit);
      if (answer.status !== 200) throw new Error(`ListObjectsV2 was refused, ${refusalOfS3(answer)}`);
      const text = Buffer.from(answer.body).toString();
      for (const [, entry = ""] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = field(entry, "Key") ?? "";
        if (key.endsWith(".alloy")) found.push({ key, etag: field(entry, "ETag") ?? "" });
      }
      if (found.length > maxFiles) throw new Error(`should have at most ${maxFiles} objects, got more`);
      token = field(text, "NextContinuationToken");
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** A bucket of another region says which one, and is asked there. */
  async #request(
    key: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    limit: Limit,
  ): Promise<HttpResponse> {
    const send = () => {
      const region = this.#region;
      const url = s3Url(
        { bucket: this.#place.bucket, key },
        { endpoint: endpointOf("", "S3"), pathStyle: false, region },
      );
      url.search = new URLSearchParams(query).toString().replaceAll("+", "%20");
      const client = this.#client(region);
      return ask(timeoutMs => client.request({ url, headers, timeoutMs, maxBytes, overflow: "fail" }), limit);
    };
    const answer = await send();
    const region = answer.headers["x-amz-bucket-region"];
    if (answer.status < 300 || answer.status === 304 || !region || region === this.#region) return answer;
    this.#region = region;
    return send();
  }

  #client(region: string): HttpClient {
    const known = this.#clients.get(region);
    if (known) return known;
    const client = createHttpClient({
      authorize: s3Authorizer({ region, credentials: environmentCredentials }),
      headers: { "user-agent": userAgent },
      followRedirects: false,
    });
    this.#clients.set(region, client);
    return client;
  }
}

/** S3 hides from those who may not list a bucket what is not there. */
function refusalOfS3(answer: HttpResponse): string {
  const reason = s3Reason(answer);
  const hint =
    answer.status === 403 ? " (or there is no such object: S3 says so only to those with s3:ListBucket)" : "";
  return `got status ${answer.status}${reason && `: ${reason}`}${hint}`;
}

const field = (xml: string, name: string): string | undefined => {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(amp|lt|gt|quot|apos|#(\d+)|#x([0-9a-f]+));/gi, (_, entity: string, decimal, hex) => {
    if (decimal ?? hex) return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
    return entities[entity.toLowerCase()] ?? "";
  });
};

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
