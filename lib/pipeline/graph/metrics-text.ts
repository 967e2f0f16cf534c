/** Counters as the text exposition format 0.0.4. A file of its own, as few functions are asked for it. */
import { type Family, type Histogram, type MetricLabels, sorted } from "./metrics.ts";

/** Families by name, their series in the order in which they were asked for. */
export function exposeText(families: Iterable<Family>): string {
  const lines: string[] = [];
  for (const family of [...families].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name, help, type } = family;
    lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`);
    if (family.type === "histogram")
      for (const { labels, value } of family.series) lines.push(...bucketLines(name, labels, value));
    else for (const { labels, value } of family.series) lines.push(`${name}${labelText(labels)} ${value.value}`);
  }
  return lines.length ? `${lines.join("\n")}\n` : "";
}

const quoted = (value: string): string => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

function labelText(labels: MetricLabels, le?: number): string {
  const pairs = sorted(labels).map(([name, value]) => `${name}="${quoted(value)}"`);
  if (le !== undefined) pairs.push(`le="${le === Number.POSITIVE_INFINITY ? "+Inf" : le}"`);
  return pairs.length ? `{${pairs.join(",")}}` : "";
}

function bucketLines(name: string, labels: MetricLabels, { bounds, counts, sum, count }: Histogram): string[] {
  let below = 0;
  const lines = [...bounds, Number.POSITIVE_INFINITY].map((bound, i) => {
    below += counts[i] ?? 0;
    return `${name}_bucket${labelText(labels, bound)} ${below}`;
  });
  return [...lines, `${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${count}`];
}
