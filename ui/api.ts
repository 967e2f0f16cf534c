/** What the page shows, as JSON. Components have the form of Alloy's API; what only Amalgam has stands beside it. */
import { type LocalProcess, mayWatch } from "../functions/local/process.ts";
import type { RemoteState } from "../functions/local/remotecfg.ts";
import { describePipeline, type TriggerDescription } from "../lib/pipeline/graph/describe.ts";
import type { Component, Pipeline } from "../lib/pipeline/graph/pipeline.ts";
import { argumentsJson, type BodyJson, exportsJson } from "./body.ts";
import { type ComponentCounter, countersByComponent, totalOf } from "./counters.ts";
import { type Edge, edgesOf } from "./edges.ts";
import type { Item } from "./item.ts";
import type { ItemLog } from "./items.ts";
import { layout } from "./layout.ts";

export interface ComponentJson {
  readonly name: string;
  readonly type: "block";
  readonly localID: string;
  readonly moduleID: string;
  readonly label: string;
  readonly referencesTo: readonly string[];
  readonly referencedBy: readonly string[];
  readonly dataFlowEdgesTo: readonly string[];
  readonly health: { readonly state: string; readonly message: string; readonly updatedTime: string };
  readonly original: string;
  readonly liveDebuggingEnabled: boolean;
  readonly id: string;
  readonly summary: string;
  readonly stability: string;
  readonly triggers: readonly TriggerDescription[];
  readonly totals: Totals;
  /** Has a way in for data. */
  readonly takesData: boolean;
}

/** Items since the process began; `undefined` where it is not counted. */
export interface Totals {
  readonly received: number | undefined;
  readonly failed: number | undefined;
  readonly dropped: number | undefined;
  readonly sent: number | undefined;
}

export interface DetailJson extends ComponentJson {
  readonly arguments: BodyJson;
  readonly exports: BodyJson;
  readonly counters: readonly ComponentCounter[];
  /** What entered; of a component without a way in what left it, where the next component has it from nowhere else. */
  readonly items: readonly Item[];
  readonly edges: readonly Edge[];
}

export interface StatusJson {
  readonly version: 1;
  readonly now: number;
  readonly started: number;
  readonly config: string;
  /** Another number after each reload. */
  readonly revision: number;
  readonly showsItems: boolean;
  readonly components: readonly ComponentJson[];
  /** Where components whose module is `remotecfg` come from. */
  readonly remote: RemoteState | undefined;
  /** What entered the components at which data ends. */
  readonly latest: readonly (Item & { readonly component: string })[];
}

/** Items of one component among the latest. */
const latestOfEach = 4;
/** Narrow screens have smaller boxes, so that two stand side by side. */
const boxes = { right: { width: 236, height: 64 }, down: { width: 164, height: 64 } };

/** Answers about one process. */
export class Api {
  readonly #local: LocalProcess;
  readonly #items: ItemLog;
  readonly #clock: () => number;
  readonly #started: number;
  #revision = 0;
  #shown: readonly Pipeline[] = [];

  constructor(local: LocalProcess, items: ItemLog, clock: () => number) {
    this.#local = local;
    this.#items = items;
    this.#clock = clock;
    this.#started = clock();
  }

  status(): StatusJson {
    const { config, remote } = this.#local;
    const components = this.components();
    const ends = components.filter(({ takesData, dataFlowEdgesTo }) => takesData && !dataFlowEdgesTo.length);
    const latest = ends.flatMap(({ id }) =>
      Object.values(Object.groupBy(this.#itemsOf(id), ({ kind }) => kind)).flatMap(items =>
        items.slice(0, latestOfEach).map(item => ({ ...item, component: id })),
      ),
    );
    return {
      version: 1,
      now: this.#clock(),
      started: this.#started,
      config,
      revision: this.#revisionNow(),
      showsItems: this.#mayWatch(),
      components,
      remote: remote?.state,
      latest: latest.sort((a, b) => b.id - a.id),
    };
  }

  components(): ComponentJson[] {
    const { components } = this.#local;
    const edges = edgesOf(components);
    const counters = countersByComponent(this.#local.metrics.expose());
    const triggers = triggersOf(this.#local);
    return inFileOrder(components).map(component => {
      const { id } = component;
      return this.#componentJson(component, edges, counters.get(id) ?? [], triggers.get(id) ?? []);
    });
  }

  component(id: string): DetailJson | undefined {
    const json = this.components().find(each => each.id === id);
    const component = this.#local.components.find(each => each.id === id);
    if (!json || !component) return undefined;
    const { node, values, exports } = component;
    const edges = edgesOf(this.#local.components);
    return {
      ...json,
      arguments: argumentsJson(node.block.body, node.definition.args, values),
      exports: exportsJson(exports),
      counters: countersByComponent(this.#local.metrics.expose()).get(id) ?? [],
      items: json.takesData ? this.#itemsOf(id) : this.#itemsFrom(id, edges),
      edges: edges.filter(({ from, to }) => from === id || to === id),
    };
  }

  /** The graph as it is drawn, from left to right or, on narrow screens, from top to bottom. */
  graph(direction: "right" | "down") {
    const components = inFileOrder(this.#local.components);
    const edges = edgesOf(components);
    // Circles that data edges and value edges make together are cut at a value.
    const ordered = [...edges.filter(({ kind }) => kind === "data"), ...edges.filter(({ kind }) => kind === "value")];
    const ids = components.map(({ id }) => id);
    const box = boxes[direction];
    const { width, height, places, paths } = layout(ids, ordered, { direction, ...box });
    return {
      width,
      height,
      box,
      boxes: [...places].map(([id, place]) => ({ id, ...place })),
      edges: ordered.map((edge, i) => ({ ...edge, path: paths[i] ?? "" })),
    };
  }

  #itemsOf(id: string): readonly Item[] {
    return this.#mayWatch() ? this.#items.of(id) : [];
  }

  #mayWatch(): boolean {
    const { pipeline } = this.#local;
    return pipeline !== undefined && mayWatch(pipeline);
  }

  /** What left a component, as the next ones saw it. */
  #itemsFrom(id: string, edges: readonly Edge[]): readonly Item[] {
    const data = edges.filter(({ kind }) => kind === "data");
    const [next] = data.filter(({ from }) => from === id);
    return next && data.filter(({ to }) => to === next.to).length === 1 ? this.#itemsOf(next.to) : [];
  }

  #revisionNow(): number {
    const pipelines = this.#local.parts.map(({ pipeline }) => pipeline);
    const same = pipelines.length === this.#shown.length && pipelines.every((each, i) => each === this.#shown[i]);
    if (!same) this.#revision++;
    this.#shown = pipelines;
    return this.#revision;
  }

  #componentJson(
    { id, references, node, health, gates }: Component,
    edges: readonly Edge[],
    counters: readonly ComponentCounter[],
    triggers: readonly TriggerDescription[],
  ): ComponentJson {
    const { definition, block } = node;
    const slash = id.lastIndexOf("/");
    return {
      name: definition.name,
      type: "block",
      localID: id.slice(slash + 1),
      moduleID: id.slice(0, Math.max(slash, 0)),
      label: block.label?.name ?? "",
      referencesTo: references,
      referencedBy: this.#local.components.filter(other => other.references.includes(id)).map(other => other.id),
      dataFlowEdgesTo: edges.filter(({ from, kind }) => from === id && kind === "data").map(({ to }) => to),
      health: {
        state: health.state,
        message: health.message,
        updatedTime: new Date(health.since).toISOString(),
      },
      original: "",
      liveDebuggingEnabled: this.#mayWatch() && gates.size > 0,
      id,
      summary: definition.summary,
      stability: definition.stability,
      triggers,
      totals: {
        received: totalOf(counters, "amalgam_component_received_items_total"),
        failed: totalOf(counters, "amalgam_component_failed_items_total"),
        dropped: totalOf(counters, "amalgam_component_dropped_items_total"),
        sent: totalOf(counters, "amalgam_writer_sent_items_total"),
      },
      takesData: gates.size > 0,
    };
  }
}

const triggersOf = ({ parts }: LocalProcess): ReadonlyMap<string, readonly TriggerDescription[]> =>
  new Map(
    parts.flatMap(({ prefix, pipeline }) =>
      describePipeline(pipeline).components.map(({ id, triggers }) => [prefix + id, triggers] as const),
    ),
  );

/** As the user wrote them; a pipeline has them in the order in which they are built. */
const inFileOrder = (components: readonly Component[]): readonly Component[] =>
  components.toSorted(
    (a, b) => a.node.source.name.localeCompare(b.node.source.name) || a.node.block.start - b.node.block.start,
  );
