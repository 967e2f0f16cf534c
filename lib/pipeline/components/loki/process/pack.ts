/** stage.pack: puts the line and some labels into one JSON object, which becomes the line. */

import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, list, string } from "../../../eval/types.ts";
import { compareBytes } from "../../../telemetry/labels.ts";
import { jsonString } from "../../../template/go-json.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";

export const packArgs = object({
  labels: required(list(string), "Labels and extracted values to pack; the labels leave the labels."),
  ingest_timestamp: optional(bool, true, "Sets the entry's time to now."),
});

export function packStage(args: Infer<typeof packArgs>, sets: LabelSets): Stage {
  const names = [...new Set(args.labels)].sort(compareBytes);
  const packed = names.map(name => ({ name, key: `${jsonString(name)}:` }));
  return (entry, run) => {
    let fields = "";
    for (const { name, key } of packed) {
      const value = entry.text(name);
      if (value === undefined) continue;
      fields += `${key}${jsonString(value)},`;
      entry.labels = sets.remove(entry.labels, name);
    }
    entry.line = `{${fields}"_entry":${jsonString(entry.line)}}`;
    if (args.ingest_timestamp) entry.timestamp = BigInt(Math.trunc(run.now)) * 1_000_000n;
    return true;
  };
}
