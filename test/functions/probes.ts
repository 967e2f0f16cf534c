/** Small real components that show what reaches them: the adapters are tested with pipelines of these. */
import { Buffer } from "node:buffer";
import { loadFunction } from "../../functions/aws/entry.ts";
import { DeliveryError } from "../../lib/pipeline/delivery/errors.ts";
import { object, optional, required } from "../../lib/pipeline/eval/schema.ts";
import { int, list, oneOf, string } from "../../lib/pipeline/eval/types.ts";
import { type Definition, defineComponent } from "../../lib/pipeline/graph/component.ts";
import type { Environment, Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { DecodedRecord, HttpRequest, RecordSource } from "../../lib/pipeline/graph/trigger.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";

export interface Probes {
  readonly pipeline: Pipeline;
  /** Requests, records and runs in the order in which they came: component and what it got. */
  readonly seen: readonly { readonly component: string; readonly got: Fields }[];
  /** Levels, messages and fields of the log. */
  readonly logged: readonly (readonly unknown[])[];
}

/** Loads a configuration of probes as a function loads it. A semicolon stands for the line break between attributes. */
export async function loadProbes(text: string, environment: Partial<Environment> = {}): Promise<Probes> {
  const seen: { component: string; got: Fields }[] = [];
  const logged: unknown[][] = [];
  const { file, diagnostics } = parseFile({ name: "test.alloy", text: text.replaceAll(";", "\n") });
  if (diagnostics.length) throw new Error(JSON.stringify(diagnostics.map(({ message }) => message)));
  const note =
    (level: string) =>
    (...line: unknown[]) => {
      logged.push([level, ...line]);
    };
  const pipeline = await loadFunction([file], {
    definitions: probes((component, got) => seen.push({ component, got })),
    stability: "generally-available",
    directory: "/",
    log: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
    environment,
  });
  return { pipeline, seen, logged };
}

type Fields = Readonly<Record<string, unknown>>;
type See = (component: string, got: Fields) => void;

const outcomes = oneOf("outcome", ["ok", "retry", "reject", "split", "bug", "hang"]);
const outcome = optional(outcomes, "ok", "How it ends.");

async function end(how: string): Promise<void> {
  switch (how) {
    case "ok":
      return;
    case "hang":
      return new Promise(() => {});
    case "bug":
      throw new TypeError("x is not a function");
    default:
      throw new DeliveryError(`backend says ${how}`, {
        kind: how as "retry", // the rest of the outcomes
        status: how === "retry" ? 503 : 400,
        retryAfterMs: how === "retry" ? 2500 : undefined,
      });
  }
}

const httpArgs = object({
  path: required(string, "Its path."),
  method: optional(string, undefined, "Its method."),
  port: optional(int, 4318, "Its port."),
  max_bytes: optional(int, 1000, "Largest body."),
  answer: optional(string, "", "Body of the answer."),
  type: optional(string, undefined, "Content type of an answer in bytes."),
  outcome,
});

const recordsArgs = object({
  format: optional(oneOf("format", ["otlp", "loki", "cloudwatch_logs", "raw"]), "loki", "Its format."),
  sources: optional(list(string), ["queue", "log-subscription"], "Where they come from."),
  from: optional(list(string), undefined, "What it takes records of."),
  log_groups: optional(list(string), undefined, "Its log groups."),
  fails_on: optional(string, undefined, "Text of the records that end otherwise."),
  outcome,
});

/** Definitions whose instances report to `see`. */
function probes(see: See): Definition[] {
  const http = defineComponent({
    name: "probe.http",
    summary: "Answers requests.",
    stability: "generally-available",
    args: httpArgs,
    build: ({ path, method, port, max_bytes, answer, type, outcome: how }, host) => ({
      triggers: [
        {
          kind: "http",
          host: "127.0.0.1",
          port,
          authenticated: false,
          routes: [
            {
              ...(method !== undefined && { method }),
              path,
              maxBodyBytes: max_bytes,
              handle: async ({ body, ...request }: HttpRequest) => {
                see(host.id, { ...request, body: Buffer.from(body).toString("latin1") });
                await end(how);
                if (type === undefined) return { status: 200, ...(answer && { body: answer }) };
                return { status: 200, headers: { "Content-Type": type }, body: Buffer.from(answer) };
              },
            },
          ],
        },
      ],
    }),
  });
  const records = defineComponent({
    name: "probe.records",
    summary: "Takes records.",
    stability: "generally-available",
    args: recordsArgs,
    build: ({ format, sources, from, log_groups, fails_on, outcome: how }, host) => ({
      triggers: [
        {
          kind: "records",
          format: format as "loki", // one of the formats
          sources: sources as RecordSource[], // given so in tests
          ...(from && { from }),
          ...(log_groups && { logGroups: log_groups }),
          push: async ({ body, ...record }: DecodedRecord) => {
            const text = Buffer.from(body).toString("latin1");
            see(host.id, { ...record, text });
            if (fails_on === undefined || text.includes(fails_on)) await end(how);
          },
        },
      ],
    }),
  });
  const schedule = defineComponent({
    name: "probe.schedule",
    summary: "Runs on a schedule.",
    stability: "generally-available",
    args: object({
      every: optional(int, 60_000, "Milliseconds."),
      shards: optional(int, 1, "Invocations that share a run."),
      outcome,
    }),
    build: ({ every, shards, outcome: how }, host) => ({
      triggers: [
        {
          kind: "schedule",
          everyMs: every,
          shards: async () => shards,
          run: ({ shard }) => run(see, host.id, shard ? `shard ${shard.index} of ${shard.count}` : "schedule", how),
        },
      ],
    }),
  });
  const tick = defineComponent({
    name: "probe.tick",
    summary: "Works on the second clock.",
    stability: "generally-available",
    args: object({ outcome }),
    build: ({ outcome: how }, host) => ({ tick: { everyMs: 60_000, run: () => run(see, host.id, "tick", how) } }),
  });
  return [http, records, schedule, tick] as unknown as Definition[]; // what they take is checked by their schemas
}

function run(see: See, id: string, what: string, how: string): Promise<void> {
  see(id, { what });
  return end(how);
}
