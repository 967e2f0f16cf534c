/** Receives events of an EventBridge bus as log entries. Only in Amalgam. */
import { object, optional } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import { nameProblems } from "../../source-names.ts";
import { recordFields, recordsTrigger } from "./records.ts";

const args = object({
  event_bus: optional(string, "default", "Name or ARN of the bus."),
  sources: optional(
    list(string),
    [],
    'Sources of the events, as `"aws.ec2"`, with `*` for any characters; all where empty.',
  ),
  detail_types: optional(
    list(string),
    [],
    'Types of the events, as `"EC2 Instance State-change Notification"`; all where empty.',
  ),
  event_pattern: optional(
    string,
    "",
    "Event pattern in JSON, which says more closely which events there are; it takes the place of `sources` and `detail_types` in the rule.",
  ),
  ...recordFields(
    "eventbridge",
    "`__eventbridge_source`, `__eventbridge_detail_type`, `__eventbridge_event_id`, `__aws_account` and `__aws_region`",
  ),
});

export const lokiSourceEventbridge = defineComponent({
  name: "loki.source.eventbridge",
  summary: "Receives events of an EventBridge bus as log entries.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "A rule calls the function with each event, whose JSON is the entry. A failure fails the invocation: Lambda tries twice more, then the event goes to the dead-letter queue.",
  args,
  *check({ event_bus, sources, event_pattern }): Iterable<Problem> {
    yield* nameProblems("sources", "source", sources);
    if (!/^[\w.:/-]{1,1600}$/.test(event_bus))
      yield { path: ["event_bus"], message: `event_bus should be a name or an ARN, got ${JSON.stringify(event_bus)}` };
    if (event_pattern && !patternOf(event_pattern))
      yield {
        path: ["event_pattern"],
        message: `event_pattern should be an object in JSON, got ${JSON.stringify(event_pattern)}`,
      };
  },
  build: (args, host) => ({
    triggers: [
      {
        ...recordsTrigger(args, host, {
          source: "bus",
          from: args.sources,
          internal: record => [
            ["__eventbridge_source", record.from],
            ["__eventbridge_detail_type", record.attributes["detail_type"] ?? ""],
            ["__eventbridge_event_id", record.id],
            ["__aws_account", record.attributes["account"] ?? ""],
            ["__aws_region", record.attributes["region"] ?? ""],
          ],
          metadata: record => [
            ["source", record.from],
            ["event_id", record.id],
            ["detail_type", record.attributes["detail_type"] ?? ""],
            ["account_id", record.attributes["account"] ?? ""],
            ["region", record.attributes["region"] ?? ""],
          ],
        }),
        bus: {
          name: args.event_bus,
          pattern: patternOf(args.event_pattern) ?? {
            source: args.sources.length ? args.sources.map(matching) : [{ prefix: "" }],
            ...(args.detail_types.length && { "detail-type": args.detail_types }),
          },
        },
      },
    ],
  }),
});

const matching = (source: string): unknown => (source.includes("*") ? { wildcard: source } : source);

function patternOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>) // an object of JSON
      : undefined;
  } catch {
    return undefined;
  }
}
