/** For tests: pipelines with a place behind them that keeps what arrives. */
import { DeliveryError } from "../../delivery/errors.ts";
import { object, optional } from "../../eval/schema.ts";
import { bool } from "../../eval/types.ts";
import { type Definition, defineComponent } from "../../graph/component.ts";
import { Flow } from "../../graph/flow.ts";
import type { Fields, Invocation } from "../../graph/invocation.ts";
import { type OtlpBatch, otlpBatch } from "../../graph/kinds.ts";
import { MetricsRegistry } from "../../graph/metrics.ts";
import { loadPipeline } from "../../graph/pipeline.ts";
import type { Signal } from "../../graph/trigger.ts";
import { MemoryStore } from "../../state/memory.ts";
import { parseFile } from "../../syntax/parser.ts";
import { requestFromJson } from "../../telemetry/otlp/json-read.ts";
import { requestToJson } from "../../telemetry/otlp/json-write.ts";
import { definitions } from "../index.ts";
import type { AuthHandler } from "./auth.ts";
import { inputExports } from "./processor.ts";

/** What arrived at `test.sink`: a request as OTLP's JSON has it. */
export type Request = { readonly [name: string]: unknown };

export interface Received {
  readonly signal: Signal;
  readonly request: Request;
  readonly invocation: Invocation;
}

export interface TestPipeline {
  /** Pushes into a component; settles when what is below has acknowledged it. */
  push(component: string, signal: Signal, request: object, invocation?: Partial<Invocation>): Promise<void>;
  readonly received: readonly Received[];
  readonly logged: readonly (readonly [message: string, fields: Fields | undefined])[];
  readonly flow: Flow;
  metric(name: string): string[];
  /** What an `otelcol.auth.*` component exports. */
  authHandler(component: string): AuthHandler;
  close(): Promise<void>;
}

export interface TestOptions {
  readonly mode?: "local" | "function";
  /** Milliseconds since the epoch. */
  readonly now?: number;
  readonly random?: () => number;
}

/** Loads a configuration, which may send to `test.sink.NAME.input`; throws its problems. */
export async function openPipeline(config: string, options: TestOptions = {}): Promise<TestPipeline> {
  const received: Received[] = [];
  const { environment, logged } = surroundings(options);
  const { pipeline, diagnostics } = await load(config, received, environment);
  if (!pipeline) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return {
    received,
    logged,
    flow: environment.flow,
    async push(component, signal, request, invocation) {
      const gate = pipeline.component(component)?.gates.get("input");
      if (!gate) throw new Error(`no input of ${component}`);
      const batch = otlpBatch(signal, requestFromJson(signal, JSON.stringify(request)));
      await gate.consume(batch, { ...pipeline.invocation({ deadlineMs: 10_000 }), ...invocation });
    },
    metric: name =>
      environment.metrics
        .expose()
        .split("\n")
        .filter(line => line.startsWith(name)),
    authHandler(component) {
      const exports = pipeline.component(component)?.instance?.exports as
        | { readonly handler?: AuthHandler }
        | undefined; // of such a component
      if (!exports?.handler) throw new Error(`no handler of ${component}`);
      return exports.handler;
    },
    close: () => pipeline.close(),
  };
}

/** What is wrong with a configuration. */
export async function problemsOf(config: string): Promise<string[]> {
  const { pipeline, diagnostics } = await load(config, [], surroundings({}).environment);
  await pipeline?.close();
  return diagnostics.map(({ message, start, source }) => `${message} @ ${source.text.slice(start).split("\n", 1)[0]}`);
}

function load(config: string, received: Received[], environment: Parameters<typeof loadPipeline>[1]["environment"]) {
  const { file, diagnostics } = parseFile({ name: "test.alloy", text: config });
  if (diagnostics.length) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return loadPipeline([file], {
    definitions: new Map([...definitions, ["test.sink", sink(received)]]),
    stability: "experimental",
    environment,
  });
}

function surroundings({ mode = "local", now = 0, random = () => 0.5 }: TestOptions) {
  const logged: (readonly [string, Fields | undefined])[] = [];
  const log = (message: string, fields?: Fields) => logged.push([message, fields]);
  const environment = {
    mode,
    flow: new Flow(mode === "local"),
    log: { debug() {}, info: log, warn: log, error: log },
    state: new MemoryStore(),
    metrics: new MetricsRegistry(),
    directory: "/",
    clock: () => now,
    random,
  };
  return { environment, logged };
}

const sink = (received: Received[]): Definition =>
  defineComponent({
    name: "test.sink",
    summary: "Keeps what arrives.",
    stability: "generally-available",
    args: object({ failing: optional(bool, false, "Takes nothing.") }),
    exports: inputExports,
    build: ({ failing }) => ({
      exports: {
        input: {
          async consume({ signal, data }: OtlpBatch, invocation: Invocation) {
            if (failing) throw new DeliveryError("the sink takes nothing", { kind: "retry", status: 503 });
            const json = requestToJson(signal, data.encode());
            received.push({ signal, request: JSON.parse(new TextDecoder().decode(json)), invocation });
          },
        },
      },
    }),
  }) as unknown as Definition; // only known as a definition there
