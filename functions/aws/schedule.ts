/** The second clock: EventBridge rules and schedules run what Alloy does on timers. */
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Invocation } from "../../lib/pipeline/graph/invocation.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";

/** Names one component, or several; a plain scheduled event runs all. */
export interface Selection {
  readonly amalgam?: { readonly schedule?: string | readonly string[] };
}

/** As an EventBridge rule sends it, or as the construct sets the input of one. */
export interface ScheduleEvent extends Selection {
  readonly detail?: Selection;
}

interface Job {
  readonly component: string;
  readonly run: (invocation: Invocation) => Promise<void>;
}

/** Runs the schedules and ticks that the event selects; all of them run, then the first failure fails the invocation. */
export const scheduleHandler =
  (pipeline: Pipeline) =>
  async (event: ScheduleEvent, call: Call): Promise<void> => {
    const jobs = select(jobsOf(pipeline), event.amalgam?.schedule ?? event.detail?.amalgam?.schedule);
    const runs = jobs.map(({ run }) => call.inTime(run(call.invocation)));
    const outcomes = await pipeline.drain(Promise.allSettled(runs));
    const failures = outcomes.flatMap((outcome, i) =>
      outcome.status === "rejected" ? [{ component: jobs[i]?.component, error: outcome.reason as unknown }] : [],
    );
    for (const { component, error } of failures)
      call.invocation.log.error("scheduled run failed", { component, error: messageOf(error) });
    const [first] = failures;
    if (first)
      throw new Error(`${first.component}: scheduled run failed: ${messageOf(first.error)}`, { cause: first.error });
  };

const jobsOf = (pipeline: Pipeline): Job[] =>
  pipeline.components.flatMap(({ node: { id: component }, triggers, instance }) => [
    ...triggers.flatMap(trigger => (trigger.kind === "schedule" ? [{ component, run: trigger.run }] : [])),
    ...(instance?.tick ? [{ component, run: instance.tick.run }] : []),
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
