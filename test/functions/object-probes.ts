/** Pipelines of components that note which objects they are to read. */
import { loadFunction } from "../../functions/aws/entry.ts";
import { object } from "../../lib/pipeline/eval/schema.ts";
import { type Definition, defineComponent } from "../../lib/pipeline/graph/component.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { ObjectCreated, ObjectProgress, ObjectSelection } from "../../lib/pipeline/graph/trigger.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";

export interface ObjectProbe {
  /** @default all */
  readonly buckets?: readonly ObjectSelection[];
  /** How far it comes. @default the end */
  readonly rest?: ObjectProgress;
  /** A key. */
  readonly failsOn?: string;
}

export interface ObjectProbes {
  readonly pipeline: Pipeline;
  readonly seen: readonly { readonly component: string; readonly object: ObjectCreated }[];
  /** Levels, messages and fields of the log. */
  readonly logged: readonly (readonly unknown[])[];
}

/** Loads probes by their ids. */
export async function loadObjectProbes(probes: Readonly<Record<string, ObjectProbe>>): Promise<ObjectProbes> {
  const seen: { component: string; object: ObjectCreated }[] = [];
  const logged: unknown[][] = [];
  const definition = defineComponent({
    name: "probe.objects",
    summary: "Notes objects.",
    stability: "generally-available",
    args: object({}),
    build: (_, { id }) => {
      const { buckets = [], rest, failsOn } = probes[id] ?? {};
      const read = async (object: ObjectCreated) => {
        seen.push({ component: id, object });
        if (object.key === failsOn) throw new Error("it can't be read");
        return rest;
      };
      return { triggers: [{ kind: "objects", buckets, read }] };
    },
  });
  const text = Object.keys(probes).map(id => `probe.objects "${id.split(".").at(-1)}" { }`).join("\n"); // biome-ignore format: one text
  const { file } = parseFile({ name: "test.alloy", text });
  const note =
    (level: string) =>
    (...line: unknown[]) => {
      logged.push([level, ...line]);
    };
  const pipeline = await loadFunction([file], {
    definitions: [definition as unknown as Definition], // it takes no arguments
    stability: "generally-available",
    directory: "/",
    log: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
  });
  return { pipeline, seen, logged };
}
