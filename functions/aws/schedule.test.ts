import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const config = 'probe.schedule "a" { }\nprobe.schedule "b" { }\nprobe.tick "c" { }\nprobe.records "d" { }';

test.for([
  {
    it: "everything for a rule",
    event: recorded("eventbridge-rule"),
    runs: ["probe.schedule.a", "probe.schedule.b", "probe.tick.c"],
  },
  {
    it: "everything for a scheduler",
    event: recorded("eventbridge-scheduler"),
    runs: ["probe.schedule.a", "probe.schedule.b", "probe.tick.c"],
  },
  {
    it: "the component that an input names",
    event: { amalgam: { schedule: "probe.schedule.b" } },
    runs: ["probe.schedule.b"],
  },
  { it: "the tick that an input names", event: { amalgam: { schedule: "probe.tick.c" } }, runs: ["probe.tick.c"] },
  {
    it: "several that an input names",
    event: { amalgam: { schedule: ["probe.tick.c", "probe.schedule.a"] } },
    runs: ["probe.schedule.a", "probe.tick.c"],
  },
  {
    it: "what a rule's detail names",
    event: { ...recorded("eventbridge-rule"), detail: { amalgam: { schedule: "probe.schedule.a" } } },
    runs: ["probe.schedule.a"],
  },
])("a schedule runs $it", async ({ event, runs }) => {
  const { pipeline, seen } = await loadProbes(config);
  await createHandler(pipeline)(event);
  expect(seen.map(({ component }) => component)).toEqual(runs);
});

test("a name without a schedule is refused with those that have one", async () => {
  const { pipeline } = await loadProbes(config);
  await expect(createHandler(pipeline)({ amalgam: { schedule: "probe.records.d" } })).rejects.toThrow(
    "amalgam.schedule should name a component with a schedule, got probe.records.d; there are: probe.schedule.a, probe.schedule.b, probe.tick.c",
  );
});

test("one that fails does not keep the others from running, and fails the invocation", async () => {
  const { pipeline, seen, logged } = await loadProbes('probe.schedule "a" { outcome = "retry" }\nprobe.tick "b" { }');
  const message = "probe.schedule.a: scheduled run failed: backend says retry";
  await expect(createHandler(pipeline)(recorded("eventbridge-rule"), { awsRequestId: "r-1" })).rejects.toThrow(message);
  expect(seen.map(({ component }) => component)).toEqual(["probe.schedule.a", "probe.tick.b"]);
  expect(logged).toEqual([
    ["error", "scheduled run failed", { component: "probe.schedule.a", error: "backend says retry" }],
    ["error", "invocation failed", { invocation: "r-1", error: message }],
  ]);
});
