/** The order in which the nodes of a graph are evaluated, and the circles that leave them without one. */

/** A node and the ids of those that must come before it. */
export interface Vertex {
  readonly id: string;
  readonly uses: readonly { readonly id: string }[];
}

/** Each circle of several nodes once, its members in the order of the input (Tarjan's algorithm, without recursion). */
export function circles<V extends Vertex>(vertices: readonly V[]): V[][] {
  const byId = new Map(vertices.map(vertex => [vertex.id, vertex]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: V[] = [];
  const onStack = new Set<string>();
  const result: V[][] = [];
  const enter = (vertex: V) => {
    index.set(vertex.id, index.size);
    low.set(vertex.id, index.get(vertex.id) as number); // set on the line before
    stack.push(vertex);
    onStack.add(vertex.id);
    return { vertex, next: 0 };
  };
  const lower = (id: string, value: number) => low.set(id, Math.min(low.get(id) as number, value)); // entered before
  for (const root of vertices) {
    if (index.has(root.id)) continue;
    const path = [enter(root)];
    for (let frame = path.at(-1); frame; frame = path.at(-1)) {
      const use = frame.vertex.uses[frame.next++];
      if (use) {
        const target = byId.get(use.id);
        if (!target) continue;
        if (!index.has(target.id)) path.push(enter(target));
        else if (onStack.has(target.id)) lower(frame.vertex.id, index.get(target.id) as number); // checked above
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) lower(parent.vertex.id, low.get(frame.vertex.id) as number); // entered before
      if (low.get(frame.vertex.id) !== index.get(frame.vertex.id)) continue;
      const members = stack.splice(stack.lastIndexOf(frame.vertex));
      for (const { id } of members) onStack.delete(id);
      if (members.length > 1) result.push(members);
    }
  }
  return result;
}

/** Depth first, so that what is used comes before what uses it; members of a circle come in the order of the input. */
export function inOrder<V extends Vertex>(vertices: readonly V[]): V[] {
  const byId = new Map(vertices.map(vertex => [vertex.id, vertex]));
  const entered = new Set<string>();
  const ordered: V[] = [];
  for (const root of vertices) {
    const path: { vertex: V; next: number }[] = [];
    const enter = (vertex: V) => {
      if (entered.has(vertex.id)) return;
      entered.add(vertex.id);
      path.push({ vertex, next: 0 });
    };
    enter(root);
    for (let frame = path.at(-1); frame; frame = path.at(-1)) {
      const use = frame.vertex.uses[frame.next++];
      const target = use && byId.get(use.id);
      if (target) enter(target);
      if (use) continue;
      path.pop();
      ordered.push(frame.vertex);
    }
  }
  return ordered;
}
