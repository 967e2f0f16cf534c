/**
 * Prometheus' common HTTP client configuration, as `loki.write`, `prometheus.remote_write`, `prometheus.scrape` and others
 * take it, in the spelling of their arguments: decoded arguments can be passed as they are.
 *
 *     const problem = validateClientConfig(args);
 *     const client = buildClient(args, { timeoutMs: args.remote_timeout, directory: host.directory });
 */
import {
  type Authorize,
  createHttpClient,
  type HttpClient,
  type HttpResponse,
  type OutgoingRequest,
  renewAny,
  type TlsSettings,
  type TlsVersion,
} from "./http.ts";
import { type JwtOptions, jwtBearer, oauth2Tokens, type TokenSource } from "./oauth2.ts";
import type { ProxySettings } from "./proxy.ts";
import { reveal, type SecretText, textReader } from "./secret-text.ts";

export { validateClientConfig, validateOAuth2, validateTls } from "./client-validation.ts";
export type { Authorize } from "./http.ts";

export interface ClientConfig extends ProxyConfig {
  readonly basic_auth?: BasicAuthConfig | undefined;
  readonly authorization?: AuthorizationConfig | undefined;
  readonly oauth2?: OAuth2Config | undefined;
  readonly bearer_token?: SecretText | undefined;
  readonly bearer_token_file?: string | undefined;
  readonly tls_config?: TlsConfig | undefined;
  /** @default true */
  readonly follow_redirects?: boolean | undefined;
  /** Changes nothing: HTTP/1.1 is spoken. */
  readonly enable_http2?: boolean | undefined;
  readonly http_headers?: ReadonlyMap<string, readonly SecretText[]> | undefined;
}

export interface BasicAuthConfig {
  readonly username?: string | undefined;
  readonly password?: SecretText | undefined;
  readonly password_file?: string | undefined;
}

export interface AuthorizationConfig {
  /** @default Bearer */
  readonly type?: string | undefined;
  readonly credentials?: SecretText | undefined;
  readonly credentials_file?: string | undefined;
}

export interface ProxyConfig {
  readonly proxy_url?: string | undefined;
  readonly no_proxy?: string | undefined;
  readonly proxy_from_environment?: boolean | undefined;
  readonly proxy_connect_header?: ReadonlyMap<string, readonly SecretText[]> | undefined;
}

export interface TlsConfig {
  readonly ca_pem?: string | undefined;
  readonly ca_file?: string | undefined;
  readonly cert_pem?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_pem?: SecretText | undefined;
  readonly key_file?: string | undefined;
  readonly server_name?: string | undefined;
  readonly insecure_skip_verify?: boolean | undefined;
  readonly min_version?: string | undefined;
}

export interface OAuth2Config extends ProxyConfig {
  readonly client_id?: string | undefined;
  readonly client_secret?: SecretText | undefined;
  readonly client_secret_file?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly token_url?: string | undefined;
  readonly endpoint_params?: ReadonlyMap<string, string> | undefined;
  readonly tls_config?: TlsConfig | undefined;
  /** @default client_credentials */
  readonly grant_type?: string | undefined;
  readonly client_certificate_key?: SecretText | undefined;
  readonly client_certificate_key_file?: string | undefined;
  readonly client_certificate_key_id?: string | undefined;
  readonly signature_algorithm?: string | undefined;
  readonly iss?: string | undefined;
  readonly audience?: string | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

export interface ClientOptions {
  readonly timeoutMs?: number;
  /** Sent with each request, under those of the request and of the configuration. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where relative paths of files start from. */
  readonly directory?: string;
  readonly keepAlive?: boolean;
  readonly maxSockets?: number;
  /** Adds credentials that the common configuration doesn't know, such as a signature; it is called last. */
  readonly authorize?: Authorize;
  /** @default Date.now */
  readonly now?: () => number;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Makes the client that a valid configuration describes. Throws where certificates can't be read. */
export function buildClient(config: ClientConfig, options: ClientOptions = {}): HttpClient {
  const tls = tlsReader(config.tls_config, options.directory);
  tls?.(); // a file that is missing is told at load
  const proxy = proxySettings(config, options.environment);
  const authorizers = [headerAuthorizer(config, options), extraHeaders(config), options.authorize].filter(
    step => step !== undefined,
  );
  return createHttpClient({
    tls,
    proxy,
    timeoutMs: options.timeoutMs ?? 0,
    followRedirects: config.follow_redirects ?? true,
    headers: options.headers ?? {},
    ...(authorizers.length && { authorize: inTurn(authorizers) }),
    ...(options.keepAlive !== undefined && { keepAlive: options.keepAlive }),
    ...(options.maxSockets !== undefined && { maxSockets: options.maxSockets }),
  });
}

const inTurn = (authorizers: readonly Authorize[]): Authorize =>
  Object.assign(
    async (request: OutgoingRequest) => {
      for (const authorizer of authorizers) await authorizer(request);
    },
    { renew: (refused: OutgoingRequest, answer: HttpResponse) => renewAny(refused, answer, ...authorizers) },
  );

/** The `Authorization` header; one that the request brings stays. A token that is refused, or a file that has changed, is read again. */
function headerAuthorizer(config: ClientConfig, options: ClientOptions): Authorize | undefined {
  const value = authorizationValue(config, options);
  if (!value) return undefined;
  return Object.assign(
    async ({ headers }: OutgoingRequest) => {
      headers["authorization"] ??= await value.get();
    },
    {
      renew: async ({ headers }: OutgoingRequest, { status }: HttpResponse) => {
        const refused = headers["authorization"];
        if (status !== 401 || typeof refused !== "string") return false;
        value.refused?.(refused);
        return (await value.get()) !== refused;
      },
    },
  );
}

interface HeaderValue {
  readonly get: () => string | Promise<string>;
  /** Forgets a value. */
  readonly refused?: (value: string) => void;
}

function authorizationValue(config: ClientConfig, options: ClientOptions): HeaderValue | undefined {
  const { directory } = options;
  const { basic_auth: basic, oauth2, bearer_token: token, bearer_token_file: tokenFile } = config;
  if (basic) {
    const password = textReader({
      text: basic.password,
      file: basic.password_file,
      argument: "password_file",
      directory,
    });
    const pair = () => `${basic.username ?? ""}:${password?.() ?? ""}`;
    return { get: () => `Basic ${Buffer.from(pair()).toString("base64")}` };
  }
  if (oauth2) {
    const tokens = tokenSource(oauth2, options);
    return { get: () => tokens.authorization(), refused: value => tokens.refused(value) };
  }
  const bearer = textReader({ text: token, file: tokenFile, argument: "bearer_token_file", directory });
  if (bearer) return { get: () => `Bearer ${bearer()}` };
  const { authorization } = config;
  if (!authorization) return undefined;
  const { credentials: text, credentials_file: file } = authorization;
  const credentials = textReader({ text, file, argument: "credentials_file", directory });
  const type = authorization.type?.trim() || "Bearer";
  return { get: () => `${type} ${credentials?.() ?? ""}` };
}

/** Where a configuration's tokens come from; its own client has the proxy and TLS settings of the `oauth2` block. */
export function tokenSource(
  config: OAuth2Config,
  { directory, now, environment, headers = {} }: ClientOptions = {},
): TokenSource {
  const secret = textReader({
    text: config.client_secret,
    file: config.client_secret_file,
    argument: "client_secret_file",
    directory,
  });
  const tls = tlsReader(config.tls_config, directory);
  tls?.();
  const params = [...(config.endpoint_params ?? [])].map(([name, value]) => [name, [value]] as const);
  return oauth2Tokens({
    tokenUrl: config.token_url ?? "",
    clientId: () => config.client_id ?? "",
    clientSecret: () => secret?.() ?? "",
    scopes: config.scopes,
    endpointParams: new Map(params),
    jwt: config.grant_type === jwtBearer ? jwtOptions(config, directory) : undefined,
    client: createHttpClient({ tls, proxy: proxySettings(config, environment), headers, timeoutMs: 30_000 }),
    ...(now && { now }),
  });
}

function jwtOptions(config: OAuth2Config, directory: string | undefined): JwtOptions {
  const { client_certificate_key: text, client_certificate_key_file: file, signature_algorithm: algorithm } = config;
  const key = textReader({ text, file, argument: "client_certificate_key_file", directory });
  return {
    key: () => key?.() ?? "",
    keyId: config.client_certificate_key_id,
    algorithm: algorithm === "RS384" || algorithm === "RS512" ? algorithm : "RS256",
    issuer: config.iss,
    audience: config.audience,
    claims: config.claims,
  };
}

/** `http_headers` are added to those of the request, as in Prometheus. */
function extraHeaders({ http_headers: headers }: ClientConfig): Authorize | undefined {
  if (!headers?.size) return undefined;
  const fields = [...headers].map(([name, values]) => [name.toLowerCase(), values] as const);
  return request => {
    for (const [name, values] of fields)
      request.headers[name] = [request.headers[name] ?? [], values.map(reveal)].flat(2);
  };
}

function proxySettings(config: ProxyConfig, environment: ClientOptions["environment"]): ProxySettings | undefined {
  if (!config.proxy_url && !config.proxy_from_environment) return undefined;
  const header = config.proxy_connect_header;
  return {
    url: config.proxy_url,
    noProxy: config.no_proxy,
    fromEnvironment: config.proxy_from_environment,
    connectHeaders: header && Object.fromEntries([...header].map(([name, values]) => [name, values.map(reveal)])),
    ...(environment && { environment }),
  };
}

const tlsVersions: Readonly<Record<string, TlsVersion>> = {
  TLS10: "TLSv1",
  TLS11: "TLSv1.1",
  TLS12: "TLSv1.2",
  TLS13: "TLSv1.3",
};

/** Gives the settings, the same object as long as no file has changed. */
function tlsReader(config: TlsConfig | undefined, directory: string | undefined): (() => TlsSettings) | undefined {
  if (!config) return undefined;
  const ca = textReader({ text: config.ca_pem, file: config.ca_file, argument: "ca_file", directory });
  const cert = textReader({ text: config.cert_pem, file: config.cert_file, argument: "cert_file", directory });
  const key = textReader({ text: config.key_pem, file: config.key_file, argument: "key_file", directory });
  let settings: TlsSettings | undefined;
  return () => {
    const current = { ca: ca?.(), cert: cert?.(), key: key?.() };
    if (settings?.ca === current.ca && settings?.cert === current.cert && settings?.key === current.key && settings)
      return settings;
    checkCertificates(current);
    settings = {
      ...current,
      serverName: config.server_name,
      insecureSkipVerify: config.insecure_skip_verify,
      minVersion: config.min_version === undefined ? undefined : tlsVersions[config.min_version],
    };
    return settings;
  };
}

/** Node passes over text that holds no certificate, and would then trust nobody or show none without saying why. */
function checkCertificates({
  ca,
  cert,
  key,
}: {
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}): void {
  for (const [name, text, part] of [
    ["ca", ca, "CERTIFICATE"],
    ["cert", cert, "CERTIFICATE"],
    ["key", key, "PRIVATE KEY"],
  ] as const) {
    if (text === undefined || (text.includes("-----BEGIN ") && text.includes(`${part}-----`))) continue;
    throw new Error(
      `tls_config: ${name}_pem or ${name}_file should hold a ${part === "CERTIFICATE" ? "certificate" : "private key"} in PEM`,
    );
  }
}
