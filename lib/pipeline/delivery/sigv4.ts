/**
 * Signs requests to AWS: Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
 *
 *     const authorize = sigv4Authorizer({ region: "eu-central-1", service: "aps", credentials: awsCredentials({}) });
 *     const client = buildClient(args, { authorize });
 */
import { DeliveryError } from "./errors.ts";
import type { Authorize, HttpResponse, OutgoingRequest } from "./http.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What a request shows of its credentials. */
export type RefusedCredentials = Pick<AwsCredentials, "accessKeyId" | "sessionToken">;

export interface CredentialSource {
  (): Promise<AwsCredentials>;
  /** Told of credentials that have expired before their time; others are got then. */
  readonly refused?: (credentials: RefusedCredentials) => void;
}

export interface SigningOptions {
  readonly region: string;
  readonly service: string;
  readonly credentials: AwsCredentials;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

// They change on the way, or name the way itself.
const unsignedHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "uber-trace-id",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

/** Adds `x-amz-date`, `x-amz-security-token` and `authorization` to the headers of a request. */
export function signRequest(request: OutgoingRequest, { region, service, credentials, now }: SigningOptions): void {
  const { headers } = request;
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  const date = time.slice(0, 8);
  headers["x-amz-date"] = time;
  if (credentials.sessionToken) headers["x-amz-security-token"] = credentials.sessionToken;
  else delete headers["x-amz-security-token"];
  const { names, text } = canonicalHeaders(request);
  const { pathname, searchParams } = request.url;
  const body = sha256(request.body ?? "");
  const canonical = [
    request.method,
    canonicalPath(pathname, service),
    canonicalQuery(searchParams),
    text,
    names,
    body,
  ].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`;
  const signature = hmac(signingKey(credentials.secretAccessKey, date, region, service), toSign).toString("hex");
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

function canonicalHeaders({ headers, url }: OutgoingRequest): { names: string; text: string } {
  const fields = new Map<string, string>([["host", url.host]]);
  for (const [name, value] of Object.entries(headers)) {
    if (unsignedHeaders.has(name)) continue;
    const values = typeof value === "string" ? [value] : value;
    fields.set(name, values.map(text => text.trim().replace(/ +/g, " ")).join(","));
  }
  const names = [...fields.keys()].sort();
  return { names: names.join(";"), text: names.map(name => `${name}:${fields.get(name)}\n`).join("") };
}

/** All services but S3 sign the path encoded once more, and without empty segments. */
function canonicalPath(pathname: string, service: string): string {
  if (service === "s3") return pathname;
  return pathname
    .replace(/\/{2,}/g, "/")
    .split("/")
    .map(encode)
    .join("/");
}

function canonicalQuery(params: URLSearchParams): string {
  const pairs = [...params].map(([name, value]) => [encode(name), encode(value)] as const);
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

/** RFC 3986: `encodeURIComponent` leaves five characters that it should not. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

let lastKey: { readonly of: string; readonly key: Buffer } | undefined;

/** The key of a day, kept because the same one signs all requests until midnight. */
function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  const of = JSON.stringify([secret, date, region, service]);
  if (lastKey?.of !== of) {
    const key = [region, service, "aws4_request"].reduce(hmac, hmac(`AWS4${secret}`, date));
    lastKey = { of, key };
  }
  return lastKey.key;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return process.getBuiltinModule("node:crypto").createHmac("sha256", key).update(text).digest();
}

function sha256(data: string | Uint8Array): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(data).digest("hex");
}

export interface Sigv4Options {
  /** @default that of the host, otherwise AWS_REGION or AWS_DEFAULT_REGION */
  readonly region?: string | undefined;
  /** @default that of the host */
  readonly service?: string | undefined;
  readonly credentials: CredentialSource;
  /** @default Date.now */
  readonly now?: () => number;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** How services of AWS say that credentials were good once, by a name or without: docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const expired =
  /\b(?:ExpiredToken(?:Exception)?|RequestExpired|TokenRefreshRequired)\b|\bsecurity token [\w ]*expired\b/i;
const maxTextBytes = 2048;

function saysExpired({ headers, body }: HttpResponse): boolean {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, maxTextBytes)).toString("latin1");
  return expired.test(headers["x-amzn-errortype"] ?? "") || expired.test(text);
}

/** Signs each request of a client; one whose credentials have expired is signed anew where there are others, and may pass later where there are none. */
export function sigv4Authorizer({
  region,
  service,
  credentials,
  now = Date.now,
  environment = process.env,
}: Sigv4Options): Authorize {
  const sign = async (request: OutgoingRequest) => {
    const inferred = inferTarget(request.url.hostname);
    const target = {
      service: service || inferred?.service || "",
      region: region || inferred?.region || environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "",
    };
    if (!target.region) throw new Error("sigv4 should have a region, from its arguments, the host or AWS_REGION");
    if (!target.service) throw new Error("sigv4 should have a service, from its arguments or the host");
    signRequest(request, { ...target, credentials: await credentials(), now: now() });
  };
  const renew = async ({ headers }: OutgoingRequest, answer: HttpResponse) => {
    if (!saysExpired(answer)) return false;
    const accessKeyId = /Credential=([^/]+)\//.exec(String(headers["authorization"]))?.[1] ?? "";
    const token = headers["x-amz-security-token"];
    const sessionToken = token === undefined ? undefined : String(token);
    credentials.refused?.({ accessKeyId, sessionToken });
    const found = await credentials();
    if (found.accessKeyId !== accessKeyId || found.sessionToken !== sessionToken) return true;
    const { status } = answer;
    throw new DeliveryError(`credentials of AWS have expired and there are no others yet, got status ${status}`, {
      kind: "retry", // the answer's text may have them in it
      status,
    });
  };
  return Object.assign(sign, { renew });
}

// How the Collector's sigv4auth extension reads a host: `aps-workspaces.us-east-1.amazonaws.com`.
const knownHosts = [
  { prefix: "aps-workspaces", service: "aps" },
  { prefix: "search-", service: "es" },
  { prefix: "logs", service: "logs" },
  { prefix: "xray", service: "xray" },
];

function inferTarget(host: string): { service: string; region: string } | undefined {
  const known = knownHosts.find(({ prefix }) => host.startsWith(prefix));
  const region = host.split(".")[1];
  return known && region ? { service: known.service, region } : undefined;
}
