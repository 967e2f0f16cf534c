/** TLS settings of OpenTelemetry's clients and listeners. */
import { readFileSync } from "node:fs";
import type { TlsSettings } from "../../delivery/http.ts";
import { ProblemError } from "../../graph/component.ts";
import type { TlsListener } from "../../graph/trigger.ts";
import type { ClientTlsArgs, ServerTlsArgs } from "./args.ts";

/** For a client; files are read again when they change. */
export function clientTlsSettings(tls: ClientTlsArgs): TlsSettings {
  const ca = tls.ca_pem ?? fileText(tls.ca_file, "ca_file");
  return {
    ca,
    cert: tls.cert_pem ?? fileText(tls.cert_file, "cert_file"),
    key: tls.key_pem?.reveal() ?? fileText(tls.key_file, "key_file"),
    serverName: tls.server_name,
    insecureSkipVerify: tls.insecure_skip_verify,
    ...(tls.min_version && { minVersion: versions[tls.min_version] }),
    ...(tls.max_version && { maxVersion: versions[tls.max_version] }),
  };
}

const versions = { "1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const;

/** For a listener. */
export function serverTlsListener(tls: ServerTlsArgs): TlsListener {
  const cert = tls.cert_pem ?? fileText(tls.cert_file, "cert_file");
  const key = tls.key_pem?.reveal() ?? fileText(tls.key_file, "key_file");
  if (cert === undefined || key === undefined) {
    throw new ProblemError("tls should have a certificate and a key: cert_pem or cert_file, key_pem or key_file", [
      "http",
      "tls",
    ]);
  }
  const clientCa = fileText(tls.client_ca_file, "client_ca_file");
  return { cert, key, ...(clientCa !== undefined && { clientCa, requireClientCert: true }) };
}

function fileText(file: string | undefined, name: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ProblemError(`${name} could not be read: ${error instanceof Error ? error.message : String(error)}`, [
      "tls",
      name,
    ]);
  }
}
