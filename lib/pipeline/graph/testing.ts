/** Surroundings of components and pipelines in tests: a clock that stands, randomness that isn't, a log that is kept. */
import { memoryDeadLetters } from "../delivery/dead-letters.ts";
import { MemoryStore } from "../state/memory.ts";
import { parseFile } from "../syntax/parser.ts";
import type { Consumer, Definition, Host } from "./component.ts";
import { Flow } from "./flow.ts";
import type { Fields, Invocation, Logger } from "./invocation.ts";
import { MetricsRegistry } from "./metrics.ts";
import { type Environment, type Loaded, type LoadOptions, loadPipeline } from "./pipeline.ts";

export interface TestLog extends Logger {
  /** `warn message {"field":"value"}` */
  readonly lines: readonly string[];
}

export function testLog(): TestLog {
  const lines: string[] = [];
  const log = (level: string) => (message: string, fields?: Fields) => {
    lines.push(`${level} ${message}${fields ? ` ${JSON.stringify(fields)}` : ""}`);
  };
  return { lines, debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

/** Milliseconds since the epoch at which tests happen. */
export const testTime = 1_700_000_000_000;

export const testEnvironment = (overrides: Partial<Environment> = {}): Environment => ({
  mode: "local",
  flow: new Flow(overrides.mode !== "function"),
  log: testLog(),
  state: new MemoryStore(),
  metrics: new MetricsRegistry(),
  directory: "/",
  clock: () => testTime,
  random: () => 0,
  ...overrides,
});

export const testHost = (overrides: Partial<Host> = {}): Host => ({
  ...testEnvironment(overrides as Partial<Environment>), // a host has these and more
  id: "test.part.a",
  offline: false,
  storagePath: undefined,
  deadLetters: memoryDeadLetters(),
  handOver: undefined,
  memory: new Map(),
  internalPages: new Map(),
  setExports: () => {},
  reportHealth: () => {},
  ...overrides,
});

export const testInvocation = (overrides: Partial<Invocation> = {}): Invocation => ({
  id: "test",
  now: testTime,
  random: () => 0,
  deadline: testTime + 30_000,
  signal: undefined,
  state: new MemoryStore(),
  log: testLog(),
  metadata: undefined,
  auth: undefined,
  ...overrides,
});

/** Keeps what it gets; with an error it refuses it. */
export function collect<Batch>(error?: Error): Consumer<Batch> & { readonly batches: readonly Batch[] } {
  const batches: Batch[] = [];
  return {
    batches,
    async consume(batch) {
      batches.push(batch);
      if (error) throw error;
    },
  };
}

/** Loads a configuration of the given components. */
export function testPipeline(
  text: string,
  definitions: readonly unknown[],
  { environment, ...options }: Omit<Partial<LoadOptions>, "environment"> & { environment?: Partial<Environment> } = {},
): Promise<Loaded> {
  const { file, diagnostics } = parseFile({ name: "test.alloy", text });
  if (diagnostics.length) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const list = definitions as readonly Definition[]; // each has types of its own
  return loadPipeline([file], {
    definitions: new Map(list.map(definition => [definition.name, definition])),
    ...options,
    environment: testEnvironment(environment),
  });
}
