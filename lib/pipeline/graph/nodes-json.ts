/** A graph as JSON, so that what was parsed and checked once need not be again. */

import type { Source } from "../syntax/diagnostic.ts";
import { fromJson, toJson } from "../syntax/json.ts";
import type { Definition } from "./component.ts";
import type { ConfigNode, Node, Nodes } from "./nodes.ts";

/** What stands in the JSON: sources by their place, definitions by their name. */
interface Written {
  readonly sources: readonly Source[];
  readonly ordered: readonly (Omit<Node, "source" | "definition"> & { readonly source: number })[];
  readonly configBlocks: readonly (Omit<ConfigNode, "source"> & { readonly source: number })[];
}

/** Writes a graph; `rename` gives the sources their names. */
export function nodesToJson({ ordered, configBlocks }: Nodes, rename: (name: string) => string): string {
  const sources = [...new Set([...ordered, ...configBlocks].map(({ source }) => source))];
  const place = <N extends { readonly source: Source }>(node: N) => ({ ...node, source: sources.indexOf(node.source) });
  const written: Written = {
    sources: sources.map(({ name, text }) => ({ name: rename(name), text })),
    ordered: ordered.map(place).map(({ definition: _, ...node }) => node),
    configBlocks: configBlocks.map(place),
  };
  return toJson(written);
}

/** Reads a graph whose components are among the definitions. */
export function nodesFromJson(json: string, definitions: ReadonlyMap<string, Definition>): Nodes {
  const { sources, ordered, configBlocks } = fromJson(json) as Written; // written by the function above
  const source = (at: number) => sources[at] as Source; // as above
  return {
    ordered: ordered.map(node => ({
      ...node,
      source: source(node.source),
      definition: definitions.get(node.block.name.name) as Definition, // whoever wrote it knew them
    })),
    configBlocks: configBlocks.map(node => ({ ...node, source: source(node.source) })),
  };
}
