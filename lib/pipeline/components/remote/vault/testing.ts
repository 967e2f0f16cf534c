/**
 * For tests: as much of Vault as `remote.vault` speaks to, by its documented API (developer.hashicorp.com/vault/api-docs). It is
 * strict: a wrong method, path, token, namespace or body gets the error that Vault gives.
 */
import { type BackendRequest, startBackend } from "../../testing.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface TestVault {
  readonly url: string;
  /** Secrets by their API paths: `kv/data/app`. */
  readonly secrets: Map<string, Fields>;
  /** Logins by their API paths: what must be sent there, or a function that says so. */
  readonly logins: Map<string, Fields | ((body: Fields) => boolean)>;
  /** What tokens of logins have. */
  lease: { duration: number; renewable: boolean };
  /** The lease of secrets; those of the key-value store have none. */
  secretLease: number;
  readonly tokens: Set<string>;
  readonly wrapped: Map<string, string>;
  namespace: string;
  /** What is answered before anything else, one after the other. */
  readonly failures: number[];
  /** `PUT auth/approle/login` */
  readonly calls: string[];
}

/** Listens until the test is over. */
export async function startVault(): Promise<TestVault> {
  const vault: Omit<TestVault, "url"> = {
    secrets: new Map(),
    logins: new Map(),
    lease: { duration: 3600, renewable: true },
    secretLease: 0,
    tokens: new Set(["root-token"]),
    wrapped: new Map(),
    namespace: "",
    failures: [],
    calls: [],
  };
  const { url } = await startBackend(request => {
    const { status, ...body } = respond(vault, request);
    return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  });
  return Object.assign(vault, { url });
}

type Answer = { readonly status: number } & Fields;
const refusal = (status: number, ...errors: readonly string[]): Answer => ({ status, errors });

function respond(vault: Omit<TestVault, "url">, { method = "", path = "", headers, body }: BackendRequest): Answer {
  const place = decodeURIComponent(path.replace(/^\/v1\//, ""));
  vault.calls.push(`${method} ${place}`);
  const failure = vault.failures.shift();
  if (failure !== undefined) return refusal(failure, "told to fail");
  if (!path.startsWith("/v1/")) return refusal(404);
  if (headers["x-vault-request"] !== "true") return refusal(412, "missing 'X-Vault-Request' header");
  if ((headers["x-vault-namespace"] ?? "") !== vault.namespace) return refusal(404, "no handler for route");
  const token = String(headers["x-vault-token"] ?? "");
  if (method === "PUT") return write(vault, place, token, body.length ? (JSON.parse(String(body)) as Fields) : {});
  if (method !== "GET") return refusal(405);
  if (!vault.tokens.has(token)) return refusal(403, "permission denied");
  const secret = vault.secrets.get(place);
  if (!secret) return refusal(404);
  return {
    status: 200,
    lease_duration: vault.secretLease,
    renewable: false,
    data: { data: secret, metadata: { version: 1 } },
  };
}

function write(vault: Omit<TestVault, "url">, place: string, token: string, body: Fields): Answer {
  if (place === "sys/wrapping/unwrap") {
    const id = vault.wrapped.get(token);
    vault.wrapped.delete(token); // it works once
    return id === undefined
      ? refusal(400, "wrapping token is not valid or does not exist")
      : { status: 200, data: { secret_id: id } };
  }
  if (place === "auth/token/renew-self") {
    if (!vault.tokens.has(token)) return refusal(403, "permission denied");
    return { status: 200, auth: auth(vault, token) };
  }
  const login = vault.logins.get(place);
  if (!login) return refusal(403, "permission denied");
  const fits = typeof login === "function" ? login(body) : JSON.stringify(login) === JSON.stringify(body);
  if (!fits) return refusal(400, "invalid credentials");
  const issued = `issued-token-${vault.calls.length}`;
  vault.tokens.add(issued);
  return { status: 200, auth: auth(vault, issued) };
}

const auth = ({ lease }: Pick<TestVault, "lease">, token: string): Fields => ({
  client_token: token,
  lease_duration: lease.duration,
  renewable: lease.renewable,
});
