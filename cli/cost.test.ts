import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { planResources } from "../infra/resources.ts";
import type { GraphDescription, TriggerDescription } from "../lib/pipeline/graph/describe.ts";
import { type CostOptions, estimate, problemOf } from "./cost/estimate.ts";
import { measured } from "./cost/measured.ts";
import { isRegion, knownRegions, pricesOf } from "./cost/prices.ts";
import { text, workloadOf } from "./cost.ts";

const http: TriggerDescription = { kind: "http", host: "0.0.0.0", port: 1, paths: ["/a"], authenticated: true };
const every = (everySeconds: number): TriggerDescription => ({ kind: "schedule", everySeconds });
const queue: TriggerDescription = {
  kind: "records",
  format: "otlp",
  sources: ["queue"],
  logGroups: [],
  filterPattern: "",
};

const graph = (...triggers: readonly TriggerDescription[]): GraphDescription => ({
  version: 1,
  components: triggers.map((trigger, i) => ({
    id: `test.source.a${i}`,
    name: "test.source",
    label: `a${i}`,
    triggers: [trigger],
    permissions: [],
    state: false,
  })),
  edges: [],
});

const plan = (...triggers: readonly TriggerDescription[]) => planResources(graph(...triggers));

const usual: CostOptions = { gbPerDay: 10, memory: 1769, architecture: "arm64", region: "us-east-1" };
const days = 730 / 24;

/** Cents matter, thousandths don't. */
const roundedLines = (lines: readonly { service: string; dollars: number }[]) =>
  Object.fromEntries(lines.map(({ service, dollars }) => [service, Number(dollars.toFixed(3))]));

// 10 GB a day are 10,000 MB; at 1769 MB a function has one processor
const processorSeconds = (10_000 / measured.megabytesPerSecond.otlp) * days;
const gbSecond = (1769 / 1024) * 0.0000133334;

test.for<{ it: string; triggers: TriggerDescription[]; options?: Partial<CostOptions>; lines: object; idle: object }>([
  {
    it: "requests: 100,000 a day of 100 kB",
    triggers: [http],
    lines: {
      "Lambda requests": 0.608, // 3,041,667 of them
      "Lambda time": Number(((processorSeconds + 100_000 * days * 0.05) * gbSecond).toFixed(3)),
      "CloudWatch Logs of the functions": 1.962, // 1290 bytes each
      "CloudWatch metrics": 3,
    },
    idle: {},
  },
  {
    it: "fewer and larger requests cost less, for the same bytes",
    triggers: [http],
    options: { eventsPerDay: 10_000 },
    lines: {
      "Lambda requests": 0.061,
      "Lambda time": Number(((processorSeconds + 10_000 * days * 0.05) * gbSecond).toFixed(3)),
      "CloudWatch Logs of the functions": 0.196,
      "CloudWatch metrics": 3,
    },
    idle: {},
  },
  {
    it: "a smaller function takes longer, so that work costs the same and waiting less",
    triggers: [http],
    options: { memory: 512, eventsPerDay: 10_000 },
    lines: {
      "Lambda requests": 0.061,
      "Lambda time": Number((processorSeconds * gbSecond + 10_000 * days * 0.05 * 0.5 * 0.0000133334).toFixed(3)),
      "CloudWatch Logs of the functions": 0.196,
      "CloudWatch metrics": 3,
    },
    idle: {},
  },
  {
    it: "x86 costs a quarter more a second",
    triggers: [http],
    options: { architecture: "x86_64", eventsPerDay: 0 },
    lines: {
      "Lambda requests": 0,
      "Lambda time": Number((processorSeconds * (1769 / 1024) * 0.0000166667).toFixed(3)),
      "CloudWatch Logs of the functions": 0,
      "CloudWatch metrics": 0,
    },
    idle: {},
  },
  {
    it: "nothing costs nothing",
    triggers: [http],
    options: { gbPerDay: 0 },
    lines: {
      "Lambda requests": 0,
      "Lambda time": 0,
      "CloudWatch Logs of the functions": 0,
      "CloudWatch metrics": 0,
    },
    idle: {},
  },
  {
    it: "a queue is polled, and a message of two chunks is sent, received and deleted",
    triggers: [queue],
    lines: {
      "Lambda requests": 0.608,
      "Lambda time": Number(((processorSeconds + 100_000 * days * 0.05) * gbSecond).toFixed(3)),
      SQS: 6.346, // 3,041,667 × 5 + 657,000
      "CloudWatch Logs of the functions": 1.962,
      "CloudWatch metrics": 3,
    },
    idle: { SQS: 0.263 },
  },
  {
    it: "a schedule runs without data, half a second each minute",
    triggers: [http, every(60)],
    options: { gbPerDay: 0 },
    lines: {
      "Lambda requests": 0.009,
      "Lambda time": Number((43_800 * 0.5 * gbSecond).toFixed(3)),
      "EventBridge Scheduler": 0.044,
      "CloudWatch Logs of the functions": 0.028,
      "CloudWatch metrics": 3,
    },
    idle: {
      "Lambda requests": 0.009,
      "Lambda time": Number((43_800 * 0.5 * gbSecond).toFixed(3)),
      "EventBridge Scheduler": 0.044,
      "CloudWatch Logs of the functions": 0.028,
      "CloudWatch metrics": 3,
    },
  },
])("$it", ({ triggers, options, lines, idle }) => {
  const result = estimate(plan(...triggers), "otlp", { ...usual, ...options });
  expect(roundedLines(result.lines)).toEqual(lines);
  expect(roundedLines(result.idle)).toEqual(idle);
  const total = result.lines.reduce((sum, { dollars }) => sum + dollars, 0);
  expect(result.dollarsPerMonth).toBeCloseTo(total, 9);
  const gb = (options?.gbPerDay ?? 10) * days;
  expect(result.dollarsPerGb).toBe(gb ? result.dollarsPerMonth / gb : undefined);
});

describe("regions", () => {
  const pricesIn = (region: string, ...triggers: TriggerDescription[]) =>
    estimate(plan(...triggers), "otlp", { ...usual, region, gbPerDay: 0 });

  test.for([
    { region: "us-east-1", says: "List prices of us-east-1 as of 2026-07:" },
    { region: "eu-central-1", says: "List prices of eu-central-1 as of 2026-09, and those of us-east-1 as of 2026-07 for what is not known of it, CloudWatch metrics:" },
    { region: "sa-east-1", says: "List prices of us-east-1 as of 2026-07, since those of sa-east-1 are not known:" },
  ])("the text says whose prices are used in $region", ({ region, says }) => {
    expect(text(pricesIn(region, http)).split("\n")).toContain(says);
  }); // biome-ignore format: a row is one line

  test("prices of a region are its own as far as they are known, all others those of the reference", () => {
    expect(pricesOf("eu-central-1").prices).toEqual({
      ...pricesOf("us-east-1").prices,
      logsPerGb: 0.63,
      dynamoDbPerMillionReads: 0.1525,
      dynamoDbPerMillionWrites: 0.7625,
    });
    expect([...pricesOf("eu-central-1").assumed].sort()).toEqual([
      "customMetricPerMonth",
      "dashboardPerMonth",
      "schedulerPerMillion",
      "sqsFifoPerMillionRequests",
    ]);
    expect(pricesOf("us-east-1").assumed).toEqual(new Set());
    expect(pricesOf("sa-east-1")).toEqual({ ...pricesOf("us-east-1"), asOf: undefined, assumed: expect.any(Set) });
    expect(pricesOf("af-south-1").prices.lambdaPerGbSecond.arm64).toBe(0.00001768);
  });

  test("every region with prices is one that can be asked for", () => {
    expect(knownRegions.filter(region => !isRegion(region))).toEqual([]);
    expect(["us-gov-west-1", "ap-southeast-5"].filter(isRegion)).toEqual(["us-gov-west-1", "ap-southeast-5"]);
  });
});

test("the queue of what waits is polled while nothing arrives, at the price of FIFO, and no data comes through it", () => {
  const waiting = planResources({
    ...graph(http),
    components: graph(http).components.map(each => ({ ...each, deadLetters: true as const })),
  });
  const { lines, idle, idleDollarsPerMonth } = estimate(waiting, "otlp", { ...usual, gbPerDay: 0 });
  const [line, ...others] = lines.filter(({ service }) => service.startsWith("SQS"));
  expect(others).toEqual([]);
  expect(line).toEqual({
    service: "SQS FIFO for what waits",
    formula: "657,000 empty polls of a FIFO queue × $0.5 / million",
    dollars: 0.3285,
  });
  expect(idle).toEqual([line]);
  expect(idleDollarsPerMonth).toBe(0.3285);
  expect(problemOf({ ...usual, via: "hand-over" }, waiting)).toBe(
    "--via should be one of http, which the configuration has, got hand-over",
  );
});

test("what runs several times a minute is billed for the whole minute", () => {
  const { lines } = estimate(plan(every(15)), "metrics", { ...usual, gbPerDay: 0 });
  expect(roundedLines(lines)["Lambda time"]).toBeCloseTo(43_800 * 60 * gbSecond, 2);
});

test.for<{ it: string; options: Partial<CostOptions>; problem: string }>([
  {
    it: "what is no region",
    options: { region: "mars-1" },
    problem: "--region should be one of AWS outside of China, such as eu-central-1, got mars-1",
  },
  {
    it: "a region with prices in another currency",
    options: { region: "cn-north-1" },
    problem: "--region should be one of AWS outside of China, such as eu-central-1, got cn-north-1",
  },
  {
    it: "no number",
    options: { gbPerDay: Number.NaN },
    problem: "--gb-per-day should be a number of gigabytes, got NaN",
  },
  { it: "less than nothing", options: { eventsPerDay: -1 }, problem: "--events-per-day should be a number, got -1" },
  { it: "too little memory", options: { memory: 64 }, problem: "--memory should be from 128 to 10240, got 64" },
  {
    it: "a trigger that is not there",
    options: { via: "stream" },
    problem: "--via should be one of http, queue, which the configuration has, got stream",
  },
])("$it is told", ({ options, problem }) => {
  expect(problemOf({ ...usual, ...options }, plan(http, queue))).toBe(problem);
});

test("a configuration that nothing calls is told", () => {
  expect(problemOf(usual, plan())).toBe("the configuration should have a component that something calls, got none");
});

test.for([
  { names: ["otelcol.receiver.otlp", "otelcol.exporter.otlphttp"], workload: "otlp" },
  { names: ["prometheus.scrape", "otelcol.receiver.otlp"], workload: "metrics" },
  { names: ["prometheus.scrape", "loki.write"], workload: "logs" },
])("$names are measured as $workload", ({ names, workload }) => {
  const components = names.map(name => ({ ...(graph(http).components[0] as GraphDescription["components"][0]), name })); // there is one
  expect(workloadOf({ components })).toBe(workload);
});

test("the text has the sum, each line with its formula, and what it rests on", () => {
  const result = estimate(plan(http), "otlp", { ...usual, gbPerDay: 0 });
  const lines = text(result).split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "A month costs $0; while nothing arrives $0.",
    "",
    "  Lambda requests                           $0  0 invocations × $0.2 / million",
    "  Lambda time                               $0  0 s × 1769 MB / 1024 = 0 GB-s × $0.0000133334",
    "  CloudWatch Logs of the functions          $0  0 invocations × 1290 bytes = 0 GB × $0.5",
    "  CloudWatch metrics                        $0  0 metrics × $0.3",
  ]);
  expect(lines).toContain("List prices of us-east-1 as of 2026-07:");
  for (const each of [...result.assumptions, ...result.notIncluded]) expect(lines).toContain(`  - ${each}`);
});

test("the command prints JSON, and refuses a region", () => {
  const main = path.join(import.meta.dirname, "main.ts");
  const config = path.join(import.meta.dirname, "../examples/quickstart.alloy");
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", main, "cost", ...args, config], {
      encoding: "utf8",
    });
  const good = run("--gb-per-day=1", "--json");
  expect(JSON.parse(good.stdout)).toMatchObject({
    dollarsPerMonth: expect.any(Number),
    prices: { region: "us-east-1" },
  });
  const { status, stderr } = run("--gb-per-day=1", "--region=mars-1");
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "Error: --region should be one of AWS outside of China, such as eu-central-1, got mars-1\n",
  });
});
