/**
 * The blocks of the language that are evaluated like components: arguments and exports of modules, instances of custom
 * components, `foreach`, `import`. What they hold runs in scopes of their own (scope.ts).
 */

import { hintFor } from "../eval/hints.ts";
import { type Infer, type ObjectSchema, object, optional, required, requiredBlock } from "../eval/schema.ts";
import { any, bool, list, string } from "../eval/types.ts";
import type { Value } from "../eval/value.ts";
import { errorAt } from "../syntax/diagnostic.ts";
import type { Definition, Host, Instance } from "./component.ts";
import { DiagnosticsError } from "./diagnostics-error.ts";
import { itemIds } from "./foreach-ids.ts";
import { fetchModule } from "./imports.ts";
import { maxNodes } from "./limits.ts";
import type { Declare, Names, Node, Nodes, Role } from "./nodes.ts";
import type { Scope } from "./scope.ts";

/** What such a block gets beside what every component gets. */
export interface ScopeHost extends Host {
  readonly scope: Scope;
  readonly node: Node;
  /** Replaces the exports, as values of the language. */
  setValues(values: ReadonlyMap<string, Value>): void;
}

/** An instance that may hold scopes. */
export interface LanguageInstance extends Instance {
  /** Exports as values of the language. */
  readonly values?: ReadonlyMap<string, Value>;
  readonly scopes?: () => readonly Scope[];
  /** Takes changed arguments without being built again; `false` where it must be. */
  readonly update?: (args: unknown) => Promise<boolean>;
}

type Build<Args> = (args: Args, host: ScopeHost) => LanguageInstance | Promise<LanguageInstance>;

const define = <Args>(
  name: string,
  summary: string,
  args: ObjectSchema<Args>,
  build: Build<Args>,
  stability: Definition["stability"] = "generally-available",
): Definition => ({
  name,
  summary,
  stability,
  args: args as ObjectSchema<unknown>, // only given back to the function beside it
  build: (decoded, host) => build(decoded as Args, host as ScopeHost), // decoded by that schema; scopes give no other host
});

/** The definition behind a block of the language; `definitions` hold the sources of imports. */
export function languageDefinition(
  role: Exclude<Role, "component">,
  name: string,
  definitions: ReadonlyMap<string, Definition>,
): Definition {
  switch (role) {
    case "argument":
      return argument;
    case "export":
      return exported;
    case "foreach":
      return foreach;
    case "custom":
      return custom(name);
    case "import":
      return imported(name, definitions.get(name));
    default:
      return role satisfies never;
  }
}

const labelOf = ({ block }: Node): string => block.label?.name ?? "";

export const argumentArgs = object({
  optional: optional(bool, false, "Whether an instance may leave the argument out."),
  default: optional(any, undefined, "What the argument is then; null unless set."),
  comment: optional(string, undefined, "What the argument is for."),
});

const argument = define("argument", "An argument of a custom component.", argumentArgs, (args, { scope, node }) => {
  const label = labelOf(node);
  const given = scope.given.get(label);
  if (given === undefined && !args.optional)
    throw new DiagnosticsError([errorAt(node.source, node.block, `missing required argument "${label}" to module`)]);
  return { values: new Map([["value", given === undefined ? (args.default ?? null) : given]]) };
});

export const exportArgs = object({ value: required(any, "What instances export under the label.") });

const exported = define("export", "An export of a custom component.", exportArgs, ({ value }, { scope, node }) => {
  scope.export(labelOf(node), value);
  return {};
});

/** Any attributes, with any values. */
const anyAttributes: ObjectSchema<ReadonlyMap<string, Value>> = {
  fields: {},
  decodeBody(body, _, context) {
    const result = new Map<string, Value>();
    for (const statement of body) {
      const { name } = statement.name;
      if (statement.kind === "block") {
        context.report(statement, "nested blocks not supported here");
        continue;
      }
      if (result.has(name)) context.report(statement, `attribute "${name}" may only be provided once`);
      result.set(name, context.evaluate(statement.value) ?? null);
    }
    return result;
  },
  decode: plain => new Map(Object.entries(plain as Readonly<Record<string, Value>>)), // for tests
};

const custom = (name: string): Definition =>
  define(name, "A custom component.", anyAttributes, async (given, host) => {
    const { scope, node, id } = host;
    const found = scope.findDeclare(name);
    if (!found) {
      const hint = hintFor(name, scope.customNames());
      const message = `cannot find the definition of component name "${name}"`;
      throw new DiagnosticsError([errorAt(node.source, node.block.name, message, hint)]);
    }
    const { declare, scope: around } = found;
    const body = declare.body();
    if (body.problems.length) throw new DiagnosticsError(body.problems);
    if (isEmpty(body.nodes)) {
      const [, namespace = "", declared = name] = /^(.*?)\.(.*)/.exec(name) ?? []; // Alloy takes it for none
      const message = `Failed to build component: loading custom component controller: custom component config not found in the registry, namespace: "${namespace}", componentName: "${declared}"`;
      throw new DiagnosticsError([errorAt(node.source, node.block, message, "a declare that is used can't be empty")]);
    }
    checkGiven(given, body.nodes, node);
    const size = sizeOf(body.nodes);
    if (size > maxNodes) {
      const message = `${id} should have at most ${maxNodes} blocks with those of its modules, got ${size}`;
      throw new DiagnosticsError([errorAt(node.source, node.block, message)]);
    }
    const inner = around.inner({ path: id, nodes: body.nodes, given, variables: around.variables });
    inner.onExports = () => host.setValues(inner.exports);
    await start([inner]);
    return {
      values: inner.exports,
      scopes: () => [inner],
      async update(args) {
        const again = args as typeof given; // decoded by the schema above
        const now = scope.findDeclare(name);
        if (now?.declare !== declare) return false;
        checkGiven(again, body.nodes, node);
        await changed(inner, { given: again, variables: now.scope.variables });
        return true;
      },
      close: () => inner.finish(),
    };
  });

/** Without a statement. */
const isEmpty = ({ ordered, configBlocks, declares, namespaces }: Nodes): boolean =>
  ordered.length + configBlocks.length + declares.size + namespaces.size === 0;

const sizes = new WeakMap<Nodes, number>();

/** Blocks of a scope with those of the custom components in it that are declared around them. */
function sizeOf(nodes: Nodes): number {
  const known = sizes.get(nodes);
  if (known !== undefined) return known;
  sizes.set(nodes, Number.POSITIVE_INFINITY); // one that holds itself has no end
  let size = 0;
  for (const { role, block } of nodes.ordered) {
    const declare = role === "custom" ? localDeclare(block.name.name, nodes) : undefined;
    size += 1 + (declare ? sizeOf(declare.body().nodes) : 0);
  }
  sizes.set(nodes, size);
  return size;
}

/** The declare of this configuration or module that a name means. */
export function localDeclare(name: string, names: Names): Declare | undefined {
  for (let at: Names | undefined = names; at; at = at.around) {
    const found = at.declares.get(name);
    if (found) return found;
  }
  return undefined;
}

function checkGiven(given: ReadonlyMap<string, Value>, { ordered }: Nodes, { block, source }: Node): void {
  const known = ordered.filter(({ role }) => role === "argument").map(labelOf);
  const unknown = block.body.filter(({ name }) => given.has(name.name) && !known.includes(name.name));
  if (!unknown.length) return;
  throw new DiagnosticsError(
    unknown.map(({ name, start, end }) => {
      const message = `Provided argument "${name.name}" is not defined in the module`;
      return errorAt(source, { start, end }, message, hintFor(name.name, known));
    }),
  );
}

/** Starts scopes, all of them or none. */
export async function start(scopes: readonly Scope[]): Promise<void> {
  for (const scope of scopes) {
    const diagnostics = await scope.start();
    if (!diagnostics.length) continue;
    await Promise.all(scopes.map(each => each.close()));
    throw new DiagnosticsError(diagnostics);
  }
}

async function changed(scope: Scope, change: Parameters<Scope["update"]>[0]): Promise<void> {
  const diagnostics = await scope.update(change);
  if (diagnostics.length) throw new DiagnosticsError(diagnostics);
}

export const anyBody: ObjectSchema<undefined> = { fields: {}, decodeBody: () => undefined, decode: () => undefined };

export const foreachAttributes = {
  collection: required(list(any), "The items; the template runs once for each."),
  var: required(string, "The name that an item has in the template."),
  id: optional(
    string,
    undefined,
    "Field of the items that tells them apart, so that a change of another field does not make an item a new one.",
  ),
  hash_string_id: optional(bool, false, "Whether ids made from texts are hashed."),
  enable_metrics: optional(bool, false, "Accepted: components of the template are counted as all others are."),
};

export const foreachArgs = object({
  ...foreachAttributes,
  template: requiredBlock(anyBody, "What runs for each item."),
});
type ForeachArgs = Infer<typeof foreachArgs>;

const foreach = define(
  "foreach",
  "Runs what its template holds once for each item of a list.",
  foreachArgs,
  async (args, host) => {
    const { scope, node, id } = host;
    let items = new Map<string, Scope>();
    const make = async (current: ForeachArgs) => {
      const outside = scope.variablesOf(node);
      const next = new Map<string, Scope>();
      const added: Scope[] = [];
      const kept: [Scope, ReadonlyMap<string, Value>][] = [];
      for (const [itemId, item] of itemIds(current.collection, current)) {
        const variables = new Map([...outside, [current.var, item] as const]);
        const before = items.get(itemId);
        if (before) kept.push([before, variables]);
        const nodes = node.template as Nodes; // a foreach has one
        const inner = before ?? scope.inner({ path: `${id}/${itemId}`, nodes, given: new Map(), variables });
        if (!before) added.push(inner);
        next.set(itemId, inner);
      }
      await start(added);
      for (const [each, variables] of kept) await changed(each, { variables });
      const gone = [...items].filter(([itemId]) => !next.has(itemId)).map(([, each]) => each);
      items = next;
      return { added, gone };
    };
    await make(args);
    return {
      scopes: () => [...items.values()],
      async update(again) {
        const { added, gone } = await make(again as ForeachArgs); // decoded by the schema above
        if (added.length || gone.length) scope.triggersChanged();
        for (const each of gone) scope.retire(each.finish());
        return true;
      },
      close: async () => {
        await Promise.all([...items.values()].map(each => each.finish()));
      },
    };
  },
  "experimental",
);

/** An `import` of its own arguments, whose content becomes a scope of declares and further imports. */
function imported(name: string, source: Definition | undefined): Definition {
  const bundled: Build<unknown> = async (args, host) => {
    const { scope, id } = host;
    const content = scope.bundledModule(id);
    if (content) {
      const inner = scope.module({ path: id, ...content });
      await start([inner]);
      return { scopes: () => [inner], close: () => inner.finish() };
    }
    if (!source) throw new Error(`${name} is not part of this build`);
    return fetchModule(source, args, host);
  };
  if (!source) return define(name, "", anyAttributes, bundled);
  return define(name, source.summary, source.args, bundled, source.stability);
}
