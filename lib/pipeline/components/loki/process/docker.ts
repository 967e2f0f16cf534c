/** stage.docker: reads lines of Docker's JSON log driver. */
import { type Infer, object } from "../../../eval/schema.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import { compileTimeFormat } from "./time-format.ts";

export const dockerArgs = object({});

export function dockerStage(_args: Infer<typeof dockerArgs>, sets: LabelSets): Stage {
  const parseTime = compileTimeFormat("RFC3339Nano");
  return (entry, run) => {
    const record = readRecord(entry.line);
    if (!record) return true;
    entry.set("output", record.log);
    entry.set("stream", record.stream);
    entry.set("timestamp", record.time);
    entry.line = record.log;
    entry.labels = sets.set(entry.labels, "stream", record.stream);
    entry.timestamp = parseTime(record.time, run.now) ?? entry.timestamp;
    return true;
  };
}

interface DockerRecord {
  log: string;
  stream: string;
  time: string;
}

/** `undefined` where the line is no such record or has no text. Keys match in any case, as Go's decoder does it. */
function readRecord(line: string): DockerRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const record: DockerRecord = { log: "", stream: "", time: "" };
  for (const [key, field] of Object.entries(value)) {
    const name = key.toLowerCase();
    if (name !== "log" && name !== "stream" && name !== "time") continue;
    if (field === null) continue;
    if (typeof field !== "string") return undefined;
    record[name] = field.toWellFormed();
  }
  return record.log === "" ? undefined : record;
}
