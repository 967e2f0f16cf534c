/** The blocks that configure the process itself: each at most once, without a component behind it. */
import {
  block,
  type DecodeContext,
  defaultBlock,
  type Infer,
  type ObjectSchema,
  object,
  optional,
} from "../eval/schema.ts";
import { bool, duration, int, list, number, oneOf, string } from "../eval/types.ts";
import type { Block } from "../syntax/ast.ts";
import { checked, goDuration, orEmpty } from "./checked-block.ts";
import { logs, otel } from "./kinds.ts";
import { receiver } from "./receiver.ts";
import { http, remotecfg } from "./server-blocks.ts";

const unrecognized = (what: string) => (text: string) => `unrecognized ${what} ${JSON.stringify(text)}`;

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
    "Receivers that get the process' own traces: a span for each request to a component and for each run of work on a schedule, such as a scrape. There are none of what happens inside. In a function, a span for each invocation, sent before it is answered; a strategy server is not asked there.",
  ),
});

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
