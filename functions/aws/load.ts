/** What every configuration of a function is loaded with: nothing happens outside an invocation. */
import type { Definition } from "../../lib/pipeline/graph/component.ts";
import { Flow } from "../../lib/pipeline/graph/flow.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import type { Environment, Loaded, Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { MemoryStore } from "../../lib/pipeline/state/memory.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { formatDiagnostics } from "../../lib/pipeline/syntax/report.ts";
import { checkRoutes } from "./http.ts";

export interface Surroundings {
  /** Where relative paths start. */
  readonly directory: string;
  readonly log: Logger;
  /** @default one that nobody reads */
  readonly metrics?: MetricsRegistry;
  readonly environment?: Partial<Environment>;
}

/** As a pipeline takes them. */
export const byName = (definitions: readonly Definition[]): ReadonlyMap<string, Definition> =>
  new Map(definitions.map(definition => [definition.name, definition]));

/** A pipeline's environment in a function. */
export const environmentOf = ({ directory, log, metrics, environment }: Surroundings): Environment => ({
  mode: "function",
  flow: new Flow(false),
  log,
  state: lazily(() => new MemoryStore()),
  metrics: metrics ?? new MetricsRegistry(),
  directory,
  clock: Date.now,
  random: Math.random,
  ...environment,
});

/** A store that is made at the first call, since most functions need none. */
function lazily(create: () => StateStore): StateStore {
  let store: StateStore | undefined;
  const call = (_: object, name: string | symbol) =>
    ((...args: readonly unknown[]) => {
      store ??= create();
      return Reflect.apply(Reflect.get(store, name), store, args);
    }) as unknown; // all that a store has are methods
  return new Proxy({}, { get: call }) as StateStore; // with the methods of the real one
}

/** The pipeline, if nothing is wrong with it; throws what is. */
export function checked({ pipeline, diagnostics }: Loaded): Pipeline {
  failOn(diagnostics);
  if (!pipeline) throw new Error("the configuration should load, got no reason why it does not");
  failOn(checkRoutes(pipeline));
  return pipeline;
}

/** Throws all errors, with their excerpts in the message. */
export function failOn(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (!errors.length) return;
  const message = `the configuration does not load\n${formatDiagnostics(errors)}`;
  throw Object.assign(new Error(message), { diagnostics: errors });
}
