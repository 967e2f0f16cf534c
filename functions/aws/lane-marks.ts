/**
 * Which ordered lanes have letters that wait, by marks in the store of the state that all functions share. A letter is marked before it is
 * sent, and its mark goes when it is delivered: whoever is killed in between leaves a lane that waits for too long rather than one
 * that is overtaken. A process marks only the last of its letters, since those that it sent before are delivered before.
 */
import type { StateStore } from "../../lib/pipeline/state/store.ts";

const namespace = "amalgam.hand-over";
/** As long as a queue keeps a message. */
const daysMs = 14 * 24 * 3_600_000;
/** Longer than any invocation: what is to be sent after that never was, and a queue keeps the order of what was sent. */
const neverSentMs = 16 * 60_000;
const maxTries = 50;

/** The id of a letter, and when it was marked. */
type Mark = readonly [id: string, at: number];

/** Where the store of the state fails. */
const ignored = (): void => {};

export class LaneMarks {
  readonly #state: StateStore | undefined;
  /** The last letter of each lane that this process has sent, or tried to. */
  readonly #last = new Map<string, string>();

  constructor(state: StateStore | undefined) {
    this.#state = state;
  }

  /** Marks a letter until it is delivered; `send` puts it into the queue. */
  async around(lane: string, id: string, send: () => Promise<void>): Promise<void> {
    const before = this.#last.get(lane);
    await this.#change(lane, marks => [...marks.filter(([each]) => each !== before), [id, Date.now()]]).catch(
      ignored, // the data counts more than its order
    );
    try {
      await send();
    } finally {
      this.#last.set(lane, id); // perhaps it was sent although the answer was lost
    }
  }

  async waits(lane: string): Promise<boolean> {
    return (await this.#state?.get(namespace, lane)) !== undefined;
  }

  /** Takes the mark of a letter away, and those of letters that would have been delivered before it if they had been sent. */
  async delivered(lane: string, id: string, sentAt: number): Promise<void> {
    await this.#change(lane, marks => marks.filter(([each, at]) => each !== id && at >= sentAt - neverSentMs)).catch(
      ignored, // what comes goes through the queue until one that is delivered takes this mark away, too
    );
  }

  async #change(lane: string, change: (marks: readonly Mark[]) => readonly Mark[]): Promise<void> {
    if (!this.#state) return;
    for (let tries = 0; tries < maxTries; tries++) if (await this.#changeOnce(this.#state, lane, change)) return;
    throw new Error("what waits could not be noted, since others noted theirs again and again");
  }

  /** Whether it is changed, and not by others meanwhile. */
  async #changeOnce(
    state: StateStore,
    lane: string,
    change: (marks: readonly Mark[]) => readonly Mark[],
  ): Promise<boolean> {
    const found = await state.get(namespace, lane);
    const before: readonly Mark[] = found ? JSON.parse(Buffer.from(found.value).toString()) : [];
    const after = change(before);
    if (after.length === before.length && after.every((mark, i) => mark === before[i])) return true;
    if (found && !after.length) return state.delete(namespace, lane, { ifVersion: found.version });
    const put = await state.put(namespace, lane, Buffer.from(JSON.stringify(after)), {
      ifVersion: found?.version ?? null,
      expiresAt: Date.now() + daysMs,
    });
    return put !== undefined;
  }
}
