/**
 * A configuration that runs: every component evaluated and built once (load), then data goes through (invoke). Exports that
 * change while it runs (a file, a secret) evaluate again what depends on them, and nothing else.
 */

import type { DeadLetterStore } from "../delivery/dead-letters.ts";
import { messageOf } from "../delivery/errors.ts";
import { evaluate, type Scope } from "../eval/evaluate.ts";
import { explain, UnplacedError } from "../eval/explain.ts";
import type { DecodeContext } from "../eval/schema.ts";
import { EvaluationError, sameValue, type Value } from "../eval/value.ts";
import type { StateStore } from "../state/store.ts";
import type { Expr, File } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Range, type Source } from "../syntax/diagnostic.ts";
import { type Definition, type Health, type Host, type Instance, ProblemError, type Stability } from "./component.ts";
import { decodeConfigBlock, isClosedBlock } from "./config-blocks.ts";
import type { Flow } from "./flow.ts";
import { Gate, type Tap } from "./gate.ts";
import type { Invocation, Logger } from "./invocation.ts";
import { locateInBlock } from "./locate.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { buildNodes, type ConfigNode, type Node, type Nodes } from "./nodes.ts";
import { encodeExports, type GateFactory } from "./receiver.ts";
import type { Trigger } from "./trigger.ts";
import { countUsage, Usage } from "./usage.ts";

/** What surrounds a pipeline: a local process, a cloud function, a test. */
export interface Environment {
  readonly mode: Host["mode"];
  readonly flow: Flow;
  readonly log: Logger;
  readonly state: StateStore;
  readonly deadLetters?: DeadLetterStore;
  readonly metrics: MetricsRegistry;
  /** What components leave to their successors, by id; given again, it lasts over reloads. */
  readonly memories?: Map<string, Map<string, unknown>>;
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
  life: Life;
  readonly gates: Map<string, Gate<unknown>>;
}

/** What is true of one instance of a component, from before it is built until it is closed. */
interface Life {
  readonly usage: Usage;
  /** It was replaced, or the pipeline is closed: what it still says is not heard. */
  over: boolean;
  reportedHealth: boolean;
  /** Exports that were set before it was built to the end. */
  early: { readonly exports: unknown } | undefined;
}

const newLife = (): Life => ({ usage: new Usage(), over: false, reportedHealth: false, early: undefined });

/** Evaluates and builds all components of the files; the first error of each component is reported. */
export async function loadPipeline(files: readonly File[], options: LoadOptions): Promise<Loaded> {
  const diagnostics: Diagnostic[] = [];
  const { environment } = options;
  const nodes = buildNodes(files, { stability: "generally-available", ...options }, diagnostics);
  for (const { block, source } of nodes.configBlocks) {
    if (environment.mode === "local" && isClosedBlock(block.name.name))
      diagnostics.push(errorAt(source, block.name, `${block.name.name} blocks are not supported yet`));
  }
  const sources = files.map(({ source }) => source);
  if (hasError(diagnostics)) return { pipeline: undefined, diagnostics: inOrder(diagnostics, sources) };
  const { pipeline, diagnostics: found } = await loadNodes(nodes, environment);
  const all = [...diagnostics, ...found];
  return { pipeline, diagnostics: pipeline ? all : inOrder(all, sources) };
}

/** The same for a graph that is built already. */
export async function loadNodes({ ordered, configBlocks }: Nodes, environment: Environment): Promise<Loaded> {
  const diagnostics: Diagnostic[] = [];
  const pipeline = new Pipeline(ordered, environment);
  await pipeline.start(diagnostics);
  if (!hasError(diagnostics)) for (const node of configBlocks) pipeline.configure(node, diagnostics);
  if (!hasError(diagnostics)) return { pipeline, diagnostics };
  await pipeline.close();
  return { pipeline: undefined, diagnostics };
}

const hasError = (diagnostics: readonly Diagnostic[]) => diagnostics.some(({ severity }) => severity === "error");

/** By file and place, since components are evaluated in an order of their own. */
function inOrder(diagnostics: readonly Diagnostic[], sources: readonly Source[]): readonly Diagnostic[] {
  return diagnostics.toSorted((a, b) => sources.indexOf(a.source) - sources.indexOf(b.source) || a.start - b.start);
}

export class Pipeline {
  readonly #running = new Map<string, Running>();
  readonly #environment: Environment;
  readonly #dirty = new Set<string>();
  readonly #internalPages = new Map<string, () => string>();
  readonly #memories: Map<string, Map<string, unknown>>;
  /** What the blocks that configure the process say, by their name. */
  readonly settings = new Map<string, unknown>();
  /** Called when components that were evaluated again brought triggers of their own. */
  onTriggersChange: (() => void) | undefined;
  #tap: ((component: string) => Tap) | undefined;
  #reevaluating: Promise<void> | undefined;
  readonly #retiring = new Set<Promise<void>>();
  #triggersChanged = false;
  #started = false;
  #closed = false;
  #invocations = 0;
  /** Calls whose work is under way. */
  #draining = 0;

  constructor(nodes: readonly Node[], environment: Environment) {
    this.#environment = environment;
    this.#memories = environment.memories ?? new Map();
    for (const node of nodes) {
      const health: Health = { state: "unknown", message: "not built yet", since: environment.clock() };
      this.#running.set(node.id, {
        node,
        health,
        exports: new Map(),
        values: new Map(),
        triggers: [],
        instance: undefined,
        life: newLife(),
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

  /** Resolves when nothing is on its way through any component. */
  async settled(): Promise<void> {
    const usages = () => [...this.#running.values()].map(({ life }) => life.usage);
    while (usages().some(({ count }) => count > 0)) await Promise.all(usages().map(usage => usage.settled()));
  }

  /** Watches all batches that enter components; `undefined` stops that. */
  watch(tap: ((component: string) => Tap) | undefined): void {
    this.#tap = tap;
    for (const { node, gates } of this.components) for (const gate of gates.values()) gate.tap = tap?.(node.id);
  }

  /** Closes sources before what they send to, so that what they still hold gets through. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#reevaluating;
    for (const { node, life, instance } of [...this.#running.values()].reverse()) {
      life.over = true;
      await this.#closeInstance(node.id, instance);
    }
    await Promise.all(this.#retiring);
  }

  async start(diagnostics: Diagnostic[]): Promise<void> {
    const failed = new Set<string>();
    for (const running of this.#running.values()) {
      const { id, references } = running.node;
      this.#dirty.delete(id);
      const [first] = references.some(each => failed.has(each)) ? [undefined] : await this.#build(running);
      if (first) diagnostics.push(first);
      if (running.instance === undefined) failed.add(id);
    }
    this.#started = true;
    if (this.#dirty.size) void this.#reevaluate();
  }

  /** Evaluates a block that configures the process. */
  configure({ block, source, references }: ConfigNode, diagnostics: Diagnostic[]): void {
    const report: DecodeContext["report"] = (range, message) => diagnostics.push(errorAt(source, range, message));
    const context = decodeContext({ variables: this.scopeOf(references), source }, new Map(), report, block);
    this.settings.set(block.name.name, decodeConfigBlock(block, context));
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
        else report(node.block, `${node.id} could not be built: ${messageOf(error)}`);
      }
    }
    const [first] = found;
    if (first) running.health = this.#health("unhealthy", first.message);
    return found;
  }

  /** The old instance goes on until the new one is built, and is closed when what is inside it is through. */
  async #replace(running: Running, args: unknown): Promise<void> {
    const { instance: before, life: beforeLife, node } = running;
    const life = newLife();
    try {
      const instance = countUsage(await node.definition.build(args, this.#host(running, life)), life.usage);
      const exports = life.early ? life.early.exports : instance.exports;
      if (exports !== undefined) this.#export(running, exports, life);
      running.instance = instance;
      running.life = life;
      running.triggers = instance.triggers ?? [];
    } catch (error) {
      life.over = true;
      throw error;
    }
    if (!life.reportedHealth) running.health = this.#health("healthy", "started component");
    if (!before) return;
    beforeLife.over = true;
    this.#triggersChanged ||= before.triggers !== undefined || running.triggers.length > 0;
    const retiring = beforeLife.usage.settled().then(() => this.#closeInstance(node.id, before));
    this.#retiring.add(retiring);
    void retiring.then(() => this.#retiring.delete(retiring));
  }

  async #closeInstance(id: string, instance: Instance | undefined): Promise<void> {
    try {
      await instance?.close?.();
    } catch (error) {
      this.#environment.log.error("component could not be closed", { component: id, error: messageOf(error) });
    }
  }

  #export(running: Running, exports: unknown, { usage }: Life): void {
    const schema = running.node.definition.exports;
    if (schema) running.exports = encodeExports(schema, exports, this.#gates(running, usage));
  }

  #gates(running: Running, usage: Usage): GateFactory {
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
      gate.connect(consumer, usage);
      return gate;
    };
  }

  #memory(id: string): Map<string, unknown> {
    const memory = this.#memories.get(id) ?? new Map<string, unknown>();
    this.#memories.set(id, memory);
    return memory;
  }

  #host(running: Running, life: Life): Host {
    const { mode, flow, log, state, deadLetters, metrics, directory, clock } = this.#environment;
    return {
      id: running.node.id,
      mode,
      flow,
      log,
      state,
      deadLetters,
      metrics,
      memory: this.#memory(running.node.id),
      internalPages: this.#internalPages,
      directory,
      clock,
      setExports: exports => {
        if (life.over) return;
        if (running.life !== life) {
          life.early = { exports };
          return;
        }
        const before = running.exports;
        this.#export(running, exports, life);
        if (!sameValue(before, running.exports)) this.#invalidate(running.node.id);
      },
      reportHealth: (healthState, message) => {
        if (life.over) return;
        life.reportedHealth = true;
        running.health = this.#health(healthState, message);
      },
    };
  }

  /** Marks what depends on a node, directly or not, and evaluates it again soon. */
  #invalidate(id: string): void {
    this.#markDependents(id);
    if (this.#started && !this.#closed && this.#dirty.size) void this.#reevaluate();
  }

  #markDependents(id: string): void {
    for (const { node } of this.#running.values()) if (node.references.includes(id)) this.#dirty.add(node.id);
  }

  #reevaluate(): Promise<void> {
    this.#reevaluating ??= (async () => {
      try {
        for (const running of this.#running.values()) {
          if (this.#closed || !this.#dirty.delete(running.node.id)) continue;
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
        if (this.#triggersChanged) {
          this.#triggersChanged = false;
          this.onTriggersChange?.();
        }
        if (this.#dirty.size && !this.#closed) void this.#reevaluate();
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
