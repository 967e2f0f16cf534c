/**
 * A configuration that runs: every component evaluated and built once (load), then data goes through (invoke). Exports that
 * change while it runs (a file, a secret) evaluate again what depends on them, and nothing else.
 */

import type { DeadLetterSink } from "../delivery/dead-letters.ts";
import type { HandOver } from "../delivery/hand-over.ts";
import type { StateStore } from "../state/store.ts";
import type { File } from "../syntax/ast.ts";
import type { Diagnostic, Source } from "../syntax/diagnostic.ts";
import type { Host } from "./component.ts";
import type { Flow } from "./flow.ts";
import type { Tap } from "./gate.ts";
import type { Invocation, Logger, Shard } from "./invocation.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { buildNodes, type NodeOptions, type Nodes } from "./nodes.ts";
import { Runtime } from "./runtime.ts";
import { type BundledModule, type Component, Scope } from "./scope.ts";
import type { Trigger } from "./trigger.ts";

export type { Component } from "./scope.ts";

/** What surrounds a pipeline: a local process, a cloud function, a test. */
export interface Environment {
  readonly mode: Host["mode"];
  /** @default false */
  readonly offline?: boolean;
  readonly flow: Flow;
  readonly log: Logger;
  readonly state: StateStore;
  readonly deadLetters?: DeadLetterSink;
  readonly handOver?: HandOver;
  readonly metrics: MetricsRegistry;
  /** What components leave to their successors, by id; given again, it lasts over reloads. */
  readonly memories?: Map<string, Map<string, unknown>>;
  /** Modules that were bundled, by the ids of their `import` blocks: these are not fetched. */
  readonly modules?: ReadonlyMap<string, BundledModule>;
  /** Only these nodes of the configuration are evaluated. */
  readonly only?: ReadonlySet<string>;
  /** Stands in front of the ids of all components, for a pipeline beside another one. */
  readonly path?: string;
  readonly directory: string;
  readonly storagePath?: string;
  readonly clock: () => number;
  readonly random: () => number;
}

export interface LoadOptions extends Omit<NodeOptions, "stability"> {
  /** @default generally-available */
  readonly stability?: NodeOptions["stability"];
  readonly environment: Environment;
}

export interface Loaded {
  /** Absent where a diagnostic is an error. */
  readonly pipeline: Pipeline | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Evaluates and builds all components of the files; the first error of each component is reported. */
export async function loadPipeline(files: readonly File[], options: LoadOptions): Promise<Loaded> {
  const diagnostics: Diagnostic[] = [];
  const nodeOptions: NodeOptions = { stability: "generally-available", ...options };
  const nodes = buildNodes(files, nodeOptions, diagnostics);
  const sources = files.map(({ source }) => source);
  if (hasError(diagnostics)) return { pipeline: undefined, diagnostics: inOrder(diagnostics, sources) };
  const { pipeline, diagnostics: found } = await loadNodes(nodes, options.environment, nodeOptions);
  const all = [...diagnostics, ...found];
  return { pipeline, diagnostics: pipeline ? all : inOrder(all, sources) };
}

/** The same for a graph that is built already; `options` are for modules that are fetched while it runs. */
export async function loadNodes(
  nodes: Nodes,
  environment: Environment,
  options: NodeOptions = { definitions: new Map(), stability: "generally-available" },
): Promise<Loaded> {
  const diagnostics: Diagnostic[] = [];
  const pipeline = new Pipeline(nodes, environment, options);
  await pipeline.start(diagnostics);
  if (!hasError(diagnostics)) return { pipeline, diagnostics };
  await pipeline.close();
  return { pipeline: undefined, diagnostics };
}

const hasError = (diagnostics: readonly Diagnostic[]) => diagnostics.some(({ severity }) => severity === "error");

/** By file and place, since components are evaluated in an order of their own; those of modules come last. Each once. */
function inOrder(diagnostics: readonly Diagnostic[], sources: readonly Source[]): readonly Diagnostic[] {
  const rank = ({ source }: Diagnostic) => (sources.includes(source) ? sources.indexOf(source) : sources.length);
  const seen = new Set<string>();
  return diagnostics
    .filter(({ source, start, message }) => {
      const key = JSON.stringify([source.name, start, message]);
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .sort((a, b) => rank(a) - rank(b) || a.start - b.start);
}

export class Pipeline {
  readonly #environment: Environment;
  readonly #nodes: Nodes;
  readonly #runtime: Runtime;
  readonly #root: Scope;
  /** What the blocks that configure the process say, by their name. */
  readonly settings = new Map<string, unknown>();
  #invocations = 0;
  /** Calls whose work is under way. */
  #draining = 0;

  constructor(nodes: Nodes, environment: Environment, options: NodeOptions) {
    this.#environment = environment;
    this.#nodes = nodes;
    this.#runtime = new Runtime(environment, options);
    const variables = new Map([["module_path", environment.directory]]);
    this.#root = new Scope(this.#runtime, { path: environment.path ?? "", nodes, given: new Map(), variables });
    this.#runtime.evaluated = () => this.#root.evaluated();
  }

  async start(diagnostics: Diagnostic[]): Promise<void> {
    diagnostics.push(...(await this.#root.start()));
    if (hasError(diagnostics)) return;
    for (const node of this.#nodes.configBlocks)
      this.settings.set(node.block.name.name, this.#root.configure(node, diagnostics));
  }

  /** What stands in front of the ids of all components; empty for the only pipeline of a process. */
  get path(): string {
    return this.#environment.path ?? "";
  }

  /** Where data goes that a backend will never take; `undefined`: back to the trigger. */
  get deadLetters(): DeadLetterSink | undefined {
    return this.#environment.deadLetters;
  }

  /** All components in the order of evaluation, those inside of modules behind the block that holds them. */
  get components(): readonly Component[] {
    return [...this.#root.components()];
  }

  component(id: string): Component | undefined {
    return this.components.find(each => each.id === id);
  }

  /** Every trigger with the component it belongs to. */
  get triggers(): readonly { readonly component: string; readonly trigger: Trigger }[] {
    return this.components.flatMap(({ id, triggers }) => triggers.map(trigger => ({ component: id, trigger })));
  }

  /** Called when components that were evaluated again brought triggers of their own. */
  set onTriggersChange(call: (() => void) | undefined) {
    this.#runtime.onTriggersChange = call;
  }

  /** What comes with a push or a tick. `now` is read once. */
  invocation(options: {
    readonly deadlineMs: number;
    readonly id?: string;
    readonly signal?: AbortSignal;
    readonly shard?: Shard;
    readonly handedOver?: boolean;
  }): Invocation {
    const { clock, random, state, log } = this.#environment;
    const now = clock();
    return {
      id: options.id ?? `${now.toString(36)}-${(this.#invocations++).toString(36)}`,
      now,
      random,
      deadline: now + options.deadlineMs,
      signal: options.signal,
      state,
      log,
      metadata: undefined,
      auth: undefined,
      ...(options.shard && { shard: options.shard }),
      ...(options.handedOver && { handedOver: true }),
    };
  }

  /**
   * Lets writers and batchers send, waits for the work, and closes the flow again when no other call has work. For functions;
   * the local process' flow is always open.
   */
  async drain<T>(work: Promise<T>): Promise<T> {
    const { flow, mode } = this.#environment;
    this.#draining++;
    flow.set(true);
    try {
      return await work;
    } finally {
      if (--this.#draining === 0 && mode === "function") flow.set(false);
    }
  }

  /** Reads again what is older than it may be, and evaluates what depends on it. For functions, before each invocation. */
  async refresh(): Promise<void> {
    if (await this.#runtime.refresh()) await this.#root.evaluated();
  }

  /** Resolves when nothing is on its way through any component. */
  settled(): Promise<void> {
    return this.#root.settled();
  }

  /** Watches all batches that enter components; `undefined` stops that. */
  watch(tap: ((component: string) => Tap) | undefined): void {
    this.#runtime.tap = tap;
    for (const { id, gates } of this.components) for (const gate of gates.values()) gate.tap = tap?.(id);
  }

  /** Closes sources before what they send to, so that what they still hold gets through. */
  async close(): Promise<void> {
    await this.#root.close();
    await this.#runtime.close();
  }
}
