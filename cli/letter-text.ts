/** How dead letters are shown to people. */

import { redact } from "../lib/pipeline/delivery/classify.ts";
import type { DeadLetter } from "../lib/pipeline/delivery/dead-letters.ts";

/** A table with a line of names, whose last column is as wide as it is. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = names.map((name, i) => rows.reduce((most, row) => Math.max(most, (row[i] ?? "").length), name.length));
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [names, ...rows].map(row => `${line(row)}\n`).join("");
}

/** `2026-11-21 14:00:03`, in UTC. */
export const timeText = (time: number): string => new Date(time).toISOString().slice(0, 19).replace("T", " ");

/** `3.4 MiB`. */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** `1 letter`, `2 letters`. */
export const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** On one line, without what would move a terminal's cursor, and without secrets. */
export const oneLine = (text: string): string =>
  redact(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, each => JSON.stringify(each).slice(1, -1));

/** A letter without its body, in the order of its importance. */
export const headerFields = (id: string, { body, ...letter }: DeadLetter): Readonly<Record<string, unknown>> => ({
  id,
  time: new Date(letter.time).toISOString(),
  component: letter.component,
  destination: letter.destination,
  status: letter.status,
  reason: redact(letter.reason),
  attempts: letter.attempts,
  configuration: letter.configuration,
  format: letter.format,
  contentType: letter.contentType,
  bytes: body.length,
  metadata: letter.metadata,
});

const secretName =
  /(^|[._\-\s])(authorization|api[._-]?key|x-api-key|password|passwd|secret|token|access[._-]?key|private[._-]?key|credentials?|(set-)?cookie)s?$/i;
const hidden = "(secret)";

/** The same value with its numbers as JSON can have them, and without what looks like a secret: by its name, or by its form. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  const { key } = value as { readonly key?: unknown }; // an attribute in OTLP's JSON: { key, value }
  const hide = typeof key === "string" && secretName.test(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      (hide && name === "value") || (secretName.test(name) && typeof field === "string")
        ? hidden
        : withoutSecrets(field),
    ]),
  );
}
