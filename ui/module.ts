/** What is to say of an `import` besides what every component has: its files, and the custom components that they declare. */
import type { Statement } from "../lib/pipeline/syntax/ast.ts";
import { withoutPassword } from "./body.ts";
import type { TreeNode } from "./tree.ts";

export interface ModuleJson {
  readonly files: readonly { readonly name: string; readonly characters: number }[];
  readonly declares: readonly DeclareJson[];
  /** How often it is looked at again, where that is on a clock. */
  readonly everySeconds?: number;
}

export interface DeclareJson {
  readonly name: string;
  readonly file: string;
  readonly arguments: readonly { readonly name: string; readonly optional: boolean }[];
  readonly exports: readonly string[];
  /** Instances beside the import. */
  readonly uses: readonly string[];
}

/** The module that an import brought; `undefined` for all else. */
export function moduleJson({ role, component, parent }: TreeNode, top: readonly TreeNode[]): ModuleJson | undefined {
  if (role !== "import" || !component) return undefined;
  const namespace = component.node.block.label?.name ?? "";
  const uses = Map.groupBy(parent?.children ?? top, each => each.component?.node.definition.name);
  const files = new Map<string, number>();
  const declares: DeclareJson[] = [];
  for (const { nodes } of component.scopes) {
    for (const { source } of [...nodes.declares.values(), ...nodes.ordered]) files.set(source.name, source.text.length);
    for (const { name, block, source } of nodes.declares.values())
      declares.push({
        name,
        file: withoutPassword(source.name),
        arguments: labelsOf(block.body, "argument").map(([label, body]) => ({
          name: label,
          optional: isOptional(body),
        })),
        exports: labelsOf(block.body, "export").map(([label]) => label),
        uses: (uses.get(`${namespace}.${name}`) ?? []).map(({ id }) => id),
      });
  }
  const everyMs = component.instance?.refresh?.everyMs;
  return {
    files: [...files].map(([name, characters]) => ({ name: withoutPassword(name), characters })),
    declares,
    ...(everyMs !== undefined && { everySeconds: everyMs / 1000 }),
  };
}

/** The file that a custom component is declared in, as far as its content tells. */
export function declaredIn({ role, component }: TreeNode): string | undefined {
  if (role !== "custom") return undefined;
  const [first] = component?.scopes[0]?.nodes.ordered ?? [];
  return first && withoutPassword(first.source.name);
}

const labelsOf = (body: readonly Statement[], name: string): (readonly [string, readonly Statement[]])[] =>
  body.flatMap(each =>
    each.kind === "block" && each.name.name === name && each.label ? [[each.label.name, each.body] as const] : [],
  );

/** As far as it is written out. */
const isOptional = (body: readonly Statement[]): boolean =>
  body.some(
    each =>
      each.kind === "attribute" &&
      each.name.name === "optional" &&
      each.value.kind === "literal" &&
      each.value.value === true,
  );
