/** The blocks of the process' own HTTP server and of a configuration that comes from a server. */
import { clientProblems, httpClientFields } from "../delivery/client-arguments.ts";
import { block, type Infer, object, optional, refusedBlock, required, requiredBlock } from "../eval/schema.ts";
import { bool, duration, list, map, oneOf, secret, string } from "../eval/types.ts";
import { checked, goDuration } from "./checked-block.ts";
import type { Problem } from "./component.ts";

const unknown = (what: string) => (text: string) => `unknown ${what} ${JSON.stringify(text)}`;

const windowsFilter = object({
  server: requiredBlock(
    object({
      store: optional(string, undefined, "Store."),
      system_store: optional(string, undefined, "System store."),
      issuer_common_names: optional(list(string), [], "Issuers."),
      template_id: optional(string, undefined, "Template."),
      refresh_interval: optional(duration, "5m", "Time between two looks."),
    }),
    "The server's certificate.",
  ),
  client: requiredBlock(
    object({
      issuer_common_names: optional(list(string), [], "Issuers."),
      subject_regex: optional(string, undefined, "What subjects must match."),
      template_id: optional(string, undefined, "Template."),
    }),
    "The clients' certificates.",
  ),
});

/** Go's names of cipher suites, with OpenSSL's; those of TLS 1.3 are always on, as in Go. */
export const cipherSuites = {
  TLS_RSA_WITH_AES_128_CBC_SHA: "AES128-SHA",
  TLS_RSA_WITH_AES_256_CBC_SHA: "AES256-SHA",
  TLS_RSA_WITH_AES_128_GCM_SHA256: "AES128-GCM-SHA256",
  TLS_RSA_WITH_AES_256_GCM_SHA384: "AES256-GCM-SHA384",
  TLS_AES_128_GCM_SHA256: "TLS_AES_128_GCM_SHA256",
  TLS_AES_256_GCM_SHA384: "TLS_AES_256_GCM_SHA384",
  TLS_CHACHA20_POLY1305_SHA256: "TLS_CHACHA20_POLY1305_SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
} as const;
type CipherSuite = keyof typeof cipherSuites;

const tlsVersion = oneOf("TLS version", ["TLS10", "TLS11", "TLS12", "TLS13"], unknown("TLS version"));

const serverTls = object({
  cert_pem: optional(string, "", "Server certificate in PEM."),
  cert_file: optional(string, "", "File with the certificate; it is read again when it changes."),
  key_pem: optional(secret, "", "Key of the certificate in PEM."),
  key_file: optional(string, "", "File with the key; it is read again when it changes."),
  client_ca_pem: optional(string, "", "CA certificates, in PEM, that clients' certificates are checked with."),
  client_ca_file: optional(string, "", "File with these CA certificates."),
  client_auth_type: optional(
    oneOf(
      "client auth type",
      [
        "NoClientCert",
        "RequestClientCert",
        "RequireAnyClientCert",
        "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
      ],
      unknown("client auth type"),
    ),
    "NoClientCert",
    "Whether clients must show a certificate, and whether a CA must have signed it.",
  ),
  cipher_suites: optional(
    list(oneOf("cipher", Object.keys(cipherSuites) as CipherSuite[], unknown("cipher"))), // keys of the object above
    [],
    "Cipher suites up to TLS 1.2, the runtime's where empty; those of TLS 1.3 are always on.",
  ),
  curve_preferences: optional(
    list(oneOf("curve", ["CurveP256", "CurveP384", "CurveP521", "X25519"], unknown("curve"))),
    [],
    "Curves for the exchange of keys, the preferred one first; the runtime's where empty.",
  ),
  min_version: optional(tlsVersion, undefined, "Lowest version of TLS to speak, `TLS12` where unset."),
  max_version: optional(tlsVersion, undefined, "Highest version of TLS to speak, `TLS13` where unset."),
  windows_certificate_filter: refusedBlock(
    windowsFilter,
    "can't be used: the certificate store of Windows is not supported",
    "Certificates in the store of Windows.",
  ),
});

/** As Alloy checks it: the first that is wrong. */
function* tlsProblems(tls: Infer<typeof serverTls>): Iterable<Problem> {
  const message = tlsProblem(tls);
  if (message !== undefined) yield { path: [], message };
}

function tlsProblem(tls: Infer<typeof serverTls>): string | undefined {
  const key = tls.key_pem.reveal();
  if (tls.client_ca_pem && tls.client_ca_file) return "cannot specify both client_ca_pem and client_ca_file";
  if (tls.cert_pem && tls.cert_file) return "cannot specify both cert_pem and cert_file";
  if (key && tls.key_file) return "cannot specify both key_pem and key_file";
  if (!tls.cert_pem && !tls.cert_file) return "must specify either cert_pem or cert_file";
  if (!key && !tls.key_file) return "must specify either key_pem or key_file";
  if ((tls.client_ca_pem || tls.client_ca_file) && tls.client_auth_type === "NoClientCert")
    return "cannot specify client_ca_pem or client_ca_file when client_auth_type is NoClientCert";
  return undefined;
}

export const http = object({
  tls: block(
    checked(serverTls, tlsProblems),
    "TLS of the process' own HTTP server, which has the status page, its API, the metrics and the reload. A reload changes it for new connections. In a function there is no such server.",
  ),
  auth: block(
    object({
      basic: block(
        object({
          username: required(string, "User."),
          password: required(secret, "Password."),
        }),
        "Basic authentication.",
      ),
      filter: block(
        object({
          paths: optional(list(string), [], "Beginnings of paths."),
          authenticate_matching_paths: optional(
            bool,
            true,
            "Whether paths that begin so need authentication and others don't, or the other way round.",
          ),
        }),
        "Which paths need authentication; without this block all do.",
      ),
    }),
    "Who may use the process' own HTTP server.",
  ),
});

const reserved = "collector";

export const remotecfg = checked(
  object({
    url: optional(
      string,
      "",
      "Server of the configuration; without it the block does nothing. The server's API is `collector.v1.CollectorService`, by the Connect protocol. In a function it is asked at the cold start, and before an invocation when poll_frequency has passed.",
    ),
    id: optional(
      string,
      undefined,
      "What the collector calls itself; unset it is an id made once and kept in `alloy_seed.json` in the storage path, and in a function its name and region.",
    ),
    name: optional(string, "", "A name for people."),
    attributes: optional(
      map(string),
      {},
      "What the collector says of itself, by which the server chooses the configuration. `collector.os` and `collector.version` are added.",
    ),
    poll_frequency: optional(duration, "1m", "Time between two questions for a new configuration; at least 10s."),
    ...httpClientFields,
  }),
  function* (args) {
    const { poll_frequency: every, attributes } = args;
    if (every < 10_000) {
      const message = `poll_frequency must be at least "10s", got ${JSON.stringify(goDuration(every))}`;
      yield { path: ["poll_frequency"], message };
      return;
    }
    for (const key of attributes.keys()) {
      if (!key.startsWith(`${reserved}.`)) continue;
      const message = `"${reserved}" is a reserved namespace for remotecfg attribute keys`;
      yield { path: ["attributes", key], message };
      return;
    }
    yield* clientProblems(args, []);
  },
);
