/** Runs log entries through stages that extract, change, label and drop them. */
import { choice, object } from "../../../eval/schema.ts";
import type { Consumer, Host, Instance } from "../../../graph/component.ts";
import { droppedCounter } from "../../../graph/dropped.ts";
import { fanOut } from "../../../graph/gate.ts";
import { defineLogProcessor } from "../../../graph/processor.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { LabelSets } from "./label-sets.ts";
import { Limits, Passage } from "./limits.ts";
import { pipeline } from "./pipeline.ts";
import type { StageArgs } from "./stages.ts";
import { compileStages, stageVariants } from "./stages.ts";

const args = object({ stage: choice(stageVariants, "What to do with each entry, in order.") });

const definition = defineLogProcessor({
  name: "loki.process",
  summary: "Runs log entries through stages that extract, change, label and drop them.",
  stability: "generally-available",
  inFunctions:
    "All stages work on what an invocation brings. stage.limit counts for all instances together in the state store; with drop = false a batch waits for all of its lines, and goes back to the trigger if the deadline is earlier.",
  args,
  build: ({ stage }) => ({ transform: processStreams(stage as readonly StageArgs[]) }), // decoded by the variants' schemas
});

export const lokiProcess: typeof definition = {
  ...definition,
  build: ({ stage, forward_to }, host): Instance<unknown> => {
    const limits = new Limits(host);
    const transform = processStreams(stage as readonly StageArgs[], limits); // as above
    limits.remember();
    const next = fanOut(forward_to as readonly Consumer<LogBatch>[]); // by its schema
    return {
      exports: { receiver: consumer(transform, next, { limits, host }) },
      ...(!limits.none && { needs: { state: true } }),
    };
  },
};

type Transform = ReturnType<typeof processStreams>;

/** As of every processor; limits hold a batch up between the stages and what comes after. */
function consumer(
  transform: Transform,
  next: Consumer<LogBatch>,
  { limits, host }: { readonly limits: Limits; readonly host: Host },
): Consumer<LogBatch> {
  const dropped = droppedCounter(host);
  const plain: Consumer<LogBatch> = {
    async consume(batch, invocation) {
      const { now, random } = invocation;
      await next.consume(transform(batch, { now, random, dropped }), invocation);
    },
  };
  if (limits.none) return plain;
  return {
    async consume(batch, invocation) {
      const { now, random } = invocation;
      await limits.load(now);
      const passage = new Passage();
      const out = transform(batch, { now, random, dropped, passage });
      await passage.held(invocation, host.clock);
      await Promise.all([next.consume(out, invocation), limits.save(now)]);
    },
  };
}

/** The whole behaviour: the batch that stages leave of a batch. */
export function processStreams(stages: readonly StageArgs[], limits = new Limits()) {
  const sets = new LabelSets();
  return pipeline(compileStages(stages, sets, limits), sets);
}
