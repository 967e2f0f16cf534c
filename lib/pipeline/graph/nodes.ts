/**
 * From syntax to graphs: which blocks are components, what refers to what, in which order they are evaluated. Nothing is
 * evaluated here. A configuration is a scope; the body of a `declare`, the template of a `foreach` and the content of an
 * `import` are scopes of their own.
 */
import { hintFor } from "../eval/hints.ts";
import { hintForReference, traversalsOf } from "../eval/references.ts";
import { deprecatedNames, experimentalNames, stdlib } from "../eval/stdlib/index.ts";
import type { Block, Expr, File, Statement } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Range, type Source } from "../syntax/diagnostic.ts";
import { positionOf } from "../syntax/position.ts";
import type { Definition, Stability } from "./component.ts";
import { configBlocks } from "./config-blocks.ts";
import { languageDefinition } from "./language.ts";
import { circles, inOrder, type Vertex } from "./order.ts";

/** What a block of a scope is. Those other than components belong to the language. */
export type Role = "component" | "custom" | "foreach" | "import" | "argument" | "export";

/** One block of a scope that is evaluated. */
export interface Node {
  /** `loki.write.out`: the block's name and label. */
  readonly id: string;
  readonly role: Role;
  readonly definition: Definition;
  readonly block: Block;
  readonly source: Source;
  /** Ids of the nodes of the same scope that must be evaluated before, in the order they are written. */
  readonly references: readonly string[];
  /** Names that lead out of the scope: the variable of a `foreach`, what lies outside its template. */
  readonly free?: readonly (readonly string[])[];
  /** What a `foreach` makes once for each item. */
  readonly template?: Nodes;
}

/** A block that configures the process; it may refer to components, as `logging` does to those that get the log. */
export type ConfigNode = Pick<Node, "block" | "source" | "references">;

/** A custom component as it is declared. */
export interface Declare {
  readonly name: string;
  readonly block: Block;
  readonly source: Source;
  /** Its body as a scope, built when the first instance needs it. */
  body(): Built;
}

/** What the names of blocks mean besides components. */
export interface Names {
  readonly declares: ReadonlyMap<string, Declare>;
  /** Ids of `import` blocks by their labels. */
  readonly namespaces: ReadonlyMap<string, string>;
  readonly around?: Names;
}

export interface Nodes extends Names {
  /** Every node after those that it refers to. */
  readonly ordered: readonly Node[];
  readonly configBlocks: readonly ConfigNode[];
}

export interface NodeOptions {
  /** Components and `import` blocks. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Components that the reference has but this build has not, to tell "not supported" from "misspelt". */
  readonly knownElsewhere?: ReadonlyMap<string, Stability | "community">;
  readonly stability: Stability;
  /** Whether components of the community may be used. @default false */
  readonly community?: boolean;
}

/** A scope with all that is wrong in it. */
export interface Built {
  readonly nodes: Nodes;
  /** In the order of the text. */
  readonly entries: readonly Entry[];
  /** What stands between blocks. */
  readonly between: readonly Diagnostic[];
  /** Circles, said of every member. */
  readonly circles: readonly Diagnostic[];
  /** All that is wrong, templates included; bodies of declares only tell when they are used. */
  readonly problems: readonly Diagnostic[];
}

/** A block as it stands in its scope, with what is wrong about it. */
export interface Entry extends Place {
  readonly id: string;
  readonly category: Category;
  /** Absent where the block can't be evaluated. */
  readonly node?: Omit<Node, "references">;
  readonly declare?: Declare;
  readonly template?: Built;
  /** Of the block as a whole: a missing label, a name that is unknown or taken. */
  readonly wrong: Diagnostic[];
  /** Of what its expressions refer to. */
  readonly lost: Diagnostic[];
  /** The same of a module's arguments, which Alloy does not tell without an instance. */
  readonly lostArguments: Diagnostic[];
  /** What works and should be written in another way. */
  readonly remarks: Diagnostic[];
}

/** Alloy reports in this order. */
export const categories = ["declare", "config", "component", "service"] as const;
export type Category = (typeof categories)[number];

interface Place {
  readonly block: Block;
  readonly source: Source;
}

interface Draft extends Vertex {
  readonly entry: Entry;
  readonly uses: readonly Use[];
  readonly free: readonly (readonly string[])[];
}

interface Use {
  readonly id: string;
  readonly range: Range;
}

type ScopeKind = "root" | "declare" | "foreach" | "import";

interface Surroundings {
  readonly kind: ScopeKind;
  readonly options: NodeOptions;
  readonly around?: Names;
  /** Declared in a template or inside one: names that lead nowhere may lead out of it. */
  readonly open?: boolean;
  /** The body of a declare, or a template in one. */
  readonly inDeclare?: boolean;
}

/** Builds the graph of a configuration; what is wrong goes into `diagnostics`, and what is right is still returned. */
export function buildNodes(files: readonly File[], options: NodeOptions, diagnostics: Diagnostic[]): Nodes {
  const built = buildConfiguration(files, options);
  diagnostics.push(...built.problems);
  return built.nodes;
}

/** The same with all that is found kept at its block. */
export const buildConfiguration = (files: readonly File[], options: NodeOptions): Built =>
  buildScope(statementsOf(files), { kind: "root", options });

/** Builds what a module declares and imports. */
export function buildModule(files: readonly File[], options: NodeOptions, diagnostics: Diagnostic[]): Nodes {
  const built = buildScope(statementsOf(files), { kind: "import", options });
  diagnostics.push(...built.problems);
  return built.nodes;
}

const problemsOf = (entries: readonly Entry[]): Diagnostic[] =>
  entries.flatMap(({ wrong, lost, lostArguments, template }) => [
    ...wrong,
    ...lost,
    ...lostArguments,
    ...(template?.problems ?? []),
  ]);

const statementsOf = (files: readonly File[]): StatementPlace[] =>
  files.flatMap(({ body, source }) => body.map(statement => ({ statement, source })));

interface StatementPlace {
  readonly statement: Statement;
  readonly source: Source;
}

const importNames: ReadonlySet<string> = new Set(["import.string", "import.file", "import.http", "import.git"]);
const languageBlocks: ReadonlySet<string> = new Set(["argument", "export", "foreach", ...importNames]);
/** Blocks that configure the process and that Alloy calls services: it reports about them last. */
const services: ReadonlySet<string> = new Set(["http", "livedebugging", "remotecfg"]);
const labelled: ReadonlySet<string> = new Set(["declare", ...languageBlocks]);

function categoryOf(name: string): Category {
  if (name === "declare") return "declare";
  if (languageBlocks.has(name)) return "config";
  if (configBlocks.has(name)) return services.has(name) ? "service" : "config";
  return "component";
}

function buildScope(statements: readonly StatementPlace[], surroundings: Surroundings): Built {
  /** What stands between blocks. */
  const between: Diagnostic[] = [];
  const declares = new Map<string, Declare>();
  const namespaces = new Map<string, string>();
  const { around, options } = surroundings;
  const names: Names = { declares, namespaces, ...(around && { around }) };
  const taken = new Map<string, Place>();
  const raw: Omit<Entry, "node" | "template">[] = [];
  for (const { statement, source } of statements) {
    if (statement.kind === "attribute") {
      between.push(
        surroundings.kind === "root" || surroundings.kind === "import"
          ? errorAt(source, statement.name, `unrecognized attribute ${statement.name.name}`)
          : errorAt(source, statement, "unsupported statement type *ast.AttributeStmt", "only blocks may stand here"),
      );
      continue;
    }
    const block = statement;
    const { name } = block.name;
    const id = block.label ? `${name}.${block.label.name}` : name;
    const category = categoryOf(name);
    const wrong: Diagnostic[] = [];
    const report = (range: Range, message: string) => void wrong.push(errorAt(source, range, message));
    const labelFirst = category === "declare" || category === "component"; // Alloy's order
    if (labelFirst) checkLabel(block, category, report);
    const before = taken.get(id);
    if (before)
      report(
        firstCharacters(block, id.length),
        `block ${id} already declared at ${placeOf(before.source, before.block)}`,
      );
    else {
      taken.set(id, { block, source });
      if (importNames.has(name) && block.label) namespaces.set(block.label.name, id);
    }
    checkPlace(block, id, surroundings, report);
    if (!labelFirst) checkLabel(block, category, report);
    const declare =
      name === "declare" ? declareOf(block.label?.name ?? "", { block, source }, names, surroundings) : undefined;
    if (declare && block.label && !before) declares.set(declare.name, declare);
    const unique = before ? `${id}-${raw.length}` : id;
    raw.push({
      block,
      source,
      id: unique,
      category,
      wrong,
      lost: [],
      lostArguments: [],
      remarks: [],
      ...(declare && { declare }),
    });
  }
  const entries = raw.map((place): Entry => {
    const { block, source, id, category } = place;
    const role = category === "declare" ? undefined : roleOf(block.name.name, names);
    if (role === undefined) return place;
    const definition =
      role === "component"
        ? define(place, options, place.wrong)
        : languageDefinition(role, block.name.name, options.definitions);
    if (!definition) return place;
    const node = { id, role, definition, block, source };
    if (role !== "foreach") return { ...place, node };
    const template = templateOf(place, { ...surroundings, around: names });
    return { ...place, template, node: { ...node, template: template.nodes } };
  });
  const known = new Set(raw.filter(({ category }) => category !== "declare").map(({ id }) => id));
  const drafts = entries
    .filter(({ category, node }) => node || category === "service" || category === "config")
    .map(entry => draftOf(entry, known, names, surroundings));
  const evaluated = drafts.filter(({ entry }) => entry.node && !entry.wrong.length);
  const configs = drafts.filter(({ entry: { node, category } }) => !node && category !== "component");
  const circles = circlesOf(drafts.filter(({ entry }) => entry.node));
  return {
    entries,
    between,
    circles,
    problems: [...between, ...problemsOf(entries), ...circles, ...declareCircles(entries)],
    nodes: {
      ...names,
      ordered: inOrder(evaluated).map(({ entry, uses, free }) => ({
        ...(entry.node as Omit<Node, "references">), // filtered above
        references: idsOf(uses),
        ...(free.length && { free }),
      })),
      configBlocks: configs
        .filter(({ entry }) => !entry.wrong.length)
        .map(({ entry: { block, source }, uses }) => ({ block, source, references: idsOf(uses) })),
    },
  };
}

type ReportRange = (range: Range, message: string) => void;

/** Whether a block has the label that it needs. */
function checkLabel(block: Block, category: Category, report: ReportRange): void {
  const { name } = block.name;
  if (!block.label && category === "component") report(block.name, `component "${name}" must have a label`);
  if (!block.label && labelled.has(name)) report(block.name, `${name} block must have a label`);
  if (name === "declare" && block.label?.name === "declare")
    report(block, "'declare' is not a valid label for a declare block");
}

/** Whether a block may stand where it stands. */
function checkPlace(block: Block, id: string, surroundings: Surroundings, report: ReportRange): void {
  const { name } = block.name;
  const { kind, inDeclare = false, options } = surroundings;
  if (kind === "import") {
    if (name !== "declare" && !importNames.has(name))
      report(block.name, `only declare and import blocks are allowed in a module, got ${name}`);
    return;
  }
  if ((name === "argument" || name === "export") && !inDeclare)
    report(block, `${name} blocks only allowed inside a module`);
  if (configBlocks.has(name) && kind !== "root")
    report(firstCharacters(block, id.length), `${id} not allowed in ${inDeclare ? "module" : "foreach"}`);
  if (name !== "foreach") return;
  const refusal = belowLevel(`foreach block "foreach"`, "experimental", options.stability);
  if (refusal !== undefined) report(block.name, refusal);
}

/** `undefined`: it is not evaluated as a node. */
function roleOf(name: string, names: Names): Role | undefined {
  if (importNames.has(name)) return "import";
  if (name === "argument" || name === "export" || name === "foreach") return name;
  if (configBlocks.has(name)) return undefined;
  return isCustom(name, names) ? "custom" : "component";
}

/** Whether the first part of a block's name is declared or imported around it; it then hides components of that name. */
function isCustom(name: string, names: Names): boolean {
  const [first = ""] = name.split(".", 1);
  for (let at: Names | undefined = names; at; at = at.around)
    if (at.declares.has(first) || at.namespaces.has(first)) return true;
  return false;
}

function declareOf(name: string, { block, source }: Place, names: Names, surroundings: Surroundings): Declare {
  let built: Built | undefined;
  const { options, open = false, kind } = surroundings;
  return {
    name,
    block,
    source,
    body() {
      const inside = {
        kind: "declare",
        options,
        around: names,
        open: open || kind === "foreach",
        inDeclare: true,
      } as const;
      built ??= buildScope(placesIn(block, source), inside);
      return built;
    },
  };
}

const placesIn = ({ body }: Block, source: Source): StatementPlace[] => body.map(statement => ({ statement, source }));

/** A `foreach` is of the kind of scope that it stands in, but for what it may not hold. */
function templateOf({ block, source, wrong }: Pick<Entry, "block" | "source" | "wrong">, around: Surroundings): Built {
  const template = templateBlock({ block, source });
  if (!template) wrong.push(errorAt(source, block, 'missing required block "template"'));
  return buildScope(template ? placesIn(template, source) : [], { ...around, kind: "foreach", open: true });
}

/** What is inside `template` belongs to each item. */
const templateBlock = ({ block }: Place): Block | undefined =>
  block.name.name === "foreach"
    ? block.body.findLast((each): each is Block => each.kind === "block" && each.name.name === "template")
    : undefined;

/** What a message about a block as a whole points at: all before its body. */
const headOf = ({ start, open }: Block): Range => ({ start, end: open + 1 });

/** Alloy marks as many characters of a block as its id has. */
const firstCharacters = ({ start }: Block, length: number): Range => ({ start, end: start + length });

/** The definition of a component block, or a diagnostic that says what kind of wrong its name is. */
function define({ block, source }: Place, options: NodeOptions, wrong: Diagnostic[]): Definition | undefined {
  const { name } = block.name;
  const definition = options.definitions.get(name);
  const stability = definition?.stability ?? options.knownElsewhere?.get(name);
  const report = (message: string, hint?: string): undefined => {
    wrong.push(errorAt(source, block.name, message, hint));
  };
  if (stability === undefined) {
    const hint = hintFor(name, [...options.definitions.keys(), ...configBlocks.keys(), ...labelled]);
    return report(`cannot find the definition of component name "${name}"`, hint);
  }
  const refusal = refusalOf(name, stability, options);
  if (refusal !== undefined) return report(refusal);
  return definition ?? report(`component "${name}" is not supported by Amalgam yet`);
}

/** Why a component that exists may not be used. */
function refusalOf(name: string, stability: Stability | "community", options: NodeOptions): string | undefined {
  if (stability !== "community") return belowLevel(`component "${name}"`, stability, options.stability);
  if (options.community) return undefined;
  return `the component "${name}" is a community component. Use the --feature.community-components.enabled command-line flag to enable community components`;
}

function belowLevel(what: string, stability: Stability, minimum: Stability): string | undefined {
  if (rank[stability] >= rank[minimum]) return undefined;
  return `${what} is at stability level "${stability}", which is below the minimum allowed stability level "${minimum}". Use --stability.level command-line flag to enable "${stability}" features`;
}

const rank: Readonly<Record<Stability, number>> = { experimental: 0, "public-preview": 1, "generally-available": 2 };

function placeOf(source: Source, { start }: Range): string {
  const { line, column } = positionOf(source, start);
  return `${source.name}:${line}:${column}`;
}

/** What a block's expressions refer to; names that lead nowhere are diagnostics, unless they may lead out of a template. */
function draftOf(entry: Entry, known: ReadonlySet<string>, names: Names, surroundings: Surroundings): Draft {
  const uses: Use[] = [];
  const free: (readonly string[])[] = [];
  const template = templateBlock(entry);
  for (const expr of expressionsOf(entry.block.body)) {
    const isInside = template !== undefined && expr.start >= template.start && expr.end <= template.end;
    for (const reference of traversalsOf(expr)) {
      const path = reference.path.map(({ name }) => name);
      if (isKnownName(path[0] as string)) {
        if (!isInside) checkFunction(path.join("."), reference, entry, surroundings.options.stability);
        continue;
      }
      const id = resolveReference(path, known);
      if (id !== undefined) uses.push({ id, range: reference });
      else if (surroundings.open || isInside) free.push(path);
      else {
        const message = `component "${path.join(".")}" does not exist or is out of scope`;
        const isArgument = surroundings.kind === "declare" && path[0] === "argument";
        const lost = isArgument ? entry.lostArguments : entry.lost;
        lost.push(errorAt(entry.source, reference, message, hintForReference(path, known)));
      }
    }
  }
  const imports = importsUsed([entry.block], names).map(id => ({ id, range: entry.block }));
  return { id: entry.id, entry, uses: [...uses, ...imports], free };
}

/** Whether a function may be used at all, and under its name. */
function checkFunction(name: string, range: Range, { source, lost, remarks }: Entry, stability: Stability): void {
  if (deprecatedNames.has(name)) {
    const message =
      "this stdlib function is deprecated; please refer to the documentation for updated usage and alternatives";
    remarks.push({ ...errorAt(source, range, message), severity: "warning" });
  }
  const refusal = experimentalNames.has(name) ? belowLevel(name, "experimental", stability) : undefined;
  if (refusal !== undefined) lost.push(errorAt(source, range, refusal));
}

/** The `import` blocks of a scope that a block needs: for its own name, and for those of the custom components in it. */
function importsUsed(blocks: readonly Block[], names: Names): string[] {
  const found = new Set<string>();
  const seen = new Set<Block>();
  const open = [...blocks];
  for (let block = open.pop(); block; block = open.pop()) {
    if (seen.has(block)) continue;
    seen.add(block);
    const [first = ""] = block.name.name.split(".", 1);
    const namespace = names.namespaces.get(first);
    if (namespace !== undefined) found.add(namespace);
    const declare = names.declares.get(block.name.name);
    if (declare) open.push(declare.block);
    for (const inner of block.body) if (inner.kind === "block") open.push(inner);
  }
  return [...found];
}

const idsOf = (uses: readonly Use[]): readonly string[] => [...new Set(uses.map(({ id }) => id))];

/** Names that are there without being declared. */
export const isKnownName = (name: string): boolean => name === "module_path" || stdlib.has(name);

/** The shortest known id that begins the path. */
function resolveReference(path: readonly string[], known: ReadonlySet<string>): string | undefined {
  let id = "";
  for (const part of path) {
    id = id ? `${id}.${part}` : part;
    if (known.has(id)) return id;
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

/** Names every member of every circle once. */
function circlesOf(drafts: readonly Draft[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const circle of circles(drafts)) {
    const ids = circle.map(({ id }) => id).sort();
    for (const { entry } of circle.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
      diagnostics.push(errorAt(entry.source, headOf(entry.block), `cycle detected: ${ids.join(", ")}`));
  }
  for (const { entry, uses, id } of drafts) {
    if (uses.some(use => use.id === id))
      diagnostics.push(errorAt(entry.source, headOf(entry.block), "cannot reference self"));
  }
  return diagnostics;
}

/** Custom components that hold themselves, directly or through each other, have no end. */
function declareCircles(entries: readonly Entry[]): Diagnostic[] {
  const drafts = entries
    .filter(({ declare }) => declare)
    .map((entry): Draft => {
      const uses = [...customBlocks(entry.block)].map(block => ({ id: `declare.${block.name.name}`, range: block }));
      return { id: entry.id, entry, uses, free: [] };
    });
  return circlesOf(drafts);
}

/** Blocks in a body whose names a declare in it does not give another meaning. */
function* customBlocks({ body }: Block): Generator<Block> {
  const inner = body.filter((each): each is Block => each.kind === "block");
  const hidden = new Set(inner.filter(({ name }) => name.name === "declare").map(({ label }) => label?.name));
  for (const block of inner) {
    if (block.name.name === "declare" || block.name.name === "foreach" || block.name.name === "template")
      for (const each of customBlocks(block)) if (!hidden.has(each.name.name)) yield each;
    if (!hidden.has(block.name.name)) yield block;
  }
}
