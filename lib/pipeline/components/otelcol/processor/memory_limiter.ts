/** Refuses telemetry while the process uses too much memory, so that senders keep it and try again. */
import { totalmem } from "node:os";
import { constrainedMemory, memoryUsage } from "node:process";
import { DeliveryError } from "../../../delivery/errors.ts";
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bytes, duration, int } from "../../../eval/types.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import type { OtlpBatch } from "../../../graph/kinds.ts";
import { bySignal } from "../../../graph/otel-consumer.ts";
import { debugMetrics, output } from "../args.ts";
import { inputExports } from "../processor.ts";

const args = object({
  check_interval: required(duration, "Time between two looks at the memory."),
  limit: optional(bytes, 0, "Most memory, as a size."),
  spike_limit: optional(bytes, 0, "How far below the limit data is refused; a fifth of the limit where unset."),
  limit_percentage: optional(int, 0, "Most memory, as a share of what there is."),
  spike_limit_percentage: optional(int, 0, "How far below it data is refused, as a share of what there is."),
  output,
  debug_metrics: debugMetrics,
});
type Args = Infer<typeof args>;

const mebibyte = 1 << 20;

export const otelcolProcessorMemoryLimiter = defineComponent({
  name: "otelcol.processor.memory_limiter",
  summary: "Refuses telemetry while the process uses too much memory.",
  stability: "generally-available",
  inFunctions: "Percentages are of the memory that the function is configured with.",
  args,
  exports: inputExports,
  *check(args): Iterable<Problem> {
    const message = problemOf(args);
    if (message !== undefined) yield { path: [], message };
  },
  build(args, host) {
    const { soft } = limitsOf(args, totalMemory);
    const gauge = new Gauge(args.check_interval, host.clock, () => memoryUsage.rss());
    const next = bySignal(args.output);
    const input = {
      async consume(batch: OtlpBatch, invocation: Invocation) {
        if (gauge.read() > soft)
          throw new DeliveryError("data refused due to high memory usage", { kind: "retry", status: 503 });
        await next.consume(batch, invocation);
      },
    };
    return { exports: { input } };
  },
});

function problemOf(args: Args): string | undefined {
  if (args.check_interval <= 0) return "check_interval must be greater than zero";
  if (args.limit > 0 && args.limit_percentage > 0) return "either limit or limit_percentage must be set, but not both";
  if (args.limit > 0) return args.spike_limit >= args.limit ? "spike_limit must be less than limit" : undefined;
  if (args.limit_percentage === 0) return "either limit or limit_percentage must be set to greater than zero";
  const outside = (share: number) => share <= 0 || share > 100;
  return outside(args.limit_percentage) || outside(args.spike_limit_percentage)
    ? "limit_percentage and spike_limit_percentage must be greater than 0 and and less or equal than 100"
    : undefined;
}

/** The memory that must not be exceeded, and the one from which on data is refused. Sizes count whole MiB. */
export function limitsOf(
  args: Pick<Args, "limit" | "spike_limit" | "limit_percentage" | "spike_limit_percentage">,
  total: () => number,
): { readonly hard: number; readonly soft: number } {
  const whole = (size: number) => Math.floor(size / mebibyte) * mebibyte;
  if (args.limit > 0) {
    const hard = whole(args.limit);
    return { hard, soft: hard - whole(args.spike_limit || args.limit / 5) };
  }
  const all = total();
  const hard = Math.floor((args.limit_percentage * all) / 100);
  return { hard, soft: hard - Math.floor((args.spike_limit_percentage * all) / 100) };
}

/** What the function is configured with, else what the container may use, else what the machine has. */
function totalMemory(): number {
  const configured = Number(process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
  if (configured > 0) return configured * mebibyte;
  const machine = totalmem();
  const constrained = constrainedMemory();
  return constrained > 0 ? Math.min(constrained, machine) : machine;
}

/** Looks at the memory no more often than the interval says. */
class Gauge {
  readonly #interval: number;
  readonly #clock: () => number;
  readonly #measure: () => number;
  #value = 0;
  #next = 0;

  constructor(interval: number, clock: () => number, measure: () => number) {
    this.#interval = interval;
    this.#clock = clock;
    this.#measure = measure;
  }

  read(): number {
    const now = this.#clock();
    if (now >= this.#next) {
      this.#value = this.#measure();
      this.#next = now + this.#interval;
    }
    return this.#value;
  }
}
