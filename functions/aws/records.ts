/** Hands records to the components that take them: by what they come from, then by their content. */
import { logGroupSelection } from "../../lib/pipeline/components/loki/source/log-groups.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { DecodedRecord, RawRecord, RecordSource, RecordsTrigger } from "../../lib/pipeline/graph/trigger.ts";
import { type Given, orAside, type Push, UntakenError } from "./aside.ts";
import type { Call } from "./call.ts";
import { ObjectReaders, type QueueDelivery } from "./objects.ts";

export interface Taker {
  readonly component: string;
  readonly trigger: RecordsTrigger;
}

/** What a queue, a stream or the like brought, not opened. */
export interface Message {
  /** As `RawRecord` has it. */
  readonly from: string;
  /** The records inside, by their content; throws where it is not recognised, none where the message only tests who is there. */
  readonly open: () => readonly DecodedRecord[];
  /** The message as it is, for components that open it themselves. */
  readonly raw: () => RawRecord;
  /** Names the message in what it comes from. */
  readonly id: string;
  /** An event that has this message and no other. */
  readonly event: () => unknown;
  /** Names the component that is to take it. */
  readonly component?: string | undefined;
  /** Where it came from a queue. */
  readonly delivery?: QueueDelivery;
}

/** What takes records of one kind of source, for the time of an invocation. */
export class Takers {
  readonly #source: RecordSource;
  readonly #call: Call;
  readonly #raw: readonly Taker[];
  readonly #byContent: readonly Taker[];
  readonly #objects: ObjectReaders | undefined;

  constructor(pipeline: Pipeline, source: RecordSource, call: Call) {
    this.#source = source;
    this.#call = call;
    const all = pipeline.triggers.flatMap(({ component, trigger }) =>
      trigger.kind === "records" && trigger.sources.includes(source) ? [{ component, trigger }] : [],
    );
    if (pipeline.triggers.some(({ trigger }) => trigger.kind === "objects"))
      this.#objects = new ObjectReaders(pipeline, call);
    this.#raw = all.filter(({ trigger }) => trigger.format === "raw");
    this.#byContent = all.filter(({ trigger }) => trigger.format !== "raw");
  }

  /** Pushes a message as `prepare` has it. */
  push(message: Message): Promise<unknown> {
    return this.prepare(message)();
  }

  /**
   * Finds what takes a message: as it is, components that name what it comes from; else its records, those that take such records;
   * else as it is, components that take anything. Where nothing takes it it is set aside, or this throws; pushes it when called.
   */
  prepare(message: Message): Push {
    const { from, id, event } = message;
    return orAside(this.#call, { source: sourceNames[this.#source], from, id, event }, () => this.#find(message));
  }

  #find(message: Message): Push {
    const { from, component } = message;
    const raw = this.#raw.filter(taker => component === undefined || taker.component === component);
    const naming = component === undefined ? raw.filter(taker => rankOf(taker, from) === namesIt) : raw;
    const rest = raw.filter(taker => rankOf(taker, from) !== excluded);
    const asItIs = (takers: readonly Taker[]) => () => this.#pushTo(takers, message.raw());
    if (naming.length) return asItIs(naming);
    const objects = this.#objects?.prepareMessage(message);
    if (objects) return objects;
    if (component !== undefined && this.#source === "bus")
      throw new UntakenError(`${component} should take events of a bus, got no such component in the configuration`);
    if (rest.length && !this.#byContent.length) return asItIs(rest);
    try {
      const records = message.open().map(record => ({ record, takers: this.#takersOf(record, from, component) }));
      return () => {
        if (!records.length) this.#call.invocation.log.info("cloudwatch logs tests the subscription", { from });
        return Promise.all(records.map(({ record, takers }) => this.#pushTo(takers, record)));
      };
    } catch (error) {
      if (!rest.length) throw error;
      return asItIs(rest);
    }
  }

  /** Pushes records whose content is known; `given` says what they are, should nothing take them. */
  pushRecords(given: Pick<Given, "id" | "event">, open: () => readonly DecodedRecord[]): Promise<unknown> {
    const from = "";
    return orAside(this.#call, { source: sourceNames[this.#source], from, ...given }, () => {
      const pushes = open().map(record => [record, this.#takersOf(record, from, undefined)] as const);
      return () => Promise.all(pushes.map(([record, takers]) => this.#pushTo(takers, record)));
    })();
  }

  #pushTo(takers: readonly Taker[], record: DecodedRecord): Promise<unknown> {
    const own = record.format === "cloudwatch_logs" ? (this.#call.own?.logEvents(record.body) ?? 0) : 0;
    if (own > 0) {
      for (const { component } of takers) this.#call.own?.drop(component, own);
      return Promise.resolve();
    }
    const [only, ...others] = takers;
    if (only && !others.length) return only.trigger.push(record, this.#call.invocation);
    return Promise.all(takers.map(({ trigger }) => trigger.push(record, this.#call.invocation)));
  }

  /** One component, or for CloudWatch Logs as many as select the log group. */
  #takersOf(record: DecodedRecord, from: string, component: string | undefined): readonly Taker[] {
    const takers = best(
      this.#byContent.filter(
        taker => taker.trigger.format === record.format && (component === undefined || taker.component === component),
      ),
      from,
    );
    const what = `${record.format} records of a ${this.#source}`;
    if (!takers.length)
      throw new UntakenError(
        `${component ?? "a component"} should take ${what}, got none in the configuration that does`,
      );
    if (takers.length < 2) return takers;
    if (record.format === "cloudwatch_logs") return ofLogGroup(takers, record.body);
    const names = takers.map(each => each.component).join(", ");
    throw new UntakenError(
      `one component should take ${what}, got ${names}: name one in the message attribute "component", or in each what it takes records of`,
    );
  }
}

/** As letters and counters name sources. */
const sourceNames: Readonly<Record<RecordSource, string>> = {
  queue: "aws.sqs",
  "log-subscription": "aws.cloudwatch_logs",
  stream: "aws.kinesis",
  topic: "aws.sns",
  firehose: "aws.firehose",
  kafka: "aws.kafka",
  bus: "aws.eventbridge",
};

const namesIt = 2;
const excluded = -1;

/** Those that name what the record comes from, else those that are made for its kind of source, else those that take it on the side. */
function best(takers: readonly Taker[], from: string): readonly Taker[] {
  const ranks = takers.map(taker => rankOf(taker, from));
  const highest = Math.max(0, ...ranks);
  return takers.filter((_, i) => ranks[i] === highest);
}

function rankOf({ trigger }: Taker, from: string): number {
  if (trigger.takes) return trigger.takes(from) ? namesIt : excluded;
  if (!trigger.from) return 0;
  if (!trigger.from.length) return 1;
  return selectionOf(trigger.from)(from) ? namesIt : excluded;
}

const selections = new WeakMap<readonly string[], (from: string) => boolean>();

/** Whether one of the names is the ARN or its last part; `*` stands for any characters. */
function selectionOf(names: readonly string[]): (from: string) => boolean {
  const known = selections.get(names);
  if (known) return known;
  const matches = logGroupSelection(names);
  const selection = (from: string) => matches(from) || matches(nameOf(from));
  selections.set(names, selection);
  return selection;
}

/** `orders` of `arn:aws:sqs:eu-west-1:123456789012:orders` and of `arn:aws:kinesis:eu-west-1:123456789012:stream/orders`. */
export const nameOf = (from: string): string =>
  from.slice(Math.max(from.lastIndexOf("/"), from.startsWith("arn:") ? from.lastIndexOf(":") : -1) + 1);

function ofLogGroup(takers: readonly Taker[], body: Uint8Array): readonly Taker[] {
  const group = logGroupOf(body);
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
