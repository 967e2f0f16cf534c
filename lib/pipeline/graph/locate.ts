/** From the path of a problem in decoded arguments to its place in the text. */
import { locate } from "../eval/schema.ts";
import type { Block, Statement } from "../syntax/ast.ts";
import type { Range } from "../syntax/diagnostic.ts";

/** The place in a block that a problem's path leads to, or the nearest one around it that is written. */
export function locateInBlock(block: Block, path: readonly (string | number)[]): Range {
  const [name, ...rest] = path;
  if (typeof name !== "string") return block;
  const [index, ...below] = typeof rest[0] === "number" ? rest : [0, ...rest];
  const named = block.body.filter(
    (statement: Statement) => statement.name.name === name || statement.name.name.startsWith(`${name}.`),
  );
  const attribute = named.find(statement => statement.kind === "attribute");
  if (attribute) return locate(attribute.value, rest);
  const inner = named[index as number]; // the first of `rest` if it is a number, else 0
  return inner?.kind === "block" ? locateInBlock(inner, below) : block;
}
