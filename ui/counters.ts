/** The process' counters by component, read from their exposition. */

/** One series of a component. */
export interface ComponentCounter {
  readonly name: string;
  /** Without `component_id`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([A-Za-z_:][\w:]*)\{(.*)\} (\S+)$/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Series with a `component_id`, by that, in the order of the exposition. */
export function countersByComponent(exposition: string): ReadonlyMap<string, readonly ComponentCounter[]> {
  const found = new Map<string, ComponentCounter[]>();
  for (const text of exposition.split("\n")) {
    const [, name, inner, value] = line.exec(text) ?? [];
    if (name === undefined || inner === undefined) continue;
    const { component_id: id, ...labels } = Object.fromEntries(
      Array.from(inner.matchAll(label), ([, key = "", quoted = ""]) => [key, unquote(quoted)] as const),
    );
    if (id === undefined) continue;
    const counter = { name, labels, value: Number(value) };
    const list = found.get(id);
    if (list) list.push(counter);
    else found.set(id, [counter]);
  }
  return found;
}

const unquote = (text: string): string => text.replaceAll(/\\(.)/g, (_, each: string) => (each === "n" ? "\n" : each));

/** Sums of the named counters by component, under the names that they are given. Reads no more of the exposition than that. */
export function totalsByComponent<Name extends string>(
  exposition: string,
  names: Readonly<Record<string, Name>>,
): Map<string, { [name in Name]?: number }> {
  const found = new Map<string, { [name in Name]?: number }>();
  // a record's own entries
  for (const [counter, name] of Object.entries(names) as [string, Name][]) {
    const start = `\n${counter}{`;
    for (let at = exposition.indexOf(start); at >= 0; at = exposition.indexOf(start, at)) {
      at += start.length;
      const end = exposition.indexOf("\n", at);
      const text = exposition.slice(at, end < 0 ? undefined : end);
      const id = /(?:^|,)component_id="([^"]*)"/.exec(text)?.[1]; // identifiers, so nothing in it is escaped
      if (id === undefined) continue;
      const totals: { [name in Name]?: number } = found.get(id) ?? {};
      totals[name] = (totals[name] ?? 0) + Number(text.slice(text.lastIndexOf(" ") + 1));
      found.set(id, totals);
    }
  }
  return found;
}
