/** How `local.file` and `import.file` notice that what they read has changed. */
import { watch } from "node:fs";
import { messageOf } from "../delivery/errors.ts";
import { type Infer, object, optional } from "../eval/schema.ts";
import { duration, oneOf } from "../eval/types.ts";
import type { Host, Problem } from "../graph/component.ts";

/** The fields themselves, to be spread into a component's arguments. */
export const watchFields = {
  detector: optional(
    oneOf("detector", ["fsnotify", "poll"]),
    "fsnotify",
    "How changes are noticed: by the file system's events, or by reading again.",
  ),
  poll_frequency: optional(duration, "1m", "Time between two looks at the file."),
};

const watchArgs = object(watchFields);
export type WatchArgs = Infer<typeof watchArgs>;

export const watchProblems = ({ poll_frequency }: WatchArgs): readonly Problem[] =>
  poll_frequency > 0 ? [] : [{ path: ["poll_frequency"], message: "poll_frequency must be greater than 0" }];

/** Events come while a file is still being written; Alloy waits as long before it reads. */
const settleMs = 30;

/**
 * Calls `update` when something in the folder changes, and in any case every `poll_frequency`; what it returns ends that.
 * A folder is watched and no file, since editors and Kubernetes replace files instead of writing into them.
 */
export function watchFolder(
  folder: string,
  { detector, poll_frequency }: WatchArgs,
  { log, id }: Pick<Host, "log" | "id">,
  update: () => void,
): () => void {
  let settling: NodeJS.Timeout | undefined;
  const later = () => {
    settling ??= setTimeout(() => {
      settling = undefined;
      update();
    }, settleMs);
    settling.unref();
  };
  const timer = setInterval(update, poll_frequency);
  timer.unref();
  const watchEvents = () => {
    try {
      const watcher = watch(folder, { persistent: false }, later);
      watcher.on("error", () => watcher.close()); // polling goes on
      return watcher;
    } catch (error) {
      log.warn("changes are only noticed by polling", { component: id, error: messageOf(error) });
      return undefined;
    }
  };
  const watcher = detector === "fsnotify" ? watchEvents() : undefined;
  return () => {
    clearInterval(timer);
    clearTimeout(settling);
    watcher?.close();
  };
}
