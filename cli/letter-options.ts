/** What commands on dead letters have in common: where letters are, and which of them. */
import { type Command, InvalidArgumentError } from "commander";

/** As commander gives them. */
export interface LetterOptions {
  readonly from?: string;
  readonly "storage.path": string;
  readonly component?: string;
  readonly destination?: string;
  readonly reason?: string;
  readonly status?: number;
  readonly since?: string;
  readonly until?: string;
}

/** Adds where letters are. */
export const addLetterPlace = (command: Command): Command =>
  command
    .option("--from <place>", "where the letters are: a folder, s3://BUCKET/PREFIX or sqs:QUEUE_URL")
    .option(
      "--storage.path <folder>",
      "where `amalgam run` keeps its state, and the letters without --from",
      "data-amalgam/",
    );

/** Adds which letters are meant. */
export const addLetterFilter = (command: Command): Command =>
  addLetterPlace(command)
    .option("--component <pattern>", "only those of this component; * stands for any text")
    .option("--destination <text>", "only those for a URL with this text in it; with a *, for a URL of this pattern")
    .option("--reason <text>", "only those with this text in their reason")
    .option("--status <code>", "only those with this HTTP status", status)
    .option(
      "--since <time>",
      "only those from then on: a duration before now, as 1h, or a date, as 2026-11-21T14:00:00Z",
    )
    .option("--until <time>", "only those from before then");

function status(text: string): number {
  if (!/^\d{3}$/.test(text)) throw new InvalidArgumentError(`should be an HTTP status, got ${text}`);
  return Number(text);
}

/** A count from 1. */
export function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError(`should be a number from 1, got ${text}`);
  return Number(text);
}

/** Letters a second: `10/s`, `600/m`. */
export function rate(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\/([smh])$/.exec(text) ?? [];
  const perSecond = Number(number) / ({ s: 1, m: 60, h: 3600 }[unit ?? ""] ?? Number.NaN);
  if (!(perSecond > 0)) throw new InvalidArgumentError(`should be letters in a time, as 10/s or 600/m, got ${text}`);
  return perSecond;
}
