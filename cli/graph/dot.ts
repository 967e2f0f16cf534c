/** A picture in the language of Graphviz. */
import { type Child, flowText, type Picture, type PictureEdge, triggerText } from "./model.ts";

/** Modules are clusters; a dotted line is a value that a component takes of another. */
export function dot(picture: Picture): string {
  const modules = new Map<string, string>();
  const lines = [
    "digraph amalgam {",
    '  graph [rankdir=LR, compound=true, fontname="Helvetica", fontsize=11]',
    '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11]',
    '  edge [fontname="Helvetica", fontsize=9]',
    ...picture.root.children.flatMap(child => childLines(child, modules, "  ")),
    ...picture.edges.map(edge => `  ${edgeLine(edge, modules)}`),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** Notes the first member of each module: a line to a cluster must lead to a node in it. */
function childLines(child: Child, modules: Map<string, string>, indent: string): string[] {
  if (child.kind === "box") {
    const { id, name, label, triggers } = child.box;
    const text = [name, label, ...new Set(triggers.map(triggerText))].filter(Boolean).join("\n");
    return [`${indent}${quote(id)} [label=${quote(text)}${triggers.length ? ", peripheries=2" : ""}]`];
  }
  const { id, name, children } = child.group;
  modules.set(id, firstBox(child));
  return [
    `${indent}subgraph ${quote(`cluster_${id}`)} {`,
    `${indent}  graph [label=${quote(name)}, style=rounded]`,
    ...children.flatMap(each => childLines(each, modules, `${indent}  `)),
    `${indent}}`,
  ];
}

/** A module without components has an invisible one. */
function firstBox(child: Child): string {
  if (child.kind === "box") return child.box.id;
  const [first] = child.group.children;
  return first ? firstBox(first) : child.group.id;
}

function edgeLine(edge: PictureEdge, modules: ReadonlyMap<string, string>): string {
  const [from, to] = [modules.get(edge.from), modules.get(edge.to)];
  const text = flowText(edge);
  const attributes = [
    ...(text ? [`label=${quote(text)}`] : []),
    ...(edge.kind === "value" ? ["style=dotted"] : []),
    ...(from === undefined ? [] : [`ltail=${quote(`cluster_${edge.from}`)}`]),
    ...(to === undefined ? [] : [`lhead=${quote(`cluster_${edge.to}`)}`]),
  ];
  const ends = `${quote(from ?? edge.from)} -> ${quote(to ?? edge.to)}`;
  return attributes.length ? `${ends} [${attributes.join(", ")}]` : ends;
}

const quote = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
