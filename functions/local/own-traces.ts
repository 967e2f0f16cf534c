/**
 * The process' own traces (`tracing`): a span for each request that it answers and for each run of work on a schedule, sent to
 * components of its pipeline.
 */
import { randomBytes } from "node:crypto";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Consumer } from "../../lib/pipeline/graph/component.ts";
import type { Invocation, Logger } from "../../lib/pipeline/graph/invocation.ts";
import { type OtlpBatch, otlpBatch } from "../../lib/pipeline/graph/kinds.ts";
import { requestFromJson } from "../../lib/pipeline/telemetry/otlp/json-read.ts";
import { collectorVersion } from "../remotecfg/version.ts";
import { fractionSampler, type JaegerRemote, RemoteSampler, type Sampler } from "./trace-sampler.ts";

export interface TraceSettings {
  readonly fraction: number;
  readonly remote: JaegerRemote | undefined;
  readonly consumer: Consumer<OtlpBatch>;
  readonly invocation: (options: { readonly deadlineMs: number }) => Invocation;
}

type Attributes = Readonly<Record<string, string | number>>;

export interface SpanStart {
  readonly name: string;
  readonly kind: "server" | "internal";
  readonly attributes: Attributes;
  /** Of the caller, as W3C's Trace Context has it. */
  readonly traceparent?: string | undefined;
}

/** What a span says at its end. */
export interface SpanEnd {
  readonly attributes?: Attributes;
  readonly error?: string | undefined;
}

const kinds = { internal: 1, server: 2 } as const;
/** As the batch processors of OpenTelemetry's SDKs have it. */
const everyMs = 5000;
const mostWaiting = 2048;
const mostTogether = 512;
const deadlineMs = 30_000;

export class OwnTraces {
  readonly #log: Logger;
  #settings: TraceSettings | undefined;
  #sampler: Sampler = () => false;
  #remote: RemoteSampler | undefined;
  #waiting: object[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Leads spans elsewhere; those that wait go there too, or nowhere. */
  configure(settings: TraceSettings | undefined): void {
    const { remote } = settings ?? {};
    this.#settings = settings;
    this.#remote?.close();
    const fraction = fractionSampler(settings?.fraction ?? 0);
    this.#remote = remote && new RemoteSampler(remote, fraction, this.#log);
    this.#sampler = this.#remote?.sample ?? fraction;
    if (!settings) this.#waiting = [];
  }

  /** Whether anybody wants spans. */
  get wanted(): boolean {
    return this.#settings !== undefined;
  }

  /** Does work as a span; nothing but the work where nobody wants it. */
  async span<T>(start: SpanStart, work: () => Promise<T>, endOf: (result: T) => SpanEnd = () => ({})): Promise<T> {
    const kept = this.#settings && this.#begin(start);
    if (!kept) return work();
    const began = now();
    try {
      const result = await work();
      this.#end(start, kept, began, endOf(result));
      return result;
    } catch (error) {
      this.#end(start, kept, began, { error: messageOf(error) });
      throw error;
    }
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#settings && this.#waiting.length)
      await this.#send(this.#settings, this.#waiting.splice(0, mostTogether));
  }

  async stop(): Promise<void> {
    this.#remote?.close();
    await this.flush();
    this.#settings = undefined;
  }

  /** The ids of a span that is kept. A caller that has a trace has decided for it. */
  #begin({ name, traceparent = "" }: SpanStart): { trace: string; parent: string } | undefined {
    const [, trace, parent, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? [];
    if (trace !== undefined && parent !== undefined && flags !== undefined)
      return Number.parseInt(flags, 16) & 1 ? { trace, parent } : undefined;
    const id = randomBytes(16);
    return this.#sampler(id, name, Date.now()) ? { trace: id.toString("hex"), parent: "" } : undefined;
  }

  #end(start: SpanStart, { trace, parent }: { trace: string; parent: string }, began: bigint, end: SpanEnd): void {
    if (this.#waiting.length >= mostWaiting) return; // as the SDKs do
    this.#waiting.push({
      traceId: trace,
      spanId: randomBytes(8).toString("hex"),
      ...(parent && { parentSpanId: parent }),
      name: start.name,
      kind: kinds[start.kind],
      startTimeUnixNano: String(began),
      endTimeUnixNano: String(now()),
      attributes: attributesOf({ ...start.attributes, ...end.attributes }),
      status: end.error === undefined ? {} : { code: 2, message: end.error },
    });
    if (this.#waiting.length >= mostTogether) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), everyMs).unref();
  }

  async #send({ consumer, invocation }: TraceSettings, spans: readonly object[]): Promise<void> {
    const scope = { name: "amalgam", version: collectorVersion };
    const request = { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
    try {
      const batch = otlpBatch("traces", requestFromJson("traces", JSON.stringify(request)));
      await consumer.consume(batch, invocation({ deadlineMs }));
      this.#failing = false;
    } catch (error) {
      const fields = { spans: spans.length, error: messageOf(error) };
      if (!this.#failing) this.#log.error("the process' own traces could not be sent", fields);
      this.#failing = true;
    }
  }
}

const now = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;

const attributesOf = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
  }));

/** Named as Alloy names itself, so that its dashboards find it. */
const resource = {
  attributes: attributesOf({
    "service.name": "alloy",
    "service.version": collectorVersion,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "amalgam",
    "telemetry.sdk.version": collectorVersion,
  }),
};
