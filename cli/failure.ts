/** A failure of a command in one line. */
import { messageOf } from "../lib/pipeline/delivery/errors.ts";

/** `config.alloy: no such file or directory` for what the system refuses, else the message as it is. */
export function failureText(error: unknown): string {
  const message = messageOf(error);
  const place = error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
  const [, reason] = /^E[A-Z0-9]+: (.+?), \w+(?: '|$)/.exec(message) ?? [];
  if (reason === undefined) return message;
  return place === undefined ? reason : `${place}: ${reason}`;
}
