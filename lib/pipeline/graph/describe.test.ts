import { expect, test } from "vitest";
import { object } from "../eval/schema.ts";
import { MemoryStore } from "../state/memory.ts";
import { parseFile } from "../syntax/parser.ts";
import { type Definition, defineComponent, type Instance } from "./component.ts";
import { describePipeline } from "./describe.ts";
import { Flow } from "./flow.ts";
import { MetricsRegistry } from "./metrics.ts";
import { loadPipeline } from "./pipeline.ts";

const run = async () => {};
const handle = async () => ({ status: 200 });

/** What is described of the one component of a pipeline. */
async function describe(instance: Instance) {
  const definition = defineComponent({
    name: "test.part",
    summary: "Only for tests.",
    stability: "generally-available",
    args: object({}),
    build: () => instance,
  });
  const { pipeline } = await loadPipeline([parseFile({ name: "a.alloy", text: 'test.part "a" { }' }).file], {
    definitions: new Map([["test.part", definition as unknown as Definition]]), // only known as a definition there
    environment: {
      mode: "function",
      flow: new Flow(false),
      log: { debug() {}, info() {}, warn() {}, error() {} },
      state: new MemoryStore(),
      metrics: new MetricsRegistry(),
      directory: "/",
      clock: () => 0,
      random: () => 0,
    },
  });
  if (!pipeline) throw new Error("the pipeline should load, got diagnostics");
  return describePipeline(pipeline);
}

const nothing = { id: "test.part.a", name: "test.part", label: "a", triggers: [], permissions: [], state: false };

test.for<{ it: string; instance: Instance; described: object }>([
  { it: "that nothing calls has no triggers", instance: {}, described: {} },
  {
    it: "with routes has each path once",
    instance: {
      triggers: [
        {
          kind: "http",
          host: "127.0.0.1",
          port: 80,
          authenticated: true,
          routes: ["GET", "POST"].map(method => ({ method, path: "/push", maxBodyBytes: 1, handle })),
        },
      ],
    },
    described: {
      triggers: [{ kind: "http", host: "127.0.0.1", port: 80, paths: ["/push"], authenticated: true }],
    },
  },
  {
    it: "with a schedule has its interval",
    instance: { triggers: [{ kind: "schedule", everyMs: 15_000, run }] },
    described: { triggers: [{ kind: "schedule", everySeconds: 15 }] },
  },
  {
    it: "with a tick is called as one with a schedule",
    instance: { tick: { everyMs: 5000, run } },
    described: { triggers: [{ kind: "schedule", everySeconds: 5 }] },
  },
  {
    it: "that takes records says from where",
    instance: { triggers: [{ kind: "records", format: "loki", sources: ["queue"], push: run }] },
    described: {
      triggers: [{ kind: "records", format: "loki", sources: ["queue"], logGroups: [], filterPattern: "" }],
    },
  },
  {
    it: "with needs says so",
    instance: { needs: { state: true, permissions: [{ action: "s3:GetObject", resource: "arn:aws:s3:::a/b" }] } },
    described: { state: true, permissions: [{ action: "s3:GetObject", resource: "arn:aws:s3:::a/b" }] },
  },
])("a component $it", async ({ instance, described }) => {
  expect(await describe(instance)).toEqual({ version: 1, components: [{ ...nothing, ...described }], edges: [] });
});
