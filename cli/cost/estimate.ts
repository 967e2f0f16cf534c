/** What a configuration costs in a month on AWS: a formula for each line, over assumptions that are part of the answer. */
import type { FunctionKind, ResourcePlan } from "../../infra/resources.ts";
import { measured } from "./measured.ts";
import { type Architecture, isRegion, type Prices, pricesOf, reference, referenceAsOf, sources } from "./prices.ts";

/** What is measured of pipelines of this kind. */
export type Workload = keyof typeof measured.megabytesPerSecond;

export interface CostOptions {
  readonly gbPerDay: number;
  /** Invocations with data. @default one for each 100 kB */
  readonly eventsPerDay?: number | undefined;
  /** Megabytes. */
  readonly memory: number;
  readonly architecture: Architecture;
  readonly region: string;
  /** What the data comes through. @default the first of the configuration */
  readonly via?: string | undefined;
}

export interface CostLine {
  readonly service: string;
  readonly formula: string;
  readonly dollars: number;
}

/** A line with the prices that it rests on. */
interface PricedLine extends CostLine {
  readonly by: readonly (keyof Prices)[];
}

export interface Estimate {
  readonly prices: {
    /** Month; `null` where no price of the region is known. */
    readonly asOf: string | null;
    readonly region: string;
    readonly sources: readonly string[];
    /** Lines with prices of another region, since those of the region are not known. */
    readonly assumed: readonly string[];
    readonly assumedFrom: { readonly region: string; readonly asOf: string };
  };
  readonly assumptions: readonly string[];
  /** With the data that was asked for. */
  readonly lines: readonly CostLine[];
  readonly dollarsPerMonth: number;
  /** `undefined` where there is no data. */
  readonly dollarsPerGb: number | undefined;
  /** What is billed while nothing arrives. */
  readonly idle: readonly CostLine[];
  readonly idleDollarsPerMonth: number;
  readonly notIncluded: readonly string[];
}

const daysPerMonth = 730 / 24;
const usualBytesPerEvent = 100_000;
/** A whole processor, as Lambda has it. */
const megabytesOfProcessor = 1769;
const waitMs = 50;
const scheduledRunMs = 500;
/** The line of metrics that a function writes, and those that Lambda writes of each invocation. */
const logBytesPerInvocation = 590 + 700;
const metricsPerFunction = 10;
/** Lambda asks a queue with five pollers, each for 20 seconds at a time. */
const pollsPerMonth = (5 * 730 * 3600) / 20;
const sqsChunk = 64 * 1024;

/** What is wrong with options; `undefined` if nothing is. */
export function problemOf({ gbPerDay, eventsPerDay, memory, region, via }: CostOptions, plan: ResourcePlan) {
  const kinds = kindsOf(plan);
  if (!kinds.length) return "the configuration should have a component that something calls, got none";
  if (!(gbPerDay >= 0 && gbPerDay < Number.POSITIVE_INFINITY))
    return `--gb-per-day should be a number of gigabytes, got ${gbPerDay}`;
  if (eventsPerDay !== undefined && !(eventsPerDay >= 0 && eventsPerDay < Number.POSITIVE_INFINITY))
    return `--events-per-day should be a number, got ${eventsPerDay}`;
  if (!(memory >= 128 && memory <= 10_240)) return `--memory should be from 128 to 10240, got ${memory}`;
  if (!isRegion(region)) return `--region should be one of AWS outside of China, such as eu-central-1, got ${region}`;
  if (via !== undefined && !kinds.some(kind => kind === via))
    return `--via should be one of ${kinds.join(", ")}, which the configuration has, got ${via}`;
  return undefined;
}

/** Kinds of function that data comes to from outside. */
const kindsOf = ({ functions }: ResourcePlan): readonly FunctionKind[] =>
  functions.map(({ kind }) => kind).filter(kind => kind !== "hand-over");

interface Month {
  readonly via: FunctionKind;
  /** Invocations that bring data. */
  readonly events: number;
  readonly bytesPerEvent: number;
  readonly processorSeconds: number;
  /** Of schedules, data or not. */
  readonly runs: number;
  readonly runSeconds: number;
}

/** Estimates a month. The options are without problems. */
export function estimate(plan: ResourcePlan, workload: Workload, options: CostOptions): Estimate {
  const month = monthOf(plan, workload, options);
  const { region } = options;
  const { prices, asOf, assumed } = pricesOf(region);
  const lines = linesOf(plan, { ...options, prices }, month);
  const idle = linesOf(plan, { ...options, prices }, { ...month, events: 0, processorSeconds: 0 }).filter(
    ({ dollars }) => dollars > 0,
  );
  const dollarsPerMonth = sum(lines);
  const gb = options.gbPerDay * daysPerMonth;
  return {
    prices: {
      asOf: asOf ?? null,
      region,
      sources,
      assumed: lines.filter(({ by }) => by.some(price => assumed.has(price))).map(({ service }) => service),
      assumedFrom: { region: reference, asOf: referenceAsOf },
    },
    assumptions: assumptionsOf(plan, workload, options, month),
    lines: lines.map(withoutPrices),
    dollarsPerMonth,
    dollarsPerGb: gb > 0 ? dollarsPerMonth / gb : undefined,
    idle: idle.map(withoutPrices),
    idleDollarsPerMonth: sum(idle),
    notIncluded: notIncluded(prices),
  };
}

function monthOf(plan: ResourcePlan, workload: Workload, { gbPerDay, eventsPerDay, memory, via }: CostOptions): Month {
  const kinds = kindsOf(plan);
  const chosen = kinds.find(kind => kind === via) ?? kinds.find(kind => kind !== "schedule") ?? "schedule";
  const bytes = gbPerDay * 1e9;
  const runs = plan.schedules.reduce((all, { everyMinutes }) => all + (730 * 60) / everyMinutes, 0);
  const runSeconds = plan.schedules.reduce(
    (all, { everyMinutes, forSeconds }) => all + ((730 * 60) / everyMinutes) * (forSeconds ?? scheduledRunMs / 1000),
    0,
  );
  const daily = chosen === "schedule" ? 0 : (eventsPerDay ?? Math.ceil(bytes / usualBytesPerEvent));
  const share = Math.min(1, memory / megabytesOfProcessor);
  return {
    via: chosen,
    events: daily * daysPerMonth,
    bytesPerEvent: daily ? bytes / daily : 0,
    processorSeconds: (bytes / 1e6 / measured.megabytesPerSecond[workload] / share) * daysPerMonth,
    runs,
    runSeconds,
  };
}

const millions = (n: number, dollars: number): number => (n / 1e6) * dollars;

type PricedOptions = CostOptions & { readonly prices: Prices };

function linesOf(plan: ResourcePlan, options: PricedOptions, month: Month): PricedLine[] {
  const { memory, architecture, prices } = options;
  const { events, runs, runSeconds, processorSeconds } = month;
  const invocations = events + runs;
  const seconds = processorSeconds + (events * waitMs) / 1000 + runSeconds;
  const gbSeconds = (seconds * memory) / 1024;
  const perSecond = prices.lambdaPerGbSecond[architecture];
  const logGb = (invocations * logBytesPerInvocation) / 1e9;
  const active = Number(events > 0) + Number(runs > 0);
  const metrics = active * metricsPerFunction;
  return [
    {
      service: "Lambda requests",
      formula: `${count(invocations)} invocations × $${prices.lambdaPerMillionRequests} / million`,
      dollars: millions(invocations, prices.lambdaPerMillionRequests),
      by: ["lambdaPerMillionRequests"],
    },
    {
      service: "Lambda time",
      formula: `${count(seconds)} s × ${memory} MB / 1024 = ${count(gbSeconds)} GB-s × $${perSecond}`,
      dollars: gbSeconds * perSecond,
      by: ["lambdaPerGbSecond"],
    },
    ...sqsLines(plan, prices, month),
    ...(runs
      ? [
          {
            service: "EventBridge Scheduler",
            formula: `${count(runs)} runs × $${prices.schedulerPerMillion} / million`,
            dollars: millions(runs, prices.schedulerPerMillion),
            by: ["schedulerPerMillion"] as const,
          },
        ]
      : []),
    ...stateLines(plan, prices, invocations),
    {
      service: "CloudWatch Logs of the functions",
      formula: `${count(invocations)} invocations × ${logBytesPerInvocation} bytes = ${amount(logGb)} GB × $${prices.logsPerGb}`,
      dollars: logGb * prices.logsPerGb,
      by: ["logsPerGb"],
    },
    {
      service: "CloudWatch metrics",
      formula: `${metrics} metrics × $${prices.customMetricPerMonth}`,
      dollars: metrics * prices.customMetricPerMonth,
      by: ["customMetricPerMonth"],
    },
  ];
}

function sqsLines({ eventSources }: ResourcePlan, prices: Prices, { via, events, bytesPerEvent }: Month): PricedLine[] {
  const polled = eventSources.filter(({ service }) => service === "sqs");
  const waiting = polled.filter(each => each.function === "hand-over").length; // what waits is in order
  const queues = polled.length - waiting;
  const chunks = Math.max(1, Math.ceil(bytesPerEvent / sqsChunk));
  const perEvent = via === "queue" ? 2 * chunks + 1 : 0;
  const sent = perEvent ? events : 0;
  const { sqsPerMillionRequests: standard, sqsFifoPerMillionRequests: fifo } = prices;
  const polls = (count: number) => count * pollsPerMonth;
  const lines: PricedLine[] = [];
  if (queues)
    lines.push({
      service: "SQS",
      formula: `(${count(sent)} messages × ${perEvent} requests + ${count(polls(queues))} empty polls of ${queues === 1 ? "a queue" : `${queues} queues`}) × $${standard} / million`,
      dollars: millions(sent * perEvent + polls(queues), standard),
      by: ["sqsPerMillionRequests"],
    });
  if (waiting)
    lines.push({
      service: "SQS FIFO for what waits",
      formula: `${count(polls(waiting))} empty polls of a FIFO queue × $${fifo} / million`,
      dollars: millions(polls(waiting), fifo),
      by: ["sqsFifoPerMillionRequests"],
    });
  return lines;
}

function stateLines({ tables }: ResourcePlan, prices: Prices, invocations: number): PricedLine[] {
  if (!tables.length) return [];
  const { dynamoDbPerMillionReads: reads, dynamoDbPerMillionWrites: writes } = prices;
  return [
    {
      service: "DynamoDB",
      formula: `${count(invocations)} invocations × (1 read × $${reads} + 1 write × $${writes}) / million`,
      dollars: millions(invocations, reads + writes),
      by: ["dynamoDbPerMillionReads", "dynamoDbPerMillionWrites"],
    },
  ];
}

function assumptionsOf(plan: ResourcePlan, workload: Workload, options: CostOptions, month: Month): string[] {
  const { gbPerDay, eventsPerDay, memory, architecture } = options;
  const rate = measured.megabytesPerSecond[workload];
  const share = Math.min(1, memory / megabytesOfProcessor);
  return [
    `${gbPerDay} GB of telemetry a day before compression, all through ${month.via}; a month has 730 hours`,
    ...(month.events
      ? [
          `${count(month.events / daysPerMonth)} invocations a day with data, ${count(month.bytesPerEvent)} bytes each${eventsPerDay === undefined ? " (--events-per-day says otherwise)" : ""}`,
        ]
      : []),
    `${rate} MB a second of one processor, ${amount(1000 / rate)} ms per MB: pipelines of ${workload} as measured on ${measured.date} (${measured.machine}); arm64 is taken to be as fast`,
    `${memory} MB have ${amount(share)} of a processor (a whole one at ${megabytesOfProcessor} MB), so ${amount(1000 / rate / share)} ms per MB; architecture ${architecture}`,
    `${waitMs} ms of each invocation pass while backends answer`,
    ...(month.runs
      ? [`${scheduledRunMs} ms for a scheduled run, or as long as its function waits for its own times`]
      : []),
    ...(plan.eventSources.some(({ service }) => service === "sqs")
      ? ["Lambda asks each queue with five pollers, each for 20 seconds at a time"]
      : []),
    ...(plan.tables.length ? ["one read and one write of state for each invocation"] : []),
    `${logBytesPerInvocation} bytes of log for each invocation, ${metricsPerFunction} metrics for each function that is active (AMALGAM_METRICS=off: none)`,
  ];
}

const notIncluded = (prices: Prices): readonly string[] => [
  "free tiers, volume prices, savings plans and taxes",
  "data transfer to backends",
  "what brings the data: API Gateway, load balancers, log subscriptions, streams, topics, Firehose, Kafka",
  "cold starts, retries, dead letters, and what waits while a backend is down",
  `alarms ($${prices.alarmMetricPerMonth} for each metric of one) and dashboards ($${prices.dashboardPerMonth})`,
];

const withoutPrices = ({ by: _, ...line }: PricedLine): CostLine => line;

const sum = (lines: readonly CostLine[]): number => lines.reduce((all, { dollars }) => all + dollars, 0);

const count = (n: number): string => Math.round(n).toLocaleString("en-US");

/** Three digits that matter. */
const amount = (n: number): string => String(Number(n.toPrecision(3)));
