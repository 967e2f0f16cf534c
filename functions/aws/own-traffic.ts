/**
 * What the function causes itself and gets again would never end: its own log from a subscription, and its own requests, which name
 * their sender. Both are dropped and counted. A loop over two collectors is not recognised.
 */
import { senderHeader, senderName } from "../../lib/pipeline/delivery/user-agent.ts";
import type { Metrics } from "../../lib/pipeline/graph/metrics.ts";

export interface OwnTraffic {
  /** Whether a request, with names of headers in lower case, was sent by this function. */
  isRequest(headers: Readonly<Record<string, string | undefined>>): boolean;
  /** Events in a message of CloudWatch Logs, if they are of this function's own log; otherwise 0. */
  logEvents(body: Uint8Array): number;
  /** Counts what a component does not get. */
  drop(component: string, items: number): void;
}

/** Recognises what a function on Lambda causes; nothing elsewhere. */
export function ownTraffic(metrics: Metrics): OwnTraffic {
  const group = process.env["AWS_LAMBDA_LOG_GROUP_NAME"];
  const groups = new Set(
    (process.env["AMALGAM_OWN_LOG_GROUPS"] ?? "")
      .split(",")
      .concat(group ?? "")
      .filter(Boolean),
  );
  return {
    isRequest: ({ [senderHeader]: sender }) => sender !== undefined && sender === senderName(),
    logEvents: body => eventsOf(groups, body),
    drop: (component_id, items) =>
      metrics
        .counter("amalgam_component_dropped_items_total", "Items that a component dropped on purpose.", {
          component_id,
          reason: "own_traffic",
        })
        .add(items),
  };
}

/** Looks closer only where a name occurs, since the component parses the JSON anyway. */
function eventsOf(groups: ReadonlySet<string>, body: Uint8Array): number {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (![...groups].some(group => bytes.includes(JSON.stringify(group)))) return 0;
  try {
    const { logGroup, logEvents } = JSON.parse(bytes.toString("utf8")) as Readonly<Record<string, unknown>>;
    return typeof logGroup === "string" && groups.has(logGroup) && Array.isArray(logEvents) ? logEvents.length : 0;
  } catch {
    return 0; // the component says what is wrong with it
  }
}
