/** Subscribes log groups to a collector, and ends subscriptions of its own where a group is not one to subscribe any more. */
import { messageOf } from "../../../lib/pipeline/delivery/errors.ts";
import type { Logger } from "../../../lib/pipeline/graph/invocation.ts";
import { type Filter, type LogGroup, type LogsApi, LogsError } from "./logs-api.ts";
import { collectorTag, namesOf, type Selection, type Tags, tagsFit } from "./selection.ts";

export interface SubscriberOptions {
  readonly selection: Selection;
  /** The subscription as it should be. A group's filter of this name is the subscriber's; it touches no other. */
  readonly filter: Filter;
  readonly api: LogsApi;
  readonly log: Logger;
  /** Milliseconds that are left. */
  readonly remainingMs: () => number;
}

/**
 * What came of log groups. `full`: others have both subscriptions that a group can have. `failed`: AWS refused something; the log says
 * what. `gone`: deleted meanwhile.
 */
export type Outcome = "subscribed" | "unsubscribed" | "unchanged" | "full" | "failed" | "gone";

/** Log groups by what came of them. */
export type Report = Partial<Record<Outcome, number>>;

/** Both that CloudWatch Logs allows. */
const mostFilters = 2;
/** Groups that are looked at together. */
const atOnce = 4;
/** No other page begins with less. */
const reserveMs = 60_000;

export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #nameFits: (name: string) => boolean;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#nameFits = namesOf(options.selection);
  }

  /** Looks at one log group. Throws where AWS refuses something that it may allow later. */
  async one(name: string): Promise<Report> {
    const { api, selection } = this.#options;
    const group = await api.group(name);
    if (!group) return { gone: 1 };
    const wanted = this.#fits(group) && tagsFit(selection, await api.tags(group));
    return { [await this.#apply(group, wanted)]: 1 };
  }

  /** Looks at all log groups, from a page on; where time is short it says with which page to go on. */
  async all(from: string | undefined): Promise<{ readonly report: Report; readonly next: string | undefined }> {
    const { api, remainingMs } = this.#options;
    const tagged = await this.#tagged();
    const report: Report = {};
    let next = from;
    do {
      const page = await api.groups(next);
      const groups = page.groups.values();
      const work = async () => {
        for (const group of groups) add(report, await this.#settle(group, tagged));
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      next = page.next;
    } while (next !== undefined && remainingMs() > reserveMs);
    return { report, next };
  }

  #fits = ({ name, isStandard }: LogGroup): boolean => isStandard && this.#nameFits(name);

  /** Names of groups by whether their tags fit; `undefined`: those of any do that are in no list. */
  async #tagged(): Promise<(name: string) => boolean> {
    const { api, selection } = this.#options;
    const collectors = await api.tagged({ [collectorTag]: "*" });
    if (!Object.keys(selection.tags).length) return name => !collectors.has(name);
    const found = await api.tagged(selection.tags);
    return name => !collectors.has(name) && tagsFit(selection, found.get(name) ?? noTags);
  }

  async #settle(group: LogGroup, tagged: (name: string) => boolean): Promise<Outcome> {
    try {
      return await this.#apply(group, this.#fits(group) && tagged(group.name));
    } catch (error) {
      this.#options.log.error("log group was not looked at", { logGroup: group.name, error: messageOf(error) });
      return "failed";
    }
  }

  async #apply(group: LogGroup, wanted: boolean): Promise<Outcome> {
    if (!group.isStandard) return "unchanged"; // its class has no subscriptions
    try {
      return wanted ? await this.#subscribe(group) : await this.#unsubscribe(group);
    } catch (error) {
      if (error instanceof LogsError && error.code === "ResourceNotFoundException") return "gone";
      throw error;
    }
  }

  async #subscribe(group: LogGroup): Promise<Outcome> {
    const { api, filter, log } = this.#options;
    const filters = await api.filters(group);
    const own = filters.find(({ name }) => name === filter.name);
    if (own && own.destination === filter.destination && own.pattern === filter.pattern) return "unchanged";
    const full = () => {
      const others = filters.map(({ name }) => name).join(", ");
      log.warn("log group has as many subscriptions as it can have, so it gets none here", {
        logGroup: group.name,
        others,
      });
      return "full" as const;
    };
    if (!own && filters.length >= mostFilters) return full();
    try {
      await api.put(group, filter);
    } catch (error) {
      if (error instanceof LogsError && error.code === "LimitExceededException") return full(); // somebody was faster
      throw error;
    }
    log.info("log group is subscribed", { logGroup: group.name });
    return "subscribed";
  }

  async #unsubscribe(group: LogGroup): Promise<Outcome> {
    const { api, filter, log, selection } = this.#options;
    const own = (await api.filters(group)).find(({ name }) => name === filter.name);
    if (!own) return "unchanged";
    // the list of tags is not always up to date
    if (this.#fits(group) && tagsFit(selection, await api.tags(group))) return "unchanged";
    await api.remove(group, own);
    log.info("log group is no longer subscribed", { logGroup: group.name });
    return "unsubscribed";
  }
}

const noTags: Tags = {};

function add(report: Report, outcome: Outcome): void {
  report[outcome] = (report[outcome] ?? 0) + 1;
}
