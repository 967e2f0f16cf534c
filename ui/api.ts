/** What the page shows, as JSON. Components have the form of Alloy's API; what only Amalgam has stands beside it. */
import { type LocalProcess, mayWatch } from "../functions/local/process.ts";
import type { RemoteState } from "../functions/remotecfg/remotecfg.ts";
import type { TriggerDescription } from "../lib/pipeline/graph/describe.ts";
import { argumentsJson, type BodyJson, dataBody, dataJson, exportsJson, shortText } from "./body.ts";
import { type Totals, totalsOfHolder } from "./borders.ts";
import { type ComponentCounter, countersByComponent, totalsByComponent } from "./counters.ts";
import { type Direction, drawLevel, type GraphJson } from "./drawing.ts";
import type { Item } from "./item.ts";
import type { ItemLog } from "./items.ts";
import { edgesOfLevel, type LevelEdge, stands } from "./levels.ts";
import { declaredIn, type ModuleJson, moduleJson } from "./module.ts";
import { holds, type Snapshot, Snapshots } from "./snapshot.ts";
import { localOf, type Role, type TreeNode } from "./tree.ts";

/** As Alloy has it: ids in `referencesTo` and the like are those of the same module, without what stands before them. */
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
  /** What runs inside. */
  readonly createdModuleIDs?: readonly string[];
  readonly liveDebuggingEnabled: boolean;
  readonly id: string;
  readonly summary: string;
  readonly stability: string;
  readonly triggers: readonly TriggerDescription[];
  readonly totals: TotalsJson;
  /** Has a way in for data. */
  readonly takesData: boolean;
}

export interface TotalsJson extends Totals {
  /** What left, of what has no way in; only where it is known. */
  readonly left: number | undefined;
}

export interface DetailJson extends ComponentJson {
  readonly role: Role;
  readonly arguments: BodyJson;
  readonly exports: BodyJson;
  readonly counters: readonly ComponentCounter[];
  /** What entered; of a component without a way in what left it, where the next component has it from nowhere else. */
  readonly items: readonly Item[];
  /** As the level shows them on which it stands. */
  readonly edges: readonly Omit<LevelEdge, "pairs">[];
  /** Of an import. */
  readonly module?: ModuleJson;
  /** Of a custom component: the file. */
  readonly declaredIn?: string;
}

/** One line of the list, one box of the graph. Holders stand before what they hold. */
export interface RowJson {
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  readonly label: string;
  readonly health: string;
  /** Where it is not healthy. */
  readonly why?: { readonly message: string; readonly since: number };
  readonly totals: TotalsJson;
  readonly takesData?: true;
  readonly triggers?: readonly TriggerDescription[];
  /** Who gets the data of a component that is called from outside. */
  readonly to?: readonly string[];
  /** Components inside of a holder, at all depths. */
  readonly inside?: number;
  /** Of a `foreach`. */
  readonly items?: number;
  /** Custom components that an import brought. */
  readonly declares?: number;
  /** Value of an item. */
  readonly about?: string;
}

export interface StatusJson {
  readonly version: 1;
  readonly now: number;
  readonly started: number;
  readonly config: string;
  /** Another number when components came, went, or were evaluated again. */
  readonly revision: number;
  readonly showsItems: boolean;
  readonly components: readonly RowJson[];
  /** Where components whose module is `remotecfg` come from. */
  readonly remote: RemoteState | undefined;
  /** What entered the components at which data ends; the newest of each kind. */
  readonly latest: readonly (Item & { readonly component: string })[];
}

/** Items of one component among the latest, and all of a kind. */
const latestOfEach = 4;
const latestOfKind = 40;
const longestAbout = 80;

const totalNames = {
  amalgam_component_received_items_total: "received",
  amalgam_component_failed_items_total: "failed",
  amalgam_component_dropped_items_total: "dropped",
  amalgam_writer_sent_items_total: "sent",
} as const;

/** Healths, the worst first. */
const worst = ["unhealthy", "exited", "unknown"];

interface Health {
  readonly state: string;
  readonly message: string;
  readonly since: number;
}

/** Answers about one process. */
export class Api {
  readonly #local: LocalProcess;
  readonly #items: ItemLog;
  readonly #clock: () => number;
  readonly #started: number;
  readonly #snapshots = new Snapshots();

  constructor(local: LocalProcess, items: ItemLog, clock: () => number) {
    this.#local = local;
    this.#items = items;
    this.#clock = clock;
    this.#started = clock();
  }

  status(): StatusJson {
    const { config, remote } = this.#local;
    const snapshot = this.#snapshot();
    return {
      version: 1,
      now: this.#clock(),
      started: this.#started,
      config,
      revision: this.#snapshots.revision,
      showsItems: this.#mayWatch(),
      components: this.#rows(snapshot),
      remote: remote?.state,
      latest: this.#latest(snapshot),
    };
  }

  /** What stands at the top, or in a module, in Alloy's form; `undefined` where there is no such module. */
  components(module = ""): ComponentJson[] | undefined {
    const snapshot = this.#snapshot();
    const holder = snapshot.node(module);
    if (module !== "" && !holds(holder)) return undefined;
    const level = levelOf(snapshot, module);
    const totals = this.#totals(snapshot);
    return (holder?.children ?? snapshot.tree.top)
      .filter(({ component }) => component)
      .map(node => this.#componentJson(node, level, totals));
  }

  component(id: string): DetailJson | undefined {
    const snapshot = this.#snapshot();
    const node = snapshot.node(id);
    if (!node) return undefined;
    const { role, parent } = node;
    const level = levelOf(snapshot, parent?.id ?? "");
    const module = moduleJson(node, snapshot.tree.top);
    const file = declaredIn(node);
    return {
      ...this.#componentJson(node, level, this.#totals(snapshot)),
      role,
      arguments: argumentsOf(node),
      exports: exportsOf(node),
      counters: countersByComponent(this.#local.metrics.expose()).get(id) ?? [],
      items: this.#itemsThrough(snapshot, id),
      edges: level.edges
        .filter(({ from, to }) => from === id || to === id)
        .map(({ from, to, kind, signals }) => ({ from, to, kind, signals })),
      ...(module && { module }),
      ...(file !== undefined && { declaredIn: file }),
    };
  }

  /** One level as it is drawn, from left to right or, on narrow screens, from top to bottom. */
  graph(module: string, direction: Direction): GraphJson | undefined {
    return drawLevel(this.#snapshot(), module, direction);
  }

  #snapshot(): Snapshot {
    return this.#snapshots.of(this.#local.pipelines);
  }

  #rows(snapshot: Snapshot): RowJson[] {
    const totals = this.#totals(snapshot);
    const healths = healthsOf(snapshot);
    const unknown = totalsJson(undefined, undefined);
    return Array.from(snapshot.tree.nodes.values(), (node): RowJson => {
      const { id, role, component, children, inside } = node;
      const { state, message, since } = healths.get(id) ?? healthy;
      const called = snapshot.triggers.get(id) ?? [];
      return {
        ...{ id, role, name: nameOf(node), label: component?.node.block.label?.name ?? "", health: state },
        ...(state !== "healthy" && { why: { message, since } }),
        totals: totals.get(id) ?? unknown,
        ...(snapshot.takesData(id) && { takesData: true }),
        ...(called.length > 0 && { triggers: called, to: [...snapshot.receiversOf(id)] }),
        ...(holds(node) && { inside }),
        ...(role === "foreach" && { items: children.length }),
        ...(role === "import" && { declares: declaresOf(node) }),
        ...(role === "item" && { about: aboutItem(node) }),
      };
    });
  }

  /** Of holders what can be said: holders stand before what they hold, so from the end all that is inside is known. */
  #totals(snapshot: Snapshot): Map<string, TotalsJson> {
    const counted = totalsByComponent(this.#local.metrics.expose(), totalNames);
    const found = new Map<string, TotalsJson>();
    const totalsOf = (id: string) => found.get(id);
    for (const node of [...snapshot.tree.nodes.values()].reverse()) {
      const { id, children } = node;
      const own = holds(node)
        ? totalsOfHolder(
            snapshot.borders.get(id),
            children.map(child => found.get(child.id)),
            totalsOf,
          )
        : counted.get(id);
      found.set(id, totalsJson(own, undefined));
    }
    for (const [id, totals] of found) {
      const exit = snapshot.takesData(id) ? undefined : snapshot.exitOf(id);
      if (exit !== undefined) found.set(id, totalsJson(totals, counted.get(exit)?.received));
    }
    return found;
  }

  #latest(snapshot: Snapshot): StatusJson["latest"] {
    if (!this.#mayWatch()) return [];
    const byKind = new Map<string, (Item & { component: string })[]>();
    for (const { id, role } of snapshot.tree.nodes.values()) {
      if (role !== "component" || !snapshot.takesData(id) || snapshot.receiversOf(id).size) continue;
      const taken = new Map<string, number>();
      for (const item of this.#items.of(id)) {
        const before = taken.get(item.kind) ?? 0;
        if (before >= latestOfEach) continue;
        taken.set(item.kind, before + 1);
        const list = byKind.get(item.kind) ?? [];
        list.push({ ...item, component: id });
        byKind.set(item.kind, list);
      }
    }
    return [...byKind.values()]
      .flatMap(list => list.sort((a, b) => b.id - a.id).slice(0, latestOfKind))
      .sort((a, b) => b.id - a.id);
  }

  /** What entered; where nothing can, what left, as the next component saw it. */
  #itemsThrough(snapshot: Snapshot, id: string): readonly Item[] {
    if (!this.#mayWatch()) return [];
    const border = holds(snapshot.node(id)) ? snapshot.borders.get(id) : undefined;
    if (border?.entries.size && border.clean)
      return [...border.entries]
        .flatMap(entry => this.#items.of(entry))
        .sort((a, b) => b.id - a.id)
        .slice(0, latestOfKind);
    if (snapshot.takesData(id)) return this.#items.of(id);
    const exit = snapshot.exitOf(id);
    return exit === undefined ? [] : this.#items.of(exit);
  }

  #mayWatch(): boolean {
    const { pipeline } = this.#local;
    return pipeline !== undefined && mayWatch(pipeline);
  }

  #componentJson(
    node: TreeNode,
    { snapshot, references, referencedBy, sendsTo }: Level,
    totals: ReadonlyMap<string, TotalsJson>,
  ): ComponentJson {
    const { id, component, parent, role, children } = node;
    const health = component?.health ?? worstOf(children.map(each => [each.id, each.component?.health ?? healthy]));
    const modules = role === "foreach" ? children.map(item => item.id) : role === "component" ? [] : [id];
    return {
      name: nameOf(node),
      type: "block",
      localID: localOf(id),
      moduleID: parent?.id ?? "",
      label: component?.node.block.label?.name ?? "",
      referencesTo: references.get(id) ?? [],
      referencedBy: referencedBy.get(id) ?? [],
      dataFlowEdgesTo: sendsTo.get(id) ?? [],
      health: { state: health.state, message: health.message, updatedTime: new Date(health.since).toISOString() },
      original: "",
      ...(modules.length > 0 && { createdModuleIDs: modules }),
      liveDebuggingEnabled: this.#mayWatch() && snapshot.takesData(id),
      id,
      summary: component?.node.definition.summary ?? "",
      stability: component?.node.definition.stability ?? "generally-available",
      triggers: snapshot.triggers.get(id) ?? [],
      totals: totals.get(id) ?? totalsJson(undefined, undefined),
      takesData: snapshot.takesData(id),
    };
  }
}

const healthy: Health = { state: "healthy", message: "", since: 0 };

const totalsJson = (totals: Partial<Totals> | undefined, left: number | undefined): TotalsJson => ({
  received: totals?.received,
  failed: totals?.failed,
  dropped: totals?.dropped,
  sent: totals?.sent,
  left,
});

/** What the members of a level have to do with each other. */
interface Level {
  readonly snapshot: Snapshot;
  readonly edges: readonly LevelEdge[];
  readonly references: ReadonlyMap<string, readonly string[]>;
  readonly referencedBy: ReadonlyMap<string, readonly string[]>;
  readonly sendsTo: ReadonlyMap<string, readonly string[]>;
}

function levelOf(snapshot: Snapshot, module: string): Level {
  const edges = edgesOfLevel(snapshot.edges, module);
  const references = new Map<string, string[]>();
  const referencedBy = new Map<string, string[]>();
  const sendsTo = new Map<string, string[]>();
  const add = (lists: Map<string, string[]>, from: string, to: string) => {
    const list = lists.get(from);
    if (list) list.push(localOf(to));
    else lists.set(from, [localOf(to)]);
  };
  for (const { id, component } of snapshot.node(module)?.children ?? snapshot.tree.top) {
    for (const reference of component?.references ?? []) {
      const to = module === "" ? reference : `${module}/${localOf(reference)}`;
      if (!snapshot.node(to)) continue; // arguments are no components
      add(references, id, to);
      add(referencedBy, to, id);
    }
  }
  for (const { from, to, kind } of edges)
    if (kind === "data" && stands(from, module) && stands(to, module)) add(sendsTo, from, to);
  return { snapshot, edges, references, referencedBy, sendsTo };
}

/** What a node is called; an item by its id. */
const nameOf = ({ id, component }: TreeNode): string => component?.node.definition.name ?? localOf(id);

/** A node that has no block is as healthy as the worst inside. */
function healthsOf({ tree }: Snapshot): Map<string, Health> {
  const found = new Map<string, Health>();
  for (const { id, component, children } of [...tree.nodes.values()].reverse())
    found.set(id, component?.health ?? worstOf(children.map(child => [child.id, found.get(child.id) ?? healthy])));
  return found;
}

function worstOf(healths: readonly (readonly [string, Health])[]): Health {
  for (const state of worst) {
    const found = healths.find(([, each]) => each.state === state);
    if (found) return { ...found[1], message: `${found[0]}: ${found[1].message}` };
  }
  return { ...healthy, since: Math.max(0, ...healths.map(([, { since }]) => since)) };
}

const declaresOf = ({ component }: TreeNode): number =>
  component?.scopes.reduce((sum, { nodes }) => sum + nodes.declares.size, 0) ?? 0;

/** As written, but for the template of a `foreach`; an item has its variable. */
function argumentsOf(node: TreeNode): BodyJson {
  const { role, component, parent } = node;
  if (role === "item") {
    const name = variableOf(parent);
    return [{ name, type: "attr", value: dataJson(node.scope?.variables.get(name) ?? null) }];
  }
  if (!component) return [];
  const { block, definition } = component.node;
  if (role !== "custom" && role !== "foreach") return argumentsJson(block.body, definition.args, component.values);
  const body = block.body.filter(({ kind }) => kind === "attribute");
  return dataBody(argumentsJson(body, definition.args, component.values));
}

function exportsOf({ role, component }: TreeNode): BodyJson {
  const body = exportsJson(component?.exports ?? new Map());
  return role === "custom" ? dataBody(body) : body;
}

/** The name that a `foreach` gives its items. */
function variableOf(foreach: TreeNode | undefined): string {
  const { node, values } = foreach?.component ?? {};
  const statement = node?.block.body.find(({ name }) => name.name === "var");
  const value = statement?.kind === "attribute" ? values?.get(statement.value) : undefined;
  return typeof value === "string" ? value : "";
}

const abouts = new WeakMap<object, string>();

/** An item's value in a few words; made once for each value. */
function aboutItem({ scope, parent }: TreeNode): string {
  const variables = scope?.variables;
  if (!variables) return "";
  const known = abouts.get(variables);
  if (known !== undefined) return known;
  const about = shortText(dataJson(variables.get(variableOf(parent)) ?? null), longestAbout);
  abouts.set(variables, about);
  return about;
}
