/** For tests: runs stages as a configuration names them over entries written short. */
import { ProblemError } from "../../../graph/component.ts";
import { labelsFrom } from "../../../telemetry/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { lokiProcess, processStreams } from "./process.ts";

export type PlainStage = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface PlainEntry {
  readonly line: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly time?: bigint;
}

export interface Dropped {
  readonly reason: string;
  readonly items: number;
}

/** Milliseconds since the epoch that tests call now. */
export const testNow = Date.UTC(2026, 7, 1);

/** What is wrong with the first stage. */
export const problem = (message: string) => new ProblemError(message, ["stage", 0]);

/** What comes out, in its order; times only where they differ from what came in. */
export function runStages(stages: readonly PlainStage[], entries: readonly PlainEntry[]) {
  const dropped: Dropped[] = [];
  const transform = compilePlain(stages);
  const batch: LogBatch = entries.map(({ line, labels = { app: "shop" }, metadata = {}, time = 1n }) => ({
    labels: labelsFrom(Object.entries(labels)),
    entries: [{ timestamp: time, line, metadata: Object.entries(metadata).flat() }],
  }));
  let seed = 0;
  const random = () => (seed++ % 10) / 10;
  const out = transform(batch, { now: testNow, random, dropped: (reason, items) => dropped.push({ reason, items }) });
  return {
    out: out.flatMap(({ labels, entries: all }) => all.map(entry => ({ labels: pairs(labels), ...plainEntry(entry) }))),
    dropped,
  };
}

/** Decodes and compiles; throws what is wrong. */
export function compilePlain(stages: readonly PlainStage[]) {
  const { stage } = lokiProcess.args.decode({ forward_to: [], stage: stages }) as unknown as Parameters<
    typeof decoded
  >[0]; // decoded by its schema
  return decoded({ stage });
}

const decoded = ({ stage }: { stage: Parameters<typeof processStreams>[0] }) => processStreams(stage);

function plainEntry({ timestamp, line, metadata }: LogBatch[number]["entries"][number]) {
  return { line, metadata: pairs(metadata), ...(timestamp !== 1n && { time: timestamp }) };
}

const pairs = (flat: readonly string[]): Record<string, string> =>
  Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1] ?? ""]])));
