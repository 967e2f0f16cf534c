/** A graph as JSON, so that what was parsed and checked once need not be again. */

import type { Block } from "../syntax/ast.ts";
import type { Diagnostic, Source } from "../syntax/diagnostic.ts";
import { fromJson, toJson } from "../syntax/json.ts";
import type { Definition } from "./component.ts";
import { languageDefinition } from "./language.ts";
import type { ConfigNode, Declare, Names, Node, Nodes } from "./nodes.ts";

/** What stands in the JSON: sources by their place, definitions by their name, bodies of declares built. */
interface Written {
  readonly sources: readonly Source[];
  readonly nodes: WrittenNodes;
}

interface WrittenNodes {
  readonly ordered: readonly WrittenNode[];
  readonly configBlocks: readonly (Omit<ConfigNode, "source"> & { readonly source: number })[];
  readonly declares?: readonly {
    readonly name: string;
    readonly source: number;
    readonly block: Block;
    readonly body: WrittenNodes;
    /** Why it can't be built; absent where it can. */
    readonly problems?: readonly (Omit<Diagnostic, "source"> & { readonly source: number })[];
  }[];
  readonly namespaces?: readonly (readonly [string, string])[];
}

type WrittenNode = Omit<Node, "source" | "definition" | "template"> & {
  readonly source: number;
  readonly template?: WrittenNodes;
};

/** Writes a graph; `rename` gives the sources their names. Declares that can't be built are left to fail where they are used. */
export function nodesToJson(nodes: Nodes, rename: (name: string) => string): string {
  const sources: Source[] = [];
  const at = (source: Source) => {
    if (!sources.includes(source)) sources.push(source);
    return sources.indexOf(source);
  };
  const write = ({ ordered, configBlocks, declares, namespaces }: Nodes): WrittenNodes => ({
    ordered: ordered.map(({ definition: _, template, source, ...node }) => ({
      ...node,
      source: at(source),
      ...(template && { template: write(template) }),
    })),
    configBlocks: configBlocks.map(({ source, ...node }) => ({ ...node, source: at(source) })),
    ...(declares.size && {
      declares: [...declares.values()].map(({ name, source, block, body }) => {
        const { nodes: inside, problems } = body();
        return {
          name,
          source: at(source),
          block: { ...block, body: [] }, // the body stands beside it
          body: write(inside),
          ...(problems.length && { problems: problems.map(each => ({ ...each, source: at(each.source) })) }),
        };
      }),
    }),
    ...(namespaces.size && { namespaces: [...namespaces] }),
  });
  const written = write(nodes);
  return toJson({ sources: sources.map(({ name, text }) => ({ name: rename(name), text })), nodes: written });
}

/** Reads a graph whose components are among the definitions. */
export const nodesFromJson = (json: string, definitions: ReadonlyMap<string, Definition>): Nodes =>
  readNodes(fromJson(json) as Written, definitions); // written by the function above

function readNodes({ sources, nodes }: Written, definitions: ReadonlyMap<string, Definition>): Nodes {
  const source = (at: number) => sources[at] as Source; // as above
  const read = ({ ordered, configBlocks, declares = [], namespaces = [] }: WrittenNodes, around?: Names): Nodes => {
    const found = new Map<string, Declare>();
    const names: Names = { declares: found, namespaces: new Map(namespaces), ...(around && { around }) };
    for (const { name, source: at, block, body, problems = [] } of declares) {
      const told = problems.map(each => ({ ...each, source: source(each.source) }));
      const inside = { nodes: read(body, names), entries: [], between: [], circles: [], problems: told };
      found.set(name, { name, block, source: source(at), body: () => inside });
    }
    return {
      ...names,
      ordered: ordered.map(({ template, ...node }) => ({
        ...node,
        source: source(node.source),
        definition: definitionOf(node, definitions),
        ...(template && { template: read(template, names) }),
      })),
      configBlocks: configBlocks.map(node => ({ ...node, source: source(node.source) })),
    };
  };
  return read(nodes);
}

const definitionOf = (
  { role, block: { name } }: Pick<WrittenNode, "role" | "block">,
  definitions: ReadonlyMap<string, Definition>,
): Definition =>
  (role === "component" ? definitions.get(name.name) : languageDefinition(role, name.name, definitions)) as Definition; // whoever wrote it knew them
