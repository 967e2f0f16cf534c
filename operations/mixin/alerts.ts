/** The one table behind the alert rules. The construct makes alarms of CloudWatch of the same (infra/cdk/observability.ts). */

export interface AlertSpec {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold. */
  readonly for: string;
  readonly severity: "critical" | "warning";
  readonly summary: string;
  readonly description: string;
}

export interface AlertGroup {
  readonly name: string;
  readonly rules: readonly AlertSpec[];
}

/** Over the metrics of `/metrics` and of `AMALGAM_METRICS=otlp:…`. */
export const prometheusGroups: readonly AlertGroup[] = [
  {
    name: "amalgam",
    rules: [
      {
        alert: "AmalgamItemsRefused",
        expr: "sum by (job, component_id, destination) (increase(amalgam_writer_dead_items_total[15m])) > 0",
        for: "0m",
        severity: "critical",
        summary: "{{ $labels.destination }} refuses data for good",
        description:
          "{{ $labels.component_id }} has put {{ $value | humanize }} items into the dead letters within 15 minutes. Their reasons are with them: amalgam replay sends them again.",
      },
      {
        alert: "AmalgamDataWaits",
        expr: "time() - min by (job) (amalgam_waiting_oldest_timestamp_seconds > 0) > 900",
        for: "0m",
        severity: "critical",
        summary: "Data waits for its backend",
        description:
          "The oldest request of {{ $labels.job }} waits for {{ $value | humanizeDuration }}. It is tried again until it is three days old, then it is a dead letter.",
      },
      {
        alert: "AmalgamDeliveriesFail",
        expr: 'sum by (job, component_id, destination) (rate(amalgam_writer_requests_total{status!~"2.."}[5m])) / sum by (job, component_id, destination) (rate(amalgam_writer_requests_total[5m])) > 0.1',
        for: "15m",
        severity: "critical",
        summary: "{{ $labels.destination }} does not take data",
        description:
          "{{ $value | humanizePercentage }} of the requests of {{ $labels.component_id }} fail. What is not delivered waits, or goes back to its queue, stream or sender.",
      },
      {
        alert: "AmalgamDeliveriesThrottled",
        expr: 'sum by (job, component_id, destination) (rate(amalgam_writer_requests_total{status="429"}[5m])) > 0',
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.destination }} limits the rate of data",
        description:
          "{{ $labels.component_id }} is told to wait (429): the limits of the tenant are too low for its data.",
      },
      {
        alert: "AmalgamDeliveriesSlow",
        expr: "histogram_quantile(0.99, sum by (le, job, component_id) (rate(amalgam_writer_request_duration_seconds_bucket[5m]))) > 5",
        for: "15m",
        severity: "warning",
        summary: "Deliveries of {{ $labels.component_id }} are slow",
        description:
          "1 % of the requests take more than {{ $value | humanizeDuration }}. Functions are billed while they wait.",
      },
      {
        alert: "AmalgamRecordsReturned",
        expr: "sum by (job) (increase(amalgam_function_returned_records_total[15m])) > 0",
        for: "15m",
        severity: "warning",
        summary: "Records go back to their queue or stream",
        description:
          "{{ $value | humanize }} records of {{ $labels.job }} have gone back within 15 minutes; after some tries they are set aside.",
      },
      {
        alert: "AmalgamInvocationsFail",
        expr: "sum by (job) (increase(amalgam_function_failed_invocations_total[5m])) > 0",
        for: "10m",
        severity: "warning",
        summary: "Invocations of {{ $labels.job }} fail",
        description:
          "{{ $value | humanize }} invocations have failed within 5 minutes; the function's log has the reason.",
      },
    ],
  },
  {
    // with the names that prometheus.exporter.cloudwatch gives the metrics of AWS
    name: "amalgam-aws",
    rules: [
      {
        alert: "AmalgamQueueWaits",
        expr: "max by (dimension_QueueName) (aws_sqs_approximate_age_of_oldest_message_maximum) > 900",
        for: "5m",
        severity: "warning",
        summary: "Data waits in {{ $labels.dimension_QueueName }}",
        description: "The oldest message has waited for {{ $value | humanizeDuration }}.",
      },
      {
        alert: "AmalgamDeadLetters",
        expr: 'max by (dimension_QueueName) (aws_sqs_approximate_number_of_messages_visible_maximum{dimension_QueueName=~".*DeadLetters.*"}) > 0',
        for: "0m",
        severity: "critical",
        summary: "{{ $labels.dimension_QueueName }} has dead letters",
        description: "{{ $value | humanize }} messages need a person: they were tried as often as their queue allows.",
      },
      {
        alert: "AmalgamLost",
        expr: "sum by (dimension_FunctionName) (aws_lambda_destination_delivery_failures_sum) > 0",
        for: "0m",
        severity: "critical",
        summary: "{{ $labels.dimension_FunctionName }} has lost events",
        description: "Lambda gave up {{ $value | humanize }} events and could not put them into the dead-letter queue.",
      },
      {
        alert: "AmalgamThrottled",
        expr: "sum by (dimension_FunctionName) (aws_lambda_throttles_sum) > 0",
        for: "5m",
        severity: "warning",
        summary: "Lambda has no room for {{ $labels.dimension_FunctionName }}",
        description:
          "{{ $value | humanize }} invocations were throttled: the concurrency of the account or of the function is used up.",
      },
    ],
  },
];

/** Over the log of functions, where it is in Loki with the label `job="amalgam"`. */
export const lokiGroups: readonly AlertGroup[] = [
  {
    name: "amalgam-log",
    rules: [
      {
        alert: "AmalgamItemsRefused",
        expr: 'sum by (FunctionName) (sum_over_time({job="amalgam"} |= `"DeadItems"` | json FunctionName="FunctionName", DeadItems="DeadItems" | unwrap DeadItems [15m])) > 0',
        for: "0m",
        severity: "critical",
        summary: "A backend refuses data of {{ $labels.FunctionName }} for good",
        description: "{{ $value }} items are in the dead letters.",
      },
      {
        alert: "AmalgamErrors",
        expr: 'sum by (component) (count_over_time({job="amalgam"} |= `"level":"error"` | json component="component" [5m])) > 0',
        for: "10m",
        severity: "warning",
        summary: "Errors of {{ $labels.component }}",
        description: "{{ $value }} errors in the log within 5 minutes.",
      },
    ],
  },
];
