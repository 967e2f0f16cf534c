/** Hands a record to the component that takes its format. */
import { logGroupSelection } from "../../lib/pipeline/components/loki/source/log-groups.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { DecodedRecord, RecordsTrigger } from "../../lib/pipeline/graph/trigger.ts";
import type { Call } from "./call.ts";

export interface Taker {
  readonly component: string;
  readonly trigger: RecordsTrigger;
}

type Source = RecordsTrigger["sources"][number];

/** Pushes a record to its component; `component` names one where several take the format. */
export async function pushRecord(
  pipeline: Pipeline,
  source: Source,
  record: DecodedRecord,
  call: Call,
  component?: string,
): Promise<void> {
  const takers = takersOf(pipeline, source, record).filter(
    taker => component === undefined || taker.component === component,
  );
  const [taker, ...others] = takers;
  if (!taker) {
    const named = component === undefined ? "a component" : component;
    throw new Error(
      `${named} should take ${record.format} records of a ${source}, got none in the configuration that does`,
    );
  }
  if (others.length && record.format !== "cloudwatch_logs") {
    const names = takers.map(each => each.component).join(", ");
    throw new Error(
      `one component should take ${record.format} records of a ${source}, got ${names}: name one in the message attribute "component"`,
    );
  }
  await Promise.all(takers.map(({ trigger }) => trigger.push(record, call.invocation)));
}

function takersOf(pipeline: Pipeline, source: Source, record: DecodedRecord): readonly Taker[] {
  const takers = pipeline.triggers.flatMap(({ component, trigger }) =>
    trigger.kind === "records" && trigger.format === record.format && trigger.sources.includes(source)
      ? [{ component, trigger }]
      : [],
  );
  if (record.format !== "cloudwatch_logs" || takers.length < 2) return takers;
  const group = logGroupOf(record.body);
  const selecting = takers.filter(({ trigger }) => logGroupSelection(trigger.logGroups)(group));
  return selecting.length ? selecting : takers; // they tell what they drop
}

/** The log group that a subscription's JSON comes from; empty where there is none. */
function logGroupOf(body: Uint8Array): string {
  try {
    const { buffer, byteOffset, byteLength } = body;
    const { logGroup } = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString("utf8")) as {
      logGroup?: unknown;
    };
    return typeof logGroup === "string" ? logGroup : "";
  } catch {
    return ""; // the component says what is wrong with it
  }
}
