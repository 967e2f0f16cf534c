/** Reads a file and exports its content; a change of the file is a change of the export. */
import { readFileSync, watch } from "node:fs";
import path from "node:path";
import { messageOf } from "../../delivery/errors.ts";
import { type Infer, object, optional, required } from "../../eval/schema.ts";
import { bool, duration, oneOf, optionalSecret, string } from "../../eval/types.ts";
import { OptionalSecret } from "../../eval/value.ts";
import { defineComponent, type Host } from "../../graph/component.ts";

const args = object({
  filename: required(string, "The file, relative to the configuration's folder or absolute."),
  detector: optional(
    oneOf("detector", ["fsnotify", "poll"]),
    "fsnotify",
    "How changes are noticed: by the file system's events, or by reading again.",
  ),
  poll_frequency: optional(duration, "1m", "Time between two looks at the file."),
  is_secret: optional(bool, false, "Marks the content as a secret, so that nothing prints it."),
});
type Args = Infer<typeof args>;

export const localFile = defineComponent({
  name: "local.file",
  summary: "Reads a file and exports its content.",
  stability: "generally-available",
  inFunctions: "The file must be in the bundle; it is read once, at the cold start.",
  args,
  exports: object({ content: required(optionalSecret, "The content of the file.") }),
  check: ({ poll_frequency }: Args) =>
    poll_frequency > 0 ? [] : [{ path: ["poll_frequency"], message: "poll_frequency must be greater than 0" }],
  build(args, host) {
    const file = path.resolve(host.directory, args.filename);
    const read = () => ({ content: new OptionalSecret(args.is_secret, readFileSync(file, "utf8")) });
    const exports = read(); // a missing file fails the load
    const stop = host.mode === "local" ? follow(file, args, host, read) : undefined;
    return { exports, close: async () => stop?.() };
  },
});

/** Exports the content again when it changes; a file that can't be read leaves the last content, and says so in the health. */
function follow(file: string, { detector, poll_frequency }: Args, host: Host, read: () => unknown): () => void {
  const update = () => {
    try {
      host.setExports(read());
      host.reportHealth("healthy", "read file");
    } catch (error) {
      host.reportHealth("unhealthy", `failed to read file: ${messageOf(error)}`);
    }
  };
  const timer = setInterval(update, poll_frequency);
  timer.unref();
  // the folder is watched, since editors and Kubernetes replace files instead of writing into them
  const watcher = detector === "fsnotify" ? watch(path.dirname(file), { persistent: false }, update) : undefined;
  watcher?.on("error", () => watcher.close()); // polling goes on
  return () => {
    clearInterval(timer);
    watcher?.close();
  };
}
