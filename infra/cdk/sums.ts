/** Metrics over several functions or queues. */
import { type IMetric, MathExpression } from "aws-cdk-lib/aws-cloudwatch";

/** The sum of metrics. */
export const total = (metrics: readonly IMetric[]): MathExpression =>
  new MathExpression({ expression: metrics.map((_, i) => `m${i}`).join(" + "), usingMetrics: named(metrics) });

/** The largest of metrics. */
export const largest = (metrics: readonly IMetric[]): MathExpression =>
  new MathExpression({
    expression: `MAX([${metrics.map((_, i) => `m${i}`).join(", ")}])`,
    usingMetrics: named(metrics),
  });

const named = (metrics: readonly IMetric[]) => Object.fromEntries(metrics.map((metric, i) => [`m${i}`, metric]));
