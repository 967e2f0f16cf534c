/** Events of a bus that a rule sends. A failure fails the invocation, so that Lambda brings the event again, then sets it aside. */
import type { EventBridgeEvent } from "aws-lambda";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";
import { noHints, recogniseData } from "./recognise.ts";
import { Takers } from "./records.ts";

type BusEvent = EventBridgeEvent<string, unknown>;

/** As the construct's rules send it: each names the component that it is for. */
export interface RoutedEvent {
  readonly amalgam: { readonly component: string };
  readonly event: BusEvent;
}

/** Pushes an event to the component of its rule, or to those that take events of its source. */
export const eventBridgeHandler =
  (pipeline: Pipeline) =>
  async (given: BusEvent | RoutedEvent, call: Call): Promise<void> => {
    const { event, component } = "amalgam" in given ? { event: given.event, ...given.amalgam } : { event: given };
    const takers = new Takers(pipeline, "bus", call);
    const work = async () =>
      takers.push({
        from: event.source,
        open: () => recogniseData(Buffer.from(JSON.stringify(event.detail)), noHints),
        raw: () => rawOf(event),
        id: event.id,
        event: () => given,
        component,
      });
    await pipeline.drain(call.inTime(work()));
  };

function rawOf(event: BusEvent) {
  const timestamp = Date.parse(event.time);
  return {
    format: "raw" as const,
    body: Buffer.from(JSON.stringify(event)),
    from: event.source,
    id: event.id,
    timestamp: Number.isNaN(timestamp) ? undefined : timestamp,
    attributes: { detail_type: event["detail-type"], account: event.account, region: event.region },
  };
}
