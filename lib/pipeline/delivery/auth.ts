/**
 * Checks who sends a request that comes in. Comparisons take the same time whatever is wrong.
 *
 *     const authenticate = basicAuthenticator(htpasswd(text));
 *     const result = await authenticate(request.headers);
 *     if (!result.ok) return result.reply; // 401
 *     result.attributes.get("username");
 */
import type { HttpReply } from "../graph/trigger.ts";
import { constantTimeEqual } from "./constant-time.ts";
import type { VerifyPassword } from "./htpasswd.ts";

export type AuthResult =
  | { readonly ok: true; readonly attributes: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly reply: HttpReply };

/** Takes headers with names in lower case. */
export type Authenticator = (headers: Readonly<Record<string, string | undefined>>) => Promise<AuthResult>;

/** Basic authentication; attributes and messages are those of the Collector's basicauth extension. */
export function basicAuthenticator(verify: VerifyPassword): Authenticator {
  const refuse = refusal('Basic realm="amalgam", charset="UTF-8"');
  return async ({ authorization }) => {
    if (!authorization) return refuse("no basic auth provided");
    const [, encoded] = /^basic (.*)$/i.exec(authorization) ?? [];
    if (encoded === undefined) return refuse("invalid authorization scheme prefix");
    const decoded = decodeBase64(encoded);
    const colon = decoded?.indexOf(":") ?? -1;
    if (decoded === undefined || colon < 0) return refuse("invalid authorization format");
    const username = decoded.slice(0, colon);
    if (!(await verify(username, decoded.slice(colon + 1)))) return refuse("invalid credentials");
    return { ok: true, attributes: new Map([["username", username], ["raw", encoded]]) }; // biome-ignore format: pairs
  };
}

/** One user, from a configuration. */
export function singleUser(user: () => string, password: () => string): VerifyPassword {
  return async (givenUser, givenPassword) => {
    const sameUser = constantTimeEqual(givenUser, user());
    const samePassword = constantTimeEqual(givenPassword, password());
    return sameUser && samePassword;
  };
}

export interface BearerOptions {
  /** All that are accepted; asked at each request. */
  readonly tokens: () => readonly string[];
  /** Empty: the header holds nothing but the token. @default Bearer */
  readonly scheme?: string;
  /** @default Authorization */
  readonly header?: string;
}

/** A token in a header; messages are those of the Collector's bearertokenauth extension, without the token. */
export function bearerAuthenticator({
  tokens,
  scheme = "Bearer",
  header = "Authorization",
}: BearerOptions): Authenticator {
  const refuse = refusal(scheme || "Bearer");
  const name = header.toLowerCase();
  return async headers => {
    const given = headers[name];
    if (!given) return refuse(`missing or empty authorization header: ${header}`);
    let found = false;
    for (const token of tokens()) {
      // No short cut: which of the tokens fits is nobody's business.
      if (constantTimeEqual(given, scheme ? `${scheme} ${token}` : token)) found = true;
    }
    return found ? { ok: true, attributes: new Map() } : refuse("scheme or token does not match");
  };
}

function refusal(challenge: string): (message: string) => AuthResult {
  return message => ({
    ok: false,
    reply: {
      status: 401,
      headers: { "www-authenticate": challenge, "content-type": "text/plain; charset=utf-8" },
      body: `${message}\n`,
    },
  });
}

/** Strict, as Go's: `Buffer` passes over what is no base64. */
function decodeBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, "base64").toString("utf8");
}
