/** Stores what a writer could not deliver: for good, or until its backend takes it. */
import type { DeadLetter } from "../delivery/dead-letters.ts";
import type { DeliveryError } from "../delivery/errors.ts";
import { laneOf } from "../delivery/hand-over.ts";
import type { Host } from "../graph/component.ts";
import type { Counter } from "../graph/metrics.ts";
import type { Encoded, WriterOptions } from "./writer.ts";

export interface Undelivered {
  /** Of its requests, as a tenant. */
  readonly key: string;
  /** `undefined`: there is nothing to send. */
  readonly encoded: Encoded | undefined;
  readonly error: DeliveryError;
  /** How often it was sent, as far as that is known. */
  readonly attempts: number | undefined;
}

type Options = Pick<WriterOptions<never>, "destination" | "format" | "ordered">;

/** Puts what the backend refused for good into the dead letters. */
export async function bury(host: Host, options: Options, { encoded, ...what }: Undelivered, counter: Counter) {
  if (!encoded) return;
  await host.deadLetters?.put(letterOf(host, options, encoded, what));
  counter.add(encoded.items);
  host.log.error("backend refused data for good, it is in the dead letters", toldOf(host, options, encoded, what));
}

/** Hands over what the backend does not take now. */
export async function leave(host: Host, options: Options, { encoded, ...what }: Undelivered, counter: Counter) {
  if (!encoded) return;
  const lane = laneOf(host.id, options.destination, what.key);
  await host.handOver?.put(letterOf(host, options, encoded, what), { lane, ordered: options.ordered ?? false });
  counter.add(encoded.items);
  host.log.warn("backend does not take data now, it waits to be delivered", toldOf(host, options, encoded, what));
}

type What = Omit<Undelivered, "encoded">;

const toldOf = ({ id }: Host, { destination }: Options, { items }: Encoded, { error }: What) => ({
  component: id,
  destination,
  error: error.message,
  items,
});

const letterOf = (
  { id, clock }: Host,
  { destination, format }: Options,
  { headers, body }: Encoded,
  { key, error, attempts }: What,
): DeadLetter => ({
  component: id,
  destination,
  reason: error.message,
  status: error.status,
  time: clock(),
  attempts,
  format,
  contentType: headers["content-type"] ?? "application/octet-stream",
  body,
  metadata: {
    ...(headers["content-encoding"] !== undefined && { contentEncoding: headers["content-encoding"] }),
    ...(key !== "" && { key }),
  },
});
