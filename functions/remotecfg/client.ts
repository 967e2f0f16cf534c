/** `collector.v1.CollectorService`, asked by the Connect protocol: one POST a call, protobuf both ways. */
import { buildClient } from "../../lib/pipeline/delivery/client-config.ts";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { HttpResponse } from "../../lib/pipeline/delivery/http.ts";
import { userAgent } from "../../lib/pipeline/delivery/user-agent.ts";
import type { Settings } from "../../lib/pipeline/graph/config-blocks.ts";
import {
  decodeGetConfigResponse,
  encodeGetConfig,
  encodeRegister,
  encodeUnregister,
  type GetConfigRequest,
  type GetConfigResponse,
} from "./messages.ts";

export interface CollectorClient {
  getConfig(request: GetConfigRequest): Promise<GetConfigResponse>;
  register(id: string, name: string, attributes: ReadonlyMap<string, string>): Promise<void>;
  unregister(id: string): Promise<void>;
  /** Ends all connections. */
  close(): void;
}

const usualTimeoutMs = 30_000;
const unregisterMs = 1000;
/** More than any configuration, and less than what hurts. */
const maxBytes = 16 * 1024 * 1024;

export interface ClientOptions {
  /** Where relative paths start. */
  readonly directory: string;
  /** Of a call. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

/** Throws where certificates can't be read. */
export function collectorClient(
  args: Settings["remotecfg"],
  { directory, timeoutMs = usualTimeoutMs }: ClientOptions,
): CollectorClient {
  const client = buildClient(args, { directory, headers: { "user-agent": userAgent }, timeoutMs });
  const base = `${args.url.replace(/\/+$/, "")}/collector.v1.CollectorService`;
  const headers = { "content-type": "application/proto", "connect-protocol-version": "1" };
  const call = async (method: string, body: Uint8Array, limit = timeoutMs): Promise<Uint8Array> => {
    const response = await client.request({
      method: "POST",
      url: `${base}/${method}`,
      headers: { ...headers, "connect-timeout-ms": String(limit) },
      body,
      timeoutMs: limit,
      maxBytes,
      overflow: "fail",
    });
    if (response.status !== 200) throw new Error(refusalOf(response));
    const type = response.headers["content-type"] ?? "";
    if (type.split(";")[0]?.trim() !== "application/proto")
      throw new Error(`the answer should be application/proto, got ${JSON.stringify(type)}`);
    return response.body;
  };
  return {
    async getConfig(request) {
      const body = await call("GetConfig", encodeGetConfig(request));
      try {
        return decodeGetConfigResponse(body);
      } catch (error) {
        throw new Error(`the answer can't be read: ${messageOf(error)}`, { cause: error });
      }
    },
    async register(id, name, attributes) {
      await call("RegisterCollector", encodeRegister(id, name, attributes));
    },
    async unregister(id) {
      await call("UnregisterCollector", encodeUnregister(id), unregisterMs);
    },
    close: () => client.close(),
  };
}

/** What Connect calls statuses that come without an error of its own (its specification, "HTTP to error code"). */
const codes: Readonly<Record<number, string>> = {
  400: "internal",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  429: "unavailable",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** `code: message`, as the error is written as JSON; of other answers the status. */
function refusalOf({ status, body }: HttpResponse): string {
  const error = errorIn(body);
  const code = error?.code ?? codes[status] ?? "unknown";
  return `${code}: ${error?.message || `got status ${status}`}`;
}

function errorIn(body: Uint8Array): { readonly code?: string; readonly message?: string } | undefined {
  try {
    const { code, message } = JSON.parse(Buffer.from(body).toString()) as Readonly<Record<string, unknown>>; // null throws here, too
    return { ...(typeof code === "string" && { code }), ...(typeof message === "string" && { message }) };
  } catch {
    return undefined; // a page of a proxy, or nothing
  }
}
