import { describe, expect, test } from "vitest";
import { object, optional, required } from "../eval/schema.ts";
import { any, list, string } from "../eval/types.ts";
import type { LogBatch } from "../telemetry/loki/model.ts";
import { type Consumer, defineComponent, type Host, ProblemError } from "./component.ts";
import { Flow } from "./flow.ts";
import { fanOut } from "./gate.ts";
import type { Invocation } from "./invocation.ts";
import { logs } from "./kinds.ts";
import type { Pipeline } from "./pipeline.ts";
import { receiver } from "./receiver.ts";
import { collect, testInvocation, testLog, testPipeline } from "./testing.ts";
import type { Trigger } from "./trigger.ts";

/** What happened, in order. */
type Events = string[];

/** Components whose life is written down. */
function parts(events: Events = []) {
  const hosts = new Map<string, Host>();
  const held: (() => void)[] = [];
  const value = defineComponent({
    name: "test.value",
    summary: "Exports a value that can change.",
    stability: "generally-available",
    args: object({ of: required(any, "…") }),
    exports: object({ value: required(any, "…") }),
    build: ({ of }, host) => {
      hosts.set(host.id, host);
      events.push(`build ${host.id}`);
      return { exports: { value: of }, close: async () => void events.push(`close ${host.id}`) };
    },
  });
  const sink = defineComponent({
    name: "test.sink",
    summary: "Takes entries and holds them.",
    stability: "generally-available",
    args: object({ name: optional(string, "", "…") }),
    exports: object({ receiver: required(receiver(logs), "…") }),
    build: ({ name }, host) => {
      if (name === "refused") throw new ProblemError("name should not be refused", ["name"]);
      if (name === "broken") throw new TypeError("no such thing");
      events.push(`build ${host.id} ${name}`);
      return {
        exports: {
          receiver: {
            consume: async () => {
              events.push(`take ${name}`);
              await new Promise<void>(resolve => held.push(resolve));
            },
          },
        },
        close: async () => {
          events.push(`close ${host.id} ${name}`);
          if (name === "unclosable") throw new Error("it is stuck");
        },
      };
    },
  });
  const source = defineComponent({
    name: "test.source",
    summary: "Has a trigger that sends on.",
    stability: "generally-available",
    args: object({ forward_to: required(list(receiver(logs)), "…"), name: optional(any, null, "…") }),
    build: ({ forward_to, name }, host) => {
      events.push(`build ${host.id}`);
      const next = fanOut(forward_to);
      const run = (invocation: Invocation) => next.consume(batch(String(name)), invocation);
      return {
        triggers: [{ kind: "schedule", everyMs: 1000, run }],
        close: async () => void events.push(`close ${host.id}`),
      };
    },
  });
  return {
    definitions: [value, sink, source],
    set: (id: string, value: unknown) => hosts.get(id)?.setExports({ value }),
    host: (id: string) => hosts.get(id) as Host,
    release: () => {
      for (const resolve of held.splice(0)) resolve();
    },
  };
}

const batch = (line: string): LogBatch => [{ labels: [], entries: [{ timestamp: 0n, line, metadata: [] }] }];

const loaded = async (...args: Parameters<typeof testPipeline>): Promise<Pipeline> => {
  const { pipeline, diagnostics } = await testPipeline(...args);
  if (!pipeline) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return pipeline;
};

const run = (pipeline: Pipeline): Promise<void> => {
  const [first] = pipeline.triggers;
  if (first?.trigger.kind !== "schedule") throw new Error("should have a schedule");
  return first.trigger.run(testInvocation());
};

/** Evaluations that were asked for are done. */
const turns = () => new Promise(resolve => setTimeout(resolve, 5));

const chain = `
test.source "in" {
  forward_to = [test.sink.out.receiver]
}
test.sink "out" {
  name = test.value.name.value
}
test.value "name" {
  of = "one"
}
`;

describe("a configuration that loads", () => {
  test("builds what is referred to first, and closes it last", async () => {
    const events: Events = [];
    const pipeline = await loaded(chain, parts(events).definitions);
    await pipeline.close();
    expect(events).toEqual([
      "build test.value.name",
      "build test.sink.out one",
      "build test.source.in",
      "close test.source.in",
      "close test.sink.out one",
      "close test.value.name",
    ]);
  });

  test("builds what takes time at the same time, and what refers to it when it is there", async () => {
    const events: Events = [];
    const waiting: (() => void)[] = [];
    const slow = defineComponent({
      name: "test.slow",
      summary: "Takes as long as the test wants.",
      stability: "generally-available",
      args: object({}),
      exports: object({ value: required(any, "…") }),
      build: async (_, { id }) => {
        events.push(`begin ${id}`);
        await new Promise<void>(resolve => waiting.push(resolve));
        return { exports: { value: id } };
      },
    });
    const loading = loaded(
      'test.slow "a" { }\ntest.slow "b" { }\ntest.value "v" {\nof = [test.slow.a.value, test.slow.b.value]\n}',
      [...parts(events).definitions, slow],
    );
    await new Promise(resolve => setImmediate(resolve));
    expect(events).toEqual(["begin test.slow.a", "begin test.slow.b"]);
    for (const release of waiting.reverse()) release();
    const pipeline = await loading;
    expect(events).toEqual(["begin test.slow.a", "begin test.slow.b", "build test.value.v"]);
    expect(pipeline.component("test.value.v")?.exports.get("value")).toEqual(["test.slow.a", "test.slow.b"]);
    await pipeline.close();
  });

  test("keeps what its blocks for the process say, which may refer to components", async () => {
    const pipeline = await loaded(
      'logging {\nlevel = test.value.level.value\n}\ntest.value "level" {\nof = "debug"\n}\ntracing { }',
      parts().definitions,
    );
    expect(pipeline.settings.get("logging")).toMatchObject({ level: "debug", destination: "stderr" });
    expect(pipeline.settings.get("tracing")).toMatchObject({ sampling_fraction: 0.1 });
  });

  test("has healthy components, with the time since when", async () => {
    const pipeline = await loaded('test.value "a" {\nof = 1\n}', parts().definitions, {
      environment: { clock: () => 7 },
    });
    expect(pipeline.component("test.value.a")?.health).toEqual({
      state: "healthy",
      message: "started component",
      since: 7,
    });
  });

  test("gives invocations names of their own, and reads the clock once for each", async () => {
    let time = 1000;
    const pipeline = await loaded("", [], { environment: { clock: () => time++ } });
    const [first, second] = [
      pipeline.invocation({ deadlineMs: 50 }),
      pipeline.invocation({ deadlineMs: 50, id: "mine" }),
    ];
    expect([first.id, first.now, first.deadline]).toEqual(["rs-0", 1000, 1050]);
    expect([second.id, second.now, second.deadline]).toEqual(["mine", 1001, 1051]);
  });
});

describe("a configuration that does not load", () => {
  test.for<{ it: string; text: string; mode?: "function"; says: string[]; events?: string[] }>([
    {
      it: "tells the first mistake of each component, in the order of the file",
      text: 'test.source "in" {\nforward_to = [test.sink.a.receiver, 5, true]\nzzz = 1\n}\ntest.value "v" {\nof = 1 / 0\n}\ntest.sink "a" { }',
      says: ["2:37 5 should be capsule, got number", "6:10 0 divide by zero error"],
      events: ["build test.sink.a ", "close test.sink.a "],
    },
    {
      it: "says nothing of what depends on a mistake",
      text: 'test.source "in" {\nforward_to = [test.sink.a.receiver]\n}\ntest.sink "a" {\nname = true\n}',
      says: ["5:8 true should be string, got bool"],
    },
    {
      it: "puts a problem at its argument",
      text: 'test.sink "a" {\nname = "refused"\n}',
      says: ["2:8 name should not be refused"],
    },
    {
      it: "puts a fault at the block",
      text: 'test.sink "a" {\nname = "broken"\n}',
      says: ["1:1 test.sink.a could not be built: no such thing"],
    },
    {
      it: "evaluates nothing where a reference is unknown",
      text: 'test.value "v" {\nof = 1 / 0\n}\ntest.value "w" {\nof = nope.x\n}',
      says: ['5:6 component "nope.x" does not exist or is out of scope'],
    },
    {
      it: "tells all members of a cycle",
      text: 'test.value "a" {\nof = test.value.b.value\n}\ntest.value "b" {\nof = test.value.a.value\n}',
      says: ["1:1 cycle detected: test.value.a, test.value.b", "4:1 cycle detected: test.value.a, test.value.b"],
    },
    {
      it: "has mistakes in blocks for the process",
      text: 'logging {\nlevel = "loud"\n}',
      says: ['2:9 "loud" unrecognized log level "loud"'],
    },
  ])("$it", async ({ text, says, events }) => {
    const seen: Events = [];
    const { pipeline, diagnostics } = await testPipeline(text, parts(seen).definitions);
    const lines = diagnostics.map(({ start, message }) => {
      const before = text.slice(0, start).split("\n");
      return `${before.length}:${(before.at(-1)?.length ?? 0) + 1} ${message}`;
    });
    expect({ pipeline, lines }).toEqual({ pipeline: undefined, lines: says });
    if (events) expect(seen).toEqual(events);
  });

  test("loads with an http block in a function, where there is no page to protect", async () => {
    expect((await testPipeline("http { }", [], { environment: { mode: "function" } })).diagnostics).toEqual([]);
  });
});

describe("exports that change", () => {
  test("build again what depends on them, and nothing else", async () => {
    const events: Events = [];
    const { definitions, set } = parts(events);
    const pipeline = await loaded(`${chain}test.sink "other" { }`, definitions);
    events.length = 0;
    set("test.value.name", "two");
    await turns();
    expect(events).toEqual(["build test.sink.out two", "close test.sink.out one"]);
    expect(pipeline.component("test.value.name")?.exports.get("value")).toBe("two");
  });

  test("build nothing where the value is the same", async () => {
    const events: Events = [];
    const { definitions, set } = parts(events);
    await loaded(chain, definitions);
    events.length = 0;
    set("test.value.name", "one");
    await turns();
    expect(events).toEqual([]);
  });

  test("go on through components whose exports change with them", async () => {
    const { definitions, set } = parts();
    const pipeline = await loaded(
      'test.value "a" {\nof = 1\n}\ntest.value "b" {\nof = test.value.a.value + 1\n}\ntest.value "c" {\nof = test.value.b.value * 10\n}',
      definitions,
    );
    set("test.value.a", 5n);
    await turns();
    expect(pipeline.component("test.value.c")?.exports.get("value")).toBe(60n);
  });

  test("leave a receiver the same, so that what sends to it is not built again, and goes to the new instance", async () => {
    const events: Events = [];
    const { definitions, set, release } = parts(events);
    const pipeline = await loaded(chain, definitions);
    set("test.value.name", "two");
    await turns();
    events.length = 0;
    const sent = run(pipeline);
    release();
    await sent;
    expect(events).toEqual(["take two"]);
  });

  test("close the old instance only when what is in it is through", async () => {
    const events: Events = [];
    const { definitions, set, release } = parts(events);
    const pipeline = await loaded(chain, definitions);
    const sent = run(pipeline);
    events.length = 0;
    set("test.value.name", "two");
    await turns();
    expect(events).toEqual(["build test.sink.out two"]);
    release();
    await sent;
    await turns();
    expect(events).toEqual(["build test.sink.out two", "close test.sink.out one"]);
  });

  test("bring new triggers, of which is told, while a run of the old ones is waited for", async () => {
    const events: Events = [];
    const { definitions, set, release } = parts(events);
    const pipeline = await loaded(
      'test.source "in" {\nforward_to = [test.sink.out.receiver]\nname = test.value.n.value\n}\ntest.sink "out" { }\ntest.value "n" {\nof = 1\n}',
      definitions,
    );
    const before: Trigger[] = pipeline.triggers.map(({ trigger }) => trigger);
    let told = 0;
    pipeline.onTriggersChange = () => told++;
    const sent = run(pipeline);
    events.length = 0;
    set("test.value.n", 2n);
    await turns();
    expect(pipeline.triggers.map(({ trigger }) => trigger)).not.toEqual(before);
    expect([told, events]).toEqual([1, ["build test.source.in"]]);
    release();
    await sent;
    await turns();
    expect(events).toEqual(["build test.source.in", "close test.source.in"]);
  });

  test("leave the old instance in place where the new one can't be built, and say so", async () => {
    const events: Events = [];
    const log = testLog();
    const { definitions, set, release } = parts(events);
    const pipeline = await loaded(chain, definitions, { environment: { log } });
    set("test.value.name", "refused");
    await turns();
    expect(pipeline.component("test.sink.out")?.health).toMatchObject({
      state: "unhealthy",
      message: "name should not be refused",
    });
    expect(log.lines).toEqual([
      'error component could not be evaluated again, the old one goes on {"component":"test.sink.out","error":"name should not be refused"}',
    ]);
    events.length = 0;
    const sent = run(pipeline);
    release();
    await sent;
    expect(events).toEqual(["take one"]);
    set("test.value.name", "good again");
    await turns();
    expect(pipeline.component("test.sink.out")?.health).toMatchObject({ state: "healthy" });
  });

  test("are not heard of instances that were replaced, nor after the end", async () => {
    const { definitions, set, host } = parts();
    const pipeline = await loaded(
      'test.value "a" {\nof = 1\n}\ntest.value "b" {\nof = test.value.a.value\n}',
      definitions,
    );
    const old = host("test.value.b");
    set("test.value.a", 2n);
    await turns();
    old.setExports({ value: 99n });
    old.reportHealth("unhealthy", "late");
    expect(pipeline.component("test.value.b")).toMatchObject({
      exports: new Map([["value", 2n]]),
      health: { state: "healthy" },
    });
    await pipeline.close();
    set("test.value.a", 3n);
    expect(pipeline.component("test.value.a")?.exports.get("value")).toBe(2n);
  });

  test("that come while components are built are seen by those that are built later", async () => {
    const early = defineComponent({
      name: "test.early",
      summary: "Changes its mind at once.",
      stability: "generally-available",
      args: object({}),
      exports: object({ value: required(any, "…") }),
      build: (_, host) => {
        queueMicrotask(() => host.setExports({ value: "second" }));
        return { exports: { value: "first" } };
      },
    });
    const events: Events = [];
    const pipeline = await loaded('test.value "v" {\nof = test.early.e.value\n}\ntest.early "e" { }', [
      early,
      ...parts(events).definitions,
    ]);
    await turns();
    expect(pipeline.component("test.value.v")?.exports.get("value")).toBe("second");
  });
});

test("a component that can't be closed is logged, and the others are closed", async () => {
  const events: Events = [];
  const log = testLog();
  const pipeline = await loaded(chain.replace('"one"', '"unclosable"'), parts(events).definitions, {
    environment: { log },
  });
  events.length = 0;
  await pipeline.close();
  expect(events).toEqual(["close test.source.in", "close test.sink.out unclosable", "close test.value.name"]);
  expect(log.lines).toEqual([
    'error component could not be closed {"component":"test.sink.out","error":"it is stuck"}',
  ]);
});

test("settled waits for all that is inside", async () => {
  const { definitions, release } = parts();
  const pipeline = await loaded(chain, definitions);
  const sent = run(pipeline);
  let settled = false;
  const waiting = pipeline.settled().then(() => {
    settled = true;
  });
  await turns();
  expect(settled).toBe(false);
  release();
  await Promise.all([sent, waiting]);
  expect(settled).toBe(true);
});

test("what enters components is counted, and shown while it is watched", async () => {
  const { definitions, release } = parts();
  const pipeline = await loaded(chain, definitions);
  const seen: unknown[] = [];
  pipeline.watch(component => (shown, items) => seen.push([component, shown, items]));
  const sent = run(pipeline);
  pipeline.watch(undefined);
  const again = run(pipeline);
  release();
  await Promise.all([sent, again]);
  expect(seen).toEqual([["test.sink.out", batch("null"), 1]]);
});

test.for<{ it: string; mode: "local" | "function"; open: boolean[] }>([
  { it: "opens the flow of a function while it waits", mode: "function", open: [false, true, false] },
  { it: "leaves the flow of a process open", mode: "local", open: [true, true, true] },
])("drain $it", async ({ mode, open }) => {
  const flow = new Flow(mode === "local");
  const pipeline = await loaded("", [], { environment: { mode, flow } });
  const seen = [flow.open];
  await pipeline.drain(Promise.resolve().then(() => seen.push(flow.open)));
  expect([...seen, flow.open]).toEqual(open);
});

test("drain leaves the flow open while another call has work", async () => {
  const flow = new Flow(false);
  const pipeline = await loaded("", [], { environment: { mode: "function", flow } });
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [one, two] = [pipeline.drain(first.promise), pipeline.drain(second.promise)];
  first.resolve();
  await one;
  expect(flow.open).toBe(true);
  second.reject(new Error("refused"));
  await expect(two).rejects.toThrow("refused");
  expect(flow.open).toBe(false);
});

describe("a fan-out", () => {
  const invocation = testInvocation();
  test("gives everyone the batch, and fails with the first failure when all are done", async () => {
    const consumers = [collect<string>(new Error("first")), collect<string>(), collect<string>(new Error("third"))];
    await expect(fanOut(consumers).consume("x", invocation)).rejects.toThrow("first");
    expect(consumers.map(({ batches }) => batches)).toEqual([["x"], ["x"], ["x"]]);
  });

  test("copies for those who write", async () => {
    const reader = collect<string[]>();
    const writer: Consumer<string[]> = { mutates: true, consume: async given => void given.push("written") };
    await fanOut([writer, reader], given => [...given]).consume(["x"], invocation);
    expect(reader.batches).toEqual([["x"]]);
  });

  test("to nobody takes everything", async () => {
    await fanOut([]).consume("x", invocation);
  });
});
