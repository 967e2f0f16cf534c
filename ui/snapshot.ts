/** What is known of the components of a process until one of them is evaluated again: the tree, the edges, the borders. */
import { describePipeline, type TriggerDescription } from "../lib/pipeline/graph/describe.ts";
import type { Component, Pipeline } from "../lib/pipeline/graph/pipeline.ts";
import { type Border, bordersOf, onlyExit, sendersOf } from "./borders.ts";
import { type Edge, edgesOf } from "./edges.ts";
import { type Tree, type TreeNode, treeOf } from "./tree.ts";

export class Snapshot {
  readonly tree: Tree;
  readonly edges: readonly Edge[];
  readonly borders: ReadonlyMap<string, Border>;
  readonly triggers: ReadonlyMap<string, readonly TriggerDescription[]>;
  readonly #senders: ReadonlyMap<string, readonly string[]>;
  readonly #receivers = new Map<string, Set<string>>();
  readonly #exits = new Map<string, string | undefined>();

  constructor(pipelines: readonly Pipeline[]) {
    this.tree = treeOf(pipelines);
    const ranks = new Map([...this.tree.nodes.keys()].map((id, i) => [id, i]));
    const rank = ({ id }: Component) => ranks.get(id) ?? 0;
    this.edges = pipelines.flatMap(({ components }) => edgesOf(components.toSorted((a, b) => rank(a) - rank(b))));
    this.triggers = triggersOf(pipelines);
    const isHolder = (id: string) => holds(this.node(id));
    this.#senders = sendersOf(this.edges, isHolder);
    this.borders = bordersOf(this.edges, isHolder, id => this.takesData(id));
    for (const [to, senders] of this.#senders) {
      for (const from of senders) {
        const receivers = this.#receivers.get(from);
        if (receivers) receivers.add(to);
        else this.#receivers.set(from, new Set([to]));
      }
    }
  }

  node(id: string): TreeNode | undefined {
    return this.tree.nodes.get(id);
  }

  /** Has a way in for data. */
  takesData(id: string): boolean {
    const node = this.node(id);
    if (!node) return false;
    return holds(node) ? (this.borders.get(id)?.entries.size ?? 0) > 0 : (node.component?.gates.size ?? 0) > 0;
  }

  /** Components that get data of this one. */
  receiversOf(id: string): ReadonlySet<string> {
    return this.#receivers.get(id) ?? none;
  }

  /** Where all of what leaves goes, if nothing else comes there. */
  exitOf(id: string): string | undefined {
    if (!this.#exits.has(id)) {
      const node = this.node(id);
      const exits = node && holds(node) ? this.borders.get(id)?.exits : this.#receivers.get(id);
      this.#exits.set(id, onlyExit(id, exits, this.#senders));
    }
    return this.#exits.get(id);
  }
}

const triggersOf = (pipelines: readonly Pipeline[]): ReadonlyMap<string, readonly TriggerDescription[]> =>
  new Map(
    pipelines.flatMap(pipeline =>
      describePipeline(pipeline)
        .components.filter(({ triggers }) => triggers.length)
        .map(({ id, triggers }) => [id, triggers] as const),
    ),
  );

const none: ReadonlySet<string> = new Set();

/** Whether it is a holder, of whatever it holds. */
export const holds = (node: TreeNode | undefined): boolean => node !== undefined && node.role !== "component";

/** Takes a new snapshot when a component came, went, or was evaluated again. */
export class Snapshots {
  #seen: readonly unknown[] = [];
  #last: Snapshot | undefined;
  /** Another number for each snapshot. */
  revision = 0;

  of(pipelines: readonly Pipeline[]): Snapshot {
    const seen: unknown[] = [];
    for (const pipeline of pipelines) {
      seen.push(pipeline);
      for (const { id, values, gates, instance } of pipeline.components) seen.push(id, values, gates.size, instance);
    }
    if (this.#last && seen.length === this.#seen.length && seen.every((each, i) => each === this.#seen[i]))
      return this.#last;
    this.#seen = seen;
    this.#last = new Snapshot(pipelines);
    this.revision++;
    return this.#last;
  }
}
