/** Secrets and files as configurations give them, read at the moment they are needed. */
import { DeliveryError, messageOf } from "./errors.ts";

/** A secret: as text, as a function, or as a value that must be asked to reveal it. Nothing here puts one into a message. */
export type SecretText = string | (() => string) | { reveal(): string };

export function reveal(secret: SecretText | undefined): string {
  if (secret === undefined) return "";
  if (typeof secret === "string") return secret;
  return typeof secret === "function" ? secret() : secret.reveal();
}

/** What a text comes from: an argument, or the file that another argument names. */
export interface TextSource {
  readonly text?: SecretText | undefined;
  readonly file?: string | undefined;
  /** The argument that names the file, for messages: `password_file`. */
  readonly argument: string;
  /** Where relative paths start from. @default the process' folder */
  readonly directory?: string | undefined;
}

/** Reads the source, and again when the file has changed; `undefined` where there is neither text nor file. */
export function textReader({ text, file, argument, directory }: TextSource): (() => string) | undefined {
  if (text !== undefined && reveal(text) !== "") return () => reveal(text);
  return file ? fileReader(file, argument, directory) : undefined;
}

/** The trimmed content of a file, read again when its time or size changes. */
function fileReader(file: string, argument: string, directory: string | undefined): () => string {
  const path = directory && !isAbsolute(file) ? `${directory}/${file}` : file;
  let content = "";
  let stamp = "";
  return () => {
    const { readFileSync, statSync } = process.getBuiltinModule("node:fs");
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const current = `${mtimeMs} ${size} ${ino}`;
      if (current !== stamp) {
        content = readFileSync(path, "utf8").trim();
        stamp = current;
      }
      return content;
    } catch (cause) {
      throw new DeliveryError(`${argument} can't be read: ${messageOf(cause)}`, { kind: "retry", cause });
    }
  };
}

function isAbsolute(path: string): boolean {
  return process.getBuiltinModule("node:path").isAbsolute(path);
}
