/**
 * What a component is: a definition (a value: name, schema, how to build it) and, per block of the configuration, an
 * instance. `defineComponent` is the general form; `defineProcessor` (processor.ts) and `defineOtelProcessor` add what
 * every processor has, so that a file holds only what is its own.
 */

import type { DeadLetter, DeadLetterSink } from "../delivery/dead-letters.ts";
import type { HandOver } from "../delivery/hand-over.ts";
import type { ObjectSchema } from "../eval/schema.ts";
import type { StateStore } from "../state/store.ts";
import type { Flow } from "./flow.ts";
import type { Invocation, Logger } from "./invocation.ts";
import type { Metrics } from "./metrics.ts";
import type { Trigger } from "./trigger.ts";

export type Stability = "experimental" | "public-preview" | "generally-available";

/** Takes batches. The promise settles when everything below has acknowledged the batch; a rejection is a `DeliveryError`. */
export interface Consumer<Batch> {
  consume(batch: Batch, invocation: Invocation): Promise<void>;
  /** Writes into batches, so that a fan-out must give it a copy of its own. Only views on bytes (OTLP) can be written. */
  readonly mutates?: boolean;
}

export interface Definition<Args = unknown, Exports = unknown> {
  /** As in the configuration: `loki.relabel`. */
  readonly name: string;
  /** One sentence for the reference. */
  readonly summary: string;
  readonly stability: Stability;
  /** Only in Amalgam; marked in the reference. */
  readonly ours?: boolean;
  /** How it works in a function, for the reference. */
  readonly inFunctions?: string;
  readonly args: ObjectSchema<Args>;
  readonly exports?: ObjectSchema<Exports>;
  /** Checks what a schema can't say. Runs before `build`, also for `validate`; each problem becomes a diagnostic. */
  readonly check?: (args: Args) => Iterable<Problem>;
  /** Called once at load and again when its arguments change. Compiles; throws `ProblemError` for a configuration that can't work. */
  readonly build: (args: Args, host: Host) => Instance<Exports> | Promise<Instance<Exports>>;
}

/** A mistake in arguments; `path` leads to it: `["rule", 2, "regex"]`. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A configuration that decodes but can't be built, found while compiling it. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly path: readonly (string | number)[];
  constructor(message: string, path: readonly (string | number)[] = []) {
    super(message);
    this.path = path;
  }
}

export interface Instance<Exports = unknown> {
  readonly exports?: Exports;
  /** What calls this component from outside: HTTP routes, schedules, records of queues and subscriptions. */
  readonly triggers?: readonly Trigger[];
  /** Work on the second clock: what Alloy does on a timer. */
  readonly tick?: { readonly everyMs: number; readonly run: (invocation: Invocation) => Promise<void> };
  /**
   * Reads again what the exports came from, and gives them to `setExports`. Runs when the last read is older than `everyMs`:
   * locally on a timer, in a function before the records of an invocation. A rejection keeps the last exports and makes the
   * component unhealthy with its message.
   */
  readonly refresh?: { readonly everyMs: number; readonly run: () => Promise<void> };
  /** Takes a letter again that this component, or one like it, could not deliver; throws where it can't be read. */
  readonly replay?: (letter: DeadLetter) => Replay;
  readonly close?: () => Promise<void>;
  /** What the infrastructure must grant: shown by `amalgam graph --json`. */
  readonly needs?: Needs;
}

/** A dead letter that is ready to be sent again. */
export interface Replay {
  readonly destinations: readonly string[];
  /** Entries, samples, spans. */
  readonly items: number;
  /** Sends it as data is sent, together with what is pending; settles as a push does. */
  send(invocation: Invocation): Promise<void>;
}

export interface Needs {
  /** Cloud permissions: action and resource. */
  readonly permissions?: readonly { readonly action: string; readonly resource: string }[];
  /** Keeps something in the StateStore. */
  readonly state?: boolean;
}

export interface Health {
  readonly state: "healthy" | "unhealthy" | "unknown" | "exited";
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** The address that stands for this process in targets; nothing listens there, a scrape of it reads `Host.internalPages`. */
export const internalAddress = "alloy.internal:12345";

/** What an instance gets from the process around it. */
export interface Host {
  /** `loki.write.out`, under modules `declare.x/loki.write.out`. */
  readonly id: string;
  /** `local`: timers and sockets exist; `function`: nothing happens outside an invocation. */
  readonly mode: "local" | "function";
  /**
   * The configuration is only looked at: nothing may be read from elsewhere, neither the network nor the permissions of the
   * function are there. What is not known has a stand-in.
   */
  readonly offline: boolean;
  /** Tells writers and batchers when to send. */
  readonly flow: Flow;
  readonly log: Logger;
  readonly state: StateStore;
  /** Where data goes that a backend will never take; `undefined`: back to the trigger. */
  readonly deadLetters: DeadLetterSink | undefined;
  /** Where data waits that a backend does not take in time; `undefined`: back to the trigger. */
  readonly handOver: HandOver | undefined;
  readonly metrics: Metrics;
  /** What an instance leaves to the next one of the same component in this process, over changed arguments and reloads. May vanish. */
  readonly memory: Map<string, unknown>;
  /** Pages that components serve to scrapes in the same process, under `internalAddress`; by path. */
  readonly internalPages: Map<string, () => string>;
  /** The folder that relative paths of the configuration start from. */
  readonly directory: string;
  /** A folder for what should last over restarts; absent in a function. */
  readonly storagePath: string | undefined;
  /** Wall clock, for what is not part of an invocation (timers, token expiry). */
  readonly clock: () => number;
  /**
   * Reads again the values that came from elsewhere some time ago, as when a backend refuses a secret that may have been rotated; resolves
   * when what depends on them is built anew, well or not.
   */
  readonly readAgain?: () => Promise<void>;
  /** Replaces the exports; what depends on them is evaluated again. */
  setExports(exports: unknown): void;
  reportHealth(state: Health["state"], message: string): void;
}

/** Keeps the types of arguments and exports together; returns its argument. */
export function defineComponent<Args, Exports>(definition: Definition<Args, Exports>): Definition<Args, Exports> {
  return definition;
}
