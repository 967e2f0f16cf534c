/** What an `import` block brings: texts that declare custom components, and where their relative paths start. */
import { capsule } from "../eval/types.ts";

export interface ModuleContent {
  /** Each with the name that messages give it: a path as the user would write it, a URL, `repository/path`. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** `module_path` in these texts: the folder of the file, the folder of the URL, the root of the clone. */
  readonly path: string;
}

/** How an import exports its content to the graph; expressions never see it. */
export const moduleContent = capsule<ModuleContent>("import.Content");
