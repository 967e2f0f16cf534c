/**
 * Objects of S3, or of what speaks its protocol, by requests of our own: an SDK would be most of a cold start.
 *
 *     const bucket = openBucket("letters", awsCredentials({}));
 *     await putObject(bucket, "2026/11/a.letter", bytes);
 *     for await (const key of objectKeys(bucket, { prefix: "2026/" })) await getObject(bucket, key);
 */
import { awsDomain, endpointOf, regionOf } from "./aws-endpoints.ts";
import { DeliveryError } from "./errors.ts";
import { type Authorize, createHttpClient, type HttpClient, type HttpResponse, type OutgoingRequest } from "./http.ts";
import { deliver, type RetryPolicy } from "./retry.ts";
import { type AwsCredentials, type Sigv4Options, sigv4Authorizer } from "./sigv4.ts";
import { userAgent } from "./user-agent.ts";

export interface S3Place {
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
}

export interface S3Endpoint {
  /** URL of a service that is not AWS. */
  readonly endpoint?: string | undefined;
  /** Puts the bucket into the path instead of the host's name. */
  readonly pathStyle: boolean;
  readonly region: string;
}

/** Where an object is: with the bucket in the host's name where names of hosts allow it, as the SDKs do. */
export function s3Url({ bucket, key }: S3Place, { endpoint, pathStyle, region }: S3Endpoint): URL {
  const url = new URL(endpoint ?? `https://s3.${region}.${awsDomain(region)}/`);
  const fits =
    /^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*$/.test(bucket) && !(url.protocol === "https:" && bucket.includes("."));
  const isAddress = /^[\d.]+$|^\[/.test(url.hostname);
  const inHost = fits && !pathStyle && !isAddress;
  if (inHost) url.hostname = `${bucket}.${url.hostname}`;
  const before = url.pathname.replace(/\/$/, "");
  url.pathname = `${before}${inHost ? "" : `/${encodePart(bucket)}`}/${key.split("/").map(encodePart).join("/")}`;
  return url;
}

/** As signatures want it, which is more than URLs need. */
const encodePart = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);

/** Signs requests to S3, which wants the digest of a body in a header, too. */
export function s3Authorizer(options: Omit<Sigv4Options, "service">): Authorize {
  const sign = sigv4Authorizer({ ...options, service: "s3" });
  return Object.assign(
    (request: OutgoingRequest) => {
      const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
      request.headers["x-amz-content-sha256"] = hash.update(request.body ?? "").digest("hex");
      return sign(request);
    },
    { renew: sign.renew },
  );
}

/** `NoSuchKey: The specified key does not exist.`, of an error that S3 answers in XML; empty where it says nothing. */
export function s3Reason(answer: HttpResponse): string {
  const parts = [field(answer, "Code"), field(answer, "Message")];
  return parts.filter(part => part !== undefined && part !== "").join(": ");
}

const field = ({ body }: HttpResponse, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(Buffer.from(body).toString())?.[1];

/** A bucket, and the connections to it. */
export interface Bucket {
  readonly name: string;
  readonly endpoint: S3Endpoint;
  readonly client: HttpClient;
}

const policy: RetryPolicy = { minMs: 100, maxMs: 2000, maxRetries: 2 };
/** Who waits for a put may have little time: a function has to answer its trigger. */
const putTimeoutMs = 5000;
const maxObjectBytes = 256 * 1024 * 1024;

/** A bucket at the endpoint of the environment; nothing is connected before the first call. */
export function openBucket(name: string, credentials: () => Promise<AwsCredentials>): Bucket {
  const set = regionOf("");
  const endpoint = endpointOf("", "S3");
  if (set === "" && endpoint === undefined) throw new Error("AWS_REGION should be set for a bucket of S3, got none");
  const region = set || "us-east-1";
  const client = createHttpClient({
    authorize: s3Authorizer({ region, credentials }),
    timeoutMs: 20_000,
    headers: { "user-agent": userAgent },
  });
  return { name, endpoint: { endpoint, pathStyle: false, region }, client };
}

/** Resolves when the object is stored; one of the same key is replaced. */
export async function putObject(bucket: Bucket, key: string, body: Uint8Array): Promise<void> {
  const headers = { "content-type": "application/octet-stream" };
  await call(bucket, "PutObject", { method: "PUT", key, body, headers, timeoutMs: putTimeoutMs });
}

export async function getObject(bucket: Bucket, key: string): Promise<Uint8Array | undefined> {
  const answer = await call(bucket, "GetObject", { method: "GET", key });
  return answer.status === 404 ? undefined : answer.body;
}

/** Resolves when there is no such object. */
export async function deleteObject(bucket: Bucket, key: string): Promise<void> {
  await call(bucket, "DeleteObject", { method: "DELETE", key });
}

/** In the order of their bytes, those of a prefix, behind a key. */
export async function* objectKeys(
  bucket: Bucket,
  { prefix, after }: { readonly prefix: string; readonly after?: string },
): AsyncIterable<string> {
  let token: string | undefined;
  do {
    const query = {
      "list-type": "2",
      prefix,
      ...(after !== undefined && { "start-after": after }),
      ...(token !== undefined && { "continuation-token": token }),
    };
    const answer = await call(bucket, "ListObjectsV2", { method: "GET", key: "", query });
    if (answer.status === 404) throw new Error(`bucket ${bucket.name} should exist, got ${s3Reason(answer)}`);
    for (const [, key = ""] of Buffer.from(answer.body)
      .toString()
      .matchAll(/<Key>([^<]*)<\/Key>/g))
      yield unescapeXml(key);
    const next = field(answer, "NextContinuationToken");
    token = next === undefined ? undefined : unescapeXml(next);
  } while (token !== undefined);
}

/** Any answer that is none of success or 404 is an error. */
function call(
  { name, endpoint, client }: Bucket,
  action: string,
  { method, key, body, query = {}, headers = {}, timeoutMs }: S3Request,
): Promise<HttpResponse> {
  const url = s3Url({ bucket: name, key }, endpoint);
  url.search = new URLSearchParams(query).toString().replaceAll("+", "%20");
  return deliver(
    async () => {
      const request = { method, url, headers, body, timeoutMs };
      const answer = await client.request({ ...request, maxBytes: maxObjectBytes, overflow: "fail" });
      const { status } = answer;
      if ((status >= 200 && status < 300) || (status === 404 && method === "GET")) return answer;
      const reason = s3Reason(answer);
      const kind = status >= 500 || status === 429 ? "retry" : "reject";
      const text = `${action} in bucket ${name} was refused, got status ${status}${reason && `: ${reason}`}`;
      throw new DeliveryError(text, { kind, status });
    },
    { policy },
  );
}

interface S3Request {
  readonly method: string;
  readonly key: string;
  readonly body?: Uint8Array;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex: string, decimal: string, name: string) =>
    hex || decimal ? String.fromCodePoint(Number.parseInt(hex || decimal, hex ? 16 : 10)) : (entities[name] ?? whole),
  );
