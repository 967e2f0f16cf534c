/** Imports the module behind a URL, and again when its text is older than `poll_frequency`. */
import { messageOf } from "../../delivery/errors.ts";
import { nameOf } from "../../delivery/sites.ts";
import { object } from "../../eval/schema.ts";
import { defineComponent } from "../../graph/component.ts";
import type { ModuleContent } from "../../graph/module-content.ts";
import { textSource, textSourceFields, textSourceProblems } from "../fetch-text.ts";
import { contentExporter, contentExports } from "./content.ts";

export const importHttp = defineComponent({
  name: "import.http",
  summary: "Imports custom components from a URL.",
  stability: "generally-available",
  inFunctions:
    "Read at the cold start, and before the records of an invocation when the text is older than poll_frequency.",
  args: object(textSourceFields),
  exports: contentExports,
  check: textSourceProblems,
  async build(args, host) {
    const source = textSource(args, host);
    const name = nameOf(new URL(args.url));
    const folder = args.url.slice(0, args.url.lastIndexOf("/") + 1);
    const read = async (): Promise<ModuleContent> => ({
      files: [{ name, text: await source.fetch() }],
      path: folder,
    });
    let first: ModuleContent;
    try {
      first = await read();
    } catch (cause) {
      source.close();
      throw new Error(`creating http component: ${messageOf(cause)}`, { cause });
    }
    host.reportHealth("healthy", "polled endpoint");
    const give = contentExporter(host, first);
    const run = async () => {
      try {
        give(await read());
      } catch (cause) {
        throw new Error(`polling failed: ${messageOf(cause)}`, { cause });
      }
      host.reportHealth("healthy", "polled endpoint");
    };
    return {
      exports: { content: first },
      refresh: { everyMs: args.poll_frequency, run },
      close: async () => source.close(),
    };
  },
});
