/** What schemas say, as plain data: the pages and `components.json` are both made of it. */
import type { Field, ObjectSchema } from "../../lib/pipeline/eval/schema.ts";

export interface Argument {
  readonly name: string;
  /** As the schema names it: `list(any(loki.LogsReceiver))`. */
  readonly type: string;
  readonly required: boolean;
  /** As a user would write it; absent where nothing stands for a missing argument. */
  readonly default?: unknown;
  /** The only words that are taken, in a list for each item. */
  readonly words?: readonly string[];
  readonly description: string;
  /** Why it can't be used; reads after its name. */
  readonly refused?: string;
}

export interface Block {
  /** As it is written: `endpoint`, `stage.json`. */
  readonly name: string;
  readonly required: boolean;
  readonly many: boolean;
  /** Blocks of one group stand for each other: their order counts whatever their names, or just one of them may be given. */
  readonly group?: string;
  readonly description: string;
  readonly refused?: string;
  /** Key of its body in `bodies`: the path to the place where this body comes first. */
  readonly body: string;
}

export interface Body {
  readonly arguments: readonly Argument[];
  readonly blocks: readonly Block[];
}

/** Bodies by the path to where each comes first; the component's own is `""`. A body that comes again, also inside of itself, is the same one. */
export type Bodies = Readonly<Record<string, Body>>;

/** What is known of a block of a group besides its schema. */
export interface Variant {
  readonly description: string;
  readonly refused?: string;
  /** Exactly one block of the group is needed. */
  readonly single?: true;
}

/** By the block's name: `stage.json`. */
export type Variants = Readonly<Record<string, Variant>>;

/** All bodies of a schema. Refused blocks come last, so that what they share with others has its place there. */
export function bodiesOf(schema: ObjectSchema<unknown>, variants: Variants): Bodies {
  const places = new Map<ObjectSchema<unknown>, string>([[schema, ""]]);
  const bodies: Record<string, Body> = {};
  const queue: [string, ObjectSchema<unknown>][] = [["", schema]];
  const later: [string, ObjectSchema<unknown>][] = [];
  const place = (path: string, below: ObjectSchema<unknown>, refused: boolean) => {
    if (places.has(below)) return;
    places.set(below, path);
    (refused ? later : queue).push([path, below]);
  };
  const all: { path: string; at: ObjectSchema<unknown>; found: readonly FoundBlock[] }[] = [];
  for (let next = queue.shift() ?? later.shift(); next; next = queue.shift() ?? later.shift()) {
    const [path, at] = next;
    const found = blocksOf(at, variants);
    all.push({ path, at, found });
    // what is refused may share bodies with what is not
    for (const refused of [false, true])
      for (const each of found)
        if ((each.refused !== undefined) === refused) place(joinPath(path, each.name), each.schema, refused);
  }
  for (const { path, at, found } of all) {
    const blocks = found.map(({ schema: below, ...rest }) => ({ ...rest, body: places.get(below) as string })); // placed above
    bodies[path] = { arguments: argumentsOf(at), blocks };
  }
  return bodies;
}

/** `endpoint > tls_config`. */
export const joinPath = (path: string, name: string): string => (path === "" ? name : `${path} > ${name}`);

function argumentsOf({ fields }: ObjectSchema<unknown>): Argument[] {
  return Object.entries(fields).flatMap(([name, field]) => (field.kind === "attribute" ? [argument(name, field)] : []));
}

function argument(name: string, field: Extract<Field, { kind: "attribute" }>): Argument {
  const { type, required, description, refused } = field;
  const words = wordsOf(type);
  return {
    name,
    type: type.name,
    required,
    ...(field.default !== undefined && { default: plainDefault(type.name, field.default) }),
    ...(words && { words }),
    description,
    ...(refused !== undefined && { refused }),
  };
}

/** Also those of a list's items. */
function wordsOf(type: object): readonly string[] | undefined {
  if ("words" in type) return type.words as readonly string[]; // only types of words have them
  return "item" in type ? wordsOf(type.item as object) : undefined; // the type of a list's items
}

/** A user writes a duration with its unit. */
const plainDefault = (type: string, value: unknown): unknown => (type === "duration" && value === 0 ? "0s" : value);

type FoundBlock = Omit<Block, "body"> & { readonly schema: ObjectSchema<unknown> };

function blocksOf({ fields }: ObjectSchema<unknown>, variants: Variants): FoundBlock[] {
  return Object.entries(fields).flatMap(([name, field]): FoundBlock[] => {
    if (field.kind === "attribute") return [];
    if (field.kind === "choice")
      return Object.entries(field.variants()).map(([variant, schema]) => {
        const block = `${name}.${variant}`;
        const { single, ...known } = variants[block] ?? { description: field.description };
        return { name: block, required: false, many: !single, group: name, ...known, schema };
      });
    const { required, many, description, refused } = field;
    return [{ name, required, many, description, ...(refused !== undefined && { refused }), schema: field.schema() }];
  });
}

/** A block or argument with the path to it. */
export interface Refusal {
  readonly path: string;
  readonly reason: string;
  readonly description: string;
}

/** What is known and refused, in the order of the bodies; what a refused block holds is left out. */
export function refusalsOf(bodies: Bodies): Refusal[] {
  return reachable(bodies).flatMap(([path, { arguments: list, blocks }]) =>
    [...list, ...blocks.filter(block => !isRepeated(path, block))].flatMap(({ name, refused, description }) =>
      refused === undefined ? [] : [{ path: joinPath(path, name), reason: refused, description }],
    ),
  );
}

/** Whether a block is of a group that comes again inside of itself: `stage.json` in `stage.match`. */
export const isRepeated = (path: string, { group, name, body }: Block): boolean =>
  group !== undefined && body !== joinPath(path, name);

/** The bodies that can be used, parents before what they hold. */
export function reachable(bodies: Bodies): [string, Body][] {
  const found = new Map<string, Body>();
  const visit = (path: string): void => {
    const body = bodies[path];
    if (!body || found.has(path)) return;
    found.set(path, body);
    for (const block of body.blocks) if (block.refused === undefined) visit(block.body);
  };
  visit("");
  return [...found];
}

/** A type for people: Go's wrappings are taken off. */
export function readableType(name: string): string {
  const inner = /^(list|map)\((.+)\)$/.exec(name);
  if (inner) return `${inner[1]}(${readableType(inner[2] ?? "")})`;
  const known = typeNames.get(name);
  if (known !== undefined) return known;
  return name.replace(/^string\(.+\)$/, "string").replace(/^(?:any|capsule)\((?:\*)?(.+)\)$/, "$1");
}

const typeNames = new Map([
  ["any(loki.LogsReceiver)", "LogsReceiver"],
  ["any(storage.Appendable)", "MetricsReceiver"],
  ["any(otelcol.Consumer)", "otelcol.Consumer"],
  ["capsule(alloytypes.Secret)", "secret"],
  ["capsule(alloytypes.OptionalSecret)", "optional_secret"],
  ["capsule(discovery.Target)", "target"],
  ["capsule(relabel.Rules)", "RelabelRules"],
  ["capsule(*auth.Handler)", "auth.Handler"],
  ["capsule(*extension.ExtensionHandler)", "extension.Handler"],
  ["string(units.Base2Bytes)", "size"],
]);
