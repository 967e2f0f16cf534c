/** `amalgam replay`: sends dead letters again, through the writers of a configuration. */
import { nameOfConfiguration } from "../functions/aws/configuration/follows.ts";
import { createLogger } from "../functions/local/log.ts";
import { loadOffline } from "../functions/local/offline.ts";
import type { DeadLetter } from "../lib/pipeline/delivery/dead-letters.ts";
import {
  type Prepared,
  type ReplayOptions,
  type ReplayResult,
  replayLetters,
} from "../lib/pipeline/delivery/dead-letters-replay.ts";
import { sleepFor } from "../lib/pipeline/delivery/retry.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import type { Pipeline } from "../lib/pipeline/graph/pipeline.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";
import { isEventLetter, prepareEvent } from "./event-letter.ts";
import type { LetterOptions } from "./letter-options.ts";
import { many, oneLine, sizeText } from "./letter-text.ts";
import { letterFilter, openLetters, placeOf } from "./letters.ts";
import { createProgress } from "./progress.ts";

export interface ReplayCommand extends LetterOptions {
  readonly stability: Stability;
  /** Letters a second. */
  readonly rate?: number;
  readonly dryRun?: true;
  /** A component in the place of those that the letters are of. */
  readonly to?: string;
  readonly again?: true;
  readonly keep?: true;
}

/** Backends may take this long over letters that are sent together, with all that is tried again. */
const deadlineMs = 60_000;

/** Resolves to 0 where all that was meant is sent. */
export async function replay(config: string, options: ReplayCommand): Promise<number> {
  const progress = createProgress(process.stderr);
  const write = (line: string) => progress.line(line);
  const { pipeline, diagnostics } = await loadOffline(config, {
    stability: options.stability,
    log: createLogger({ level: "error", write }),
    readValues: true,
  });
  if (!pipeline) {
    const hints = process.stderr.isTTY;
    process.stderr.write(`${formatDiagnostics(diagnostics, { hints })}\nError: the configuration does not load\n`);
    return 1;
  }
  const interrupt = interruption(write);
  try {
    const filter = letterFilter(options, Date.now());
    const prepare = preparer(pipeline, nameOfConfiguration(config), options.to);
    const box = openLetters(options);
    try {
      const total = options.dryRun ? 0 : await box.count(filter.times);
      const result = await replayLetters(box, {
        ...filter,
        prepare,
        together: send => together(pipeline, send),
        perSecond: options.rate,
        again: options.again ?? false,
        keep: options.keep ?? false,
        ...(options.dryRun && { dryRun: tell }),
        signal: interrupt.signal,
        onProgress: ({ sent, failures, before, others }) =>
          progress.show({ done: sent + failures + before + others, total, failures }),
        now: Date.now,
        sleep: sleepFor,
      });
      progress.end();
      report(result, options);
      return result.failures || result.stopped !== undefined ? 1 : 0;
    } finally {
      progress.end();
      await box.close();
    }
  } finally {
    interrupt.end();
    await pipeline.close();
  }
}

/** The first signal ends the replay when what is under way is answered, the second at once; both are safe. */
function interruption(write: (line: string) => void) {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    write("stopping when what is under way is answered; once more stops at once");
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
    },
  };
}

/** All that writers get meanwhile goes out in as few requests as its size allows. */
async function together(pipeline: Pipeline, send: () => Promise<void>): Promise<void> {
  await pipeline.refresh();
  const sent = send(); // writers have it all before the flow opens
  await pipeline.drain(sent);
}

function preparer(pipeline: Pipeline, config: string, to: string | undefined): ReplayOptions["prepare"] {
  const writers = new Map(pipeline.components.map(({ id, instance }) => [id, instance?.replay]));
  const known = [...writers].filter(([, replay]) => replay).map(([id]) => id);
  const all = known.length ? `, which has ${known.join(", ")}` : ", which has none";
  if (to !== undefined && !writers.get(to)) throw new Error(`--to should be a writer of ${config}${all}, got ${to}`);
  return (letter: DeadLetter): Prepared => {
    if (isEventLetter(letter)) {
      if (to === undefined) return prepareEvent(pipeline, letter);
      throw new Error(`--to should be left out for events that nothing took: what takes them decides where they go`);
    }
    const id = to ?? letter.component;
    const replay = writers.get(id);
    if (!replay)
      throw new Error(`${id} should be a writer of ${config}${all}: --to=COMPONENT sends its letters to another`);
    const { destinations, items, send } = replay(letter);
    return { destinations, items, send: () => send(pipeline.invocation({ deadlineMs })) };
  };
}

/** One line for each letter that would be sent. */
const tell: ReplayOptions["dryRun"] = ({ id, letter }, { destinations, items }) => {
  const size = sizeText(letter.body.length);
  process.stdout.write(
    `would send ${id} of ${oneLine(letter.component)} to ${destinations.join(" and ")}: ${many(items, "item")}, ${size}\n`,
  );
};

function report(result: ReplayResult, options: ReplayCommand): void {
  const { sent, items, bytes, failed, failures, before, stopped } = result;
  const { dryRun, keep } = options;
  for (const [reason, letters] of failed)
    process.stderr.write(`${many(letters, "letter")} failed: ${oneLine(reason)}\n`);
  const what = `${many(sent, "letter")} with ${many(items, "item")}, ${sizeText(bytes)}`;
  const lines = [
    dryRun ? `would send ${what}` : `sent ${what}${keep ? ", and kept" : ""}`,
    ...(failures ? [`${many(failures, "letter")} ${dryRun ? "could not be sent" : "failed, and stay"}`] : []),
    ...(before
      ? [`${many(before, "letter")} ${before === 1 ? "was" : "were"} replayed before: --again sends kept ones again`]
      : []),
  ];
  process.stdout.write(`${lines.join("; ")}\n`);
  if (!sent && !failures && !before) process.stderr.write(`there are no such dead letters in ${placeOf(options)}\n`);
  if (stopped !== undefined) process.stderr.write(`Error: not all letters were tried: ${stopped}\n`);
}
