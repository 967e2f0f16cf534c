import { Duration } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Code, Function as Lambda, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { describe, expect, test } from "vitest";
import { emfName } from "../../functions/aws/emf.ts";
import { type FunctionKind, planResources } from "../resources.ts";
import { type AlarmOptions, Observability, type ObservabilityProps, type OwnMetric } from "./observability.ts";
import { emptyStack, idOf, synthesize } from "./testing.ts";

interface AlarmProperties {
  readonly Threshold: number;
  readonly DatapointsToAlarm?: number;
  readonly EvaluationPeriods: number;
  readonly Metrics: readonly { readonly MetricStat?: { readonly Metric: { readonly MetricName: string } } }[];
}

/** Alarms of a template with what they look at, by their names. */
function alarmsIn(template: Template): Record<string, object> {
  const resources = Object.entries(template.findResources("AWS::CloudWatch::Alarm"));
  return Object.fromEntries(
    resources.map(([id, { Properties }]) => {
      const { Threshold, DatapointsToAlarm = 1, EvaluationPeriods, Metrics } = Properties as AlarmProperties; // as CloudFormation has them
      const metrics = new Set(Metrics.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric.MetricName] : [])));
      const name = id.replace(/^.*Observability|[0-9A-F]{8}$/g, "");
      return [name, of([...metrics].join(), `${DatapointsToAlarm} of ${EvaluationPeriods}`, Threshold)];
    }),
  );
}

const of = (metrics: string, minutes = "1 of 1", threshold = 1) => ({ metrics, minutes, threshold });

/** What is watched of a plan: functions, queues and streams where they are wanted. */
function watched(
  stack = emptyStack(),
  sources: readonly string[] = [],
): Omit<ObservabilityProps, "alarms" | "dashboard"> {
  const trigger = { kind: "records", format: "raw", sources, from: [], logGroups: [], filterPattern: "" } as const;
  const kafka = { brokers: ["b"], topics: ["t"], groupId: "g", authentication: "none", startAt: "latest" } as const;
  const component = { name: "", label: "", permissions: [], state: false };
  const http = { kind: "http", host: "", port: 1, paths: [], authenticated: false } as const;
  const all = [
    { ...component, id: "a", triggers: [http] },
    { ...component, id: "b", triggers: [{ ...trigger, ...(sources.includes("stream") && { from: ["s"] }), ...(sources.includes("kafka") && { kafka }) }] }, // biome-ignore format: a row
  ];
  const plan = planResources({ version: 1, edges: [], components: all });
  const make = ({ kind }: { readonly kind: FunctionKind }) => ({
    kind,
    function: new Lambda(stack, kind, { runtime: Runtime.NODEJS_24_X, handler: "a.b", code: Code.fromInline("-") }),
    logGroup: new LogGroup(stack, `${kind}Logs`),
  });
  const queues = new Map(plan.queues.map(({ id }) => [id, new Queue(stack, `Queue${id}`)]));
  return { plan, functions: plan.functions.map(make), queues };
}

const always = {
  lost: of("DestinationDeliveryFailures"),
  refused: of("DeadItems"),
  setaside: of("SetAsideRecords"),
  returned: of("ReturnedRecords", "3 of 5"),
  throttled: of("Throttles", "3 of 5"),
  failed: of("Errors", "3 of 5"),
};

test.for<{ it: string; alarms?: AlarmOptions; has?: readonly string[]; expected: object }>([
  { it: "no alarm is made, if none is wanted", expected: {} },
  { it: "where there are no queues and streams, none are watched", alarms: {}, expected: always },
  {
    it: "queues are watched",
    alarms: {},
    has: ["queue"],
    expected: {
      ...always,
      deadletters: of("ApproximateNumberOfMessagesVisible"),
      waiting: of("ApproximateAgeOfOldestMessage", "3 of 5", 900),
    },
  },
  {
    it: "streams and topics of Kafka are watched, with an age and a lag that the user sets, and no more than the user wants",
    alarms: {
      maxAge: Duration.hours(1),
      maxLag: 50,
      without: ["dead-letters", "lost", "refused", "set-aside", "returned", "throttled", "failed"],
    },
    has: ["stream", "kafka"],
    expected: { waiting: of("IteratorAge", "3 of 5", 3600), lagging: of("OffsetLag", "3 of 5", 50) },
  },
])("$it", ({ alarms, has, expected }) => {
  const stack = emptyStack();
  new Observability(stack, "Observability", { ...watched(stack, has), alarms, dashboard: false });
  const template = Template.fromStack(stack);
  expect(alarmsIn(template)).toEqual(expected);
  template.resourceCountIs("AWS::CloudWatch::Dashboard", 0);
});

test("alarms tell when they start and when they end, and nothing is no fault", () => {
  const stack = emptyStack();
  const topic = new Topic(stack, "Topic");
  const alarms = { actions: [new SnsAction(topic)] };
  new Observability(stack, "Observability", { ...watched(stack), alarms, dashboard: false });
  Template.fromStack(stack).allResourcesProperties("AWS::CloudWatch::Alarm", {
    AlarmActions: [{ Ref: idOf(stack, topic) }],
    OKActions: [{ Ref: idOf(stack, topic) }],
    TreatMissingData: "notBreaching",
    AlarmDescription: Match.stringLikeRegexp("^Shop: "),
  });
});

const config = `
otelcol.receiver.otlp "in" {
  http { }
  output { logs = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" { client { endpoint = "http://collector.example.com" } }
`;

describe("a collector with alarms and a dashboard", () => {
  const stack = emptyStack();
  const { collector } = synthesize(config, { dashboard: true, alarms: {} }, stack);
  const name: OwnMetric = "DroppedItems";
  new Alarm(stack, "ObservabilityOwn", { metric: collector.metric(name), threshold: 5, evaluationPeriods: 1 });
  new Alarm(stack, "ObservabilityRoom", { metric: collector.metricThrottles(), threshold: 5, evaluationPeriods: 1 });
  const template = Template.fromStack(stack);
  const [dashboard] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
  const { DashboardBody } = dashboard?.["Properties"] as { DashboardBody: { "Fn::Join": [string, unknown[]] } }; // made of tokens
  const text = DashboardBody["Fn::Join"][1].map(part => (typeof part === "string" ? part : "TOKEN")).join("");

  test("has alarms on its functions and queues, and metrics for others", () => {
    expect(alarmsIn(template)).toEqual({
      ...always,
      deadletters: of("ApproximateNumberOfMessagesVisible"),
      waiting: of("ApproximateAgeOfOldestMessage", "3 of 5", 900),
      Own: of("DroppedItems", "1 of 1", 5),
      Room: of("Throttles", "1 of 1", 5),
    });
  });

  test("shows alarms, what comes and goes, what is lost, and the log", () => {
    const { widgets } = JSON.parse(text) as { widgets: { type: string; properties: { title: string } }[] }; // as CloudWatch has it
    expect(widgets.map(({ type, properties }) => `${type}: ${properties.title}`)).toEqual([
      "alarm: Alarms",
      "metric: Records in, items out",
      "metric: Bytes",
      "metric: Dropped, retried, refused",
      "metric: Time of deliveries (ms)",
      "metric: Deliveries that failed",
      "metric: Waiting, dead letters",
      "metric: Invocations",
      "metric: Errors, throttles",
      "metric: Duration p99 (ms), cold starts",
      "log: Dropped on purpose",
      "log: Last errors",
    ]);
  });

  test.for([
    "amalgam_function_received_records_total",
    "amalgam_function_cold_starts_total",
    "amalgam_writer_sent_items_total",
    "amalgam_writer_dead_items_total",
    "amalgam_writer_request_duration_seconds",
  ])("shows %s by the name under which functions write it", counted => {
    expect(text).toContain(`"Amalgam","${emfName(counted)}","FunctionName","TOKEN"`);
  });
});
