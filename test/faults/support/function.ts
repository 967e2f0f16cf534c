/** A function in this process: its pipeline and handler, as a bundle has them. */
import { loadFunction } from "../../../functions/aws/entry.ts";
import { createHandler, type Handler } from "../../../functions/aws/handler.ts";
import { definitions } from "../../../lib/pipeline/components/index.ts";
import { sample } from "../../../lib/pipeline/components/prometheus/scrape/page.ts";
import { object, required } from "../../../lib/pipeline/eval/schema.ts";
import { list } from "../../../lib/pipeline/eval/types.ts";
import { type Definition, defineComponent } from "../../../lib/pipeline/graph/component.ts";
import { fanOut } from "../../../lib/pipeline/graph/gate.ts";
import { metrics } from "../../../lib/pipeline/graph/kinds.ts";
import type { Environment, Pipeline } from "../../../lib/pipeline/graph/pipeline.ts";
import { receiver } from "../../../lib/pipeline/graph/receiver.ts";
import type { RecordSource } from "../../../lib/pipeline/graph/trigger.ts";
import { parseFile } from "../../../lib/pipeline/syntax/parser.ts";
import { labelsFrom } from "../../../lib/pipeline/telemetry/labels.ts";

/** Takes messages whose lines are ids, and sends a sample for each: no component of Alloy makes samples of records. */
const samplesOfRecords = defineComponent({
  name: "test.samples",
  summary: "Makes samples of records.",
  stability: "generally-available",
  args: object({ forward_to: required(list(receiver(metrics)), "Where to send them.") }),
  build({ forward_to }) {
    const next = fanOut(forward_to);
    const sources: RecordSource[] = ["queue", "stream", "kafka", "topic"];
    return {
      triggers: [
        {
          kind: "records",
          format: "raw",
          sources,
          from: [],
          async push(record, invocation) {
            const ids = Buffer.from(record.body).toString().split("\n");
            const labels = (id: string) => labelsFrom([["__name__", "up"], ["id", id]]); // biome-ignore format: pairs
            await next.consume(ids.map(id => sample(labels(id), invocation.now, 1)), invocation); // biome-ignore format: one call
          },
        },
      ],
    };
  },
});

export interface TestFunction {
  readonly handler: Handler;
  readonly pipeline: Pipeline;
  /** Messages of its log that are warnings or errors, with their fields. */
  readonly log: readonly string[];
}

/** Loads a configuration. Close the pipeline after the test. */
export async function loadTestFunction(
  text: string,
  environment: Partial<Environment> = {},
  directory = "/",
): Promise<TestFunction> {
  const { file, diagnostics } = parseFile({ name: "config.alloy", text });
  if (diagnostics.length) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const log: string[] = [];
  const note = (message: string, fields: object = {}) => void log.push(`${message} ${JSON.stringify(fields)}`);
  const pipeline = await loadFunction([file], {
    definitions: [...definitions.values(), samplesOfRecords as unknown as Definition], // has types of its own
    stability: "generally-available",
    directory,
    log: { debug: () => {}, info: () => {}, warn: note, error: note },
    environment,
  });
  return { handler: createHandler(pipeline), pipeline, log };
}
