/** Reads a URL and exports its content, again when that is older than `poll_frequency`. */
import { type Infer, object, optional, required } from "../../eval/schema.ts";
import { bool, optionalSecret } from "../../eval/types.ts";
import { OptionalSecret } from "../../eval/value.ts";
import { defineComponent, type Problem } from "../../graph/component.ts";
import { textSource, textSourceFields, textSourceProblems } from "../fetch-text.ts";
import { startSource } from "./source.ts";
import { standInText } from "./stand-ins.ts";

const args = object({
  ...textSourceFields,
  is_secret: optional(bool, false, "Marks the content as a secret, so that nothing prints it."),
});
type Args = Infer<typeof args>;

export const remoteHttp = defineComponent({
  name: "remote.http",
  summary: "Reads a URL and exports its content.",
  stability: "generally-available",
  inFunctions:
    "Read at the cold start, and before the records of an invocation when the content is older than poll_frequency.",
  args,
  exports: object({ content: required(optionalSecret, "The content, without white space around it.") }),
  *check(args: Args): Iterable<Problem> {
    yield* textSourceProblems(args);
    const { poll_frequency, poll_timeout } = args;
    if (poll_frequency > 0 && poll_timeout >= poll_frequency)
      yield { path: ["poll_timeout"], message: "poll_timeout must be less than poll_frequency" };
  },
  build(args, host) {
    const source = textSource(args, host);
    const exportsOf = (text: string) => ({ content: new OptionalSecret(args.is_secret, text) });
    return startSource(host, {
      read: async () => exportsOf(await source.fetch()),
      everyMs: args.poll_frequency,
      healthy: "polled endpoint",
      failed: "polling failed",
      standIn: exportsOf(standInText),
      close: async () => source.close(),
    });
  },
});
