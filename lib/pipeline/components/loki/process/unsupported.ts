/** Arguments of stages that must remember from batch to batch, or need a database, and are refused for now. */

import { choice, object, optional, required } from "../../../eval/schema.ts";
import { bool, duration, int, list, map, number, string } from "../../../eval/types.ts";

const metric = {
  name: required(string, "Name of the metric."),
  description: optional(string, "", "Help text of the metric."),
  source: optional(string, "", "Extracted value to take; by default the one of the metric's name."),
  prefix: optional(string, "", "Begins the metric's name; `loki_process_custom_` by default."),
  max_idle_duration: optional(duration, "5m", "Time after which a series without values is gone."),
  value: optional(string, "", "What the value must be to count."),
};

const metrics = object({
  metric: choice(
    {
      counter: object({
        ...metric,
        action: required(string, "`inc` or `add`."),
        match_all: optional(bool, false, "Counts all lines."),
        count_entry_bytes: optional(bool, false, "Counts the lines' bytes."),
      }),
      gauge: object({ ...metric, action: required(string, "`inc`, `dec`, `set`, `add` or `sub`.") }),
      histogram: object({ ...metric, buckets: required(list(number), "Upper bounds of the buckets.") }),
    },
    "Metrics to make.",
  ),
});

const cri = object({
  max_partial_lines: optional(int, 100, "Partial lines to hold at most."),
  max_partial_line_size: optional(int, 0, "Bytes that a joined line has at most."),
  max_partial_line_size_truncate: optional(bool, false, "Cuts longer lines."),
});

const geoip = object({
  db: required(string, "File of the database."),
  source: required(string, "Extracted value that holds the address."),
  db_type: optional(string, "", "`city`, `asn` or `country`."),
  custom_lookups: optional(map(string), {}, "JMESPath expressions over the record by name."),
});

const multiline = object({
  firstline: required(string, "Regular expression that the first line of a block matches."),
  max_lines: optional(int, 128, "Lines of a block at most."),
  max_wait_time: optional(duration, "3s", "Time to wait for more lines."),
  trim_newlines: optional(bool, true, "Removes newlines at the end of lines."),
});

/** By the stage's name. */
export const unsupportedVariants = { cri, geoip, metrics, multiline };
