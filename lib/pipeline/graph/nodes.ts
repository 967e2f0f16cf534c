/** From syntax to a graph: which blocks are components, what refers to what, in which order they are evaluated. Nothing is evaluated here. */
import { referencesOf } from "../eval/references.ts";
import { hintFor } from "../eval/schema.ts";
import { stdlib } from "../eval/stdlib/index.ts";
import type { Block, Expr, File, Statement } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Range, type Source } from "../syntax/diagnostic.ts";
import type { Definition, Stability } from "./component.ts";
import { configBlocks } from "./config-blocks.ts";

/** One component of a configuration. */
export interface Node {
  /** `loki.write.out`: the component's name and label. */
  readonly id: string;
  readonly definition: Definition;
  readonly block: Block;
  readonly source: Source;
  /** Ids of the components whose exports its arguments read, in the order they are written. */
  readonly references: readonly string[];
}

/** A block that configures the process; it may refer to components, as `logging` does to those that get the log. */
export type ConfigNode = Pick<Node, "block" | "source" | "references">;

export interface Nodes {
  /** Every node after those that it refers to. */
  readonly ordered: readonly Node[];
  readonly configBlocks: readonly ConfigNode[];
}

export interface NodeOptions {
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Components that the reference has but this build has not, to tell "not supported" from "misspelt". */
  readonly knownElsewhere?: ReadonlyMap<string, Stability | "community">;
  readonly stability: Stability;
  /** Whether components of the community may be used. @default false */
  readonly community?: boolean;
}

interface Place {
  readonly block: Block;
  readonly source: Source;
}

interface Use {
  readonly id: string;
  readonly range: Range;
}

interface Draft extends Omit<Node, "references"> {
  readonly uses: readonly Use[];
}

/** Builds the graph; what is wrong goes into `diagnostics`, and what is right is still returned. */
export function buildNodes(files: readonly File[], options: NodeOptions, diagnostics: Diagnostic[]): Nodes {
  const config: Place[] = [];
  const declared = new Map<string, Place>();
  const found: Omit<Node, "references">[] = [];
  for (const { body, source } of files) {
    for (const statement of body) {
      const block = topLevelBlock(statement, source, diagnostics);
      if (!block) continue;
      const id = block.label ? `${block.name.name}.${block.label.name}` : block.name.name;
      const before = declared.get(id);
      if (before) {
        diagnostics.push(
          errorAt(
            source,
            firstCharacters(block, id.length),
            `block ${id} already declared at ${placeOf(before.source, before.block)}`,
          ),
        );
        continue;
      }
      declared.set(id, { block, source });
      if (configBlocks.has(block.name.name)) config.push({ block, source });
      else {
        const definition = define(block, source, options, diagnostics);
        if (definition) found.push({ id, definition, block, source });
      }
    }
  }
  const drafts = found.map(node => ({ ...node, uses: usesOf(node, declared, diagnostics) }));
  reportCycles(drafts, diagnostics);
  const configNodes = config.map(place => ({ ...place, references: idsOf(usesOf(place, declared, diagnostics)) }));
  return { ordered: order(drafts), configBlocks: configNodes };
}

/** What a message about a block as a whole points at: all before its body. */
const headOf = ({ start, open }: Block): Range => ({ start, end: open + 1 });

/** Alloy marks as many characters of a block as its id has. */
const firstCharacters = ({ start }: Block, length: number): Range => ({ start, end: start + length });

const unsupportedStatements = new Set([
  "declare",
  "foreach",
  "import.string",
  "import.file",
  "import.http",
  "import.git",
  "remotecfg",
]);

function topLevelBlock(statement: Statement, source: Source, diagnostics: Diagnostic[]): Block | undefined {
  const { name } = statement.name;
  if (statement.kind === "attribute") {
    diagnostics.push(errorAt(source, statement.name, `unrecognized attribute ${name}`));
    return undefined;
  }
  if (name === "argument" || name === "export") {
    diagnostics.push(errorAt(source, statement, `${name} blocks only allowed inside a module`));
    return undefined;
  }
  if (unsupportedStatements.has(name)) {
    diagnostics.push(errorAt(source, statement, `${name} blocks are not supported yet`));
    return undefined;
  }
  return statement;
}

/** The definition of a component block, or a diagnostic that says what kind of wrong its name is. */
function define(block: Block, source: Source, options: NodeOptions, diagnostics: Diagnostic[]): Definition | undefined {
  const { name } = block.name;
  const definition = options.definitions.get(name);
  const stability = definition?.stability ?? options.knownElsewhere?.get(name);
  const report = (message: string, hint?: string): undefined => {
    diagnostics.push(errorAt(source, block.name, message, hint));
  };
  if (stability === undefined) {
    const hint = hintFor(name, options.definitions.keys());
    return report(`cannot find the definition of component name "${name}"`, hint);
  }
  const refusal = refusalOf(name, stability, options);
  if (refusal !== undefined) return report(refusal);
  if (!definition) return report(`component "${name}" is not supported by Amalgam yet`);
  return block.label ? definition : report(`component "${name}" must have a label`);
}

/** Why a component that exists may not be used. */
function refusalOf(name: string, stability: Stability | "community", options: NodeOptions): string | undefined {
  if (stability === "community") {
    if (options.community) return undefined;
    return `the component "${name}" is a community component. Use the --feature.community-components.enabled command-line flag to enable community components`;
  }
  if (rank[stability] >= rank[options.stability]) return undefined;
  return `component "${name}" is at stability level "${stability}", which is below the minimum allowed stability level "${options.stability}". Use --stability.level command-line flag to enable "${stability}" features`;
}

const rank: Readonly<Record<Stability, number>> = { experimental: 0, "public-preview": 1, "generally-available": 2 };

const placeOf = (source: Source, { start }: Range): string => {
  const before = source.text.slice(0, start);
  const line = before.split("\n").length;
  const column = Buffer.byteLength(before.slice(before.lastIndexOf("\n") + 1)) + 1;
  return `${source.name}:${line}:${column}`;
};

/** The nodes that a block's expressions refer to; names that lead nowhere are diagnostics. */
function usesOf(node: Place, declared: ReadonlyMap<string, unknown>, diagnostics: Diagnostic[]): Use[] {
  const uses: Use[] = [];
  for (const expr of expressionsOf(node.block.body)) {
    for (const reference of referencesOf(expr, isKnownName)) {
      const path = reference.path.map(({ name }) => name);
      const id = resolveReference(path, declared);
      if (id !== undefined) uses.push({ id, range: reference });
      else {
        const text = path.join(".");
        const message = `component "${text}" does not exist or is out of scope`;
        diagnostics.push(errorAt(node.source, reference, message, hintOf(path, declared)));
      }
    }
  }
  return uses;
}

const idsOf = (uses: readonly Use[]): readonly string[] => [...new Set(uses.map(({ id }) => id))];

/** What a path that leads nowhere may mean; its last parts may be fields of exports. */
function hintOf(path: readonly string[], declared: ReadonlyMap<string, unknown>): string | undefined {
  for (let length = path.length; length > 1; length--) {
    const hint = hintFor(path.slice(0, length).join("."), declared.keys());
    if (hint !== undefined) return hint;
  }
  return undefined;
}

/** Names that are there without being declared. */
export const isKnownName = (name: string): boolean => name === "module_path" || stdlib.has(name);

/** The longest declared id that begins the path. */
function resolveReference(path: readonly string[], declared: ReadonlyMap<string, unknown>): string | undefined {
  for (let length = path.length; length > 1; length--) {
    const id = path.slice(0, length).join(".");
    if (declared.has(id)) return id;
  }
  return undefined;
}

/** Every expression of a body, those of its blocks too. */
export function* expressionsOf(body: readonly Statement[]): Generator<Expr> {
  for (const statement of body) {
    if (statement.kind === "attribute") yield statement.value;
    else yield* expressionsOf(statement.body);
  }
}

/** Names every member of every cycle once (Tarjan's strongly connected components, without recursion on the happy path's depth). */
function reportCycles(drafts: readonly Draft[], diagnostics: Diagnostic[]): void {
  const byId = new Map(drafts.map(draft => [draft.id, draft]));
  for (const cycle of stronglyConnected(drafts, byId)) {
    const names = cycle.map(({ id }) => id).sort();
    for (const member of cycle)
      diagnostics.push(errorAt(member.source, headOf(member.block), `cycle detected: ${names.join(", ")}`));
  }
  for (const draft of drafts) {
    if (draft.uses.some(({ id }) => id === draft.id))
      diagnostics.push(errorAt(draft.source, headOf(draft.block), "cannot reference self"));
  }
}

function stronglyConnected(drafts: readonly Draft[], byId: ReadonlyMap<string, Draft>): Draft[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: Draft[] = [];
  const onStack = new Set<string>();
  const result: Draft[][] = [];
  const enter = (draft: Draft) => {
    index.set(draft.id, index.size);
    low.set(draft.id, index.get(draft.id) as number); // set on the line before
    stack.push(draft);
    onStack.add(draft.id);
    return { draft, next: 0 };
  };
  const lower = (id: string, value: number) => low.set(id, Math.min(low.get(id) as number, value)); // entered before
  for (const root of drafts) {
    if (index.has(root.id)) continue;
    const path = [enter(root)];
    for (let frame = path.at(-1); frame; frame = path.at(-1)) {
      const use = frame.draft.uses[frame.next++];
      if (use) {
        const target = byId.get(use.id);
        if (!target) continue;
        if (!index.has(target.id)) path.push(enter(target));
        else if (onStack.has(target.id)) lower(frame.draft.id, index.get(target.id) as number); // checked above
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) lower(parent.draft.id, low.get(frame.draft.id) as number); // entered before
      if (low.get(frame.draft.id) !== index.get(frame.draft.id)) continue;
      const component = stack.splice(stack.indexOf(frame.draft));
      for (const { id } of component) onStack.delete(id);
      if (component.length > 1) result.push(component);
    }
  }
  return result;
}

/** Depth first, so that what is referred to comes before what refers to it; members of a cycle come in file order. */
function order(drafts: readonly Draft[]): readonly Node[] {
  const byId = new Map(drafts.map(draft => [draft.id, draft]));
  const state = new Map<string, "open" | "done">();
  const ordered: Node[] = [];
  for (const root of drafts) {
    const path: { draft: Draft; next: number }[] = [];
    const enter = (draft: Draft) => {
      if (state.has(draft.id)) return;
      state.set(draft.id, "open");
      path.push({ draft, next: 0 });
    };
    enter(root);
    for (let frame = path.at(-1); frame; frame = path.at(-1)) {
      const use = frame.draft.uses[frame.next++];
      const target = use && byId.get(use.id);
      if (target) enter(target);
      if (use) continue;
      path.pop();
      const { uses, ...node } = frame.draft;
      ordered.push({ ...node, references: idsOf(uses) });
    }
  }
  return ordered;
}
