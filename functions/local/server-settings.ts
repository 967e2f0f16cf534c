/** What the `http` block says of the process' own server: its TLS and who may use it. */
import { createSecureContext, type SecureContextOptions, type SecureVersion } from "node:tls";
import { constantTimeEqual } from "../../lib/pipeline/delivery/constant-time.ts";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import { textReader } from "../../lib/pipeline/delivery/secret-text.ts";
import type { Settings } from "../../lib/pipeline/graph/config-blocks.ts";
import { cipherSuites } from "../../lib/pipeline/graph/server-blocks.ts";
import type { ClientCertificates } from "../../lib/pipeline/graph/trigger.ts";

export interface ServerTls {
  /** Reads what it is made of; the same object as long as no file has changed. */
  readonly context: () => SecureContextOptions;
  readonly clientCertificates: ClientCertificates | undefined;
}

export interface ServerSettings {
  readonly tls: ServerTls | undefined;
  /** Whether a request may go on, by its path and its `Authorization` header. */
  readonly admits: (path: string, authorization: string | undefined) => boolean;
}

type Http = Settings["http"];
type Tls = NonNullable<Http["tls"]>;

/** Where a configuration says nothing of it. */
export const openServer: ServerSettings = { tls: undefined, admits: () => true };

/** Throws where certificates can't be read or don't fit. */
export function serverSettings(http: Http | undefined, directory: string): ServerSettings {
  if (!http) return openServer;
  return { tls: http.tls && serverTls(http.tls, directory), admits: admission(http.auth) };
}

function admission(auth: Http["auth"]): ServerSettings["admits"] {
  const basic = auth?.basic;
  if (!basic) return openServer.admits;
  const expected = `${basic.username}:${basic.password.reveal()}`;
  // without a filter nothing is open
  const { paths, authenticate_matching_paths: matching } = auth.filter ?? {
    paths: [],
    authenticate_matching_paths: false,
  };
  return (path, authorization) =>
    paths.some(each => path.startsWith(each)) !== matching || constantTimeEqual(basicOf(authorization), expected);
}

/** `user:password` of a header; what is not one is not equal to any. */
function basicOf(authorization = ""): string {
  const [, encoded] = /^basic ([\w+/=-]+)$/i.exec(authorization) ?? [];
  return encoded === undefined ? "" : Buffer.from(encoded, "base64").toString();
}

const certificates: Readonly<Record<Tls["client_auth_type"], ClientCertificates | undefined>> = {
  NoClientCert: undefined,
  RequestClientCert: "request",
  RequireAnyClientCert: "require-any",
  VerifyClientCertIfGiven: "verify-if-given",
  RequireAndVerifyClientCert: "require-and-verify",
};

const versions = { TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3" } as const;
const curves = { CurveP256: "P-256", CurveP384: "P-384", CurveP521: "P-521", X25519: "X25519" } as const;

function serverTls(tls: Tls, directory: string): ServerTls {
  const reader = (text: string, file: string, argument: string) => textReader({ text, file, argument, directory });
  const cert = reader(tls.cert_pem, tls.cert_file, "cert_file");
  const key = reader(tls.key_pem.reveal(), tls.key_file, "key_file");
  const ca = reader(tls.client_ca_pem, tls.client_ca_file, "client_ca_file");
  const fixed = { ...versionOptions(tls), ...cipherOptions(tls), ...curveOptions(tls) };
  let read: SecureContextOptions | undefined;
  const context = () => {
    const [certText, keyText, caText] = [cert?.(), key?.(), ca?.()];
    if (read && read.cert === certText && read.key === keyText && read.ca === caText) return read;
    const options = { ...fixed, cert: certText, key: keyText, ...(caText !== undefined && { ca: caText }) };
    checkContext(options);
    read = options;
    return options;
  };
  try {
    context();
  } catch (error) {
    throw new Error(`http: ${messageOf(error)}`, { cause: error });
  }
  return { context, clientCertificates: certificates[tls.client_auth_type] };
}

function checkContext(options: SecureContextOptions): void {
  for (const [name, text] of [
    ["cert_pem or cert_file", options.cert],
    ["client_ca_pem or client_ca_file", options.ca],
  ] as const) {
    if (text === undefined || String(text).includes("-----BEGIN CERTIFICATE-----")) continue;
    throw new Error(`${name} should hold a certificate in PEM`);
  }
  try {
    createSecureContext(options);
  } catch (error) {
    throw new Error(`the certificate can't be used: ${messageOf(error)}`, { cause: error });
  }
}

function versionOptions({ min_version: min = "TLS12", max_version: max = "TLS13" }: Tls) {
  const [minVersion, maxVersion]: SecureVersion[] = [versions[min], versions[max]];
  if (minVersion && maxVersion && minVersion > maxVersion)
    throw new Error(`http: no version of TLS is left between min_version ${min} and max_version ${max}`);
  return { minVersion, maxVersion };
}

const suitesOf13 = Object.values(cipherSuites).filter(name => name.startsWith("TLS_"));

/** OpenSSL speaks versions below 1.2 at its lowest level of security only. */
function cipherOptions({ cipher_suites: names, min_version: min }: Tls): { ciphers?: string } {
  const old = min === "TLS10" || min === "TLS11";
  if (!names.length) return old ? { ciphers: "DEFAULT@SECLEVEL=0" } : {};
  const suites = names.map(name => cipherSuites[name]).filter(name => !name.startsWith("TLS_"));
  return { ciphers: [...suitesOf13, ...suites, ...(old ? ["@SECLEVEL=0"] : [])].join(":") };
}

const curveOptions = ({ curve_preferences: names }: Tls): { ecdhCurve?: string } =>
  names.length ? { ecdhCurve: names.map(name => curves[name]).join(":") } : {};
