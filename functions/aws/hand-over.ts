/** Where a function puts what a backend does not take in time, as `AMALGAM_HAND_OVER` says; unset, it goes back to the trigger. */
import { configurationHash } from "../../lib/pipeline/delivery/dead-letters.ts";
import { handOverPlace, type QueuePlace } from "../../lib/pipeline/delivery/dead-letters-place.ts";
import { type HandOver, handOverOf } from "../../lib/pipeline/delivery/hand-over.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import { openHandOver } from "./hand-over-queue.ts";

/** The store, whose queue is opened when something waits. `configuration` names the configuration, or is its texts. */
export function functionHandOver(
  configuration: string | readonly string[],
  state: StateStore | undefined,
): { readonly handOver?: HandOver } {
  const place = placeOfHandOver();
  if (!place) return {};
  const name = typeof configuration === "string" ? configuration : configurationHash(configuration);
  const store = () => openHandOver(place, sharedState(state));
  return {
    handOver: handOverOf(
      {
        put: (letter, lane) => store().put(letter, lane),
        waits: async lane => (sharedState(state) ? store().waits(lane) : false),
      },
      name,
    ),
  };
}

/** What the variable says. */
export function placeOfHandOver(text = process.env["AMALGAM_HAND_OVER"]): QueuePlace | undefined {
  if (!text) return undefined;
  const place = handOverPlace(text);
  if (place) return place;
  throw new Error(
    `AMALGAM_HAND_OVER should be sqs:QUEUE_URL or sqs:QUEUE_URL,s3://BUCKET/PREFIX, with the URL of a FIFO queue, got ${JSON.stringify(text)}`,
  );
}

/** State in memory is not known to the function that delivers what waits. */
export const sharedState = (state: StateStore | undefined): StateStore | undefined =>
  /^(dynamodb|rediss?):/.test(process.env["AMALGAM_STATE"] ?? "") ? state : undefined;

/** Whether a queue is the one where data waits, by its ARN. */
export function isHandOver(arn: unknown): boolean {
  const text = process.env["AMALGAM_HAND_OVER"];
  if (!text || typeof arn !== "string") return false;
  const [, , , , account, name] = arn.split(":");
  return placeOfHandOver(text)?.queueUrl.endsWith(`/${account}/${name}`) ?? false;
}
