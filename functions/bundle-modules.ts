/**
 * The modules that a configuration imports, as they are when it is bundled: a function has them inside, and neither reads
 * files nor asks servers for them. Only the `import` blocks are evaluated, with what they refer to.
 */
import { blockDefinitions } from "../lib/pipeline/components/index.ts";
import { Flow } from "../lib/pipeline/graph/flow.ts";
import { MetricsRegistry } from "../lib/pipeline/graph/metrics.ts";
import type { Node, NodeOptions, Nodes } from "../lib/pipeline/graph/nodes.ts";
import { loadNodes } from "../lib/pipeline/graph/pipeline.ts";
import type { BundledModule } from "../lib/pipeline/graph/scope.ts";
import { MemoryStore } from "../lib/pipeline/state/memory.ts";
import type { Block, Statement } from "../lib/pipeline/syntax/ast.ts";
import type { Diagnostic } from "../lib/pipeline/syntax/diagnostic.ts";
import { createLogger } from "./local/log.ts";

/** A module by the id of its `import` block, those that are imported by modules too. */
export interface ImportedModule {
  readonly id: string;
  readonly nodes: Nodes;
  /** Its `module_path`. */
  readonly directory: string;
}

/** Fetches all modules. What is wrong with them goes into `diagnostics`. */
export async function fetchModules(
  nodes: Nodes,
  { options, directory }: { readonly options: NodeOptions; readonly directory: string },
  diagnostics: Diagnostic[],
): Promise<readonly ImportedModule[]> {
  const only = importsWithReferences(nodes.ordered);
  if (!only.size) return [];
  const environment = {
    mode: "local",
    flow: new Flow(true),
    log: createLogger({ level: "warn" }),
    state: new MemoryStore(),
    metrics: new MetricsRegistry(),
    only,
    directory,
    clock: Date.now,
    random: Math.random,
  } as const;
  const { pipeline, diagnostics: found } = await loadNodes({ ...nodes, configBlocks: [] }, environment, {
    ...options,
    definitions: blockDefinitions,
  });
  diagnostics.push(...found);
  if (!pipeline) return [];
  const modules = pipeline.components
    .filter(({ node }) => node.role === "import")
    .flatMap(({ id, scopes }) =>
      scopes.map(scope => ({ id, nodes: scope.nodes, directory: directoryOf(scope.variables) })),
    );
  await pipeline.close();
  return modules;
}

/** As surroundings take them. */
export const modulesById = (modules: readonly ImportedModule[]): ReadonlyMap<string, BundledModule> =>
  new Map(modules.map(({ id, nodes, directory }) => [id, { nodes, directory }]));

const directoryOf = (variables: ReadonlyMap<string, unknown>): string => {
  const path = variables.get("module_path");
  return typeof path === "string" ? path : "";
};

/** Ids of the nodes that must be evaluated to have every module. */
function importsWithReferences(ordered: readonly Node[]): ReadonlySet<string> {
  const byId = new Map(ordered.map(node => [node.id, node]));
  const wanted = new Set<string>();
  const open = ordered.filter(({ role, block }) => role === "import" || (role !== "component" && importsInside(block)));
  for (let node = open.pop(); node; node = open.pop()) {
    if (wanted.has(node.id)) continue;
    wanted.add(node.id);
    for (const id of node.references) {
      const target = byId.get(id);
      if (target) open.push(target);
    }
  }
  return wanted;
}

const importsInside = ({ body }: Block): boolean =>
  body.some(each => each.kind === "block" && (each.name.name.startsWith("import.") || importsInside(each)));

/** All blocks of a configuration and of its modules that may be components, at any depth. */
export function* blocksOf(statements: readonly Statement[]): Generator<Block> {
  for (const statement of statements) {
    if (statement.kind !== "block") continue;
    yield statement;
    yield* blocksOf(statement.body);
  }
}
