/** stage.windowsevent: takes the sections of a Windows event's message into the extracted values. */

import { type Infer, Mismatch, object, optional } from "../../../eval/schema.ts";
import { bool, late, text } from "../../../eval/types.ts";
import type { Entry, Stage } from "./entry.ts";
import { goTrim } from "./eventlogmessage.ts";

const source = late(
  text("string", value => {
    if (value === "") throw new Mismatch(`invalid label name: ${value}`);
    return value;
  }),
);

export const windowsEventArgs = object({
  source: optional(source, "message", "Extracted value that holds the message."),
  drop_invalid_labels: optional(bool, false, "Leaves out keys that are no label names."),
  overwrite_existing: optional(bool, false, "Replaces values that exist, instead of adding `_extracted` to the key."),
});
type Args = Infer<typeof windowsEventArgs>;

export function windowsEventStage(args: Args): Stage {
  return (entry, run) => {
    if (entry.get(args.source) === undefined) return true;
    const message = entry.text(args.source);
    if (message === undefined) {
      run.dropped("windowsevent_stage", 1);
      return false;
    }
    const [description = "", ...sections] = message.split("\r\n\r\n");
    put(entry, "Description", description, args);
    for (const section of sections) readSection(entry, section.split("\r\n"), args);
    return true;
  };
}

/** A first line without value is a title, which precedes the keys; lines without colon go on with the value before. */
function readSection(entry: Entry, lines: readonly string[], args: Args): void {
  let prefix = "";
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] as string; // inside
    i++;
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const key = line.slice(0, colon);
    let value = line.slice(colon + 1);
    if (value === "") {
      if (i === 1) prefix = key;
      continue;
    }
    for (let next = lines[i]; next !== undefined && next !== "" && !next.includes(":"); next = lines[++i])
      value += `,${next}`;
    put(entry, prefix === "" ? key : `${prefix}_${key}`, value, args);
  }
}

function put(entry: Entry, key: string, value: string, args: Args): void {
  let name = key.replace(/[\t\r\n ]/g, "");
  if (name === "") {
    if (args.drop_invalid_labels) return;
    name = "_";
  }
  const taken = !args.overwrite_existing && entry.get(name) !== undefined;
  entry.set(taken ? `${name}_extracted` : name, goTrim(value.replace(/[\t\r\n]/g, "")));
}
