/** TLS settings of OpenTelemetry's clients. */

import { messageOf } from "../../delivery/errors.ts";
import type { TlsSettings } from "../../delivery/http.ts";
import { textReader } from "../../delivery/secret-text.ts";
import { ProblemError } from "../../graph/component.ts";
import type { ClientTlsArgs } from "./args.ts";

const versions = { "1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const;

/** Reads files again when they change; settings stay the same object while they are the same. Fails where a file can't be read now. */
export function clientTlsSettings(tls: ClientTlsArgs, directory: string): () => TlsSettings {
  const ca = textReader({ text: tls.ca_pem, file: tls.ca_file, argument: "ca_file", directory });
  const cert = textReader({ text: tls.cert_pem, file: tls.cert_file, argument: "cert_file", directory });
  const key = textReader({ text: tls.key_pem, file: tls.key_file, argument: "key_file", directory });
  let known: TlsSettings | undefined;
  const current = (): TlsSettings => {
    const now = { ca: withSystem(ca?.(), tls), cert: cert?.(), key: key?.() };
    if (known && known.ca === now.ca && known.cert === now.cert && known.key === now.key) return known;
    known = {
      ...now,
      serverName: tls.server_name,
      insecureSkipVerify: tls.insecure_skip_verify,
      ...(tls.min_version && { minVersion: versions[tls.min_version] }),
      ...(tls.max_version && { maxVersion: versions[tls.max_version] }),
    };
    return known;
  };
  try {
    current();
  } catch (error) {
    throw new ProblemError(messageOf(error), ["client", "tls"]);
  }
  return current;
}

/** Given certificates take the place of the system's, unless both are wanted. */
function withSystem(ca: string | undefined, { include_system_ca_certs_pool: both }: ClientTlsArgs): string | undefined {
  if (ca === undefined || !both) return ca;
  return [ca, ...process.getBuiltinModule("node:tls").getCACertificates("default")].join("\n");
}
