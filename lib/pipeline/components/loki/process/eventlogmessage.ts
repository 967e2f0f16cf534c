/** stage.eventlogmessage: takes the `key: value` lines of a Windows event's message into the extracted values. */

import { type Infer, Mismatch, object, optional } from "../../../eval/schema.ts";
import { bool, late, text } from "../../../eval/types.ts";
import type { Stage } from "./entry.ts";
import { isClassicLabelName } from "./label-sets.ts";

const source = late(
  text("string", value => {
    if (!isClassicLabelName(value)) throw new Mismatch(`invalid label name: ${value}`);
    return value;
  }),
);

export const eventLogMessageArgs = object({
  source: optional(source, "message", "Extracted value that holds the message."),
  drop_invalid_labels: optional(
    bool,
    false,
    "Leaves out keys that are no label names, instead of replacing their characters.",
  ),
  overwrite_existing: optional(bool, false, "Replaces values that exist, instead of adding `_extracted` to the key."),
});

export function eventLogMessageStage(args: Infer<typeof eventLogMessageArgs>): Stage {
  return (entry, run) => {
    if (entry.get(args.source) === undefined) return true;
    const message = entry.text(args.source);
    if (message === undefined) {
      run.dropped("eventlogmessage_stage", 1);
      return false;
    }
    for (const line of message.split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon < 0) continue;
      const key = line.slice(0, colon);
      if (!isClassicLabelName(key) && args.drop_invalid_labels) continue;
      const name = sanitizeName(key);
      const taken = !args.overwrite_existing && entry.get(name) !== undefined;
      entry.set(taken ? `${name}_extracted` : name, goTrim(line.slice(colon + 1)));
    }
    return true;
  };
}

/** Each character that a label name can't have becomes `_`. */
export function sanitizeName(name: string): string {
  return (
    [...name].map((char, i) => (/[a-zA-Z_]/.test(char) || (i > 0 && /[0-9]/.test(char)) ? char : "_")).join("") || "_"
  );
}

/** Trims what Go counts as white space. */
export const goTrim = (text: string): string => text.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, "");
