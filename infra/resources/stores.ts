/** Where functions keep what outlives an invocation: state in a table, what backends refuse for good in a bucket. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { tableActions } from "../../lib/pipeline/state/dynamodb-actions.ts";
import type { PermissionPlan, ResourcePlan } from "../resources.ts";

/** Tables, buckets, and the variables that tell functions of them. */
export function keptBy({ components }: GraphDescription): Pick<ResourcePlan, "tables" | "buckets" | "environment"> {
  const keep = components.filter(({ state }) => state).map(({ id }) => id);
  const write = components.filter(({ deadLetters = false }) => deadLetters).map(({ id }) => id);
  return {
    tables: keep.length
      ? [
          {
            id: "state",
            partitionKey: "namespace",
            sortKey: "key",
            timeToLive: "expires",
            components: keep,
            reason: `${keep.join(", ")} ${keep.length === 1 ? "keeps" : "keep"} something from one invocation to the next`,
          },
        ]
      : [],
    buckets: write.length
      ? [
          {
            id: "dead-letters",
            expireAfterDays: 30,
            components: write,
            reason: `keeps what the backends of ${write.join(", ")} refuse for good, for amalgam dead-letters and amalgam replay`,
          },
        ]
      : [],
    environment: [
      ...(keep.length
        ? [{ name: "AMALGAM_STATE", value: "dynamodb:${table-name:state}", reason: "where components keep state" }]
        : []),
      ...(write.length
        ? [{ name: "AMALGAM_DEAD_LETTERS", value: "${place:dead-letters}", reason: "where refused data is kept" }]
        : []),
    ],
  };
}

/** What functions may do with them. */
export function storePermissions(graph: GraphDescription): PermissionPlan[] {
  const { tables, buckets } = keptBy(graph);
  return [
    ...tables.map(({ id, reason }) => ({ actions: tableActions, resource: `\${table:${id}}`, reason })),
    ...buckets.map(({ id, reason }) => ({
      actions: ["s3:PutObject"],
      resource: `\${objects:${id}}`,
      reason: `${reason}; functions neither read nor delete them`,
    })),
  ];
}
