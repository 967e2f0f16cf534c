import { expect, test } from "vitest";
import { keyValues, type Plain } from "../../../ottl/testing.ts";
import { openPipeline, problemsOf } from "../testing.ts";

/** A semicolon is a line break. */
const config = (body: string) => `
  otelcol.processor.probabilistic_sampler "s" {
    ${body.replaceAll("; ", "\n")}
    output {
      traces = [test.sink.out.input]
      logs   = [test.sink.out.input]
    }
  }
  test.sink "out" { }
`;

interface Item {
  readonly traceId?: string;
  readonly traceState?: string;
  readonly attributes?: { readonly [key: string]: Plain };
}

async function sample(body: string, signal: "traces" | "logs", items: readonly Item[]) {
  const pipeline = await openPipeline(config(body));
  const records = items.map(({ attributes = {}, ...item }, i) => ({
    ...item,
    ...(signal === "traces" && { name: `${i}` }),
    ...(signal === "logs" && { severityText: `${i}` }),
    attributes: keyValues(attributes),
  }));
  const request =
    signal === "traces"
      ? { resourceSpans: [{ scopeSpans: [{ spans: records }] }] }
      : { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] };
  await pipeline.push("otelcol.processor.probabilistic_sampler.s", signal, request);
  await pipeline.close();
  return pipeline;
}

type Span = { name: string; traceState?: string };
type Log = { severityText: string; attributes?: { key: string; value: object }[] };

/** Which spans are left, with their states. */
async function spans(body: string, items: readonly Item[]): Promise<string[]> {
  const { received } = await sample(body, "traces", items);
  return received.flatMap(({ request }) =>
    // as it was sent
    (request as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map(({ name, traceState = "" }) => `${name} ${traceState}`)),
    ),
  );
}

/** Which records are left, with their sampling attributes. */
async function logs(body: string, items: readonly Item[]): Promise<string[]> {
  const { received } = await sample(body, "logs", items);
  return received.flatMap(({ request }) =>
    // as it was sent
    (request as { resourceLogs: { scopeLogs: { logRecords: Log[] }[] }[] }).resourceLogs.flatMap(({ scopeLogs }) =>
      scopeLogs.flatMap(({ logRecords }) =>
        logRecords.map(({ severityText, attributes = [] }) =>
          [
            severityText,
            ...attributes
              .filter(({ key }) => key.startsWith("sampling."))
              .map(({ key, value }) => `${key.slice(9)}=${Object.values(value)[0]}`),
          ].join(" "),
        ),
      ),
    ),
  );
}

/** A trace id whose randomness begins with these digits. */
const id = (digits: string) => `0102030405060708ff${digits.padEnd(14, "0")}`;

test.for<[it: string, body: string, items: Item[], left: string[]]>([
  [
    "proportional: the trace id decides",
    'mode = "proportional"; sampling_percentage = 25',
    [{ traceId: id("bfffffffffffff") }, { traceId: id("c") }, { traceId: id("f") }],
    ["1 ot=th:c", "2 ot=th:c"],
  ],
  [
    "proportional: randomness in the state goes before the trace id",
    'mode = "proportional"; sampling_percentage = 25',
    [
      { traceId: id("0"), traceState: "ot=rv:d0000000000000" },
      { traceId: id("f"), traceState: "ot=rv:10000000000000" },
    ],
    ["0 ot=rv:d0000000000000;th:c"],
  ],
  [
    "proportional: of what is half of all a quarter is an eighth",
    'mode = "proportional"; sampling_percentage = 25',
    [
      { traceId: id("dfffffffffffff"), traceState: "ot=th:8" },
      { traceId: id("e"), traceState: "ot=th:8,a=b" },
    ],
    ["1 ot=th:e,a=b"],
  ],
  [
    "equalizing: of what is half of all a quarter of all is left",
    'mode = "equalizing"; sampling_percentage = 25',
    [
      { traceId: id("b"), traceState: "ot=th:8" },
      { traceId: id("c"), traceState: "ot=th:8" },
    ],
    ["1 ot=th:c"],
  ],
  [
    "equalizing: what is less already passes",
    'mode = "equalizing"; sampling_percentage = 25',
    [{ traceId: id("e"), traceState: "ot=th:e" }],
    ["0 ot=th:e"],
  ],
  [
    "a threshold that the item can't have passed is an error",
    'mode = "equalizing"; sampling_percentage = 100',
    [{ traceId: id("1"), traceState: "ot=th:8" }],
    [],
  ],
  [
    "which may be let pass",
    'mode = "equalizing"; sampling_percentage = 100; fail_closed = false',
    [{ traceId: id("1"), traceState: "ot=th:8" }],
    ["0 ot=th:0"],
  ],
  [
    "a state that can't be read is an error too",
    'mode = "proportional"; sampling_percentage = 100',
    [{ traceId: id("f"), traceState: "ot=th:zz" }],
    [],
  ],
  [
    "without a trace id there is no randomness",
    'mode = "proportional"; sampling_percentage = 100',
    [{}, { traceId: "00000000000000000000000000000000" }],
    [],
  ],
  [
    "the digits of the threshold may be more",
    'mode = "proportional"; sampling_percentage = 33.333333; sampling_precision = 6',
    [{ traceId: id("f") }],
    ["0 ot=th:aaaaab"],
  ],
  [
    "nothing at 0 %",
    "sampling_percentage = 0",
    [{ traceId: id("f") }, { traceId: id("0"), attributes: { "sampling.priority": 1n } }],
    ["1 ot=th:0"],
  ],
  [
    "priorities go before all",
    'mode = "proportional"; sampling_percentage = 50',
    [
      { traceId: id("0"), attributes: { "sampling.priority": 1n } },
      { traceId: id("f"), attributes: { "sampling.priority": 0n } },
      { traceId: id("f"), attributes: { "sampling.priority": "0" } },
      { traceId: id("0"), attributes: { "sampling.priority": "2.5" } },
      { traceId: id("0"), attributes: { "sampling.priority": "high" } },
      { traceId: id("0"), attributes: { "sampling.priority": -1n } },
    ],
    ["0 ot=th:0", "3 ot=th:0"],
  ],
  [
    "the hash leaves consistently sampled items alone",
    'mode = "hash_seed"; sampling_percentage = 50; fail_closed = false',
    [{ traceId: id("0"), traceState: "ot=th:8" }],
    ["0 ot=th:8"],
  ],
  ["or drops them", 'mode = "hash_seed"; sampling_percentage = 50', [{ traceId: id("0"), traceState: "ot=th:8" }], []],
])("%s", async ([, body, items, left]) => {
  expect(await spans(body, items)).toEqual(left);
});

const many = Array.from({ length: 200 }, (_, i) => ({ traceId: (i * 7919 + 1).toString(16).padStart(32, "0") }));

test("the hash keeps about its share, and writes randomness that decides the same", async () => {
  const kept = await spans("sampling_percentage = 40; hash_seed = 22", many);
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.length).toBeLessThan(110);
  const again = kept.map(line => {
    const [name = "", state = ""] = line.split(" ");
    return { ...many[Number(name)], traceState: state.replace(";th:999c", "") };
  });
  expect(kept.every(line => / ot=rv:[0-9a-f]{14};th:999c$/.test(line))).toBe(true);
  expect(await spans('mode = "proportional"; sampling_percentage = 40', again)).toHaveLength(kept.length);
});

test("another seed keeps others", async () => {
  const names = async (seed: number) =>
    (await spans(`sampling_percentage = 40; hash_seed = ${seed}`, many)).map(line => line.split(" ")[0]);
  expect(await names(22)).not.toEqual(await names(23));
});

test("what is dropped is counted", async () => {
  const pipeline = await sample("sampling_percentage = 0", "traces", many);
  expect(pipeline.received).toEqual([]);
  expect(pipeline.metric("amalgam_component_dropped_items_total{")).toEqual([
    'amalgam_component_dropped_items_total{component_id="otelcol.processor.probabilistic_sampler.s",reason="sampling"} 200',
  ]);
});

test.for<[it: string, body: string, items: Item[], left: string[]]>([
  [
    "the trace id decides",
    'mode = "proportional"; sampling_percentage = 25',
    [{ traceId: id("b") }, { traceId: id("c") }],
    ["1 threshold=c"],
  ],
  [
    "randomness in an attribute goes before it",
    'mode = "proportional"; sampling_percentage = 25',
    [{ traceId: id("0"), attributes: { "sampling.randomness": "d0000000000000" } }],
    ["0 randomness=d0000000000000 threshold=c"],
  ],
  ["a record without a trace id fails", 'mode = "proportional"; sampling_percentage = 100', [{}], []],
  ["and may pass", 'mode = "proportional"; sampling_percentage = 50; fail_closed = false', [{}], ["0 threshold=0"]],
  [
    "a priority of its own is a percentage",
    'mode = "proportional"; sampling_percentage = 25; sampling_priority = "prio"',
    [
      { traceId: id("0"), attributes: { prio: 100n } },
      { traceId: id("8"), attributes: { prio: 50n } },
      { traceId: id("8"), attributes: { prio: 0n } },
      { traceId: id("8"), attributes: { prio: "50" } },
    ],
    ["0 threshold=0", "1 threshold=8"],
  ],
])("log: %s", async ([, body, items, left]) => {
  expect(await logs(body, items)).toEqual(left);
});

test("log: equal attributes share their fate", async () => {
  const users = Array.from({ length: 40 }, (_, i) => ({ attributes: { user: `u${i}` } }));
  const body = 'sampling_percentage = 50; attribute_source = "record"; from_attribute = "user"';
  const kept = await logs(body, [...users, ...users]);
  const names = kept.map(line => Number(line.split(" ")[0]));
  expect(names.filter(name => name >= 40).map(name => name - 40)).toEqual(names.filter(name => name < 40));
  expect(names.length).toBeGreaterThan(20);
  expect(names.length).toBeLessThan(60);
});

test.for<[it: string, body: string, problem: string]>([
  ["a share below zero", "sampling_percentage = -1", "sampling rate is negative: -1% @ -1"],
  [
    "a share that is too small",
    "sampling_percentage = 0.00000000000000001",
    "sampling rate is too small: 1e-17% @ 0.00000000000000001",
  ],
  ["too many digits", "sampling_precision = 15", "sampling_precision should be from 1 to 14, got 15 @ 15"],
  [
    "a seed that is too large",
    "hash_seed = 4294967296",
    "hash_seed should be from 0 to 4294967295, got 4294967296 @ 4294967296",
  ],
])("mistake: %s", async ([, body, problem]) => {
  expect(await problemsOf(config(body))).toEqual([problem]);
});
