import { describe, expect, test } from "vitest";
import { object, optional, required } from "../eval/schema.ts";
import { string } from "../eval/types.ts";
import { Capsule } from "../eval/value.ts";
import type { LogBatch } from "../telemetry/loki/model.ts";
import type { OtlpBatch } from "./kinds.ts";
import { logs, metrics, otel, otlpBatch } from "./kinds.ts";
import { bySignal } from "./otel-consumer.ts";
import { defineLogProcessor } from "./processor.ts";
import { encodeExports, receiver } from "./receiver.ts";
import { collect, testHost, testInvocation, testTime } from "./testing.ts";

const entry = (line: string) => ({ timestamp: 0n, line, metadata: [] });
const batch = (...lines: string[]): LogBatch => [{ labels: [], entries: lines.map(entry) }];

/** Writes time, chance and its argument into lines, and drops those that say so. */
const stamp = defineLogProcessor({
  name: "test.stamp",
  summary: "Stamps lines.",
  stability: "generally-available",
  args: object({ with: optional(string, "x", "…") }),
  exports: object({ mark: required(string, "…") }),
  build: args => ({
    exports: { mark: args.with },
    transform: (given, { now, random, dropped }) =>
      given.map(stream => {
        const kept = stream.entries.filter(({ line }) => line !== "drop");
        if (kept.length < stream.entries.length) dropped("said_so", stream.entries.length - kept.length);
        return {
          ...stream,
          entries: kept.map(each => ({ ...each, line: `${each.line} ${args.with} ${now} ${random()}` })),
        };
      }),
  }),
});

describe("a processor", () => {
  test("has forward_to and exports a receiver besides its own", () => {
    expect(Object.keys(stamp.args.fields)).toEqual(["with", "forward_to"]);
    expect(Object.keys(stamp.exports?.fields ?? {})).toEqual(["receiver", "mark"]);
  });

  test("sends what it makes of a batch to all, and counts what it drops", async () => {
    const [first, second] = [collect<LogBatch>(), collect<LogBatch>()];
    const host = testHost({ id: "test.stamp.a" });
    const { exports } = await stamp.build({ with: "y", forward_to: [first, second] } as never, host); // consumers in the place of capsules
    const { receiver: way } = exports as { receiver: { consume(given: LogBatch, invocation: unknown): Promise<void> } }; // as its schema says
    await way.consume(batch("a", "drop"), testInvocation());
    expect([first.batches, second.batches]).toEqual([[batch(`a y ${testTime} 0`)], [batch(`a y ${testTime} 0`)]]);
    expect(host.metrics.expose()).toContain(
      'amalgam_component_dropped_items_total{component_id="test.stamp.a",reason="said_so"} 1',
    );
  });
});

describe("receivers in the language", () => {
  const type = receiver(logs);
  test("are capsules of their kind", () => {
    const consumer = collect<LogBatch>();
    expect(type.decode(new Capsule("loki.LogsReceiver", consumer))).toBe(consumer);
    expect(() => type.decode(new Capsule("storage.Appendable", {}))).toThrow(
      'expected capsule("loki.LogsReceiver"), got capsule("storage.Appendable")',
    );
    expect(() => type.decode("x")).toThrow("should be capsule, got string");
  });

  test("are exported behind a gate, other exports by their types, absent ones not at all", () => {
    const consumer = collect<LogBatch>();
    const schema = object({
      receiver: required(type, "…"),
      name: required(string, "…"),
      gone: optional(string, undefined, "…"),
    });
    const gated: unknown[] = [];
    const exports = encodeExports(
      schema as never,
      { receiver: consumer, name: "n", gone: undefined },
      (name, kind, given) => {
        gated.push([name, kind.type, given]);
        return given;
      },
    );
    expect(exports).toEqual(
      new Map<string, unknown>([
        ["receiver", new Capsule("loki.LogsReceiver", consumer)],
        ["name", "n"],
      ]),
    );
    expect(gated).toEqual([["receiver", "loki.LogsReceiver", consumer]]);
  });
});

describe("kinds count", () => {
  test.for([
    { it: "entries", count: logs.count([...batch("a", "b"), ...batch("c"), { labels: [], entries: [] }]), is: 3 },
    { it: "samples", count: metrics.count([{}, {}] as never), is: 2 },
    { it: "nothing of an empty request", count: otel.count(otlpBatch("traces", new Uint8Array())), is: 0 },
  ])("$it", ({ count, is }) => {
    expect(count).toBe(is);
  });
});

test("OpenTelemetry's batches go to the consumers of their signal, and end where there is none", async () => {
  const [traces, metricsOut] = [collect<OtlpBatch>(), collect<OtlpBatch>()];
  const next = bySignal({ traces: [traces], metrics: [metricsOut], logs: [] });
  for (const signal of ["traces", "logs", "metrics", "traces"] as const)
    await next.consume(otlpBatch(signal, new Uint8Array()), testInvocation());
  expect([traces, metricsOut].map(({ batches }) => batches.map(({ signal }) => signal))).toEqual([
    ["traces", "traces"],
    ["metrics"],
  ]);
});

test("a copy of a batch can be written without the other", () => {
  const given = otlpBatch("logs", new Uint8Array());
  const copy = otel.fork?.(given);
  expect(copy).not.toBe(given);
  expect(copy?.data.encode()).toEqual(given.data.encode());
});
