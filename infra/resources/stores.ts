/** Where functions keep what outlives an invocation: state in a table, what backends refuse for good in a bucket. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { tableActions } from "../../lib/pipeline/state/dynamodb-actions.ts";
import type { FunctionKind, PermissionPlan, ResourcePlan } from "../resources.ts";
import { kindsOf, writersOf } from "./triggers.ts";

/** Tables, buckets, and the variables that tell functions of them. */
export function keptBy(graph: GraphDescription): Pick<ResourcePlan, "tables" | "buckets" | "environment"> {
  const keep = graph.components.filter(({ state }) => state).map(({ id }) => id);
  const { followed } = graph;
  const write = writersOf(graph);
  return {
    tables:
      keep.length || followed
        ? [
            {
              id: "state",
              partitionKey: "namespace",
              sortKey: "key",
              timeToLive: "expires",
              components: keep,
              reason: [
                ...(keep.length
                  ? [
                      `${keep.join(", ")} ${keep.length === 1 ? "keeps" : "keep"} something from one invocation to the next`,
                    ]
                  : []),
                ...(followed ? [`the last good configuration of ${followed.from.join(" and ")} is kept`] : []),
              ].join(", and "),
            },
          ]
        : [],
    buckets: write.length
      ? [
          {
            id: "dead-letters",
            expireAfterDays: 30,
            components: write,
            reason: `keeps what the backends of ${write.join(", ")} refuse for good, for amalgam dead-letters and amalgam replay, and what waits for them and is larger than a message`,
          },
        ]
      : [],
    environment: [
      ...(keep.length || followed
        ? [{ name: "AMALGAM_STATE", value: "dynamodb:${table-name:state}", reason: "where functions keep state" }]
        : []),
      ...(write.length
        ? [{ name: "AMALGAM_DEAD_LETTERS", value: "${place:dead-letters}", reason: "where refused data is kept" }]
        : []),
      ...(kindsOf(graph).includes("hand-over")
        ? [
            {
              name: "AMALGAM_HAND_OVER",
              value: "sqs:${queue-url:hand-over},${place:dead-letters}",
              reason: "where data waits that a backend does not take in time",
            },
          ]
        : []),
      ...(takesLogs(graph)
        ? [
            {
              name: "AMALGAM_OWN_LOG_GROUPS",
              value: "${log-group-names:functions}",
              reason:
                "the functions' own logs are dropped where they come back: each that is delivered would make another",
            },
          ]
        : []),
    ],
  };
}

/** Whether logs of CloudWatch come, by a subscription or through a stream. */
const takesLogs = ({ components }: GraphDescription): boolean =>
  components.some(({ triggers }) =>
    triggers.some(trigger => trigger.kind === "records" && trigger.format === "cloudwatch_logs"),
  );

/** What functions may do with them. */
export function storePermissions(graph: GraphDescription, kind: FunctionKind): PermissionPlan[] {
  const { tables, buckets } = keptBy(graph);
  const delivers = kind === "hand-over";
  return [
    ...tables.map(({ id, reason }) => ({ actions: tableActions, resource: `\${table:${id}}`, reason })),
    ...buckets.map(({ id, reason }) => ({
      actions: delivers ? ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"] : ["s3:PutObject"],
      resource: `\${objects:${id}}`,
      reason: `${reason}; ${delivers ? "what was delivered is deleted" : "functions neither read nor delete them"}`,
    })),
    ...(!delivers && kindsOf(graph).includes("hand-over")
      ? [
          {
            actions: ["sqs:SendMessage"],
            resource: "${queue:hand-over}",
            reason: "what a backend does not take in time is handed over",
          },
        ]
      : []),
  ];
}
