/** Cross-origin requests of browsers, as the Collector's HTTP server answers them: https://fetch.spec.whatwg.org/#http-cors-protocol */
import type { HttpReply, HttpRequest } from "../../../graph/trigger.ts";

export interface CorsArgs {
  /** With `*` for any characters; nobody where empty. */
  readonly allowed_origins: readonly string[];
  readonly allowed_headers: readonly string[];
  readonly exposed_headers: readonly string[];
  readonly max_age: number;
}

/** Headers that may be sent where none are named. */
const usualHeaders = ["accept", "content-type", "x-requested-with"];

/** The answer to a browser that asks whether it may send; `undefined` where the request asks no such thing. */
export function preflight(cors: CorsArgs, { method, headers }: HttpRequest): HttpReply | undefined {
  const wanted = headers["access-control-request-method"];
  if (method !== "OPTIONS" || !wanted) return undefined;
  const vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
  const asked = (headers["access-control-request-headers"] ?? "").split(",").map(name => name.trim().toLowerCase());
  const allowed = cors.allowed_headers.length ? cors.allowed_headers.map(name => name.toLowerCase()) : usualHeaders;
  const mayAll =
    allowed.includes("*") || asked.every(name => name === "" || name === "origin" || allowed.includes(name));
  const origin = originHeaders(cors, headers["origin"]);
  if (!origin || wanted.toUpperCase() !== "POST" || !mayAll) return { status: 204, headers: { vary } };
  return {
    status: 204,
    headers: {
      vary,
      ...origin,
      "access-control-allow-methods": wanted.toUpperCase(),
      ...(headers["access-control-request-headers"] && {
        "access-control-allow-headers": headers["access-control-request-headers"],
      }),
      ...(cors.max_age > 0 && { "access-control-max-age": String(cors.max_age) }),
    },
  };
}

/** The reply with what lets a browser's script see it. */
export function withCors(cors: CorsArgs | undefined, { headers }: HttpRequest, reply: HttpReply): HttpReply {
  if (!cors?.allowed_origins.length) return reply;
  const origin = originHeaders(cors, headers["origin"]);
  const exposed = cors.exposed_headers.join(", ");
  return {
    ...reply,
    headers: {
      ...reply.headers,
      vary: "Origin",
      ...origin,
      ...(origin && exposed && { "access-control-expose-headers": exposed }),
    },
  };
}

function originHeaders({ allowed_origins }: CorsArgs, origin: string | undefined): Record<string, string> | undefined {
  if (!origin || !allowed_origins.some(allowed => matchesOrigin(allowed.toLowerCase(), origin.toLowerCase())))
    return undefined;
  return {
    "access-control-allow-origin": allowed_origins.includes("*") ? "*" : origin,
    "access-control-allow-credentials": "true",
  };
}

function matchesOrigin(allowed: string, origin: string): boolean {
  const [before = "", ...after] = allowed.split("*");
  if (!after.length) return allowed === origin;
  const end = after.join("*");
  return origin.length >= before.length + end.length && origin.startsWith(before) && origin.endsWith(end);
}
