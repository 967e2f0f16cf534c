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

/** The sum of a counter's series, `undefined` where there are none. */
export function totalOf(counters: readonly ComponentCounter[], name: string): number | undefined {
  const values = counters.filter(each => each.name === name).map(({ value }) => value);
  return values.length ? values.reduce((a, b) => a + b, 0) : undefined;
}
