/** A picture as a flowchart of Mermaid, which Markdown on many sites shows. */
import { type Child, flowText, type Picture, type PictureEdge, triggerText } from "./model.ts";

/** Modules are subgraphs; a dotted line is a value that a component takes of another. */
export function mermaid({ root, edges }: Picture): string {
  const names = new Map<string, string>();
  const lines = ["flowchart LR", ...root.children.flatMap(child => childLines(child, names, "  "))];
  lines.push(...edges.map(edge => `  ${edgeLine(edge, names)}`));
  return `${lines.join("\n")}\n`;
}

function childLines(child: Child, names: Map<string, string>, indent: string): string[] {
  if (child.kind === "box") {
    const { id, name, label, triggers } = child.box;
    const text = [name, ...(label ? [`<b>${escaped(label)}</b>`] : [])];
    const calls = [...new Set(triggers.map(triggerText))].map(call => `<small>${escaped(call)}</small>`);
    const [open, close] = triggers.length ? ["([", "])"] : ["[", "]"];
    return [`${indent}${nameOf(id, names)}${open}"${[...text, ...calls].join("<br/>")}"${close}`];
  }
  const { id, name, children } = child.group;
  return [
    `${indent}subgraph ${nameOf(id, names)}["${escaped(name)}"]`,
    ...children.flatMap(each => childLines(each, names, `${indent}  `)),
    `${indent}end`,
  ];
}

function edgeLine(edge: PictureEdge, names: Map<string, string>): string {
  const text = flowText(edge);
  const arrow = edge.kind === "value" ? "-.->" : "-->";
  return `${nameOf(edge.from, names)} ${arrow}${text ? `|${text}|` : ""} ${nameOf(edge.to, names)}`;
}

/** Ids of the configuration hold what Mermaid reads otherwise. */
function nameOf(id: string, names: Map<string, string>): string {
  const name = names.get(id) ?? `c${names.size}`;
  names.set(id, name);
  return name;
}

const escaped = (text: string): string =>
  text.replace(/["#&<>]/g, char => `#${char.charCodeAt(0)};`).replaceAll("`", "#96;");
