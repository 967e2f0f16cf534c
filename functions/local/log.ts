/** The process' own log: one line an event, logfmt or JSON, to standard error. */
import type { Fields, Logger } from "../../lib/pipeline/graph/invocation.ts";

const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

export interface LogOptions {
  readonly level?: Level;
  readonly format?: "logfmt" | "json";
  readonly write?: (line: string) => void;
}

/** A log whose level and form can change while it is written, as a configuration's `logging` block wants it. */
export interface ProcessLogger extends Logger {
  configure(options: Pick<LogOptions, "level" | "format">): void;
}

/** Writes events of at least `level`. */
export function createLogger({
  level = "info",
  format = "logfmt",
  write = writeStderr,
}: LogOptions = {}): ProcessLogger {
  let current = { least: levels.indexOf(level), format };
  const log =
    (of: Level) =>
    (message: string, fields: Fields = {}) => {
      if (levels.indexOf(of) < current.least) return;
      const event = { ts: new Date().toISOString(), level: of, msg: message, ...fields };
      write(current.format === "json" ? JSON.stringify(event) : logfmt(event));
    };
  return {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    configure: wanted => {
      current = { least: levels.indexOf(wanted.level ?? level), format: wanted.format ?? format };
    },
  };
}

const writeStderr = (line: string) => {
  process.stderr.write(`${line}\n`);
};

function logfmt(event: Fields): string {
  return Object.entries(event)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${/^[^\s"=]+$/.test(String(value)) ? value : JSON.stringify(String(value))}`)
    .join(" ");
}
