/** What all imports do with the texts that they read. */
import { object, required } from "../../eval/schema.ts";
import type { Host } from "../../graph/component.ts";
import { type ModuleContent, moduleContent } from "../../graph/module-content.ts";

export const contentExports = object({ content: required(moduleContent, "The texts of the module.") });

/** Gives contents to the graph, each only when it is another than the one before. */
export function contentExporter(host: Host, first: ModuleContent): (content: ModuleContent) => void {
  let last = first;
  return content => {
    if (sameContent(last, content)) return;
    last = content;
    host.setExports({ content });
  };
}

const sameContent = (a: ModuleContent, b: ModuleContent): boolean =>
  a.path === b.path &&
  a.files.length === b.files.length &&
  a.files.every(({ name, text }, i) => name === b.files[i]?.name && text === b.files[i]?.text);
