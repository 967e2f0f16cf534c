/** The one table behind the dashboards: what is shown, and where CloudWatch and Prometheus have it. */

export interface CloudWatchQuery {
  readonly namespace: "Amalgam" | "AWS/Lambda" | "AWS/SQS";
  readonly metric: string;
  readonly statistic: "Sum" | "Maximum" | "Average" | "p50" | "p99";
  readonly label: string;
}

export interface PrometheusQuery {
  readonly expr: string;
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  readonly description: string;
  /** As Grafana names units. */
  readonly unit: string;
  /** Where the two sources have different units. @default unit */
  readonly cloudwatchUnit?: string;
  readonly cloudwatch: readonly CloudWatchQuery[];
  readonly prometheus: readonly PrometheusQuery[];
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

const own = (metric: string, label: string, statistic: CloudWatchQuery["statistic"] = "Sum"): CloudWatchQuery => ({
  namespace: "Amalgam",
  metric,
  statistic,
  label,
});

const lambda = (metric: string, label: string, statistic: CloudWatchQuery["statistic"] = "Sum"): CloudWatchQuery => ({
  namespace: "AWS/Lambda",
  metric,
  statistic,
  label,
});

const queue = (metric: string, label: string): CloudWatchQuery => ({
  namespace: "AWS/SQS",
  metric,
  statistic: "Maximum",
  label,
});

/** Instances come and go, so that what each of them has counted is added up. */
const rate = (name: string, by: string, labels = ""): string =>
  `sum by (${by}) (rate(${name}{${[selector, labels].filter(Boolean).join(", ")}}[$__rate_interval]))`;

const selector = 'job=~"$job"';

const quantile = (q: number, name: string, by: string): string =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${name}_bucket{${selector}}[$__rate_interval])))`;

const component = "component_id";

export const rows: readonly RowSpec[] = [
  {
    title: "Data",
    panels: [
      {
        title: "Records in",
        description: "What triggers bring: requests, messages, records of streams, log subscriptions.",
        unit: "short",
        cloudwatch: [own("ReceivedRecords", "${PROP('Dim.FunctionName')}")],
        prometheus: [{ expr: rate("amalgam_function_received_records_total", "job"), legend: "{{job}}" }],
      },
      {
        title: "Items out",
        description: "Log entries, samples, spans and points that backends took.",
        unit: "short",
        cloudwatch: [own("SentItems", "${PROP('Dim.FunctionName')}")],
        prometheus: [{ expr: rate("amalgam_writer_sent_items_total", component), legend: "{{component_id}}" }],
      },
      {
        title: "Bytes",
        description: "Of records as they arrive, and of requests as they are sent.",
        unit: "Bps",
        cloudwatchUnit: "bytes",
        cloudwatch: [own("ReceivedBytes", "received"), own("SentBytes", "sent")],
        prometheus: [
          { expr: rate("amalgam_function_received_bytes_total", "job"), legend: "received" },
          { expr: rate("amalgam_writer_sent_bytes_total", "job"), legend: "sent" },
        ],
      },
    ],
  },
  {
    title: "Loss",
    panels: [
      {
        title: "Dropped on purpose",
        description: "By components that are told to, with the reason; and what Amalgam causes itself.",
        unit: "short",
        cloudwatch: [own("DroppedItems", "dropped")],
        prometheus: [
          {
            expr: rate("amalgam_component_dropped_items_total", `${component}, reason`),
            legend: "{{component_id}}: {{reason}}",
          },
        ],
      },
      {
        title: "Refused for good",
        description: "Items in requests that a backend will never take; they are in the dead letters.",
        unit: "short",
        cloudwatch: [own("DeadItems", "refused")],
        prometheus: [{ expr: rate("amalgam_writer_dead_items_total", component), legend: "{{component_id}}" }],
      },
      {
        title: "Tried again",
        description:
          "Items of requests that are tried again, items that wait for their backend, and records that go back to where they came from.",
        unit: "short",
        cloudwatch: [
          own("RetriedItems", "items tried again"),
          own("HandedOverItems", "items that wait"),
          own("ReturnedRecords", "records returned"),
        ],
        prometheus: [
          {
            expr: rate("amalgam_writer_handed_over_items_total", component),
            legend: "{{component_id}}: waits",
          },
          { expr: rate("amalgam_writer_retried_items_total", component), legend: "{{component_id}}" },
          { expr: rate("amalgam_function_returned_records_total", "job"), legend: "returned by {{job}}" },
        ],
      },
    ],
  },
  {
    title: "Deliveries",
    panels: [
      {
        title: "Time of deliveries",
        description: "Of requests to backends.",
        unit: "s",
        cloudwatchUnit: "ms",
        cloudwatch: [own("RequestDuration", "p50", "p50"), own("RequestDuration", "p99", "p99")],
        prometheus: [
          { expr: quantile(0.5, "amalgam_writer_request_duration_seconds", component), legend: "p50 {{component_id}}" },
          {
            expr: quantile(0.99, "amalgam_writer_request_duration_seconds", component),
            legend: "p99 {{component_id}}",
          },
        ],
      },
      {
        title: "Failed deliveries",
        description: "Requests that a backend refused or did not answer.",
        unit: "short",
        cloudwatch: [own("FailedRequests", "failed"), own("ThrottledRequests", "throttled (429)")],
        prometheus: [
          {
            expr: rate("amalgam_writer_requests_total", `${component}, status`, 'status!~"2.."'),
            legend: "{{component_id}}: {{status}}",
          },
        ],
      },
      {
        title: "Waiting",
        description: "The age of the oldest message of a queue, and messages that were set aside.",
        unit: "s",
        cloudwatch: [
          queue("ApproximateAgeOfOldestMessage", "age in ${PROP('Dim.QueueName')} (s)"),
          queue("ApproximateNumberOfMessagesVisible", "messages in ${PROP('Dim.QueueName')}"),
        ],
        prometheus: [
          {
            expr: "max by (dimension_QueueName) (aws_sqs_approximate_age_of_oldest_message_maximum)",
            legend: "age in {{dimension_QueueName}}",
          },
        ],
      },
    ],
  },
  {
    title: "Functions",
    panels: [
      {
        title: "Invocations",
        description: "And those that failed as a whole.",
        unit: "short",
        cloudwatch: [
          lambda("Invocations", "${PROP('Dim.FunctionName')}"),
          lambda("Errors", "errors of ${PROP('Dim.FunctionName')}"),
        ],
        prometheus: [
          { expr: rate("amalgam_function_duration_seconds_count", "job"), legend: "{{job}}" },
          { expr: rate("amalgam_function_failed_invocations_total", "job"), legend: "failed of {{job}}" },
        ],
      },
      {
        title: "Time of invocations",
        description: "Until their answers.",
        unit: "s",
        cloudwatchUnit: "ms",
        cloudwatch: [lambda("Duration", "p50", "p50"), lambda("Duration", "p99", "p99")],
        prometheus: [
          { expr: quantile(0.5, "amalgam_function_duration_seconds", "job"), legend: "p50" },
          { expr: quantile(0.99, "amalgam_function_duration_seconds", "job"), legend: "p99" },
        ],
      },
      {
        title: "Cold starts, throttles",
        description: "Instances that started, and invocations that Lambda had no room for.",
        unit: "short",
        cloudwatch: [own("ColdStarts", "cold starts"), lambda("Throttles", "throttles")],
        prometheus: [
          { expr: `count by (job) (amalgam_function_cold_starts_total{${selector}})`, legend: "instances of {{job}}" },
          {
            expr: "sum by (dimension_FunctionName) (aws_lambda_throttles_sum)",
            legend: "throttles of {{dimension_FunctionName}}",
          },
        ],
      },
    ],
  },
];
