/** The blocks that configure the process itself: each at most once, without a component behind it. */
import {
  block,
  type DecodeContext,
  defaultBlock,
  type ObjectSchema,
  object,
  optional,
  refused,
  requiredBlock,
} from "../eval/schema.ts";
import { bool, duration, int, list, number, oneOf, secret, string } from "../eval/types.ts";
import type { Block } from "../syntax/ast.ts";
import { logs, otel } from "./kinds.ts";
import { receiver } from "./receiver.ts";

const unrecognized = (what: string) => (text: string) => `unrecognized ${what} ${JSON.stringify(text)}`;

const logging = object({
  level: optional(
    oneOf("log level", ["error", "warn", "info", "debug"], unrecognized("log level")),
    "info",
    "Least severe level that is logged.",
  ),
  format: optional(
    oneOf("log format", ["logfmt", "json"], unrecognized("log format")),
    "logfmt",
    "How log lines are written.",
  ),
  write_to: refused(
    list(receiver(logs)),
    "is not supported yet: the process' own log goes to standard error",
    "Components that get the process' own log.",
  ),
});

const livedebugging = object({
  enabled: optional(bool, false, "Whether the status page shows the data at each component."),
});

const tracing = object({
  sampling_fraction: optional(number, 0.1, "Accepted; the process makes no traces of itself."),
  sampler: defaultBlock(
    object({
      jaeger_remote: block(
        object({
          url: optional(string, "http://127.0.0.1:5778/sampling", "Accepted."),
          max_operations: optional(int, 256, "Accepted."),
          refresh_interval: optional(duration, "1m", "Accepted."),
        }),
        "Accepted.",
      ),
    }),
    "Accepted, as `sampling_fraction`.",
  ),
  write_to: optional(list(receiver(otel)), [], "Accepted, as `sampling_fraction`."),
});

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

const http = object({
  tls: block(
    object({
      cert_pem: optional(string, undefined, "Server certificate in PEM."),
      cert_file: optional(string, undefined, "File with the certificate."),
      key_pem: optional(secret, undefined, "Key of the certificate in PEM."),
      key_file: optional(string, undefined, "File with the key."),
      client_ca_pem: optional(string, undefined, "CA certificates of clients in PEM."),
      client_ca_file: optional(string, undefined, "File with the CA certificates of clients."),
      client_auth_type: optional(string, undefined, "Whether clients must show a certificate."),
      cipher_suites: optional(list(string), [], "Cipher suites."),
      curve_preferences: optional(list(string), [], "Curves."),
      min_version: optional(string, undefined, "Lowest version of TLS to speak."),
      max_version: optional(string, undefined, "Highest version of TLS to speak."),
      windows_certificate_filter: block(windowsFilter, "Certificates in the store of Windows."),
    }),
    "TLS of the status page and the metrics.",
  ),
  auth: block(
    object({
      basic: block(
        object({
          username: optional(string, undefined, "User."),
          password: optional(secret, undefined, "Password."),
        }),
        "Basic authentication.",
      ),
      filter: block(
        object({
          paths: optional(list(string), [], "Paths that the filter is about."),
          authenticate_matching_paths: optional(bool, true, "Whether just these need authentication, or all others."),
        }),
        "Which paths need authentication.",
      ),
    }),
    "Who may see the status page and the metrics.",
  ),
});

export const configBlocks: ReadonlyMap<string, ObjectSchema<unknown>> = new Map<string, ObjectSchema<unknown>>([
  ["http", http],
  ["livedebugging", livedebugging],
  ["logging", logging],
  ["tracing", tracing],
]);

/** What such a block says. */
export const decodeConfigBlock = (block: Block, context: DecodeContext): unknown =>
  configBlocks.get(block.name.name)?.decodeBody(block.body, block, context);

/** Whether a block passes a check but stops a local process: to ignore it would leave open what it closes. */
export const isClosedBlock = (name: string): boolean => name === "http";
