/**
 * The second clock: EventBridge rules and schedules run what Alloy does on timers. Their shortest period is a minute; what
 * runs more often runs at its times inside of one invocation, up to the next.
 */
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Invocation, Shard } from "../../lib/pipeline/graph/invocation.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { ScheduleTrigger } from "../../lib/pipeline/graph/trigger.ts";
import type { Call } from "./call.ts";
import { canInvokeSelf, invokeSelf } from "./invoke-self.ts";

/** Names one component, or several; a plain scheduled event runs all, once. */
export interface Selection {
  readonly amalgam?: {
    readonly schedule?: string | readonly string[];
    /** Seconds up to the next such event: what runs more often, or at times of its own, runs at all its times until then. */
    readonly forSeconds?: number;
    /** The part of the run that this invocation does; it is the function itself that splits a run. */
    readonly shard?: Shard;
    /** When the event was due, in ISO 8601; the time that it takes to come here is not lost. */
    readonly at?: string;
  };
}

/** As an EventBridge rule sends it, or as the construct sets the input of one. */
export interface ScheduleEvent extends Selection {
  readonly detail?: Selection;
}

interface Job {
  readonly component: string;
  readonly everyMs: number;
  readonly run: (invocation: Invocation) => Promise<void>;
  readonly shards?: ScheduleTrigger["shards"];
}

/** A stretch of time, in milliseconds since the epoch: from its start up to, and without, its end. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Runs the schedules and ticks that the event selects; all of them run, then the first failure fails the invocation. */
export const scheduleHandler =
  (pipeline: Pipeline) =>
  async (event: ScheduleEvent, call: Call): Promise<void> => {
    const selection = event.amalgam ?? event.detail?.amalgam ?? {};
    const jobs = select(jobsOf(pipeline), selection.schedule);
    const span = spanOf(selection, call.invocation.now);
    const runs = jobs.map(async job => {
      const shards = await shardsOf(job, selection, call);
      const outcomes = shards.map(shard => {
        const own = { pipeline, call, shard };
        return span ? runInside(span, job, own) : runOnce(job, call, invocationFor(own));
      });
      return (await Promise.all(outcomes)).flat();
    });
    const failures = (await pipeline.drain(Promise.all(runs))).flat();
    const [first] = failures;
    if (first)
      throw new Error(`${first.component}: scheduled run failed: ${messageOf(first.error)}`, { cause: first.error });
  };

interface Failure {
  readonly component: string;
  readonly error: unknown;
}

async function runOnce({ component, run }: Job, call: Call, invocation = call.invocation): Promise<Failure[]> {
  try {
    await call.inTime(run(invocation));
    return [];
  } catch (error) {
    call.invocation.log.error("scheduled run failed", { component, error: messageOf(error) });
    return [{ component, error }];
  }
}

interface Surroundings {
  readonly pipeline: Pipeline;
  readonly call: Call;
  readonly shard: Shard | undefined;
}

const invocationFor = ({ call: { invocation }, shard }: Surroundings): Invocation =>
  shard ? { ...invocation, shard } : invocation;

/** The shards that this invocation does: its own, and those that no other one could be started for. */
async function shardsOf(
  { component, shards }: Job,
  selection: NonNullable<Selection["amalgam"]>,
  { invocation }: Call,
): Promise<readonly (Shard | undefined)[]> {
  if (selection.shard || !shards || !canInvokeSelf()) return [selection.shard];
  const count = await shards(invocation);
  if (count < 2) return [undefined];
  const others = Array.from({ length: count - 1 }, (_, i): Shard => ({ index: i + 1, count }));
  const outcomes = await Promise.allSettled(
    others.map(shard => invokeSelf({ amalgam: { ...selection, schedule: component, shard } })),
  );
  const left = others.filter((_, i) => outcomes[i]?.status === "rejected");
  const [failure] = outcomes.flatMap(outcome => (outcome.status === "rejected" ? [messageOf(outcome.reason)] : []));
  if (failure !== undefined)
    invocation.log.warn("shards run here, since no invocation could be started for them", {
      component,
      shards: left.length,
      error: failure,
    });
  return [{ index: 0, count }, ...left];
}

/** Runs a job at each of its times in a span; a run that is still under way at the next time takes its place. */
async function runInside(span: Span, job: Job, surroundings: Surroundings): Promise<Failure[]> {
  const failures: Failure[] = [];
  const { pipeline, call, shard } = surroundings;
  if (job.everyMs >= span.end - span.start)
    return isDue(span, job) ? runOnce(job, call, invocationFor(surroundings)) : [];
  const { id, deadline, signal } = call.invocation;
  const clock = () => pipeline.invocation({ deadlineMs: 0 }).now;
  const first = Math.ceil(span.start / job.everyMs) * job.everyMs;
  for (let at = first, n = 0; at < span.end && at < deadline; at += job.everyMs, n++) {
    const early = at - clock();
    if (early <= -job.everyMs) continue;
    if (early > 0) await call.inTime(sleep(early));
    const invocation = pipeline.invocation({
      id: `${id}-${n}`,
      deadlineMs: Math.max(0, deadline - clock()),
      ...(signal && { signal }),
      ...(shard && { shard }),
    });
    failures.push(...(await runOnce(job, call, invocation)));
  }
  return failures;
}

/** Whether one of the times of a job is in a span that is shorter; it then runs at once, since to wait costs. */
const isDue = ({ start, end }: Span, { everyMs }: Job): boolean => Math.ceil(start / everyMs) * everyMs < end;

const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

/** Later than this an event tells nothing of the times around now. */
const maxLateMs = 300_000;

function spanOf({ forSeconds, at }: NonNullable<Selection["amalgam"]>, now: number): Span | undefined {
  if (forSeconds === undefined) return undefined;
  if (!(forSeconds > 0)) throw new Error(`amalgam.forSeconds should be a number of seconds, got ${forSeconds}`);
  const due = at === undefined ? Number.NaN : Date.parse(at);
  const start = Math.abs(now - due) <= maxLateMs ? due : now;
  return { start, end: start + forSeconds * 1000 };
}

const jobsOf = (pipeline: Pipeline): Job[] =>
  pipeline.components.flatMap(({ id: component, triggers, instance }) => [
    ...triggers.flatMap(trigger => (trigger.kind === "schedule" ? [{ component, ...trigger }] : [])),
    ...(instance?.tick ? [{ component, ...instance.tick }] : []),
  ]);

function select(jobs: readonly Job[], schedule: string | readonly string[] | undefined): readonly Job[] {
  if (schedule === undefined) return jobs;
  const names = typeof schedule === "string" ? [schedule] : schedule;
  for (const name of names)
    if (!jobs.some(({ component }) => component === name)) {
      const known = [...new Set(jobs.map(({ component }) => component))].join(", ");
      throw new Error(
        `amalgam.schedule should name a component with a schedule, got ${name}; there are: ${known || "none"}`,
      );
    }
  return jobs.filter(({ component }) => names.includes(component));
}
