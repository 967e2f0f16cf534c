/** The blocks that configure the process itself: each at most once, without a component behind it. */
import { type ObjectSchema, object, optional } from "../eval/schema.ts";
import { bool, list, oneOf } from "../eval/types.ts";
import { logs } from "./kinds.ts";
import { receiver } from "./receiver.ts";

const logging = object({
  level: optional(oneOf("log level", ["error", "warn", "info", "debug"]), "info", "Least severe level that is logged."),
  format: optional(oneOf("log format", ["logfmt", "json"]), "logfmt", "How log lines are written."),
  write_to: optional(list(receiver(logs)), undefined, "Components that get the process' own log."),
});

const livedebugging = object({
  enabled: optional(bool, false, "Whether the status page shows the data at each component."),
});

export const configBlocks: ReadonlyMap<string, ObjectSchema<unknown>> = new Map<string, ObjectSchema<unknown>>([
  ["logging", logging],
  ["livedebugging", livedebugging],
]);
