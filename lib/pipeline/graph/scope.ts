/**
 * A scope that runs: the blocks of a configuration, of an instance of a custom component, of one item of a `foreach`, or of
 * an imported module. Its nodes are evaluated in order, and again when what they refer to changes, and nothing else is.
 */

import { messageOf } from "../delivery/errors.ts";
import { type Scope as EvaluationScope, evaluate } from "../eval/evaluate.ts";
import { explain, UnplacedError } from "../eval/explain.ts";
import type { DecodeContext } from "../eval/schema.ts";
import { EvaluationError, sameValue, type Value } from "../eval/value.ts";
import type { Expr } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Range } from "../syntax/diagnostic.ts";
import { type Health, type Instance, ProblemError } from "./component.ts";
import { decodeConfigBlock } from "./config-blocks.ts";
import { DiagnosticsError } from "./diagnostics-error.ts";
import { Gate } from "./gate.ts";
import type { LanguageInstance, ScopeHost } from "./language.ts";
import { maxDepth } from "./limits.ts";
import { locateInBlock } from "./locate.ts";
import type { ConfigNode, Declare, Node, NodeOptions, Nodes } from "./nodes.ts";
import { encodeExports, type GateFactory } from "./receiver.ts";
import type { Runtime } from "./runtime.ts";
import type { Trigger } from "./trigger.ts";
import { countUsage, Usage } from "./usage.ts";

/** A component as it stands: what the status page and `graph --json` show. */
export interface Component {
  /** Unique in the process: `loki.write.out`, in an instance of a custom component `add.one/loki.write.out`. */
  readonly id: string;
  /** Ids of the components that its arguments refer to. */
  readonly references: readonly string[];
  readonly node: Node;
  readonly health: Health;
  readonly exports: ReadonlyMap<string, Value>;
  /** Value of each expression of its block, as last evaluated. */
  readonly values: ReadonlyMap<Expr, Value>;
  readonly triggers: readonly Trigger[];
  readonly instance: Instance | undefined;
  readonly gates: ReadonlyMap<string, Gate<unknown>>;
  /** What runs inside: the body of a custom component, the items of a `foreach`, the module of an `import`. */
  readonly scopes: readonly Scope[];
}

/** What is true of one instance of a component, from before it is built until it is closed. */
interface Life {
  readonly usage: Usage;
  /** It was replaced, or the scope is closed: what it still says is not heard. */
  over: boolean;
  reportedHealth: boolean;
  /** Exports that were set before it was built to the end. */
  early: { readonly exports: unknown } | undefined;
}

const newLife = (): Life => ({ usage: new Usage(), over: false, reportedHealth: false, early: undefined });

class Running implements Component {
  readonly id: string;
  readonly node: Node;
  readonly references: readonly string[];
  readonly gates = new Map<string, Gate<unknown>>();
  own: Health;
  exports: ReadonlyMap<string, Value> = new Map();
  values = new Map<Expr, Value>();
  triggers: readonly Trigger[] = [];
  instance: LanguageInstance | undefined;
  life = newLife();

  constructor(id: string, node: Node, references: readonly string[], health: Health) {
    this.id = id;
    this.node = node;
    this.references = references;
    this.own = health;
  }

  get scopes(): readonly Scope[] {
    return this.instance?.scopes?.() ?? [];
  }

  /** A block that holds others is as healthy as the worst of them. */
  get health(): Health {
    if (this.own.state !== "healthy") return this.own;
    for (const scope of this.scopes) {
      for (const member of scope.members()) {
        const { health } = member;
        if (health.state === "healthy" || health.state === "unknown") continue;
        const isItsOwn = health === member.own;
        return isItsOwn ? { ...health, message: `${member.id}: ${health.message}` } : health;
      }
    }
    return this.own;
  }
}

export interface ScopeOptions {
  /** Id of the block that holds it; empty for the configuration. */
  readonly path: string;
  readonly nodes: Nodes;
  /** Arguments of the instance. */
  readonly given: ReadonlyMap<string, Value>;
  /** What names mean that no node of the scope has. */
  readonly variables: ReadonlyMap<string, Value>;
}

export class Scope {
  readonly path: string;
  readonly #runtime: Runtime;
  readonly #nodes: Nodes;
  /** The scope whose declares and imports hold here too. */
  readonly #around: Scope | undefined;
  readonly #running = new Map<string, Running>();
  /** Ids of nodes by the nodes that they refer to. */
  readonly #dependents = new Map<string, string[]>();
  readonly #dirty = new Set<string>();
  readonly #exports = new Map<string, Value>();
  /** Files that this module came from, with those of the modules that imported it. */
  readonly #origins: readonly string[];
  #given: ReadonlyMap<string, Value>;
  #variables: ReadonlyMap<string, Value>;
  #exportsChanged = false;
  #reevaluating: Promise<readonly Diagnostic[]> | undefined;
  #started = false;
  #closed = false;
  onExports: (() => void) | undefined;
  /** Called when a module that was imported inside has changed. */
  onContent: (() => void) | undefined;

  constructor(
    runtime: Runtime,
    { path, nodes, given, variables }: ScopeOptions,
    around?: Scope,
    origins: readonly string[] = [],
  ) {
    this.#runtime = runtime;
    this.path = path;
    this.#nodes = nodes;
    this.#around = around;
    this.#given = given;
    this.#variables = variables;
    this.#origins = origins;
    if (path.split("/").length > maxDepth)
      throw new Error(`modules should be nested at most ${maxDepth} levels deep, got more at ${path.slice(0, 200)}`);
    if (around) runtime.count(nodes.ordered.length);
    for (const node of nodes.ordered) {
      const references = node.references.map(id => this.#idOf(id));
      this.#running.set(
        node.id,
        new Running(this.#idOf(node.id), node, references, this.#health("unknown", "not built yet")),
      );
      for (const reference of node.references) {
        const known = this.#dependents.get(reference);
        if (known) known.push(node.id);
        else this.#dependents.set(reference, [node.id]);
      }
    }
  }

  #idOf(id: string): string {
    return this.path ? `${this.path}/${id}` : id;
  }

  /** The graph that runs. */
  get nodes(): Nodes {
    return this.#nodes;
  }

  get options(): NodeOptions {
    return this.#runtime.options;
  }

  /** Arguments of the instance, by name. */
  get given(): ReadonlyMap<string, Value> {
    return this.#given;
  }

  get variables(): ReadonlyMap<string, Value> {
    return this.#variables;
  }

  get exports(): ReadonlyMap<string, Value> {
    return new Map(this.#exports);
  }

  /** The components of this scope alone. */
  *members(): Generator<Running> {
    for (const running of this.#running.values())
      if (running.node.role !== "argument" && running.node.role !== "export") yield running;
  }

  /** All components, those of the scopes inside behind the one that holds them. */
  *components(): Generator<Running> {
    for (const running of this.members()) {
      yield running;
      for (const scope of running.scopes) yield* scope.components();
    }
  }

  /** The declare that a block's name means here, with the scope that it stands in. */
  findDeclare(name: string): { readonly declare: Declare; readonly scope: Scope } | undefined {
    const dot = name.indexOf(".");
    for (let scope: Scope | undefined = this; scope; scope = scope.#around) {
      const holder: Scope | undefined = dot < 0 ? scope : scope.#imported(name.slice(0, dot));
      if (!holder) continue;
      const declare = holder.#nodes.declares.get(name.slice(dot + 1));
      if (declare) return { declare, scope: holder };
    }
    return undefined;
  }

  #imported(namespace: string): Scope | undefined {
    const id = this.#nodes.namespaces.get(namespace);
    return id === undefined ? undefined : this.#running.get(id)?.scopes[0];
  }

  /** Names of all custom components that blocks may have here. */
  customNames(): string[] {
    const names: string[] = [];
    for (let scope: Scope | undefined = this; scope; scope = scope.#around) {
      names.push(...scope.#nodes.declares.keys());
      for (const namespace of scope.#nodes.namespaces.keys()) {
        const module = scope.#imported(namespace);
        if (module) names.push(...[...module.#nodes.declares.keys()].map(name => `${namespace}.${name}`));
      }
    }
    return names;
  }

  /** A scope whose blocks see the declares and imports of this one. */
  inner(options: ScopeOptions): Scope {
    return new Scope(this.#runtime, options, this, this.#origins);
  }

  /** A scope of its own, for an imported module; `directory` is its `module_path`, and this one's where it has none. */
  module({ path, nodes, directory, origins = [] }: BundledModule & { readonly path: string }): Scope {
    const variables = new Map<string, Value>([["module_path", directory]]);
    return new Scope(this.#runtime, { path, nodes, given: new Map(), variables }, undefined, [
      ...this.#origins,
      ...origins,
    ]);
  }

  /** The module that was put into the bundle for an `import` block. */
  bundledModule(id: string): BundledModule | undefined {
    return this.#runtime.environment.modules?.get(id);
  }

  /** Throws where modules import each other in a circle, or have no end; gives what is called when the import closes. */
  countModule(id: string, names: readonly string[], size: number): () => void {
    const again = names.find(name => this.#origins.includes(name));
    if (again !== undefined)
      throw new Error(
        `modules should not import each other in a circle, got ${[...this.#origins, again].join(" -> ")}`,
      );
    return this.#runtime.countModule(id, size);
  }

  /** Sets an export of the scope. */
  export(name: string, value: Value): void {
    const before = this.#exports.get(name);
    if (before !== undefined && sameValue(before, value)) return;
    this.#exports.set(name, value);
    this.#exportsChanged = true;
  }

  triggersChanged(): void {
    this.#runtime.triggersChanged = true;
  }

  /** Keeps the process waiting for something that ends, when it closes. */
  retire(work: Promise<void>): void {
    this.#runtime.retire(work);
  }

  /**
   * Builds all nodes, each as soon as those that it refers to are there; what depends on a failed one is left out. Each failed
   * node tells its first mistake.
   */
  async start(): Promise<readonly Diagnostic[]> {
    const found: Diagnostic[][] = [];
    const failed = new Set<string>();
    const built = new Map<string, Promise<void>>();
    for (const running of this.#running.values()) {
      const { id, references } = running.node;
      if (!this.#runtime.wanted(this, running.node)) continue;
      const before = references.flatMap(each => built.get(each) ?? []);
      const at = found.push([]) - 1;
      const build = async () => {
        if (before.length) await Promise.all(before);
        this.#dirty.delete(id);
        if (!references.some(each => failed.has(each))) found[at] = [...(await this.#build(running))];
        if (running.instance === undefined) failed.add(id);
      };
      built.set(id, build());
    }
    await Promise.all(built.values());
    this.#started = true;
    this.#exportsChanged = false;
    if (this.#dirty.size) void this.#reevaluate();
    return found.flat();
  }

  /** Takes changed arguments or surroundings: evaluates again what depends on them. */
  async update({
    given,
    variables,
  }: Partial<Pick<ScopeOptions, "given" | "variables">>): Promise<readonly Diagnostic[]> {
    if (given) {
      const names = new Set([...given.keys(), ...this.#given.keys()]);
      for (const name of names) {
        const [before, after] = [this.#given.get(name), given.get(name)];
        if (before === undefined || after === undefined || !sameValue(before, after)) this.#mark(`argument.${name}`);
      }
      this.#given = given;
    }
    if (variables) {
      const before = this.#variables;
      this.#variables = variables;
      for (const { node } of this.#running.values())
        if (
          node.role === "custom" ||
          node.role === "foreach" ||
          node.free?.some(path => differ(path, before, variables))
        )
          this.#mark(node.id);
    }
    return this.#reevaluate();
  }

  #mark(id: string): void {
    if (this.#running.has(id)) this.#dirty.add(id);
  }

  /** Evaluates a block that configures the process. */
  configure({ block, source, references }: ConfigNode, diagnostics: Diagnostic[]): unknown {
    const report: DecodeContext["report"] = (range, message, hint) =>
      void diagnostics.push(errorAt(source, range, message, hint));
    const context = decodeContext({ variables: this.#scopeOf(references), source }, new Map(), report, block);
    return decodeConfigBlock(block, context);
  }

  /** The names that a node's expressions see. */
  variablesOf({ references }: Pick<Node, "references">): ReadonlyMap<string, Value> {
    return this.#scopeOf(references);
  }

  /** The exports of what is referred to, as nested objects, in front of what the surroundings give. */
  #scopeOf(references: readonly string[]): ReadonlyMap<string, Value> {
    const variables = new Map(this.#variables);
    const own = new Set<Value>();
    for (const id of references) {
      let at: Map<string, Value> = variables;
      const path = id.split(".");
      const label = path.pop() as string; // an id has at least one part
      for (const part of path) {
        const next = at.get(part);
        const map = next instanceof Map ? (own.has(next) ? next : new Map(next)) : new Map<string, Value>();
        own.add(map);
        at.set(part, map);
        at = map;
      }
      at.set(label, this.#running.get(id)?.exports ?? new Map());
    }
    return variables;
  }

  /** The mistakes of a node: its first, or all that its inner scopes told. */
  async #build(running: Running): Promise<readonly Diagnostic[]> {
    const { node } = running;
    const found: Diagnostic[] = [];
    const report = (range: Range, message: string, hint?: string) =>
      void found.push(errorAt(node.source, range, message, hint));
    running.values = new Map();
    const context = decodeContext(
      { variables: this.#scopeOf(node.references), source: node.source },
      running.values,
      report,
      node.block,
    );
    const args = node.definition.args.decodeBody(node.block.body, node.block, context);
    if (!found.length)
      for (const problem of node.definition.check?.(args) ?? [])
        report(locateInBlock(node.block, problem.path), problem.message);
    if (found.length) found.length = 1;
    else {
      try {
        if (!(await running.instance?.update?.(args))) await this.#replace(running, args);
      } catch (error) {
        if (error instanceof DiagnosticsError) found.push(...error.diagnostics);
        else if (error instanceof ProblemError) report(locateInBlock(node.block, error.path), error.message);
        else if (node.role === "import")
          report(node.block, `Failed to evaluate node for config block: ${messageOf(error)}`);
        else report(node.block, `${node.id} could not be built: ${messageOf(error)}`);
      }
    }
    const [first] = found;
    if (first) running.own = this.#health("unhealthy", first.message);
    return found;
  }

  /** The old instance goes on until the new one is built, and is closed when what is inside it is through. */
  async #replace(running: Running, args: unknown): Promise<void> {
    const { instance: before, life: beforeLife, node } = running;
    const life = newLife();
    try {
      const built: LanguageInstance = await node.definition.build(args, this.#host(running, life));
      const instance: LanguageInstance = countUsage(built, life.usage);
      const exports = life.early ? life.early.exports : instance.exports;
      if (instance.values) running.exports = instance.values;
      else if (exports !== undefined) this.#export(running, exports, life);
      running.instance = instance;
      running.life = life;
      running.triggers = instance.triggers ?? [];
      this.#runtime.follow(running, life, (state, message) => {
        running.own = this.#health(state, message);
      });
    } catch (error) {
      life.over = true;
      throw error;
    }
    if (!life.reportedHealth) running.own = this.#health("healthy", "started component");
    if (!before) return;
    beforeLife.over = true;
    this.#runtime.triggersChanged ||=
      before.triggers !== undefined || running.triggers.length > 0 || running.instance.scopes !== undefined;
    this.retire(beforeLife.usage.settled().then(() => this.#closeInstance(running.id, before)));
  }

  async #closeInstance(id: string, instance: Instance | undefined): Promise<void> {
    try {
      await instance?.close?.();
    } catch (error) {
      this.#runtime.environment.log.error("component could not be closed", { component: id, error: messageOf(error) });
    }
  }

  #export(running: Running, exports: unknown, { usage }: Life): void {
    const schema = running.node.definition.exports;
    if (schema) running.exports = encodeExports(schema, exports, this.#gates(running, usage));
  }

  #gates(running: Running, usage: Usage): GateFactory {
    const { metrics } = this.#runtime.environment;
    return (name, kind, consumer) => {
      let gate = running.gates.get(name);
      if (!gate) {
        const labels = { component_id: running.id };
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
        gate.tap = this.#runtime.tap?.(running.id);
        running.gates.set(name, gate);
      }
      gate.connect(consumer, usage);
      return gate;
    };
  }

  #host(running: Running, life: Life): ScopeHost {
    const { node, id } = running;
    const modulePath = this.#variables.get("module_path");
    return {
      ...this.#runtime.hostOf(id, typeof modulePath === "string" ? modulePath : ""),
      scope: this,
      node,
      setExports: exports => {
        if (life.over) return;
        if (running.life !== life) {
          life.early = { exports };
          return;
        }
        const before = running.exports;
        this.#export(running, exports, life);
        if (!sameValue(before, running.exports)) this.#invalidate(node.id);
      },
      setValues: values => {
        if (life.over || running.life !== life) return;
        const before = running.exports;
        running.exports = values;
        if (!sameValue(before, values)) this.#invalidate(node.id);
      },
      reportHealth: (state, message) => {
        if (life.over) return;
        life.reportedHealth = true;
        running.own = this.#health(state, message);
      },
    };
  }

  /** Evaluates again the custom components that an import brought, also through modules around this one. */
  contentChanged(id: string): void {
    this.#invalidate(id);
    this.onContent?.();
  }

  /** Marks what depends on a node, and evaluates it again soon. */
  #invalidate(id: string): void {
    this.#markDependents(id);
    if (this.#started && !this.#closed && this.#dirty.size) void this.#reevaluate();
  }

  #markDependents(id: string): void {
    for (const dependent of this.#dependents.get(id) ?? []) this.#dirty.add(dependent);
  }

  /** Resolves to what went wrong, when nothing is left to evaluate. */
  #reevaluate(): Promise<readonly Diagnostic[]> {
    this.#reevaluating ??= this.#evaluateDirty().finally(() => {
      this.#reevaluating = undefined;
    });
    return this.#reevaluating;
  }

  async #evaluateDirty(): Promise<readonly Diagnostic[]> {
    const diagnostics: Diagnostic[] = [];
    await undefined; // so that `#reevaluating` is set before anything is marked
    while (this.#dirty.size && !this.#closed) {
      for (const running of this.#running.values()) {
        if (this.#closed || !this.#dirty.delete(running.node.id)) continue;
        const before = running.exports;
        const found = await this.#build(running);
        diagnostics.push(...found);
        if (found[0])
          this.#runtime.environment.log.error("component could not be evaluated again, the old one goes on", {
            component: running.id,
            error: found[0].message,
          });
        else if (!sameValue(before, running.exports)) this.#markDependents(running.node.id);
      }
    }
    if (this.#exportsChanged) {
      this.#exportsChanged = false;
      this.onExports?.();
    }
    this.#runtime.flushTriggers();
    return diagnostics;
  }

  /** Resolves when nothing is left to evaluate, here and inside. */
  async evaluated(): Promise<void> {
    while (this.#reevaluating) await this.#reevaluating;
    for (const { scopes } of this.#running.values()) for (const scope of scopes) await scope.evaluated();
    if (this.#reevaluating) await this.evaluated();
  }

  /** Resolves when nothing is on its way through any component. */
  async settled(): Promise<void> {
    const usages = () => [...this.components()].map(({ life }) => life.usage);
    while (usages().some(({ count }) => count > 0)) await Promise.all(usages().map(usage => usage.settled()));
  }

  /** Closes when all that is inside is through. */
  async finish(): Promise<void> {
    await this.settled();
    await this.close();
  }

  /** Closes sources before what they send to, so that what they still hold gets through. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reevaluating;
    for (const { id, life, instance } of [...this.#running.values()].reverse()) {
      life.over = true;
      await this.#closeInstance(id, instance);
    }
    if (this.#around) this.#runtime.count(-this.#running.size);
  }

  #health(state: Health["state"], message: string): Health {
    return { state, message, since: this.#runtime.environment.clock() };
  }
}

/** A module as it stands in a bundle: its graph, and where its relative paths start. */
export interface BundledModule {
  readonly nodes: Nodes;
  readonly directory: string;
  readonly origins?: readonly string[];
}

/** Whether what a path leads to is another value than before. */
function differ(
  path: readonly string[],
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): boolean {
  let [a, b]: (Value | undefined)[] = [before, after];
  for (const part of path) {
    if (!(a instanceof Map) || !(b instanceof Map)) break;
    [a, b] = [a.get(part) as Value | undefined, b.get(part) as Value | undefined]; // maps of the language
  }
  return a === undefined || b === undefined ? a !== b : !sameValue(a, b);
}

/** Evaluates expressions in a scope, remembers their values, and turns evaluation errors into reports. */
function decodeContext(
  scope: EvaluationScope,
  values: Map<Expr, Value>,
  report: (range: Range, message: string, hint?: string) => void,
  owner: Range,
): DecodeContext {
  return {
    report,
    reportMismatch(expr, value, mismatch) {
      const error = explain(expr, value, mismatch);
      report(error, error.message, error.hint);
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
        else report(error, error.message, error.hint);
        return undefined;
      }
    },
  };
}
