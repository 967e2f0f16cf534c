/** The pipelines of a process, that of the file and the one from a server: what they listen on, run, and are seen as. */
import type { Component, Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
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

/** What stands before the ids of a pipeline's components. */
export const prefixes: Readonly<Record<PartName, string>> = { main: "", remotecfg: "remotecfg/" };

/** A component as it is seen from outside of its pipeline. */
export const named = (component: Component, prefix: string): Component => ({
  ...component,
  id: prefix + component.id,
  references: component.references.map(each => prefix + each),
  // its getters are not copied with it
  node: component.node,
  health: component.health,
  exports: component.exports,
  values: component.values,
  triggers: component.triggers,
  instance: component.instance,
  gates: component.gates,
});

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
  for (const [name, { pipeline }] of parts) {
    for (const { component, trigger } of pipeline.triggers) {
      if (trigger.kind !== "http") continue;
      const { host, port, tls } = trigger;
      // certificates can be exchanged, the way of speaking TLS can't
      const way = tls && [tls.clientCertificates];
      const address = JSON.stringify([host, port, way, ...(port === 0 ? [prefixes[name] + component] : [])]);
      const group = groups.get(address);
      if (group) group.push({ trigger, pipeline });
      else groups.set(address, [{ trigger, pipeline }]);
    }
  }
  return groups;
}

/** Schedules and the second clocks of all components. */
export function jobsOf(pipeline: Pipeline, prefix: string): Job[] {
  return pipeline.components.flatMap(({ id, triggers, instance }) => {
    const name = prefix + id;
    return [
      ...triggers.flatMap(trigger =>
        trigger.kind === "schedule" ? [{ name, everyMs: trigger.everyMs, run: trigger.run }] : [],
      ),
      ...(instance?.tick ? [{ name, ...instance.tick }] : []),
    ];
  });
}
