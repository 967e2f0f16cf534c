/** The process' own log: one line an event, logfmt or JSON, to standard error. */
import type { Fields, Logger } from "../../lib/pipeline/graph/invocation.ts";
import type { LineLimit } from "./line-limit.ts";

const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

export interface LogOptions {
  readonly level?: Level | undefined;
  readonly format?: "logfmt" | "json" | undefined;
  readonly write?: (line: string) => void;
  /** How JSON lines are read where they go. @default `ts` and `msg`, as Alloy has them */
  readonly json?: JsonForm;
  /** Keeps events until `configure` says how they are written. @default false */
  readonly hold?: boolean;
}

/** The names of a JSON line's own fields, and what else each line has. */
export interface JsonForm {
  readonly time: string;
  readonly message: string;
  readonly fields?: () => Fields;
}

/** What a configuration says of the log; what it does not say is as at the start. */
export interface LogSettings extends Pick<LogOptions, "level" | "format"> {
  /** @default lines are not limited */
  readonly limit?: LineLimit | undefined;
  /** Called for each line that `limit` takes out. */
  readonly onSuppressed?: ((level: Level, component: string) => void) | undefined;
  /** Gets each line too, without its end, and when it was logged. */
  readonly tee?: ((line: string, ms: number) => void) | undefined;
}

/** A log whose level and form can change while it is written, as a configuration's `logging` block wants it. */
export interface ProcessLogger extends Logger {
  configure(settings: LogSettings): void;
}

interface Event {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
  readonly ms: number;
}

/** More than these are not held back. */
const mostHeld = 1000;

/** Writes events of at least `level`. */
export function createLogger({
  level = "info",
  format = "logfmt",
  write = writeStderr,
  json = usualJson,
  hold = false,
}: LogOptions = {}): ProcessLogger {
  let emit = emitter({ level, format }, json, write);
  let held: Event[] | undefined = hold ? [] : undefined;
  const release = () => {
    const events = held ?? [];
    held = undefined;
    for (const event of events) emit(event);
  };
  const log =
    (of: Level) =>
    (message: string, fields: Fields = {}) => {
      const event = { level: of, message, fields, ms: Date.now() };
      if (!held) return emit(event);
      held.push(event);
      if (held.length >= mostHeld) release();
    };
  return {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    configure: settings => {
      emit = emitter({ ...settings, level: settings.level ?? level, format: settings.format ?? format }, json, write);
      release();
    },
  };
}

/** How events are written as long as the settings hold. */
function emitter(
  { level = "info", format, limit, onSuppressed, tee }: LogSettings,
  json: JsonForm,
  write: (line: string) => void,
): (event: Event) => void {
  const least = levels.indexOf(level);
  return ({ level: of, message, fields, ms }) => {
    if (levels.indexOf(of) < least) return;
    const component = String(fields["component"] ?? "");
    // lines without a message have nothing by which they are alike
    const { written, dropped } = (message !== "" && limit?.admit(`${component}\0${of}\0${message}`, ms)) || usual;
    if (!written) return onSuppressed?.(of, component);
    const names = format === "json" ? json : usualJson;
    const event = {
      [names.time]: new Date(ms).toISOString(),
      level: of,
      ...(message !== "" && { [names.message]: message }),
      ...names.fields?.(),
      ...fields,
      ...(dropped > 0 && { "slog_sampling.dropped_count": dropped }),
    };
    const line = format === "json" ? JSON.stringify(event) : logfmt(event);
    write(line);
    tee?.(line, ms);
  };
}

const usualJson: JsonForm = { time: "ts", message: "msg" };

const usual = { written: true, dropped: 0 };

const writeStderr = (line: string) => {
  process.stderr.write(`${line}\n`);
};

function logfmt(event: Fields): string {
  return Object.entries(event)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${/^[^\s"=]+$/.test(String(value)) ? value : JSON.stringify(String(value))}`)
    .join(" ");
}
