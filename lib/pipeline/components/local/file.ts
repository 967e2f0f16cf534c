/** Reads a file and exports its content; a change of the file is a change of the export. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../../delivery/errors.ts";
import { object, optional, required } from "../../eval/schema.ts";
import { bool, optionalSecret, string } from "../../eval/types.ts";
import { OptionalSecret } from "../../eval/value.ts";
import { defineComponent } from "../../graph/component.ts";
import { watchFields, watchFolder, watchProblems } from "../watch-file.ts";

const args = object({
  filename: required(string, "The file, relative to the configuration's folder or absolute."),
  ...watchFields,
  is_secret: optional(bool, false, "Marks the content as a secret, so that nothing prints it."),
});

export const localFile = defineComponent({
  name: "local.file",
  summary: "Reads a file and exports its content.",
  stability: "generally-available",
  inFunctions:
    "The file must be in the bundle or a file system that is mounted; it is read at the cold start, and before the records of an invocation when the content is older than poll_frequency.",
  args,
  exports: object({ content: required(optionalSecret, "The content of the file.") }),
  check: watchProblems,
  build(args, host) {
    const file = path.resolve(host.directory, args.filename);
    const read = () => ({ content: new OptionalSecret(args.is_secret, readFileSync(file, "utf8")) });
    const exports = read(); // a missing file fails the load
    const update = () => {
      host.setExports(read());
      host.reportHealth("healthy", "read file");
    };
    if (host.mode === "function")
      return { exports, refresh: { everyMs: args.poll_frequency, run: async () => update() } };
    // a file that can't be read leaves the last content, and says so in the health
    const tryUpdate = () => {
      try {
        update();
      } catch (error) {
        host.reportHealth("unhealthy", `failed to read file: ${messageOf(error)}`);
      }
    };
    const stop = watchFolder(path.dirname(file), args, host, tryUpdate);
    return { exports, close: async () => stop() };
  },
});
