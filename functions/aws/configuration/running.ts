/**
 * What runs, while one configuration takes the place of another: an invocation keeps the pipelines that it began with, and a
 * pipeline that nobody needs any more gives away what it holds and is closed. Nothing is left to be done after an answer.
 */
import type { Context } from "aws-lambda";
import { messageOf } from "../../../lib/pipeline/delivery/errors.ts";
import type { Logger } from "../../../lib/pipeline/graph/invocation.ts";
import type { Pipeline } from "../../../lib/pipeline/graph/pipeline.ts";
import type { Handler } from "../handler.ts";
import { checkRoutes } from "../http.ts";
import { failOnErrors } from "./problems.ts";
import { served } from "./served.ts";

/** That of the configuration, and the one from a server. */
export type PartName = "main" | "remotecfg";

/** A pipeline with what was made for it. */
export interface Part<Environment> {
  readonly pipeline: Pipeline;
  readonly environment: Environment;
}

export interface RunningOptions<Environment> {
  /** Makes the handler of what runs; `counted` is what runs at any time, for what outlives a configuration. */
  readonly handlerOf: (pipeline: Pipeline, environment: Environment, counted: Pipeline) => Handler;
  readonly log: Logger;
  /** How long a pipeline may take to give away what it holds before the new one takes over. @default 5000 */
  readonly drainMs?: number;
}

export class Running<Environment> {
  readonly #options: RunningOptions<Environment>;
  readonly #counted = served(() => this.pipelines);
  readonly #calls = new Map<Pipeline, number>();
  readonly #leaving = new Set<Pipeline>();
  #parts: ReadonlyMap<PartName, Part<Environment>> = new Map();
  #handler: Handler | undefined;
  #swapping: Promise<void> = Promise.resolve();

  constructor(options: RunningOptions<Environment>) {
    this.#options = options;
  }

  /** Those that take what comes, that of the configuration first. */
  get pipelines(): readonly Pipeline[] {
    return pipelinesOf(this.#parts);
  }

  pipeline(name: PartName): Pipeline | undefined {
    return this.#parts.get(name)?.pipeline;
  }

  /**
   * Puts a pipeline in the place of the one of that name, or none. Where they can't run together it is closed, and all that is
   * wrong is thrown; the old one goes on.
   */
  async replace(name: PartName, part: Part<Environment> | undefined): Promise<void> {
    const parts = new Map(this.#parts);
    if (part) parts.set(name, part);
    else parts.delete(name);
    const handler = await orClose(part?.pipeline, () => this.#handlerOf(parts));
    const before = this.#parts.get(name)?.pipeline;
    this.#parts = parts;
    this.#handler = handler;
    if (!before) return;
    this.#leaving.add(before);
    this.#swapping = this.#closeIdle([before]); // invocations that have it under way close it when they end
    await this.#swapping;
  }

  /** Answers an event with what runs now, and to its end with the same. */
  async serve(event: unknown, context: Partial<Context> | undefined): Promise<unknown> {
    await this.#swapping; // the old one gives away what it holds before the new one gets anything
    const { pipelines } = this;
    const handler = this.#handler as Handler; // nothing is served before the start
    for (const each of pipelines) this.#calls.set(each, (this.#calls.get(each) ?? 0) + 1);
    try {
      return await handler(event, context);
    } finally {
      for (const each of pipelines) this.#calls.set(each, (this.#calls.get(each) ?? 0) - 1);
      await this.#closeIdle(pipelines);
    }
  }

  #handlerOf(parts: ReadonlyMap<PartName, Part<Environment>>): Handler | undefined {
    const main = parts.get("main");
    if (!main) return undefined;
    const pipelines = pipelinesOf(parts);
    const together = pipelines.length === 1 ? main.pipeline : served(() => pipelines);
    const diagnostics = checkRoutes(together);
    failOnErrors(diagnostics);
    return this.#options.handlerOf(together, main.environment, this.#counted);
  }

  /** Closes those that are replaced and that nothing is under way in. */
  async #closeIdle(pipelines: readonly Pipeline[]): Promise<void> {
    const idle = pipelines.filter(each => this.#leaving.has(each) && !this.#calls.get(each));
    await Promise.all(
      idle.map(async pipeline => {
        this.#leaving.delete(pipeline);
        this.#calls.delete(pipeline);
        await this.#close(pipeline);
      }),
    );
  }

  async #close(pipeline: Pipeline): Promise<void> {
    const { log, drainMs = 5000 } = this.#options;
    const closing = pipeline.drain(pipeline.settled()).then(() => pipeline.drain(pipeline.close()));
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), drainMs);
    try {
      if ((await Promise.race([closing, late.promise])) === "late")
        log.warn("the configuration before is not done yet, the new one takes over all the same");
    } catch (error) {
      log.error("the configuration before could not be closed", { error: messageOf(error) });
    } finally {
      clearTimeout(timer);
    }
    closing.catch(() => {}); // told above, if it was in time
  }
}

const pipelinesOf = (parts: ReadonlyMap<PartName, { readonly pipeline: Pipeline }>): readonly Pipeline[] =>
  (["main", "remotecfg"] as const).flatMap(name => parts.get(name)?.pipeline ?? []);

/** What fails after a pipeline was built must not leave it behind. */
export async function orClose<T>(pipeline: Pipeline | undefined, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    await pipeline?.close();
    throw error;
  }
}
