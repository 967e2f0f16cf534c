/** Runs batches through stages: streams become entries, and entries streams again by their labels. */
import type { Labels } from "../../../telemetry/labels.ts";
import type { LogBatch, LogEntry } from "../../../telemetry/loki/model.ts";
import { Entry, type Run, type Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";

/** The stages one after the other, as one; entries that a stage splits off go through those after it. */
export function sequence(stages: readonly Stage[]): Stage {
  const from = (start: number, entry: Entry, run: Run): ReturnType<Stage> => {
    for (let i = start; i < stages.length; i++) {
      const outcome = (stages[i] as Stage)(entry, run); // inside
      if (outcome === true) continue;
      if (outcome === false) return false;
      return outcome.flatMap(each => {
        const rest = from(i + 1, each, run);
        return rest === true ? [each] : rest || [];
      });
    }
    return true;
  };
  return (entry, run) => from(0, entry, run);
}

/** A transform of batches; the order of entries is kept in each stream. */
export function pipeline(stage: Stage, sets: LabelSets): (batch: LogBatch, run: Run) => LogBatch {
  return (batch, run) => {
    const streams = new Map<Labels, LogEntry[]>();
    for (const stream of batch) {
      const labels = sets.canonical(stream.labels);
      for (const original of stream.entries) {
        const entry = new Entry(labels, original);
        const outcome = stage(entry, run);
        if (outcome === true) collect(streams, entry);
        else if (outcome) for (const each of outcome) collect(streams, each);
      }
    }
    return Array.from(streams, ([labels, entries]) => ({ labels: validLabels(labels), entries }));
  };
}

function collect(streams: Map<Labels, LogEntry[]>, entry: Entry): void {
  const entries = streams.get(entry.labels);
  if (entries) entries.push(entry.result());
  else streams.set(entry.labels, [entry.result()]);
}

const validLabels = (labels: Labels): Labels =>
  labels.every(text => text.isWellFormed()) ? labels : labels.map(text => text.toWellFormed());
