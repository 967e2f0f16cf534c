/** stage.timestamp: sets an entry's time from an extracted value. */

import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Labels } from "../../../telemetry/labels.ts";
import type { Entry, Stage } from "./entry.ts";
import { compileLocation, compileTimeFormat, type TimeParser } from "./time-format.ts";

export const timestampArgs = object({
  source: required(string, "Extracted value that holds the time."),
  format: required(string, "Name of a format (`RFC3339`, `Unix`, …) or Go layout."),
  fallback_formats: optional(list(string), [], "Formats to try if the first does not fit."),
  location: optional(string, undefined, "Time zone of times that name none."),
  action_on_failure: optional(
    string,
    "",
    "`fudge` (the default): a nanosecond after the stream's last time; `skip`: the time stays.",
  ),
  action_on_duplicate_timestamp: optional(
    string,
    "",
    "`fudge` (the default): a nanosecond after the one before; `keep`: equal times stay.",
  ),
});
type Args = Infer<typeof timestampArgs>;

/** What a stream had last: the time that was read, and the one that was set. */
interface Last {
  readonly read: bigint;
  readonly set: bigint;
}

export function timestampStage(args: Args): Stage {
  const parse = compileFormats(args);
  const { source } = args;
  const fudgeFailures = isFudge(
    args.action_on_failure,
    "skip",
    "invalid action on failure (supported values are [skip fudge])",
  );
  const fudgeDuplicates = isFudge(
    args.action_on_duplicate_timestamp,
    "keep",
    "invalid action on duplicate timestamp (supported values are [keep fudge])",
  );
  // By label set, whose object is the same for the same labels. A cache: losing it only ends the fudging of a stream.
  const known = new WeakMap<Labels, Last>();
  return (entry, run) => {
    const text = entry.text(source);
    const read = text === undefined ? undefined : parse(text, run.now);
    if (read !== undefined)
      known.set(entry.labels, setTime(entry, read, fudgeDuplicates ? known.get(entry.labels) : undefined));
    else if (fudgeFailures) fudge(entry, known);
    return true;
  };
}

function setTime(entry: Entry, read: bigint, last: Last | undefined): Last {
  entry.timestamp = last?.read === read ? last.set + 1n : read;
  return { read, set: entry.timestamp };
}

function fudge(entry: Entry, known: WeakMap<Labels, Last>): void {
  const last = known.get(entry.labels);
  if (!last) return;
  entry.timestamp = last.set + 1n;
  known.set(entry.labels, { read: last.read, set: entry.timestamp });
}

function isFudge(action: string, other: string, problem: string): boolean {
  if (action !== "" && action !== "fudge" && action !== other) throw new ProblemError(problem);
  return action !== other;
}

function compileFormats({ source, format, fallback_formats: fallbacks, location }: Args): TimeParser {
  if (source === "") throw new ProblemError("timestamp source value is required if timestamp is specified");
  if (format === "") throw new ProblemError("timestamp format is required");
  const zone = location === undefined ? undefined : compileLocation(location);
  const [first, ...others] = [format, ...fallbacks].map(each => compileTimeFormat(each, zone)) as [
    TimeParser,
    ...TimeParser[],
  ]; // at least the format
  if (!others.length) return first;
  return (text, now) => {
    for (const parse of [first, ...others]) {
      const time = parse(text, now);
      if (time !== undefined) return time;
    }
    return undefined;
  };
}
