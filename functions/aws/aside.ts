/**
 * Records that nothing takes, or that can't be read: they would come again and again, or be lost with their event. Where the function
 * has a place for dead letters they go there, and what came with them goes on; elsewhere they fail as before.
 */
import { DeliveryError } from "../../lib/pipeline/delivery/errors.ts";
import type { Call } from "./call.ts";

/** A record that is set aside. */
export interface Unplaced {
  /** What brought it, as `aws.sqs`. */
  readonly source: string;
  /** ARN or the like of where it came from; empty where that is not known. */
  readonly from: string;
  /** Names it there. */
  readonly id: string;
  /** An event of Lambda that has this record and no other, so that it can be handed to a function again. */
  readonly event: unknown;
  /** `unreadable`: nobody can tell what it is. `untaken`: no component takes it. `refused`: a component says that it never will. */
  readonly problem: "unreadable" | "untaken" | "refused";
  /** What was expected, and what came. */
  readonly error: unknown;
}

/** What a record says of itself; `event` is made when it is needed. */
export interface Given extends Omit<Unplaced, "event" | "problem" | "error"> {
  readonly event: () => unknown;
}

/** Nothing in the configuration takes the record. */
export class UntakenError extends Error {}

/** Pushes what was found to take a record. */
export type Push = () => Promise<unknown>;

/**
 * Finds what takes a record. `find` throws where it can't be read or nothing takes it: it then is set aside when it is pushed, and so is
 * what a component refuses for good.
 */
export function orAside(call: Call, { event, ...given }: Given, find: () => Push): Push {
  const { setAside, invocation } = call;
  if (!setAside) return find();
  const aside = (problem: Unplaced["problem"], error: unknown) =>
    setAside({ ...given, event: event(), problem, error }, invocation);
  let push: Push;
  try {
    push = find();
  } catch (error) {
    return () => aside(error instanceof UntakenError ? "untaken" : "unreadable", error);
  }
  return async () => {
    try {
      return await push();
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.kind !== "reject") throw error;
      return aside("refused", error);
    }
  };
}
