/** One invocation of the function: what the pipeline gets of it, and its end. */
import type { Context } from "aws-lambda";
import { DeliveryError } from "../../lib/pipeline/delivery/errors.ts";
import type { Invocation } from "../../lib/pipeline/graph/invocation.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Unplaced } from "./aside.ts";
import type { OwnTraffic } from "./own-traffic.ts";

export interface Call {
  readonly invocation: Invocation;
  /** What the function causes itself; `undefined` where nobody asks. */
  readonly own: OwnTraffic | undefined;
  /** As `CallOptions` has it. */
  readonly setAside: CallOptions["setAside"];
  /** As `CallOptions` has it. */
  readonly onFailure: CallOptions["onFailure"];
  /** The work's outcome, or a failure that can be retried when the deadline comes first. */
  inTime<T>(work: Promise<T>): Promise<T>;
  /** Stops the clock. */
  end(): void;
}

export interface CallOptions {
  /** Milliseconds that are kept back for the answer. @default a tenth of what remains, at most 1000 */
  readonly reserveMs?: number;
  /** Milliseconds where the runtime gives no context, as on the command line. @default 30000 */
  readonly withoutContextMs?: number;
  /** Recognises what the function causes itself. @default nothing */
  readonly own?: OwnTraffic;
  /** Stores a record that nothing takes. @default it goes back to what brought it */
  readonly setAside?: (record: Unplaced, invocation: Invocation) => Promise<void>;
  /** Told why a part of a batch goes back; what the log then says of it is a warning. */
  readonly onFailure?: (reason: unknown) => void;
}

/** Starts a call with the deadline that the runtime gives. */
export function startCall(
  pipeline: Pipeline,
  context: Partial<Context> | undefined,
  { reserveMs, withoutContextMs = 30_000, own, setAside, onFailure }: CallOptions = {},
): Call {
  const remaining = context?.getRemainingTimeInMillis?.() ?? withoutContextMs;
  const deadlineMs = Math.max(0, remaining - (reserveMs ?? Math.min(1000, remaining / 10)));
  const stop = new AbortController();
  const id = context?.awsRequestId;
  const given = pipeline.invocation({ deadlineMs, signal: stop.signal, ...(id !== undefined && { id }) });
  const { log } = given;
  const invocation = onFailure ? { ...given, log: { ...log, error: log.warn } } : given; // its caller hears of failures
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new DeliveryError("work should end before the deadline of the invocation, got none of it done in time", {
          kind: "retry",
        }),
      );
      stop.abort();
    }, deadlineMs);
  });
  expired.catch(() => {}); // what waits for it hears of it through inTime
  return {
    invocation,
    own,
    setAside,
    onFailure,
    inTime: work => Promise.race([work, expired]),
    end: () => clearTimeout(timer),
  };
}
