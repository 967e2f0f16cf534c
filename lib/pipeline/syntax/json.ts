/** Syntax trees as JSON, so that what was parsed once need not be parsed again. */

/** Writes anything that holds syntax trees. Integers and infinity, which JSON can't hold, stand as text in the literals. */
export function toJson(tree: unknown): string {
  return JSON.stringify(tree, (_, value: unknown) =>
    typeof value === "bigint" || value === Number.POSITIVE_INFINITY ? String(value) : value,
  );
}

/** Reads what `toJson` wrote. */
export function fromJson(json: string): unknown {
  const tree: unknown = JSON.parse(json);
  if (json.includes('"type":"number"')) restoreNumbers(tree);
  return tree;
}

function restoreNumbers(node: unknown): void {
  if (Array.isArray(node)) for (const each of node) restoreNumbers(each);
  else if (typeof node === "object" && node !== null) {
    if ("kind" in node && "type" in node && "value" in node && node.kind === "literal") {
      const { type, value } = node;
      if (type === "number" && typeof value === "string")
        node.value = value === "Infinity" ? Number.POSITIVE_INFINITY : BigInt(value);
    } else for (const each of Object.values(node)) restoreNumbers(each);
  }
}
