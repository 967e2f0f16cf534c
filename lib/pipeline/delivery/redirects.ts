/** Where an answer leads to, by the rules of Go's HTTP client. */
import { DeliveryError } from "./errors.ts";
import type { HttpResponse, OutgoingRequest } from "./http.ts";
import { nameOf, sameSite } from "./sites.ts";

/** Go's rules (net/http, `redirectBehavior` and `shouldCopyHeaderOnRedirect`). */
export function redirected(
  { method, url, headers, body }: OutgoingRequest,
  response: HttpResponse,
  first: URL,
): OutgoingRequest | undefined {
  const { status } = response;
  const keepsMethod = status === 307 || status === 308;
  if (!keepsMethod && status !== 301 && status !== 302 && status !== 303) return undefined;
  const location = response.headers["location"];
  if (!location) return undefined;
  let target: URL;
  try {
    target = new URL(location, url);
  } catch (cause) {
    throw new DeliveryError(`${nameOf(url)}: redirected to ${JSON.stringify(location)}, which is no URL`, {
      kind: "reject",
      cause,
    });
  }
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new DeliveryError(`${nameOf(url)}: redirected to an unsupported protocol, got ${target.protocol}`, {
      kind: "reject",
    });
  }
  const kept = { ...headers };
  if (!sameSite(first, target)) for (const name of credentialHeaders) delete kept[name];
  if (keepsMethod) return { method, url: target, headers: kept, body };
  for (const name of ["content-type", "content-encoding", "content-length"]) delete kept[name];
  return { method: method === "HEAD" ? "HEAD" : "GET", url: target, headers: kept, body: undefined };
}

const credentialHeaders = ["authorization", "www-authenticate", "cookie", "cookie2", "proxy-authorization"];
