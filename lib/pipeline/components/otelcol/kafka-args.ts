/** Arguments of components that speak of Kafka's brokers. In a function Lambda's event source connects to them. */
import { block, object, optional, required } from "../../eval/schema.ts";
import { bool, duration, int, number, secret, string } from "../../eval/types.ts";
import { clientTls } from "./args.ts";

const accepted = "Accepted; the function's event source connects: its secret has what it needs.";

export const kafkaAuthentication = object({
  plaintext: block(
    object({ username: required(string, accepted), password: required(secret, accepted) }),
    "User and password, without TLS.",
  ),
  sasl: block(
    object({
      username: required(string, accepted),
      password: required(secret, accepted),
      mechanism: required(
        string,
        "`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`, `AWS_MSK_IAM` or `AWS_MSK_IAM_OAUTHBEARER`.",
      ),
      version: optional(int, 0, accepted),
      aws_msk: block(object({ region: required(string, accepted) }), "Where MSK is."),
    }),
    "SASL.",
  ),
  tls: block(clientTls, "TLS, also with a client certificate."),
  kerberos: block(
    object({
      service_name: optional(string, "", accepted),
      realm: optional(string, "", accepted),
      use_keytab: optional(bool, false, accepted),
      username: required(string, accepted),
      password: optional(secret, undefined, accepted),
      config_file: optional(string, "", accepted),
      keytab_file: optional(string, "", accepted),
      disable_fast_negotiation: optional(bool, false, accepted),
    }),
    "Kerberos, which no event source speaks.",
  ),
});

export const kafkaMetadata = object({
  full: optional(bool, true, accepted),
  refresh_interval: optional(duration, "10m", accepted),
  retry: block(
    object({ max_retries: optional(int, 3, accepted), backoff: optional(duration, "250ms", accepted) }),
    "Retries of metadata.",
  ),
});

export const kafkaErrorBackoff = object({
  enabled: optional(bool, false, "Accepted; the event source tries again."),
  initial_interval: optional(duration, undefined, "Accepted; the event source tries again."),
  randomization_factor: optional(number, 0, "Accepted; the event source tries again."),
  multiplier: optional(number, 0, "Accepted; the event source tries again."),
  max_interval: optional(duration, undefined, "Accepted; the event source tries again."),
  max_elapsed_time: optional(duration, undefined, "Accepted; the event source tries again."),
});
