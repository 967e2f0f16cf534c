/** For tests of value sources: one that is built, with what it exports and says of its health. */
import { inspect } from "node:util";
import { onTestFinished } from "vitest";
import { OptionalSecret, Secret } from "../../eval/value.ts";
import type { Definition, Host, Needs } from "../../graph/component.ts";
import { encodeExports } from "../../graph/receiver.ts";
import { type TestLog, testHost, testLog } from "../../graph/testing.ts";

export interface TestSource {
  /** The exports as they stand, revealed: fields of maps as objects. */
  exported(): unknown;
  /** The exports as a page, a log or JSON shows them. */
  shown(): string;
  /** Milliseconds; `undefined`: it is never read again. */
  readonly everyMs: number | undefined;
  /** Reads again, as the pipeline does. */
  refresh(): Promise<void>;
  /** `healthy: polled endpoint` */
  health(): string | undefined;
  readonly needs: Needs | undefined;
  readonly log: TestLog;
}

/** Builds a component from plain arguments; it is closed after the test. */
export async function startTestSource<Args, Exports>(
  { args, exports: schema, build, check }: Definition<Args, Exports>,
  plain: Readonly<Record<string, unknown>>,
  overrides: Partial<Host> = {},
): Promise<TestSource> {
  const log = testLog();
  let [latest, health]: [unknown, string | undefined] = [undefined, undefined];
  const host = testHost({
    setExports: exports => {
      latest = exports;
    },
    reportHealth: (state, message) => {
      health = `${state}: ${message}`;
    },
    log,
    ...overrides,
  });
  const decoded = args.decode(plain);
  const problems = [...(check?.(decoded) ?? [])];
  if (problems.length) throw new Error(problems.map(({ message }) => message).join("\n"));
  const instance = await build(decoded, host);
  onTestFinished(() => instance.close?.());
  latest = instance.exports;
  const values = () => encodeExports(schema as never, latest, () => undefined as never); // no source exports a receiver
  return {
    exported: () => revealed(values()),
    shown: () => inspect(values(), { depth: 9 }) + JSON.stringify([...values()].map(([, value]) => plainOf(value))),
    everyMs: instance.refresh?.everyMs,
    refresh: async () => instance.refresh?.run(),
    health: () => health,
    needs: instance.needs,
    log,
  };
}

const plainOf = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);

function revealed(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, each]) => [name, revealed(each)]));
  if (value instanceof Secret) return value.reveal();
  return value instanceof OptionalSecret ? { text: value.reveal(), secret: value.isSecret } : value;
}

/** What a promise is rejected with; the text of the error and of all that caused it. */
export const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no failure",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
