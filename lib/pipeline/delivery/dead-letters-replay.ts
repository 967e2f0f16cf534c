/**
 * Sends dead letters again, so that nothing is lost, whenever it is stopped, and nothing is sent twice that a mark remembers:
 * a letter that the backend took is marked, together with others, and then deleted. What is between the backend's answer and
 * the mark when the process is killed is sent again.
 *
 *     const result = await replayLetters(box, { times, matches, prepare, send: work => pipeline.drain(work), ... });
 */
import type { DeadLetter, LetterBox, LetterTimes, StoredLetter } from "./dead-letters.ts";
import { DeliveryError, messageOf } from "./errors.ts";

/** A letter that a component is ready to send. */
export interface Prepared {
  readonly destinations: readonly string[];
  readonly items: number;
  /** Settles when the backend has answered. */
  send(): Promise<void>;
}

export interface ReplayOptions {
  readonly times: LetterTimes;
  readonly matches: (letter: DeadLetter) => boolean;
  /** Throws where a letter can't be sent at all. */
  readonly prepare: (letter: DeadLetter) => Prepared;
  /** Lets everything go out that the function hands to writers, together. */
  readonly together: (send: () => Promise<void>) => Promise<void>;
  /** Letters. @default as fast as the backend takes them */
  readonly perSecond?: number | undefined;
  /** Also those that were replayed before. */
  readonly again: boolean;
  /** Letters stay, and are remembered as replayed. */
  readonly keep: boolean;
  /** Told of what would be sent, and nothing is. */
  readonly dryRun?: ((stored: Stored, prepared: Prepared) => void) | undefined;
  /** Once aborted nothing else starts. */
  readonly signal: AbortSignal;
  readonly onProgress?: (result: ReplayResult) => void;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface ReplayResult {
  /** Letters that a backend took, or would get. */
  sent: number;
  items: number;
  bytes: number;
  /** Letters that stay: what was wrong, and how often. */
  readonly failed: Map<string, number>;
  failures: number;
  /** Letters that were replayed before. */
  before: number;
  /** Letters that were not wanted. */
  others: number;
  /** Why it ended before its end. */
  stopped: string | undefined;
}

type Stored = StoredLetter & { readonly letter: DeadLetter };

interface Job {
  readonly stored: Stored;
  readonly prepared: Prepared;
}

/** Letters that go out together: as many as make good requests, and no more than may be sent twice after a crash. */
const most = { letters: 100, bytes: 16 * 1024 * 1024 };
/** No queue keeps a letter longer. */
const marksLastMs = 15 * 24 * 3_600_000;

/** Sends what matches; letters that fail stay. Rejects where the store fails. */
export async function replayLetters(box: LetterBox, options: ReplayOptions): Promise<ReplayResult> {
  return new LetterReplay(box, options).run();
}

class LetterReplay {
  readonly #box: LetterBox;
  readonly #options: ReplayOptions;
  readonly #result: ReplayResult = {
    sent: 0,
    items: 0,
    bytes: 0,
    failed: new Map(),
    failures: 0,
    before: 0,
    others: 0,
    stopped: undefined,
  };
  /** Acknowledged, not yet marked. */
  #taken: string[] = [];
  #marking: Promise<void> | undefined;
  #markError: unknown;
  /** Of letters that are still there. */
  readonly #keptIds = new Set<string>();

  constructor(box: LetterBox, options: ReplayOptions) {
    this.#box = box;
    this.#options = options;
  }

  async run(): Promise<ReplayResult> {
    const { times, matches, signal, dryRun, perSecond = Number.POSITIVE_INFINITY } = this.#options;
    const marks = await this.#box.marks();
    const idsOf = (kind: string) => new Set(marks.flatMap(mark => (mark.kind === kind ? mark.ids : [])));
    const [sent, kept] = [idsOf("sent"), idsOf("kept")];
    const letters = Math.max(1, Math.min(most.letters, Math.floor(perSecond)));
    let jobs: Job[] = [];
    let bytes = 0;
    for await (const stored of this.#box.letters(times)) {
      if (signal.aborted || this.#result.stopped !== undefined) break;
      if (stored.letter && !matches(stored.letter)) this.#result.others++;
      else if (await this.#wasSent(stored, sent, kept)) this.#result.before++;
      else {
        const job = this.#prepare(stored);
        if (!job) continue;
        if (dryRun) {
          this.#count(job);
          dryRun(job.stored, job.prepared);
          continue;
        }
        jobs.push(job);
        bytes += job.stored.letter.body.length;
        if (jobs.length < letters && bytes < most.bytes) continue;
        await this.#send(jobs);
        [jobs, bytes] = [[], 0];
      }
    }
    if (!signal.aborted && this.#result.stopped === undefined) {
      await this.#send(jobs);
      if (!dryRun) await this.#forget(marks);
    } else this.#result.stopped ??= "it was interrupted";
    return this.#result;
  }

  /** What was taken before its deletion was done is deleted now. */
  async #wasSent({ id }: StoredLetter, sent: ReadonlySet<string>, kept: ReadonlySet<string>): Promise<boolean> {
    const { again, dryRun } = this.#options;
    if (kept.has(id)) this.#keptIds.add(id);
    if (again) return false;
    if (sent.has(id) && !dryRun) await this.#box.delete(id);
    return sent.has(id) || kept.has(id);
  }

  #prepare(stored: StoredLetter): Job | undefined {
    if (!stored.letter) {
      this.#fail(stored.problem);
      return undefined;
    }
    try {
      return { stored, prepared: this.#options.prepare(stored.letter) };
    } catch (error) {
      this.#fail(messageOf(error));
      return undefined;
    }
  }

  /** Sends letters together; those that are refused together are sent by themselves, as one may spoil the request of others. */
  async #send(jobs: readonly Job[]): Promise<void> {
    if (!jobs.length) return;
    await this.#keepRate(jobs.length);
    const takenBefore = this.#result.sent;
    const failed = await this.#try(jobs);
    const alone = jobs.length > 1 ? failed.filter(({ error }) => isRefused(error)) : [];
    const final = failed.filter(each => !alone.includes(each));
    for (const { job } of alone) {
      if (this.#options.signal.aborted) break; // they stay as they are
      final.push(...(await this.#try([job])));
    }
    for (const { job, error } of final) await this.#putBack(job, error);
    this.#options.onProgress?.(this.#result);
    if (this.#result.sent === takenBefore && final.some(({ error }) => !isRefused(error)))
      this.#result.stopped = "no backend takes anything now";
  }

  async #try(jobs: readonly Job[]): Promise<{ job: Job; error: unknown }[]> {
    const failed: { job: Job; error: unknown }[] = [];
    await this.#options.together(async () => {
      const send = async (job: Job) => {
        try {
          await job.prepared.send();
        } catch (error) {
          failed.push({ job, error });
          return;
        }
        this.#count(job);
        this.#taken.push(job.stored.id);
        this.#mark();
      };
      await Promise.all(jobs.map(send));
    });
    await this.#marked();
    return failed;
  }

  #count({ stored, prepared }: Job): void {
    this.#result.sent++;
    this.#result.items += prepared.items;
    this.#result.bytes += stored.letter.body.length;
  }

  /** Marks what was taken, at once; what is taken meanwhile shares the next mark. */
  #mark(): void {
    this.#marking ??= (async () => {
      await Promise.resolve(); // letters of one request are taken in the same turn
      while (this.#taken.length) {
        const ids = this.#taken;
        this.#taken = [];
        await this.#remove(ids);
      }
    })()
      .catch(error => {
        this.#markError ??= error;
      })
      .finally(() => {
        this.#marking = undefined;
      });
  }

  /** Resolves when all that was taken is marked. */
  async #marked(): Promise<void> {
    while (this.#marking) await this.#marking;
    if (this.#markError !== undefined) throw this.#markError;
  }

  async #remove(ids: readonly string[]): Promise<void> {
    if (this.#options.keep) {
      await this.#box.mark("kept", ids);
      return;
    }
    const mark = await this.#box.mark("sent", ids);
    await inTurns(ids, id => this.#box.delete(id));
    await this.#box.unmark(mark);
  }

  async #putBack({ stored: { id, letter } }: Job, error: unknown): Promise<void> {
    const reason = messageOf(error);
    const status = error instanceof DeliveryError ? error.status : undefined;
    this.#fail(reason);
    await this.#box.replace(id, { ...letter, attempts: (letter.attempts ?? 1) + 1, reason, status });
  }

  #fail(reason: string): void {
    const { failed } = this.#result;
    failed.set(reason, (failed.get(reason) ?? 0) + 1);
    this.#result.failures++;
  }

  #started: number | undefined;
  #tried = 0;

  async #keepRate(letters: number): Promise<void> {
    const { perSecond, now, sleep, signal } = this.#options;
    this.#started ??= now();
    if (perSecond !== undefined) {
      const due = this.#started + (this.#tried / perSecond) * 1000;
      if (due > now()) await sleep(due - now(), signal);
    }
    this.#tried += letters;
  }

  /** Takes away marks whose letters are gone. */
  async #forget(marks: Awaited<ReturnType<LetterBox["marks"]>>): Promise<void> {
    const { times, now } = this.#options;
    const all = this.#box.complete && times.since === undefined && times.until === undefined;
    const isOld = (name: string) => Number(name.slice(0, 14)) < now() - marksLastMs;
    for (const { name, kind, ids } of marks) {
      const needed = kind === "kept" && ids.some(id => this.#keptIds.has(id));
      if ((all && !needed) || isOld(name)) await this.#box.unmark(name);
    }
  }
}

/** The backend would say so of the same request again. */
const isRefused = (error: unknown): boolean => error instanceof DeliveryError && error.kind !== "retry";

/** Some at the same time. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
