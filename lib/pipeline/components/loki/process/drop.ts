/** stage.drop: drops entries for which every given condition holds. */

import { type Infer, object, optional } from "../../../eval/schema.ts";
import { bytes, duration, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { byteLength } from "../../../template/bytes.ts";
import { type Entry, printed, type Run, type Stage } from "./entry.ts";
import { compile } from "./regexes.ts";

export const dropArgs = object({
  drop_counter_reason: optional(string, "", "Why, for the counter of dropped lines; `drop_stage` by default."),
  source: optional(string, "", "Extracted values to look at, separated by commas; by default the line."),
  value: optional(string, "", "What they must be exactly, joined with the separator."),
  separator: optional(string, "", "What joins several values; `;` by default."),
  expression: optional(string, "", "Regular expression that the values or the line must match somewhere."),
  older_than: optional(duration, 0, "Drops what is older."),
  longer_than: optional(bytes, 0, "Drops lines of more bytes."),
});
type Args = Infer<typeof dropArgs>;
type Condition = (entry: Entry, run: Run) => boolean;

export function dropStage(args: Args): Stage {
  const reason = args.drop_counter_reason || "drop_stage";
  const conditions = compileConditions(args);
  return (entry, run) => {
    for (const holds of conditions) if (!holds(entry, run)) return true;
    run.dropped(reason, 1);
    return false;
  };
}

function compileConditions(args: Args): readonly Condition[] {
  const { source, value, expression, older_than: olderThan, longer_than: longerThan } = args;
  if (source === "" && expression === "" && olderThan === 0 && longerThan === 0) {
    throw new ProblemError(
      "drop stage config must contain at least one of `source`, `expression`, `older_than` or `longer_than`",
    );
  }
  if (value !== "" && expression !== "") {
    throw new ProblemError("drop stage config error, `value` and `expression` cannot both be defined at the same time");
  }
  if (value !== "" && source === "")
    throw new ProblemError("drop stage config must contain `source` if `value` is specified");
  const conditions: Condition[] = [];
  if (longerThan !== 0) conditions.push(({ line }) => line.length * 3 > longerThan && byteLength(line) > longerThan);
  if (olderThan !== 0) {
    conditions.push(
      ({ timestamp }, { now }) =>
        timestamp < BigInt(Math.trunc(now)) * 1_000_000n - BigInt(Math.trunc(olderThan * 1e6)),
    );
  }
  if (value !== "") conditions.push(ofValues(source, args.separator, text => text === value));
  else if (expression !== "") {
    const regex = compile(expression, "drop stage regex compilation error");
    if (source === "") conditions.push(({ line }) => regex.test(line));
    else conditions.push(ofValues(source, args.separator, text => regex.test(text)));
  } else if (source !== "") {
    const names = source.split(",");
    conditions.push(entry => names.every(name => entry.get(name) !== undefined));
  }
  return conditions;
}

/** Values that are missing are left out; a null among them is no match. */
function ofValues(source: string, separator: string, fits: (text: string) => boolean): Condition {
  const names = source.split(",");
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    return entry => {
      const value = entry.get(only);
      if (value === undefined) return fits("");
      const text = printed(value);
      return text !== undefined && fits(text);
    };
  }
  return entry => {
    const found: string[] = [];
    for (const name of names) {
      const value = entry.get(name);
      if (value === undefined) continue;
      const text = printed(value);
      if (text === undefined) return false;
      found.push(text);
    }
    return fits(found.join(separator || ";"));
  };
}
