/** A graph and what it needs of AWS, as JSON: docs/graph-json.md has its form. */
import { planResources } from "../../infra/resources.ts";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";

export const json = (graph: GraphDescription): string =>
  `${JSON.stringify({ ...graph, resources: planResources(graph) }, null, 2)}\n`;
