/**
 * What the function causes itself and gets again would never end: its own log from a subscription, and its own requests, which name
 * their sender. Both are dropped and counted. A loop over two collectors is not recognised.
 */
import { senderHeader, senderName } from "../../lib/pipeline/delivery/user-agent.ts";
import type { Metrics } from "../../lib/pipeline/graph/metrics.ts";
import { ownLogEvents } from "./own-logs.ts";

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
  return {
    isRequest: ({ [senderHeader]: sender }) => sender !== undefined && sender === senderName(),
    logEvents: ownLogEvents,
    drop: (component_id, items) =>
      metrics
        .counter("amalgam_component_dropped_items_total", "Items that a component dropped on purpose.", {
          component_id,
          reason: "own_traffic",
        })
        .add(items),
  };
}
