/** Pipelines as one: that of the configuration, and beside it the one that a server of `remotecfg` sent. */
import type { Pipeline } from "../../../lib/pipeline/graph/pipeline.ts";

/** What adapters and observers use of a pipeline. */
type Served = Pick<
  Pipeline,
  | "path"
  | "settings"
  | "deadLetters"
  | "components"
  | "component"
  | "triggers"
  | "invocation"
  | "drain"
  | "refresh"
  | "settled"
  | "close"
>;

/** The pipelines that there are at the moment of each call, the first of which has the settings; their ids differ. */
export function served(pipelines: () => readonly Pipeline[]): Pipeline {
  const first = () => pipelines()[0] as Pipeline; // there is always that of the configuration
  const all: Served = {
    path: "",
    get settings() {
      return first().settings;
    },
    get deadLetters() {
      return first().deadLetters;
    },
    get components() {
      return pipelines().flatMap(({ components }) => components);
    },
    get triggers() {
      return pipelines().flatMap(({ triggers }) => triggers);
    },
    component: id =>
      pipelines()
        .map(each => each.component(id))
        .find(found => found !== undefined),
    invocation: options => first().invocation(options),
    drain: work => pipelines().reduce((drained, each) => each.drain(drained), work),
    async refresh() {
      await Promise.all(pipelines().map(each => each.refresh()));
    },
    async settled() {
      await Promise.all(pipelines().map(each => each.settled()));
    },
    async close() {
      await Promise.all(pipelines().map(each => each.close()));
    },
  };
  return all as Pipeline; // nothing else of it is used, and its private fields are its own
}
