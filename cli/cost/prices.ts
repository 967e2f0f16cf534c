/**
 * List prices of AWS in US dollars, without free tiers, volume tiers, savings plans and taxes. All prices of the program are here:
 * compare them with the pages before you rely on them.
 */

export type Architecture = "x86_64" | "arm64";

export interface Prices {
  readonly lambdaPerMillionRequests: number;
  readonly lambdaPerGbSecond: Readonly<Record<Architecture, number>>;
  readonly sqsPerMillionRequests: number;
  readonly sqsFifoPerMillionRequests: number;
  readonly logsPerGb: number;
  readonly customMetricPerMonth: number;
  readonly alarmMetricPerMonth: number;
  readonly dashboardPerMonth: number;
  readonly schedulerPerMillion: number;
  readonly dynamoDbPerMillionReads: number;
  readonly dynamoDbPerMillionWrites: number;
}

export const sources: readonly string[] = [
  "https://aws.amazon.com/lambda/pricing/",
  "https://aws.amazon.com/sqs/pricing/",
  "https://aws.amazon.com/cloudwatch/pricing/",
  "https://aws.amazon.com/eventbridge/pricing/",
  "https://aws.amazon.com/dynamodb/pricing/on-demand/",
];

/** The region whose prices take the place of those that are not known of another. */
export const reference = "us-east-1";

const usual: Prices = {
  lambdaPerMillionRequests: 0.2,
  lambdaPerGbSecond: { x86_64: 0.0000166667, arm64: 0.0000133334 },
  sqsPerMillionRequests: 0.4,
  sqsFifoPerMillionRequests: 0.5,
  logsPerGb: 0.5,
  customMetricPerMonth: 0.3,
  alarmMetricPerMonth: 0.1,
  dashboardPerMonth: 3,
  schedulerPerMillion: 1,
  dynamoDbPerMillionReads: 0.125,
  dynamoDbPerMillionWrites: 0.625,
};

interface RegionPrices {
  /** The month in which they were looked up. */
  readonly asOf: string;
  /** Only those that were. */
  readonly known: Partial<Prices>;
}

const { lambdaPerGbSecond, lambdaPerMillionRequests } = usual;
/** Lambda costs the same in most regions. */
const lambda = { lambdaPerGbSecond, lambdaPerMillionRequests };
const ofLambda = (x86_64: number, arm64: number): Partial<Prices> => ({ lambdaPerGbSecond: { x86_64, arm64 } });

const regions: Readonly<Record<string, RegionPrices>> = {
  "us-east-1": { asOf: "2026-07", known: usual },
  "us-east-2": { asOf: "2026-06", known: usual },
  "us-west-2": { asOf: "2026-06", known: usual },
  "eu-west-1": { asOf: "2026-03", known: { ...lambda, logsPerGb: 0.57 } },
  "eu-central-1": {
    asOf: "2026-09",
    known: {
      ...lambda,
      sqsPerMillionRequests: 0.4,
      logsPerGb: 0.63,
      alarmMetricPerMonth: 0.1,
      dynamoDbPerMillionReads: 0.1525,
      dynamoDbPerMillionWrites: 0.7625,
    },
  },
  "ap-northeast-1": {
    asOf: "2026-09",
    known: { ...lambda, logsPerGb: 0.76, dynamoDbPerMillionReads: 0.1425, dynamoDbPerMillionWrites: 0.715 },
  },
  "af-south-1": { asOf: "2026-06", known: ofLambda(0.0000221, 0.00001768) },
  "ap-east-1": { asOf: "2026-06", known: ofLambda(0.00002292, 0.0000183) },
  "eu-south-1": { asOf: "2026-06", known: ofLambda(0.0000195172, 0.0000156138) },
  "me-central-1": { asOf: "2026-06", known: ofLambda(0.0000206667, 0.0000165334) },
  "me-south-1": { asOf: "2026-06", known: ofLambda(0.0000206667, 0.0000165334) },
};

/** Names of regions for messages. */
export const knownRegions: readonly string[] = Object.keys(regions);

/** The parts of AWS whose prices are in dollars and of the same order. */
export const isRegion = (name: string): boolean => /^(?!cn-)[a-z]{2}(-[a-z]+)+-\d$/.test(name);

export interface RegionalPrices {
  readonly prices: Prices;
  /** `undefined` where none is known. */
  readonly asOf: string | undefined;
  /** Those that are the reference's, since the region's are not known. */
  readonly assumed: ReadonlySet<keyof Prices>;
}

/** The prices of a region, with those of the reference where its own are not known. */
export function pricesOf(region: string): RegionalPrices {
  const { asOf, known } = regions[region] ?? { asOf: undefined, known: {} };
  const names = Object.keys(usual) as (keyof Prices)[]; // all that it has
  return { prices: { ...usual, ...known }, asOf, assumed: new Set(names.filter(name => !(name in known))) };
}

/** When the reference's prices were looked up. */
export const referenceAsOf: string = regions[reference]?.asOf ?? "";
