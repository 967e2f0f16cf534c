/** The process' own log: one line an event, logfmt or JSON, to standard error. */
import type { Fields, Logger } from "../../lib/pipeline/graph/invocation.ts";

const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

export interface LogOptions {
  readonly level?: Level;
  readonly format?: "logfmt" | "json";
  readonly write?: (line: string) => void;
}

/** Writes events of at least `level`. */
export function createLogger({ level = "info", format = "logfmt", write = writeStderr }: LogOptions = {}): Logger {
  const log =
    (of: Level) =>
    (message: string, fields: Fields = {}) => {
      if (levels.indexOf(of) < levels.indexOf(level)) return;
      const event = { ts: new Date().toISOString(), level: of, msg: message, ...fields };
      write(format === "json" ? JSON.stringify(event) : logfmt(event));
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
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
