/** What Alloy refuses in the common HTTP client configuration, in its words. */
import type {
  AuthorizationConfig,
  BasicAuthConfig,
  ClientConfig,
  OAuth2Config,
  ProxyConfig,
  TlsConfig,
} from "./client-config.ts";
import { jwtBearer } from "./oauth2.ts";
import { reveal, type SecretText } from "./secret-text.ts";

/** The first problem that Alloy's validation finds, in its words. */
export function validateClientConfig(config: ClientConfig): string | undefined {
  return (
    validateBasicAuth(config.basic_auth) ??
    validateAuthorization(config.authorization) ??
    (config.oauth2 && validateOAuth2(config.oauth2)) ??
    (config.tls_config && validateTls(config.tls_config)) ??
    validateChoice(config) ??
    validateHeaders(config) ??
    validateProxy(config)
  );
}

const isSet = (secret: SecretText | undefined) => reveal(secret) !== "";

function validateChoice({
  basic_auth,
  authorization,
  oauth2,
  bearer_token,
  bearer_token_file,
}: ClientConfig): string | undefined {
  const count = [basic_auth, authorization, oauth2, isSet(bearer_token), bearer_token_file].filter(Boolean).length;
  if (count <= 1) return undefined;
  return "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured";
}

function validateBasicAuth(config: BasicAuthConfig | undefined): string | undefined {
  if (!isSet(config?.password) || !config?.password_file) return undefined;
  return "at most one of basic_auth password & password_file must be configured";
}

function validateAuthorization(config: AuthorizationConfig | undefined): string | undefined {
  if (isSet(config?.credentials) && config?.credentials_file) {
    return "at most one of authorization credentials & credentials_file must be configured";
  }
  if (config?.type?.trim().toLowerCase() !== "basic") return undefined;
  return 'authorization type cannot be set to "basic", use "basic_auth" block instead';
}

/** As Alloy; also exported for components that have an `oauth2` block of their own. */
export function validateOAuth2(config: OAuth2Config): string | undefined {
  if (!config.client_id) return "oauth2 client_id must be configured";
  const { client_secret_file: secretFile, client_certificate_key: key, client_certificate_key_file: keyFile } = config;
  if (config.grant_type === jwtBearer) {
    if (!isSet(key) && !keyFile)
      return "either oauth2 client_certificate_key or client_certificate_key_file must be configured";
    if (isSet(key) && keyFile)
      return "at most one of oauth2 client_certificate_key and client_certificate_key_file must be configured";
  } else if (config.grant_type && config.grant_type !== "client_credentials") {
    return `unsupported oauth2 grant_type ${JSON.stringify(config.grant_type)}`;
  } else {
    if (!isSet(config.client_secret) && !secretFile)
      return "either oauth2 client_secret or client_secret_file must be configured";
    if (isSet(config.client_secret) && secretFile)
      return "at most one of oauth2 client_secret & client_secret_file must be configured";
  }
  if (!config.token_url) return "oauth2 token_url must be configured";
  return validateProxy(config) ?? (config.tls_config && validateTls(config.tls_config));
}

/** As Alloy; also exported for components that take a `tls_config` alone. */
export function validateTls({
  ca_pem,
  ca_file,
  cert_pem,
  cert_file,
  key_pem,
  key_file,
}: TlsConfig): string | undefined {
  if (ca_pem && ca_file) return "at most one of ca_pem and ca_file must be configured";
  if (cert_pem && cert_file) return "at most one of cert_pem and cert_file must be configured";
  if (isSet(key_pem) && key_file) return "at most one of key_pem and key_file must be configured";
  const hasCert = Boolean(cert_pem || cert_file);
  const hasKey = Boolean(isSet(key_pem) || key_file);
  if (hasCert && !hasKey)
    return "exactly one of key_pem or key_file must be configured when a client certificate is configured";
  if (hasKey && !hasCert)
    return "exactly one of cert_pem or cert_file must be configured when a client key is configured";
  return undefined;
}

function validateProxy({
  proxy_url,
  no_proxy,
  proxy_from_environment,
  proxy_connect_header,
}: ProxyConfig): string | undefined {
  if (proxy_connect_header?.size && !proxy_from_environment && !proxy_url) {
    return "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured";
  }
  if (proxy_from_environment && proxy_url)
    return "if proxy_from_environment is configured, proxy_url must not be configured";
  if (proxy_from_environment && no_proxy)
    return "if proxy_from_environment is configured, no_proxy must not be configured";
  if (!proxy_url && no_proxy) return "if no_proxy is configured, proxy_url must also be configured";
  return undefined;
}

// Headers that make up the connection, or that Prometheus itself sets (prometheus/common, config/headers.go).
const reservedHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "host",
  "content-encoding",
  "content-length",
  "content-type",
  "user-agent",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "www-authenticate",
  "accept-encoding",
  "x-prometheus-remote-write-version",
  "x-prometheus-remote-read-version",
  "x-prometheus-scrape-timeout-seconds",
  "x-amz-date",
  "x-amz-security-token",
  "x-amz-content-sha256",
]);

function validateHeaders({ http_headers: headers }: ClientConfig): string | undefined {
  for (const name of headers?.keys() ?? []) {
    if (reservedHeaders.has(name.toLowerCase())) return `setting header "${canonicalHeader(name)}" is not allowed`;
  }
  return undefined;
}

/** A header's name as Go writes it: `x-amz-date` is `X-Amz-Date`. */
function canonicalHeader(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, letter => letter.toUpperCase());
}
