/** Which of the process' own traces are kept: a fraction of them, or what a Jaeger server says. */
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import { createHttpClient, type HttpClient } from "../../lib/pipeline/delivery/http.ts";
import { userAgent } from "../../lib/pipeline/delivery/user-agent.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";

/** Whether a trace that begins with a span of this name is kept. */
export type Sampler = (traceId: Buffer, name: string, now: number) => boolean;

/** As OpenTelemetry's SDKs for Go decide: by the trace id, so that all who see the trace agree. */
export const fractionSampler = (fraction: number): Sampler => {
  if (fraction >= 1) return () => true;
  if (!(fraction > 0)) return () => false;
  const bound = BigInt(Math.floor(fraction * 2 ** 63));
  return traceId => traceId.readBigUInt64BE(8) >> 1n < bound;
};

/** At most so many traces a second, saved up for one second. */
function rateSampler(perSecond: number): Sampler {
  const most = Math.max(perSecond, 1);
  let balance = most;
  let last: number | undefined;
  return (_, __, now) => {
    balance = Math.min(most, balance + ((now - (last ?? now)) / 1000) * perSecond);
    last = now;
    if (balance < 1) return false;
    balance--;
    return true;
  };
}

interface Strategies {
  readonly probabilisticSampling?: { readonly samplingRate?: number };
  readonly rateLimitingSampling?: { readonly maxTracesPerSecond?: number };
  readonly operationSampling?: {
    readonly defaultSamplingProbability?: number;
    readonly defaultLowerBoundTracesPerSecond?: number;
    readonly perOperationStrategies?: readonly {
      readonly operation?: string;
      readonly probabilisticSampling?: { readonly samplingRate?: number };
    }[];
  };
}

/** Reads Jaeger's answer; `undefined` where it has no strategy that is known. */
export function strategySampler(text: string, maxOperations: number): Sampler | undefined {
  const { probabilisticSampling, rateLimitingSampling, operationSampling } = JSON.parse(text) as Strategies; // null throws here, too; unknown fields are none
  if (operationSampling) return operationSampler(operationSampling, maxOperations);
  if (probabilisticSampling) return fractionSampler(probabilisticSampling.samplingRate ?? 0);
  if (rateLimitingSampling) return rateSampler(rateLimitingSampling.maxTracesPerSecond ?? 0);
  return undefined;
}

/** A trace is kept by its fraction, or because its operation has not had its least number of traces. */
function operationSampler(
  {
    defaultSamplingProbability: usual = 0,
    defaultLowerBoundTracesPerSecond: least = 0,
    perOperationStrategies = [],
  }: NonNullable<Strategies["operationSampling"]>,
  maxOperations: number,
): Sampler {
  const fractions = new Map(
    perOperationStrategies.map(({ operation = "", probabilisticSampling }) => [
      operation,
      probabilisticSampling?.samplingRate ?? 0,
    ]),
  );
  const samplers = new Map<string, Sampler>();
  const others = fractionSampler(usual);
  return (traceId, name, now) => {
    let sampler = samplers.get(name);
    if (!sampler) {
      if (samplers.size >= maxOperations) return others(traceId, name, now);
      const [fraction, bound] = [fractionSampler(fractions.get(name) ?? usual), rateSampler(least)];
      sampler = (...trace) => {
        const kept = fraction(...trace);
        return (least > 0 && bound(...trace)) || kept;
      };
      samplers.set(name, sampler);
    }
    return sampler(traceId, name, now);
  };
}

export interface JaegerRemote {
  readonly url: string;
  readonly max_operations: number;
  readonly refresh_interval: number;
}

const timeoutMs = 10_000;

/** Asks a Jaeger server again and again; until it answers, and while it does not, the last sampler goes on. */
export class RemoteSampler {
  readonly #remote: JaegerRemote;
  readonly #log: Logger;
  readonly #client: HttpClient;
  readonly #timer: NodeJS.Timeout;
  #sampler: Sampler;
  #failing = false;

  constructor(remote: JaegerRemote, first: Sampler, log: Logger) {
    this.#remote = remote;
    this.#sampler = first;
    this.#log = log;
    this.#client = createHttpClient({ headers: { "user-agent": userAgent }, timeoutMs });
    this.#timer = setInterval(() => void this.refresh(), Math.max(1, remote.refresh_interval)).unref();
    void this.refresh();
  }

  readonly sample: Sampler = (...trace) => this.#sampler(...trace);

  async refresh(): Promise<void> {
    try {
      const { url, max_operations: most } = this.#remote;
      const { status, body } = await this.#client.request({ url: `${url}?service=alloy`, maxBytes: 1024 * 1024 });
      if (status >= 400) throw new Error(`got status ${status}`);
      const sampler = strategySampler(Buffer.from(body).toString(), most);
      if (!sampler) throw new Error("the answer has no strategy that is known");
      this.#sampler = sampler;
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#log.warn("sampling strategies could not be read", { error: messageOf(error) });
      this.#failing = true;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#client.close();
  }
}
