/** Which way data goes between components. A reference to a receiver sends data there; any other takes a value from there. */
import { Capsule, type Value } from "../lib/pipeline/eval/value.ts";
import type { Component } from "../lib/pipeline/graph/pipeline.ts";
import type { Expr, Statement } from "../lib/pipeline/syntax/ast.ts";
import { holdersOf } from "./tree.ts";

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: "data" | "value";
  /** What flows; several where one receiver takes several signals, none for values. */
  readonly signals: readonly EdgeSignal[];
}

export type EdgeSignal = "logs" | "metrics" | "traces";

const signalsOfType: Readonly<Record<string, readonly EdgeSignal[]>> = {
  "loki.LogsReceiver": ["logs"],
  "storage.Appendable": ["metrics"],
};

/** All edges, each in the direction in which something flows. */
export function edgesOf(components: readonly Component[]): Edge[] {
  const owners = new Map<unknown, string>();
  for (const { id, gates } of components) for (const gate of gates.values()) owners.set(gate, id);
  const ids = new Set(components.map(({ id }) => id)); // arguments of modules are none
  return components.flatMap(component => {
    const { id, references } = component;
    const targets = receiversOf(component, owners);
    const data = [...targets].map(([to, signals]): Edge => ({ from: id, to, kind: "data", signals: [...signals] }));
    // Who sends to what is inside a holder refers to the holder for that, and takes no value of it.
    const given = new Set([...targets.keys()].flatMap(to => [to, ...holdersOf(to)]));
    const values = references
      .filter(from => ids.has(from) && !given.has(from))
      .map((from): Edge => ({ from, to: id, kind: "value", signals: [] }));
    return [...data, ...values];
  });
}

/** The components whose receivers are among the arguments, with the signals that they are given. */
function receiversOf({ node, values }: Component, owners: ReadonlyMap<unknown, string>): Map<string, Set<EdgeSignal>> {
  const found = new Map<string, Set<EdgeSignal>>();
  for (const [name, expr] of attributesOf(node.block.body)) {
    for (const { type, value } of capsulesOf(values.get(expr) ?? null)) {
      const owner = owners.get(value);
      if (owner === undefined) continue;
      const signals = found.get(owner) ?? new Set();
      found.set(owner, signals);
      const flowing = signalsOfType[type] ?? (isSignal(name) ? [name] : []);
      for (const signal of flowing) signals.add(signal);
    }
  }
  return found;
}

const isSignal = (name: string): name is EdgeSignal => name === "logs" || name === "metrics" || name === "traces";

function* attributesOf(body: readonly Statement[]): Generator<readonly [string, Expr]> {
  for (const statement of body) {
    if (statement.kind === "attribute") yield [statement.name.name, statement.value];
    else yield* attributesOf(statement.body);
  }
}

function* capsulesOf(value: Value): Generator<Capsule> {
  if (value instanceof Capsule) yield value;
  else if (Array.isArray(value)) for (const each of value) yield* capsulesOf(each);
  else if (value instanceof Map) for (const each of value.values()) yield* capsulesOf(each);
}
