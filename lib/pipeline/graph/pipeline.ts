/**
 * A configuration that runs: every component evaluated and built once (load), then data goes through (invoke). Exports that
 * change while it runs (a file, a secret) evaluate again what depends on them, and nothing else.
 */

import type { DeadLetterStore } from "../delivery/dead-letters.ts";
import { evaluate, type Scope } from "../eval/evaluate.ts";
import { explain, UnplacedError } from "../eval/explain.ts";
import type { DecodeContext } from "../eval/schema.ts";
import { EvaluationError, sameValue, type Value } from "../eval/value.ts";
import type { StateStore } from "../state/store.ts";
import type { Expr, File } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Range } from "../syntax/diagnostic.ts";
import { type Definition, type Health, type Host, type Instance, ProblemError, type Stability } from "./component.ts";
import { configBlocks } from "./config-blocks.ts";
import type { Flow } from "./flow.ts";
import { Gate, type Tap } from "./gate.ts";
import type { Invocation, Logger } from "./invocation.ts";
import { locateInBlock } from "./locate.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { buildNodes, type Node } from "./nodes.ts";
import { encodeExports, type GateFactory } from "./receiver.ts";
import type { Trigger } from "./trigger.ts";

/** What surrounds a pipeline: a local process, a cloud function, a test. */
export interface Environment {
  readonly mode: Host["mode"];
  readonly flow: Flow;
  readonly log: Logger;
  readonly state: StateStore;
  readonly deadLetters?: DeadLetterStore;
  readonly metrics: MetricsRegistry;
  readonly directory: string;
  readonly clock: () => number;
  readonly random: () => number;
}

export interface LoadOptions {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly knownElsewhere?: ReadonlyMap<string, Stability | "community">;
  readonly stability?: Stability;
  readonly community?: boolean;
  readonly environment: Environment;
}

export interface Loaded {
  /** Absent where a diagnostic is an error. */
  readonly pipeline: Pipeline | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** A component as it stands: what the status page and `graph --json` show. */
export interface Component {
  readonly node: Node;
  readonly health: Health;
  readonly exports: ReadonlyMap<string, Value>;
  /** Value of each expression of its block, as last evaluated. */
  readonly values: ReadonlyMap<Expr, Value>;
  readonly triggers: readonly Trigger[];
  readonly instance: Instance | undefined;
  readonly gates: ReadonlyMap<string, Gate<unknown>>;
}

interface Running extends Component {
  health: Health;
  exports: ReadonlyMap<string, Value>;
  values: Map<Expr, Value>;
  triggers: readonly Trigger[];
  instance: Instance | undefined;
  readonly gates: Map<string, Gate<unknown>>;
}

/** Evaluates and builds all components of the files; the first error of each component is reported. */
export async function loadPipeline(files: readonly File[], options: LoadOptions): Promise<Loaded> {
  const diagnostics: Diagnostic[] = [];
  const nodes = buildNodes(files, { stability: "generally-available", ...options }, diagnostics);
  if (diagnostics.some(({ severity }) => severity === "error")) return { pipeline: undefined, diagnostics };
  const pipeline = new Pipeline(nodes.ordered, options.environment);
  for (const { block, source } of nodes.configBlocks) {
    const report = (range: Range, message: string) => diagnostics.push(errorAt(source, range, message));
    const context = decodeContext({ variables: pipeline.scopeOf([]), source }, new Map(), report, block);
    pipeline.settings.set(block.name.name, configBlocks.get(block.name.name)?.decodeBody(block.body, block, context));
  }
  await pipeline.start(diagnostics);
  if (diagnostics.some(({ severity }) => severity === "error")) {
    await pipeline.close();
    return { pipeline: undefined, diagnostics };
  }
  return { pipeline, diagnostics };
}

export class Pipeline {
  readonly #running = new Map<string, Running>();
  readonly #environment: Environment;
  readonly #dirty = new Set<string>();
  readonly #internalPages = new Map<string, () => string>();
  /** What the blocks that configure the process say, by their name. */
  readonly settings = new Map<string, unknown>();
  #tap: ((component: string) => Tap) | undefined;
  #reevaluating: Promise<void> | undefined;
  #started = false;
  #invocations = 0;

  constructor(nodes: readonly Node[], environment: Environment) {
    this.#environment = environment;
    for (const node of nodes) {
      const health: Health = { state: "unknown", message: "not built yet", since: environment.clock() };
      this.#running.set(node.id, {
        node,
        health,
        exports: new Map(),
        values: new Map(),
        triggers: [],
        instance: undefined,
        gates: new Map(),
      });
    }
  }

  get components(): readonly Component[] {
    return [...this.#running.values()];
  }

  component(id: string): Component | undefined {
    return this.#running.get(id);
  }

  /** Every trigger with the component it belongs to. */
  get triggers(): readonly { readonly component: string; readonly trigger: Trigger }[] {
    return this.components.flatMap(({ node, triggers }) => triggers.map(trigger => ({ component: node.id, trigger })));
  }

  /** What comes with a push or a tick. `now` is read once. */
  invocation(options: {
    readonly deadlineMs: number;
    readonly id?: string;
    readonly signal?: AbortSignal;
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
    };
  }

  /** Lets writers and batchers send, waits for the work, and closes the flow again. For functions; the local process' flow is always open. */
  async drain<T>(work: Promise<T>): Promise<T> {
    const { flow, mode } = this.#environment;
    flow.set(true);
    try {
      return await work;
    } finally {
      if (mode === "function") flow.set(false);
    }
  }

  /** Resolves when nothing is on its way through any component. */
  async settled(): Promise<void> {
    const gates = () => this.components.flatMap(({ gates }) => [...gates.values()]);
    while (gates().some(({ inFlight }) => inFlight > 0)) await Promise.all(gates().map(gate => gate.settled()));
  }

  /** Watches all batches that enter components; `undefined` stops that. */
  watch(tap: ((component: string) => Tap) | undefined): void {
    this.#tap = tap;
    for (const { node, gates } of this.components) for (const gate of gates.values()) gate.tap = tap?.(node.id);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].reverse().map(({ instance }) => instance?.close?.()));
  }

  async start(diagnostics: Diagnostic[]): Promise<void> {
    const failed = new Set<string>();
    for (const running of this.#running.values()) {
      if (running.node.references.some(id => failed.has(id))) {
        failed.add(running.node.id);
        continue;
      }
      const found = await this.#build(running);
      if (found.length) failed.add(running.node.id);
      diagnostics.push(...found);
    }
    this.#started = true;
    if (this.#dirty.size) void this.#reevaluate();
  }

  /** The variables that a node's expressions see: the exports of what it refers to, as nested objects. */
  scopeOf(references: readonly string[]): ReadonlyMap<string, Value> {
    const variables = new Map<string, Value>([["module_path", this.#environment.directory]]);
    for (const id of references) {
      let at = variables;
      const path = id.split(".");
      const label = path.pop() as string; // an id has at least one part
      for (const part of path) {
        const next = at.get(part);
        const map = next instanceof Map ? (next as Map<string, Value>) : new Map<string, Value>(); // only made here
        at.set(part, map);
        at = map;
      }
      at.set(label, this.#running.get(id)?.exports ?? new Map());
    }
    return variables;
  }

  async #build(running: Running): Promise<Diagnostic[]> {
    const { node } = running;
    const found: Diagnostic[] = [];
    const report = (range: Range, message: string) => found.push(errorAt(node.source, range, message));
    running.values = new Map();
    const context = decodeContext(
      { variables: this.scopeOf(node.references), source: node.source },
      running.values,
      report,
      node.block,
    );
    const args = node.definition.args.decodeBody(node.block.body, node.block, context);
    if (!found.length)
      for (const problem of node.definition.check?.(args) ?? [])
        report(locateInBlock(node.block, problem.path), problem.message);
    if (!found.length) {
      try {
        await this.#replace(running, args);
      } catch (error) {
        if (error instanceof ProblemError) report(locateInBlock(node.block, error.path), error.message);
        else
          report(
            node.block,
            `${node.id} could not be built: ${error instanceof Error ? error.message : String(error)}`,
          );
      }
    }
    const [first] = found;
    if (first) running.health = this.#health("unhealthy", first.message);
    return found;
  }

  async #replace(running: Running, args: unknown): Promise<void> {
    const before = running.instance;
    const instance = await running.node.definition.build(args, this.#host(running));
    running.instance = instance;
    running.triggers = instance.triggers ?? [];
    if (instance.exports !== undefined) this.#export(running, instance.exports);
    if (running.health.state !== "unhealthy" || before) running.health = this.#health("healthy", "started component");
    await before?.close?.();
  }

  #export(running: Running, exports: unknown): void {
    const schema = running.node.definition.exports;
    if (schema) running.exports = encodeExports(schema, exports, this.#gates(running));
  }

  #gates(running: Running): GateFactory {
    const { metrics } = this.#environment;
    return (name, kind, consumer) => {
      let gate = running.gates.get(name);
      if (!gate) {
        const labels = { component_id: running.node.id };
        gate = new Gate(
          kind,
          metrics.counter(
            "amalgam_component_received_items_total",
            "Entries, samples, spans, records or points that entered the component.",
            labels,
          ),
          metrics.counter(
            "amalgam_component_failed_items_total",
            "Items of batches that the component or one below it refused.",
            labels,
          ),
        );
        gate.tap = this.#tap?.(running.node.id);
        running.gates.set(name, gate);
      }
      gate.target = consumer;
      return gate;
    };
  }

  #host(running: Running): Host {
    const { mode, flow, log, state, deadLetters, metrics, directory, clock } = this.#environment;
    return {
      id: running.node.id,
      mode,
      flow,
      log,
      state,
      deadLetters,
      metrics,
      internalPages: this.#internalPages,
      directory,
      clock,
      setExports: exports => {
        const before = running.exports;
        this.#export(running, exports);
        if (!sameValue(before, running.exports)) this.#invalidate(running.node.id);
      },
      reportHealth: (healthState, message) => {
        running.health = this.#health(healthState, message);
      },
    };
  }

  /** Marks what depends on a node, directly or not, and evaluates it again soon. */
  #invalidate(id: string): void {
    this.#markDependents(id);
    if (this.#started && this.#dirty.size) void this.#reevaluate();
  }

  #markDependents(id: string): void {
    for (const { node } of this.#running.values()) if (node.references.includes(id)) this.#dirty.add(node.id);
  }

  #reevaluate(): Promise<void> {
    this.#reevaluating ??= (async () => {
      try {
        for (const running of this.#running.values()) {
          if (!this.#dirty.delete(running.node.id)) continue;
          const before = running.exports;
          const [problem] = await this.#build(running);
          const { id } = running.node;
          if (problem)
            this.#environment.log.error("component could not be evaluated again, the old one goes on", {
              component: id,
              error: problem.message,
            });
          else if (!sameValue(before, running.exports)) this.#markDependents(id);
        }
      } finally {
        this.#reevaluating = undefined;
        if (this.#dirty.size) void this.#reevaluate();
      }
    })();
    return this.#reevaluating;
  }

  #health(state: Health["state"], message: string): Health {
    return { state, message, since: this.#environment.clock() };
  }
}

/** Evaluates expressions in a scope, remembers their values, and turns evaluation errors into reports. */
function decodeContext(
  scope: Scope,
  values: Map<Expr, Value>,
  report: (range: Range, message: string) => void,
  owner: Range,
): DecodeContext {
  return {
    report,
    reportMismatch(expr, value, mismatch) {
      const error = explain(expr, value, mismatch);
      report(error, error.message);
    },
    evaluate(expr) {
      try {
        const value = evaluate(expr, scope);
        values.set(expr, value);
        return value;
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        if (error instanceof UnplacedError)
          report(owner, `Failed to build component: decoding configuration: ${error.message}`);
        else report(error, error.message);
        return undefined;
      }
    },
  };
}
