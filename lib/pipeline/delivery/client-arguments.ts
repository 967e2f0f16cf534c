/** The arguments of Prometheus' common HTTP client, as `loki.write`, `prometheus.scrape`, `remotecfg` and others take them. */
import { block, type Infer, Mismatch, object, optional } from "../eval/schema.ts";
import { bool, list, map, oneOf, secret, string, text } from "../eval/types.ts";
import { validateClientConfig } from "./client-config.ts";

/** An absolute URL; empty text is none. */
export const url = text("string(config.URL)", value => {
  if (value === "" || URL.canParse(value)) return value;
  throw new Mismatch(`should be a URL, got ${JSON.stringify(value)}`);
});

export const tlsConfig = object({
  ca_pem: optional(string, undefined, "CA certificates in PEM to check the server with."),
  ca_file: optional(string, undefined, "File with the CA certificates."),
  cert_pem: optional(string, undefined, "Client certificate in PEM."),
  cert_file: optional(string, undefined, "File with the client certificate."),
  key_pem: optional(secret, undefined, "Key of the client certificate in PEM."),
  key_file: optional(string, undefined, "File with the key of the client certificate."),
  server_name: optional(string, undefined, "Name that the server's certificate must have."),
  insecure_skip_verify: optional(bool, false, "Accepts any server certificate."),
  min_version: optional(
    oneOf("TLS version", ["TLS10", "TLS11", "TLS12", "TLS13"], text => `unknown TLS version: ${text}`),
    undefined,
    "Lowest version of TLS to speak.",
  ),
});

const basicAuth = object({
  username: optional(string, undefined, "User name."),
  password: optional(secret, undefined, "Password."),
  password_file: optional(string, undefined, "File with the password."),
});

const authorization = object({
  type: optional(string, undefined, "Scheme of the header, `Bearer` where unset."),
  credentials: optional(secret, undefined, "What follows the scheme."),
  credentials_file: optional(string, undefined, "File with the credentials."),
});

const proxyFields = {
  proxy_url: optional(url, undefined, "Proxy for all requests."),
  no_proxy: optional(
    string,
    undefined,
    "Hosts, domains and networks that are reached without the proxy, separated by commas.",
  ),
  proxy_from_environment: optional(bool, false, "Takes the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY."),
  proxy_connect_header: optional(map(list(secret)), undefined, "Headers of CONNECT requests to the proxy."),
};

const oauth2 = object({
  client_id: optional(string, undefined, "Id of the client."),
  client_secret: optional(secret, undefined, "Secret of the client."),
  client_secret_file: optional(string, undefined, "File with the client secret."),
  scopes: optional(list(string), undefined, "Scopes to ask for."),
  token_url: optional(string, undefined, "Where tokens come from."),
  endpoint_params: optional(map(string), undefined, "Further parameters of the token request."),
  ...proxyFields,
  tls_config: block(tlsConfig, "TLS of the token request."),
});

/** The fields themselves, to be spread into a component's arguments. */
export const httpClientFields = {
  basic_auth: block(basicAuth, "Basic authentication."),
  authorization: block(authorization, "An Authorization header."),
  oauth2: block(oauth2, "Tokens by OAuth 2.0 client credentials."),
  bearer_token: optional(secret, undefined, "Token of the Authorization header."),
  bearer_token_file: optional(string, undefined, "File with the token."),
  ...proxyFields,
  tls_config: block(tlsConfig, "TLS of the connection."),
  follow_redirects: optional(bool, true, "Follows redirects to other URLs."),
  enable_http2: optional(bool, true, "Accepted; HTTP/1.1 is spoken."),
  http_headers: optional(map(list(secret)), undefined, "Headers of each request."),
};

export const httpClientArgs = object(httpClientFields);
export type HttpClientArgs = Infer<typeof httpClientArgs>;

interface ClientProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Combinations that can't be, found without building. */
export function* clientProblems(args: HttpClientArgs, path: readonly (string | number)[]): Iterable<ClientProblem> {
  const message = validateClientConfig(args);
  if (message !== undefined) yield { path, message };
}
