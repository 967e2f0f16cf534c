/** Writes dead letters of records that nothing takes, counts them, and says so in the log without flooding it. */
import type { DeadLetterSink } from "../../lib/pipeline/delivery/dead-letters.ts";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Invocation } from "../../lib/pipeline/graph/invocation.ts";
import type { Metrics } from "../../lib/pipeline/graph/metrics.ts";
import type { Unplaced } from "./aside.ts";

/** What an instance of a function has for it. */
export interface AsidePlace {
  readonly letters: DeadLetterSink;
  readonly metrics: Metrics;
}

/** Resolves when the record is stored for good; rejects where it is not, so that it goes back to what brought it. */
export async function setAside(place: AsidePlace, record: Unplaced, { now, log, id }: Invocation): Promise<void> {
  const { source, from, problem, event, error } = record;
  const reason = messageOf(error);
  await place.letters.put({
    component: source,
    destination: "",
    reason,
    time: now,
    format: "aws_event",
    contentType: "application/json",
    body: Buffer.from(JSON.stringify(event) ?? "null"),
    metadata: { problem, ...(from && { from }), ...(record.id && { id: record.id }) },
  });
  const labels = { source, problem };
  place.metrics.counter("amalgam_function_set_aside_records_total", setAsideHelp, labels).add(1);
  const more = unsaid(place.metrics, `${source} ${problem} ${from} ${similar(reason)}`, now);
  if (more === undefined) return;
  log.error("record is set aside in the dead letters", {
    source,
    ...(from && { from }),
    ...(record.id && { id: record.id }),
    problem,
    error: reason,
    invocation: id,
    ...(more && { alikeSince: more }),
  });
}

const setAsideHelp = "Records that can't be read, or that nothing takes, and that are in the dead letters.";

/** What differs from record to record: numbers, and what is quoted of them. */
const similar = (reason: string): string => reason.replace(/"(?:[^"\\]|\\.)*"|\d+/g, "…").slice(0, 200);

/** A line for each reason, then one in this time. */
const quietMs = 60_000;
/** Reasons that are told apart. */
const mostReasons = 200;

interface Said {
  at: number;
  unsaid: number;
}

/** By the instance that logs. */
const said = new WeakMap<object, Map<string, Said>>();

/** How many alike were not logged since the last line; `undefined` where this one is not logged either. */
function unsaid(instance: object, reason: string, now: number): number | undefined {
  const reasons = said.get(instance) ?? new Map<string, Said>();
  said.set(instance, reasons);
  const key = reasons.has(reason) || reasons.size < mostReasons ? reason : "";
  const before = reasons.get(key);
  if (before && now - before.at < quietMs) {
    before.unsaid++;
    return undefined;
  }
  reasons.set(key, { at: now, unsaid: 0 });
  return before?.unsaid ?? 0;
}
