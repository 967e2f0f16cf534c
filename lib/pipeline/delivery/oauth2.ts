/**
 * Tokens by OAuth 2.0, for clients that act on their own behalf: the grants `client_credentials` (RFC 6749, 4.4) and
 * `jwt-bearer` (RFC 7523). A token is kept until shortly before it expires.
 *
 *     const tokens = oauth2Tokens({ tokenUrl, clientId: () => "id", clientSecret: () => "secret", client });
 *     headers["authorization"] = await tokens.authorization();
 */
import { reasonOf } from "./classify.ts";
import { DeliveryError } from "./errors.ts";
import type { HttpClient, HttpResponse } from "./http.ts";

/** A grant that shows a signed assertion instead of a secret: RFC 7523. */
export const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

export interface OAuth2Options {
  readonly tokenUrl: string;
  readonly clientId: () => string;
  readonly clientSecret: () => string;
  readonly scopes?: readonly string[] | undefined;
  readonly endpointParams?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Signs a JWT instead of showing the secret. */
  readonly jwt?: JwtOptions | undefined;
  /** For the token request. */
  readonly client: HttpClient;
  /** How long before it expires a token is renewed. @default 10 s, as in Go */
  readonly expiryBufferMs?: number;
  /** @default Date.now */
  readonly now?: () => number;
}

export interface JwtOptions {
  /** PEM of an RSA key. */
  readonly key: () => string;
  readonly keyId?: string | undefined;
  /** @default RS256 */
  readonly algorithm?: "RS256" | "RS384" | "RS512" | undefined;
  /** @default the client's id */
  readonly issuer?: string | undefined;
  /** @default the token URL */
  readonly audience?: string | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

export interface TokenSource {
  /** The value of the `Authorization` header. */
  authorization(): Promise<string>;
  /** Forgets a token that a backend does not take any more, such as one that was revoked. */
  refused(authorization: string): void;
}

interface Token {
  readonly header: string;
  readonly expiresAt: number;
  /** A token is only as good as the credentials it was made for. */
  readonly credentials: string;
}

/** Makes a source of tokens; requests that need one at the same time share its request. */
export function oauth2Tokens(options: OAuth2Options): TokenSource {
  const { clientId, clientSecret, expiryBufferMs = 10_000, now = Date.now } = options;
  let token: Token | undefined;
  let pending: Promise<Token> | undefined;
  const style: { inBody?: boolean } = {};
  return {
    async authorization() {
      const credentials = JSON.stringify([clientId(), options.jwt ? options.jwt.key() : clientSecret()]);
      if (token?.credentials === credentials && now() < token.expiresAt - expiryBufferMs) return token.header;
      pending ??= fetchToken(options, style, now).then(({ header, expiresAt }) => ({ header, expiresAt, credentials }));
      try {
        token = await pending;
        return token.header;
      } finally {
        pending = undefined;
      }
    },
    refused(authorization) {
      if (token?.header === authorization) token = undefined;
    },
  };
}

async function fetchToken(options: OAuth2Options, style: { inBody?: boolean }, now: () => number) {
  const form = new URLSearchParams();
  if (options.jwt) {
    form.set("grant_type", jwtBearer);
    form.set("assertion", assertion(options, options.jwt, now()));
  } else {
    form.set("grant_type", "client_credentials");
    if (options.scopes?.length) form.set("scope", options.scopes.join(" "));
    for (const [name, values] of options.endpointParams ?? []) {
      form.delete(name);
      for (const value of values) form.append(name, value);
    }
  }
  const started = now();
  return readToken(await askForToken(options, form, style), options.tokenUrl, started);
}

/** Servers differ in where they want the credentials: first in a header, then in the body, and from then on where it worked (as in Go). */
async function askForToken(
  options: OAuth2Options,
  form: URLSearchParams,
  style: { inBody?: boolean },
): Promise<HttpResponse> {
  const { client, tokenUrl: url } = options;
  const ask = (inBody: boolean) => {
    const all = new URLSearchParams(form);
    const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
    if (!options.jwt && inBody) {
      all.set("client_id", options.clientId());
      if (options.clientSecret()) all.set("client_secret", options.clientSecret());
    } else if (!options.jwt) {
      const pair = `${formEncode(options.clientId())}:${formEncode(options.clientSecret())}`;
      headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
    }
    return client.request({ method: "POST", url, headers, body: Buffer.from(all.toString()), maxBytes: 1 << 20 });
  };
  if (options.jwt || style.inBody !== undefined) return ask(style.inBody ?? false);
  for (const inBody of [false, true]) {
    const answer = await ask(inBody);
    if (answer.status >= 300 && !inBody) continue;
    if (answer.status < 300) style.inBody = inBody;
    return answer;
  }
  throw new Error("unreachable: the second answer is always returned");
}

function readToken(answer: HttpResponse, url: string, started: number) {
  const { origin, pathname } = new URL(url);
  const fail = (reason: string) =>
    // A backend that can't be reached for want of a token gets the data later: the data itself is not at fault.
    new DeliveryError(`oauth2 token request to ${origin}${pathname} ${reason}`, {
      kind: "retry",
      status: answer.status,
    });
  if (answer.status < 200 || answer.status >= 300) {
    const reason = reasonOf(answer);
    throw fail(`was refused, got status ${answer.status}${reason && `: ${reason}`}`);
  }
  const fields = readFields(answer);
  const access = fields?.get("access_token");
  if (!fields || typeof access !== "string" || !access) throw fail("gave no access_token");
  const seconds = Number(fields.get("expires_in") ?? 0);
  return {
    header: `${tokenType(fields.get("token_type"))} ${access}`,
    expiresAt: seconds > 0 ? started + seconds * 1000 : Number.POSITIVE_INFINITY,
  };
}

/** JSON, or a form, which some servers answer. */
function readFields({ body, headers }: HttpResponse): Map<string, unknown> | undefined {
  const text = new TextDecoder().decode(body);
  const type = headers["content-type"]?.split(";")[0]?.trim();
  if (type === "application/x-www-form-urlencoded" || type === "text/plain") return new Map(new URLSearchParams(text));
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed ? new Map(Object.entries(parsed)) : undefined;
  } catch {
    return undefined; // the caller says that there is no token; the body may hold secrets
  }
}

function tokenType(type: unknown): string {
  const known: Readonly<Record<string, string>> = { bearer: "Bearer", mac: "MAC", basic: "Basic" };
  return typeof type === "string" && type ? (known[type.toLowerCase()] ?? type) : "Bearer";
}

function formEncode(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

function assertion({ clientId, scopes, tokenUrl }: OAuth2Options, jwt: JwtOptions, now: number): string {
  const { createSign, randomUUID } = process.getBuiltinModule("node:crypto");
  const { algorithm = "RS256", keyId } = jwt;
  const seconds = Math.floor(now / 1000);
  const claims = {
    iss: jwt.issuer || clientId(),
    sub: clientId(),
    jti: randomUUID(),
    aud: jwt.audience || tokenUrl,
    iat: seconds,
    exp: seconds + 600,
    ...(scopes?.length && { scope: scopes.join(" ") }),
    ...jwt.claims,
  };
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: algorithm, typ: "JWT", ...(keyId && { kid: keyId }) })}.${encode(claims)}`;
  return `${signed}.${createSign(`RSA-SHA${algorithm.slice(2)}`)
    .update(signed)
    .sign(jwt.key(), "base64url")}`;
}
