/** HTTP events of all kinds meet here: find the route, bound the body, call the component, turn a failure into a status. */
import { DeliveryError, messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { HttpReply, HttpRequest, Route } from "../../lib/pipeline/graph/trigger.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { errorAt } from "../../lib/pipeline/syntax/diagnostic.ts";
import type { Call } from "./call.ts";

/** A request as a gateway hands it over: its body is still text or base64. */
export interface GatewayRequest {
  readonly method: string;
  /** Where the route may be found; the first that leads to one counts. Gateways prefix paths with stages and mappings. */
  readonly paths: readonly string[];
  /** Without `?`. */
  readonly query: string;
  /** Names in lower case; repeated headers joined with a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string | null | undefined;
  readonly base64: boolean;
}

/** Answers a request with the component whose route it names. */
export async function answer(pipeline: Pipeline, request: GatewayRequest, call: Call): Promise<HttpReply> {
  const routes = routesOf(pipeline);
  const path = request.paths.find(each => routes.some(route => route.path === each)) ?? request.paths[0] ?? "/";
  const here = routes.filter(route => route.path === path);
  const route = here.find(({ method }) => method === undefined || method === request.method);
  if (!route) return here.length ? methodNotAllowed(here) : unrouted(request);
  if (call.own?.isRequest(request.headers)) {
    call.own.drop(ownerOf(pipeline, route), 1); // a request, since nobody looks into it
    return { status: 200 }; // anything else would come again
  }
  if (bodyLength(request) > route.maxBodyBytes) return tooLarge(route);
  const { method, query, headers } = request;
  const light: HttpRequest = { method, path, query, headers, body: bodyOf(request) };
  try {
    return await pipeline.drain(call.inTime(route.handle(light, call.invocation)));
  } catch (error) {
    const reply = failed(error);
    call.invocation.log.error("request failed", { path, status: reply.status, error: messageOf(error) });
    return reply;
  }
}

const ownerOf = ({ triggers }: Pipeline, route: Route): string =>
  triggers.find(({ trigger }) => trigger.kind === "http" && trigger.routes.includes(route))?.component ?? "";

const routesOf = (pipeline: Pipeline): readonly Route[] =>
  pipeline.triggers.flatMap(({ trigger }) => (trigger.kind === "http" ? trigger.routes : []));

/** A function has one address for all listeners, so a path must lead to one component: what collides is a mistake in the configuration. */
export function checkRoutes(pipeline: Pipeline): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const owners = new Map<string, string>();
  for (const { component, trigger } of pipeline.triggers) {
    if (trigger.kind !== "http") continue;
    for (const { path, method } of trigger.routes) {
      const other = owners.get(`${method ?? ""} ${path}`) ?? owners.get(` ${path}`);
      const node = pipeline.component(component)?.node;
      if (other !== undefined && other !== component && node)
        diagnostics.push(
          errorAt(
            node.source,
            node.block,
            `${component} answers ${path}, but so does ${other}: a function has one address, so that paths must differ`,
          ),
        );
      else owners.set(`${method ?? ""} ${path}`, component);
    }
  }
  return diagnostics;
}

/** Bytes of the body once decoded, without decoding it. */
function bodyLength({ body, base64 }: GatewayRequest): number {
  if (!body) return 0;
  return base64 ? Buffer.byteLength(body, "base64") : Buffer.byteLength(body);
}

const bodyOf = ({ body, base64 }: GatewayRequest): Uint8Array => Buffer.from(body ?? "", base64 ? "base64" : "utf8");

const plain = { "content-type": "text/plain; charset=utf-8" };

/** Load balancers ask a function for its health at a path of their own; one that runs is well. */
const unrouted = ({ headers }: GatewayRequest): HttpReply =>
  headers["user-agent"]?.startsWith("ELB-HealthChecker/")
    ? { status: 200, headers: plain, body: "ok\n" }
    : { status: 404, headers: plain, body: "404 page not found\n" };

const methodNotAllowed = (routes: readonly Route[]): HttpReply => ({
  status: 405,
  headers: { ...plain, allow: [...new Set(routes.map(({ method }) => method))].join(", ") },
  body: "method not allowed\n",
});

const tooLarge = ({ maxBodyBytes }: Route): HttpReply => ({
  status: 413,
  headers: plain,
  body: `request body exceeds ${maxBodyBytes} bytes\n`,
});

/** Components answer for themselves; what reaches the adapter as an error is a status that tells the client whether to come again. */
function failed(error: unknown): HttpReply {
  if (!(error instanceof DeliveryError)) return { status: 500, headers: plain, body: "internal error\n" };
  const body = `${error.message}\n`;
  if (!error.retryable) return { status: error.kind === "split" ? 413 : 400, headers: plain, body };
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000));
  return { status: error.status === 429 ? 429 : 503, headers: { ...plain, "retry-after": String(seconds) }, body };
}

/** A reply as the JSON of an answer carries it: text as it is, anything else in base64. */
export function encodeBody({ body, headers }: HttpReply): { readonly body: string; readonly isBase64Encoded: boolean } {
  if (body === undefined) return { body: "", isBase64Encoded: false };
  if (typeof body === "string") return { body, isBase64Encoded: false };
  const { buffer, byteOffset, byteLength } = body;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return isText(headers)
    ? { body: bytes.toString("utf8"), isBase64Encoded: false }
    : { body: bytes.toString("base64"), isBase64Encoded: byteLength > 0 };
}

function isText(headers: HttpReply["headers"]): boolean {
  const all = Object.entries(headers ?? {});
  const header = (wanted: string) => all.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
  return !header("content-encoding") && /^(text\/|application\/json\b)/.test(header("content-type"));
}

/** The headers of a reply with a content type where there is a body. */
export const headersOf = ({ body, headers }: HttpReply): Record<string, string> =>
  typeof body === "string" && body && !Object.keys(headers ?? {}).some(name => name.toLowerCase() === "content-type")
    ? { ...plain, ...headers }
    : { ...headers };

/** Lower-case names, values joined: what a component sees. */
export function joinHeaders(
  single: Readonly<Record<string, string | undefined>> | null | undefined,
  multi: Readonly<Record<string, readonly string[] | undefined>> | null | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(single ?? {}))
    if (value !== undefined) headers[name.toLowerCase()] = value;
  for (const [name, values] of Object.entries(multi ?? {})) if (values) headers[name.toLowerCase()] = values.join(", ");
  return headers;
}

/** A query string from parsed parameters; `encode` where the gateway has decoded them. */
export function joinQuery(
  single: Readonly<Record<string, string | undefined>> | null | undefined,
  multi: Readonly<Record<string, readonly string[] | undefined>> | null | undefined,
  encode: (text: string) => string,
): string {
  const all = multi ?? Object.fromEntries(Object.entries(single ?? {}).map(([name, value]) => [name, [value ?? ""]]));
  return Object.entries(all)
    .flatMap(([name, values]) => (values ?? []).map(value => `${encode(name)}=${encode(value)}`))
    .join("&");
}
