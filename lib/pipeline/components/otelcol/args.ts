/** Arguments that OpenTelemetry components share. */
import { block, type Infer, object, optional, refusedBlock, requiredBlock } from "../../eval/schema.ts";
import { bool, duration, late, list, oneOf, secret, string } from "../../eval/types.ts";
import { otel } from "../../graph/kinds.ts";
import { receiver } from "../../graph/receiver.ts";

/** Accepted everywhere; Amalgam's own metrics have no such levels. */
export const debugMetrics = block(
  object({
    disable_high_cardinality_metrics: optional(bool, true, "Accepted; there are no such metrics here."),
    level: optional(
      oneOf(
        "level",
        ["none", "basic", "normal", "detailed"],
        text => `unrecognized debug level ${JSON.stringify(text)}`,
      ),
      "detailed",
      "Accepted; all metrics are kept.",
    ),
  }),
  "Which metrics the component makes of itself.",
);

const consumers = (signal: string) => optional(list(receiver(otel)), [], `Where to send ${signal}.`);

export const outputArgs = object({
  metrics: consumers("metrics"),
  logs: consumers("logs"),
  traces: consumers("traces"),
});
export const output = requiredBlock(outputArgs, "Where to send telemetry.");
export type OutputArgs = Infer<typeof outputArgs>;

const tlsVersion = (description: string) =>
  optional(late(oneOf("TLS version", ["1.0", "1.1", "1.2", "1.3"])), undefined, description);

const tlsFields = {
  ca_pem: optional(string, undefined, "CA certificates in PEM."),
  ca_file: optional(string, undefined, "File with CA certificates."),
  cert_pem: optional(string, undefined, "Certificate in PEM."),
  cert_file: optional(string, undefined, "File with the certificate."),
  key_pem: optional(secret, undefined, "Key in PEM."),
  key_file: optional(string, undefined, "File with the key."),
  min_version: tlsVersion("Lowest version of TLS to speak."),
  max_version: tlsVersion("Highest version of TLS to speak."),
  reload_interval: optional(duration, undefined, "Accepted; files are read again when they change."),
  cipher_suites: optional(list(string), undefined, "Accepted; the runtime's secure suites are used."),
  include_insecure_cipher_suites: optional(bool, false, "Accepted; insecure suites are never used."),
  include_system_ca_certs_pool: optional(bool, false, "Trusts the system's certificates besides the given ones."),
  curve_preferences: optional(list(string), undefined, "Accepted; the runtime's curves are used."),
  tpm: refusedBlock(
    object({
      enabled: optional(bool, false, "Uses the TPM."),
      path: optional(string, undefined, "Device."),
      owner_auth: optional(string, undefined, "Authorisation of the owner."),
      auth: optional(string, undefined, "Authorisation of the key."),
    }),
    "can't be used: keys in a TPM are not reachable from here",
    "Keys kept in a TPM.",
  ),
};

export const clientTls = object({
  ...tlsFields,
  insecure: optional(bool, false, "Accepted; the endpoint's scheme decides."),
  insecure_skip_verify: optional(bool, false, "Accepts any server certificate."),
  server_name: optional(string, undefined, "Name that the server's certificate must have."),
});

export const serverTls = object({
  ...tlsFields,
  client_ca_file: optional(string, undefined, "File with the CA certificates that clients must be signed by."),
});
export type ClientTlsArgs = Infer<typeof clientTls>;
