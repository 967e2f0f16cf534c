/** What is wrong in declares that something uses, instances in templates included; nobody is told of the others, as in Alloy. */
import type { Diagnostic } from "../syntax/diagnostic.ts";
import { localDeclare } from "./language.ts";
import type { Declare, Nodes } from "./nodes.ts";

/** Mistakes in the bodies of the declares of a configuration that blocks in it mean, directly or through each other. */
export function problemsOfUsed(nodes: Nodes): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const seen = new Set<Declare>();
  const visit = ({ ordered, ...names }: Nodes): void => {
    for (const { role, block, template } of ordered) {
      if (template) visit(template);
      const declare = role === "custom" ? localDeclare(block.name.name, names) : undefined;
      if (!declare || seen.has(declare)) continue;
      seen.add(declare);
      const body = declare.body();
      found.push(...body.problems);
      visit(body.nodes);
    }
  };
  visit(nodes);
  return found;
}
