/** Opens the dead letters that a command is for, and chooses among them. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import type { DeadLetter, LetterBox, LetterTimes } from "../lib/pipeline/delivery/dead-letters.ts";
import { openCloudLetters } from "../lib/pipeline/delivery/dead-letters-cloud.ts";
import { folderDeadLetters } from "../lib/pipeline/delivery/dead-letters-folder.ts";
import { letterPlace, letterPlaces } from "../lib/pipeline/delivery/dead-letters-place.ts";
import { parseDuration, toMilliseconds } from "../lib/pipeline/eval/duration.ts";
import type { LetterOptions } from "./letter-options.ts";

/** Where the letters of the options are, for messages. */
export const placeOf = ({ from, "storage.path": storage }: LetterOptions): string =>
  from ?? path.join(storage, "dead-letters");

/** The letters at the place of the options. Throws where there can be none. */
export function openLetters({ from, "storage.path": storage }: LetterOptions): LetterBox {
  if (from === undefined) return folderDeadLetters(placeOf({ "storage.path": storage }));
  if (/^(s3|sqs):/.test(from)) {
    const place = letterPlace(from);
    if (!place) throw new Error(`--from should be a folder, ${letterPlaces}, got ${from}`);
    return openCloudLetters(place, folderDeadLetters(path.join(storage, "replayed", nameOf(from))));
  }
  if (!existsSync(from))
    throw new Error(`--from should be a folder, ${letterPlaces}, got ${from}, which does not exist`);
  return folderDeadLetters(from);
}

/** A queue remembers nothing: what was replayed from it is in a folder of this name. */
const nameOf = (place: string): string => createHash("sha256").update(place).digest("hex").slice(0, 12);

export interface LetterFilter {
  readonly times: LetterTimes;
  readonly matches: (letter: DeadLetter) => boolean;
}

/** Which letters options mean. */
export function letterFilter(options: LetterOptions, now: number): LetterFilter {
  const { component, destination, reason, status, since, until } = options;
  const ofComponent = component === undefined ? undefined : pattern(component);
  const ofDestination = destination?.includes("*") ? pattern(destination) : undefined;
  const text = reason?.toLowerCase();
  return {
    times: { since: timeOf("--since", since, now), until: timeOf("--until", until, now) },
    matches: letter =>
      (!ofComponent || ofComponent.test(letter.component)) &&
      (ofDestination ? ofDestination.test(letter.destination) : letter.destination.includes(destination ?? "")) &&
      (text === undefined || letter.reason.toLowerCase().includes(text)) &&
      (status === undefined || letter.status === status),
  };
}

/** Matches a text as a whole. */
const pattern = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "s");

function timeOf(option: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const [, days] = /^(\d+)d$/.exec(text) ?? [];
  if (days !== undefined) return now - Number(days) * 24 * 3_600_000;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : now - duration(text);
  if (Number.isNaN(time))
    throw new Error(`${option} should be a duration as 1h, or a date as 2026-11-21T14:00:00Z, got ${text}`);
  return time;
}

function duration(text: string): number {
  try {
    return toMilliseconds(parseDuration(text));
  } catch {
    return Number.NaN; // the caller tells
  }
}
