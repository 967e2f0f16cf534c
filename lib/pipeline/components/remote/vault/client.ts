/** Vault's API: requests with a token, a namespace and retries, as its own client does them. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DeliveryError } from "../../../delivery/errors.ts";
import { createHttpClient, type HttpResponse, type TlsSettings } from "../../../delivery/http.ts";
import { userAgent } from "../../../delivery/user-agent.ts";
import { type Infer, object, optional } from "../../../eval/schema.ts";
import { duration, int } from "../../../eval/types.ts";
import { type Environment, type Fields, fieldsIn, objectOf, reasonOf } from "../rest.ts";

export const clientOptions = object({
  min_retry_wait: optional(duration, "1s", "Least time before a request is tried again."),
  max_retry_wait: optional(duration, "1.5s", "Most time before a request is tried again."),
  max_retries: optional(int, 2, "How often a request is tried again."),
  timeout: optional(duration, "1m", "Time that a request may take with all its retries."),
});

export interface VaultSettings {
  readonly server: string;
  readonly namespace: string;
  readonly options: Infer<typeof clientOptions>;
  /** @default process.env */
  readonly environment?: Environment;
}

export interface VaultRequest {
  readonly method: "GET" | "PUT";
  /** Below `/v1/`. */
  readonly path: string;
  readonly token?: string;
  readonly namespace?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface VaultClient {
  readonly server: string;
  /** The object that Vault answers; `undefined` for 404. Throws a `VaultError` for what it refuses. */
  request(request: VaultRequest): Promise<Fields | undefined>;
  close(): void;
}

/** What Vault refused. */
export class VaultError extends Error {
  override readonly name = "VaultError";
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Makes a client; nothing is connected before its first request. */
export function vaultClient({ server, namespace, options, environment = process.env }: VaultSettings): VaultClient {
  const client = createHttpClient({ tls: () => tls, headers: { "user-agent": userAgent, "x-vault-request": "true" } });
  const tls = tlsOf(environment);
  const base = server.replace(/\/+$/, "");
  const defaultNamespace = namespace || environment["VAULT_NAMESPACE"] || "";
  return {
    server: base,
    close: () => client.close(),
    async request({ method, path, token, body, headers, ...rest }) {
      const space = rest.namespace || defaultNamespace;
      const all = {
        ...headers,
        ...(token !== undefined && { "x-vault-token": token }),
        ...(space && { "x-vault-namespace": space }),
      };
      const url = `${base}/v1/${path.split("/").map(encodeURIComponent).join("/")}`;
      const bytes = body && Buffer.from(JSON.stringify(body));
      const request = { method, url, headers: all, body: bytes, maxBytes: 1 << 21, overflow: "fail" as const };
      return read(await withRetries(timeoutMs => client.request({ ...request, timeoutMs }), options));
    },
  };
}

function read(answer: HttpResponse): Fields | undefined {
  const fields = objectOf(answer);
  if (answer.status === 404 && !list(fields?.["errors"]).length) return fieldsIn(fields?.["data"]) && fields;
  if (answer.status >= 200 && answer.status < 300) return fields ?? {};
  throw new VaultError(`got status ${answer.status}${reasonOf(...list(fields?.["errors"]))}`, answer.status);
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Vault answers 412 where a replica is behind. */
const isTemporary = ({ status }: HttpResponse) => status === 412 || status === 429 || (status >= 500 && status !== 501);

/** Tries as long as there is time for it; the last answer, or what was thrown last, counts. */
async function withRetries(
  ask: (timeoutMs: number) => Promise<HttpResponse>,
  { max_retries, min_retry_wait, max_retry_wait, timeout }: VaultSettings["options"],
): Promise<HttpResponse> {
  const end = performance.now() + timeout;
  for (let attempt = 1; ; attempt++) {
    const spread = Math.max(max_retry_wait - min_retry_wait, 0) * Math.random();
    const wait = (min_retry_wait + spread) * attempt;
    const isLast = () => attempt > max_retries || performance.now() + wait >= end;
    try {
      const answer = await ask(Math.max(1, Math.ceil(end - performance.now())));
      if (isLast() || !isTemporary(answer)) return answer;
    } catch (error) {
      if (isLast() || !(error instanceof DeliveryError && error.retryable)) throw error;
    }
    await sleep(wait);
  }
}

/** The variables that Vault's own programs read; the component has no arguments for TLS. */
function tlsOf(environment: Environment): TlsSettings | undefined {
  const file = (name: string) => {
    const path = environment[name];
    return path ? readFileSync(path, "utf8") : undefined;
  };
  const settings = {
    ca: file("VAULT_CACERT"),
    cert: file("VAULT_CLIENT_CERT"),
    key: file("VAULT_CLIENT_KEY"),
    serverName: environment["VAULT_TLS_SERVER_NAME"],
    insecureSkipVerify: /^(1|t|true)$/i.test(environment["VAULT_SKIP_VERIFY"] ?? ""),
  };
  return Object.values(settings).some(Boolean) ? settings : undefined;
}
