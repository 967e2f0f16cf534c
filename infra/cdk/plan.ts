/** Which part of a plan is made: the kinds that the user wants, and those for which the user brings a source. */
import type { AlarmPlan, FunctionKind, MetricPlan, QueuePlan, ResourcePlan, WidgetPlan } from "../resources.ts";

/** What calls functions; one more delivers what these hand over. */
export type TriggerKind = Exclude<FunctionKind, "hand-over">;

export interface Selection {
  /** The file or folder, for messages. */
  readonly config: string;
  /** `undefined`: all that there are. */
  readonly triggers?: readonly TriggerKind[] | undefined;
  /** Kinds for which the user brings a source. */
  readonly brought?: ReadonlySet<TriggerKind>;
  /** Whether what backends don't take in time is handed over. */
  readonly handOver?: boolean;
}

/** A plan without what is not wanted, and with the functions that the user's own sources need. */
export function selectPlan(plan: ResourcePlan, selection: Selection): ResourcePlan {
  const kinds = kindsOf(plan, selection);
  const made = plan.connectable.flatMap(({ function: kind, makes }) => (makes && kinds.has(kind) ? [makes] : []));
  const functions = [...plan.functions, ...made.flatMap(each => each.functions)].filter(({ kind }) => kinds.has(kind));
  const queues = [...plan.queues, ...made.flatMap(each => each.queues)].filter(({ id }) =>
    kinds.has(id.replace(/-dead-letters$/, "")),
  );
  const of = <Item>(kind: FunctionKind, items: readonly Item[]) => (kinds.has(kind) ? items : []);
  return {
    ...plan,
    functions,
    queues,
    schedules: of("schedule", plan.schedules),
    roles: of("schedule", plan.roles),
    logSubscriptions: of("log-subscription", plan.logSubscriptions),
    eventSources: plan.eventSources.filter(each => kinds.has(each.function)),
    topics: of("topic", plan.topics),
    rules: of("bus", plan.rules),
    notifications: of("objects", plan.notifications),
    alarms: plan.alarms.flatMap(alarm => withMetrics(alarm, kinds, queues)),
    dashboard: plan.dashboard.map(row => row.map(widget => ofWidget(widget, kinds, queues))),
  };
}

type Kinds = ReadonlySet<string>;

function kindsOf(plan: ResourcePlan, { config, triggers, brought = new Set(), handOver = true }: Selection): Kinds {
  const planned = plan.functions.flatMap(({ kind }) => (kind === "hand-over" ? [] : [kind]));
  const possible = [
    ...planned,
    ...plan.connectable.flatMap(each => (each.function === "hand-over" ? [] : [each.function])),
  ];
  const missing = [...brought].find(kind => !possible.includes(kind));
  if (missing) throw new Error(`config ${config} should have a component that a ${missing} calls, got none`);
  const present = [...new Set([...planned, ...possible.filter(kind => brought.has(kind))])];
  if (!present.length && !triggers?.length)
    throw new Error(`config ${config} should have a component that something calls, got none`);
  const absent = triggers?.find(kind => !possible.includes(kind));
  if (absent || triggers?.length === 0)
    throw new Error(
      `triggers should be some of ${[...new Set(possible)].join(", ")}, which ${config} has, got ${absent ?? "none"}`,
    );
  return new Set<string>([...(triggers ?? present), ...(handOver ? ["hand-over"] : [])]);
}

const isThere =
  (kinds: Kinds, queues: readonly QueuePlan[]) =>
  ({ function: kind, queue }: MetricPlan): boolean =>
    (kind === undefined || kinds.has(kind)) && (queue === undefined || queues.some(({ id }) => id === queue));

function withMetrics(alarm: AlarmPlan, kinds: Kinds, queues: readonly QueuePlan[]): AlarmPlan[] {
  const metrics = alarm.metrics.filter(isThere(kinds, queues));
  return metrics.length ? [{ ...alarm, metrics }] : [];
}

function ofWidget(widget: WidgetPlan, kinds: Kinds, queues: readonly QueuePlan[]): WidgetPlan {
  if (widget.kind !== "metrics") return widget;
  const some = (series: typeof widget.left) =>
    series
      .map(each => ({ ...each, metrics: each.metrics.filter(isThere(kinds, queues)) }))
      .filter(({ metrics }) => metrics.length);
  return { ...widget, left: some(widget.left), right: some(widget.right) };
}
