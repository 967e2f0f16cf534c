/**
 * List prices of AWS in US dollars, without free tiers, volume tiers, savings plans and taxes. All prices of the program are here:
 * compare them with the pages before you rely on them.
 */
export const prices = {
  asOf: "2026-06",
  sources: [
    "https://aws.amazon.com/lambda/pricing/",
    "https://aws.amazon.com/sqs/pricing/",
    "https://aws.amazon.com/cloudwatch/pricing/",
    "https://aws.amazon.com/eventbridge/pricing/",
    "https://aws.amazon.com/dynamodb/pricing/on-demand/",
  ],
  /** The prices below are those of the first; the others have the same. Regions with other prices are not here yet. */
  regions: ["us-east-1", "us-east-2", "us-west-2"],
  lambdaPerMillionRequests: 0.2,
  lambdaPerGbSecond: { x86_64: 0.0000166667, arm64: 0.0000133334 },
  sqsPerMillionRequests: 0.4,
  logsPerGb: 0.5,
  customMetricPerMonth: 0.3,
  alarmMetricPerMonth: 0.1,
  dashboardPerMonth: 3,
  schedulerPerMillion: 1,
  dynamoDbPerMillionReads: 0.125,
  dynamoDbPerMillionWrites: 0.625,
} as const;

export type Architecture = keyof typeof prices.lambdaPerGbSecond;
