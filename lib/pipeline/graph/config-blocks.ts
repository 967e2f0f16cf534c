/** The blocks that configure the process itself: each at most once, without a component behind it. */
import { clientProblems, httpClientFields } from "../delivery/client-arguments.ts";
import { formatDuration } from "../eval/duration.ts";
import {
  block,
  type DecodeContext,
  defaultBlock,
  type Infer,
  type ObjectSchema,
  object,
  optional,
  refusedBlock,
  required,
  requiredBlock,
} from "../eval/schema.ts";
import { bool, duration, int, list, map, number, oneOf, secret, string, type WordType } from "../eval/types.ts";
import type { Block } from "../syntax/ast.ts";
import type { Problem } from "./component.ts";
import { logs, otel } from "./kinds.ts";
import { locateInBlock } from "./locate.ts";
import { receiver } from "./receiver.ts";

const unrecognized = (what: string) => (text: string) => `unrecognized ${what} ${JSON.stringify(text)}`;
const unknown = (what: string) => (text: string) => `unknown ${what} ${JSON.stringify(text)}`;

/** Empty text is the same as no attribute. */
const orEmpty = <W extends string>(type: WordType<W>): WordType<W> => ({
  ...type,
  decode: value => (value === "" ? (undefined as unknown as W) : type.decode(value)), // a field that may be undefined anyway
});

/** Adds what a schema can't say. Where values are not known, as when a file is only checked, nothing is said of them. */
const checked = <T>(schema: ObjectSchema<T>, check: (args: T) => Iterable<Problem>): ObjectSchema<T> => ({
  ...schema,
  decodeBody(body, owner, context) {
    if (context.inspect) return schema.decodeBody(body, owner, context);
    let complete = true;
    const args = schema.decodeBody(body, owner, {
      report: (...found) => {
        complete = false;
        context.report(...found);
      },
      reportMismatch: (...found) => {
        complete = false;
        context.reportMismatch(...found);
      },
      evaluate: expr => {
        const value = context.evaluate(expr);
        complete &&= value !== undefined;
        return value;
      },
    });
    if (!complete) return args;
    for (const { path, message } of check(args)) context.report(locateInBlock(owner as Block, path), message); // of a block's body
    return args;
  },
});

const rateLimiting = object({
  enabled: optional(bool, true, "Whether lines that repeat are limited."),
  tick: optional(duration, "1s", "Window in which lines are counted."),
  threshold: optional(int, 10, "Lines with the same component, level and message that a window lets through."),
  rate: optional(number, 0, "Fraction, from 0 to 1, of the lines beyond the threshold that are still written."),
  max_signatures: optional(int, 1000, "Kinds of lines to count; the one that was longest not seen is forgotten."),
});

const logging = checked(
  object({
    level: optional(
      orEmpty(oneOf("log level", ["error", "warn", "info", "debug"], unrecognized("log level"))),
      undefined,
      "Least severe level that is logged; unset it is `info`, and in a function what its platform says.",
    ),
    format: optional(
      orEmpty(oneOf("log format", ["logfmt", "json"], unrecognized("log format"))),
      undefined,
      "How log lines are written; unset it is `logfmt`, and in a function `json`.",
    ),
    destination: optional(
      orEmpty(oneOf("log destination", ["stderr", "windows_event_log"], unrecognized("log destination"))),
      "stderr",
      "Where log lines are written. There is `stderr` only: with `windows_event_log` the configuration does not load.",
    ),
    write_to: optional(
      list(receiver(logs)),
      [],
      "Receivers that get the process' own log lines too, with the label `component` of value `alloy`. What they log while they handle such a line is not sent again. In a function nothing is sent.",
    ),
    rate_limiting: defaultBlock(
      rateLimiting,
      "Limits lines that repeat. It is on, also without this block; a function's log is not limited.",
    ),
  }),
  function* ({ destination, rate_limiting: { enabled, tick, threshold, rate, max_signatures } }) {
    if (destination === "windows_event_log")
      yield { path: ["destination"], message: "windows_event_log is only supported on Windows" };
    if (!enabled) return;
    const at = (name: string, message: string) => ({ path: ["rate_limiting", name], message });
    if (tick <= 0) yield at("tick", `logging rate_limiting.tick must be > 0, got ${goDuration(tick)}`);
    else if (threshold <= 0) yield at("threshold", "logging rate_limiting.threshold must be > 0");
    else if (!(rate >= 0 && rate <= 1)) yield at("rate", `logging rate_limiting.rate must be in [0,1], got ${rate}`);
    else if (max_signatures <= 0)
      yield at("max_signatures", `logging rate_limiting.max_signatures must be > 0, got ${max_signatures}`);
  },
);

const goDuration = (ms: number): string => formatDuration(BigInt(Math.round(ms * 1e6)));

const livedebugging = object({
  enabled: optional(
    bool,
    false,
    "Whether the status page shows the data at each component. Without the block it does: unlike Alloy's, the page is reached from this machine only, unless `--server.http.listen-addr` says otherwise. In a function there is no page.",
  ),
});

const tracing = object({
  sampling_fraction: optional(
    number,
    0.1,
    "Fraction of traces that are kept; those of callers that send a trace are kept as they say.",
  ),
  sampler: defaultBlock(
    object({
      jaeger_remote: block(
        object({
          url: optional(
            string,
            "http://127.0.0.1:5778/sampling",
            "Where the strategies of `service=alloy` are read from.",
          ),
          max_operations: optional(int, 256, "Names of spans that have a fraction of their own."),
          refresh_interval: optional(duration, "1m", "Time between two requests."),
        }),
        "Strategies of a Jaeger server; the fraction counts until it answers.",
      ),
    }),
    "Decides in the place of `sampling_fraction`.",
  ),
  write_to: optional(
    list(receiver(otel)),
    [],
    "Receivers that get the process' own traces: a span for each request to a component and for each run of work on a schedule, such as a scrape. There are none of what happens inside, and none in a function.",
  ),
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

const http = object({
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

const remotecfg = checked(
  object({
    url: optional(
      string,
      "",
      "Server of the configuration; without it the block does nothing. The server's API is `collector.v1.CollectorService`, by the Connect protocol. In a function the block with a url is refused: its configuration is part of its bundle.",
    ),
    id: optional(
      string,
      undefined,
      "What the collector calls itself; unset it is an id made once and kept in `alloy_seed.json` in the storage path.",
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

/** What each block decodes to. */
export interface Settings {
  readonly http: Infer<typeof http>;
  readonly livedebugging: Infer<typeof livedebugging>;
  readonly logging: Infer<typeof logging>;
  readonly remotecfg: Infer<typeof remotecfg>;
  readonly tracing: Infer<typeof tracing>;
}

export const configBlocks: ReadonlyMap<string, ObjectSchema<unknown>> = new Map<string, ObjectSchema<unknown>>([
  ["http", http],
  ["livedebugging", livedebugging],
  ["logging", logging],
  ["remotecfg", remotecfg],
  ["tracing", tracing],
]);

/** What such a block says. */
export const decodeConfigBlock = (block: Block, context: DecodeContext): unknown =>
  configBlocks.get(block.name.name)?.decodeBody(block.body, block, context);

/** A block as the pipeline's settings have it. */
export const settingOf = <K extends keyof Settings>(
  settings: ReadonlyMap<string, unknown>,
  name: K,
): Settings[K] | undefined => settings.get(name) as Settings[K] | undefined; // decoded by the schema of that name
