/** The pipelines of a process, that of the file and the one from a server: what they listen on, run, and are seen as. */
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { HttpTrigger, Route } from "../../lib/pipeline/graph/trigger.ts";
import type { Service } from "./listener.ts";
import type { Job, Schedule } from "./schedule.ts";

/** One of the pipelines of the process. */
export interface Part {
  readonly pipeline: Pipeline;
  readonly schedule: Schedule;
}

/** Which one: that of the file, or the one that came from a server. */
export type PartName = "main" | "remotecfg";

/** A trigger and the pipeline that it leads into. */
export interface Door {
  readonly trigger: HttpTrigger;
  readonly pipeline: Pipeline;
}

export function serviceOf(doors: readonly Door[]): Service {
  const pipelines = new Map<Route, Pipeline>();
  for (const { trigger, pipeline } of doors) for (const route of trigger.routes) pipelines.set(route, pipeline);
  return {
    triggers: doors.map(({ trigger }) => trigger),
    invocation: (options, route) => (pipelines.get(route) as Pipeline).invocation(options), // a route of these triggers
  };
}

/** Components may share an address. Where the system chooses the port, each has its own. */
export function byAddress(parts: ReadonlyMap<PartName, { readonly pipeline: Pipeline }>): Map<string, Door[]> {
  const groups = new Map<string, Door[]>();
  for (const { pipeline } of parts.values()) {
    for (const { component, trigger } of pipeline.triggers) {
      if (trigger.kind !== "http") continue;
      const { host, port, tls } = trigger;
      // certificates can be exchanged, the way of speaking TLS can't
      const way = tls && [tls.clientCertificates];
      const address = JSON.stringify([host, port, way, ...(port === 0 ? [component] : [])]);
      const group = groups.get(address);
      if (group) group.push({ trigger, pipeline });
      else groups.set(address, [{ trigger, pipeline }]);
    }
  }
  return groups;
}

/** Schedules and the second clocks of all components. */
export const jobsOf = (pipeline: Pipeline): Job[] =>
  pipeline.components.flatMap(({ id: name, triggers, instance }) => [
    ...triggers.flatMap(trigger =>
      trigger.kind === "schedule" ? [{ name, everyMs: trigger.everyMs, run: trigger.run }] : [],
    ),
    ...(instance?.tick ? [{ name, ...instance.tick }] : []),
  ]);
