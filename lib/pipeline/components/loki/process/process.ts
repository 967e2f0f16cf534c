/** Runs log entries through stages that extract, change, label and drop them. */
import { choice, object } from "../../../eval/schema.ts";
import { defineLogProcessor } from "../../../graph/processor.ts";
import { LabelSets } from "./label-sets.ts";
import { pipeline } from "./pipeline.ts";
import type { StageArgs } from "./stages.ts";
import { compileStages, stageVariants } from "./stages.ts";

const args = object({ stage: choice(stageVariants, "What to do with each entry, in order.") });

export const lokiProcess = defineLogProcessor({
  name: "loki.process",
  summary: "Runs log entries through stages that extract, change, label and drop them.",
  stability: "generally-available",
  args,
  build: ({ stage }) => ({ transform: processStreams(stage as readonly StageArgs[]) }), // decoded by the variants' schemas
});

/** The whole behaviour: the batch that stages leave of a batch. */
export function processStreams(stages: readonly StageArgs[]) {
  const sets = new LabelSets();
  return pipeline(compileStages(stages, sets), sets);
}
