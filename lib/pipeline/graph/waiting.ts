/** What becomes of a letter that waited for its backend. */
import type { DeadLetter } from "../delivery/dead-letters.ts";
import { messageOf } from "../delivery/errors.ts";
import { waitAtMostMs, waitedTooLong } from "../delivery/hand-over.ts";
import type { Replay } from "./component.ts";
import type { Pipeline } from "./pipeline.ts";

/** How a letter is sent where it was to go, or why it never can be. */
export function prepareWaiting(letter: DeadLetter, pipelines: readonly Pipeline[], now: number): Replay | string {
  if (now - letter.time > waitAtMostMs) return waitedTooLong(letter, waitAtMostMs);
  const components = pipelines.map(each => each.component(letter.component));
  const replay = components.find(each => each !== undefined)?.instance?.replay;
  if (!replay) return `the configuration has no ${letter.component} any more; at first: ${letter.reason}`;
  try {
    return replay(letter);
  } catch (error) {
    return messageOf(error);
  }
}
