/** Syntax trees as JSON, so that what was parsed once need not be parsed again. */
import type { File } from "./ast.ts";

/** Writes files as JSON. Integers and infinity, which JSON can't hold, stand as text where a number is expected. */
export function filesToJson(files: readonly File[]): string {
  return JSON.stringify(files, (_, value: unknown) =>
    typeof value === "bigint" || value === Number.POSITIVE_INFINITY ? String(value) : value,
  );
}

/** Reads what `filesToJson` wrote. */
export function filesFromJson(json: string): readonly File[] {
  const files: unknown = JSON.parse(json);
  restoreNumbers(files);
  return files as readonly File[]; // written from files
}

function restoreNumbers(node: unknown): void {
  if (Array.isArray(node)) for (const each of node) restoreNumbers(each);
  else if (typeof node === "object" && node !== null) {
    if ("kind" in node && "type" in node && "value" in node && node.kind === "literal") {
      const { type, value } = node;
      if (type === "number" && typeof value === "string") node.value = value === "Infinity" ? Infinity : BigInt(value);
    } else for (const each of Object.values(node)) restoreNumbers(each);
  }
}
