/** Imports the module in a file, or in the `.alloy` files of a folder; a change of a file is a change of the module. */
import path from "node:path";
import { messageOf } from "../../delivery/errors.ts";
import { object, required } from "../../eval/schema.ts";
import { string } from "../../eval/types.ts";
import { defineComponent } from "../../graph/component.ts";
import type { ModuleContent } from "../../graph/module-content.ts";
import { watchFields, watchFolder, watchProblems } from "../watch-file.ts";
import { contentExporter, contentExports } from "./content.ts";
import { readModule } from "./files.ts";

export const importFile = defineComponent({
  name: "import.file",
  summary: "Imports custom components from a file or from the .alloy files of a folder.",
  stability: "generally-available",
  inFunctions: "The file must be in the bundle; it is read once, at the cold start.",
  args: object({
    filename: required(string, "The file or folder, relative to the configuration's folder or absolute."),
    ...watchFields,
  }),
  exports: contentExports,
  check: watchProblems,
  build(args, host) {
    const file = path.resolve(host.directory, args.filename);
    const read = (): ModuleContent => {
      const { files, folder } = readModule(file, { name: args.filename });
      return { files, path: folder };
    };
    const failure = (error: unknown) => `failed to read file: ${messageOf(error)}`;
    let first: ModuleContent;
    try {
      first = read();
    } catch (cause) {
      throw new Error(failure(cause), { cause });
    }
    const give = contentExporter(host, first);
    const update = () => {
      try {
        give(read());
        host.reportHealth("healthy", "read file");
      } catch (error) {
        host.reportHealth("unhealthy", failure(error)); // the last content stays
      }
    };
    host.reportHealth("healthy", "read file");
    const stop = host.mode === "local" ? watchFolder(first.path, args, host, update) : undefined;
    return { exports: { content: first }, close: async () => stop?.() };
  },
});
