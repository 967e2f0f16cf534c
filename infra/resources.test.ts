import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { json } from "../cli/graph/json.ts";
import type { ComponentDescription, GraphDescription, TriggerDescription } from "../lib/pipeline/graph/describe.ts";
import { planResources } from "./resources.ts";

const schema = JSON.parse(readFileSync(path.join(import.meta.dirname, "../docs/graph.schema.json"), "utf8"));
const validate = new Ajv({ allErrors: true }).compile(schema);

const component = (id: string, triggers: readonly TriggerDescription[], more: Partial<ComponentDescription> = {}) => ({
  id,
  name: id.replace(/\.\w+$/, ""),
  label: "a",
  triggers,
  permissions: [],
  state: false,
  ...more,
});

const graphOf = (...components: readonly ComponentDescription[]): GraphDescription => ({
  version: 1,
  components,
  edges: [],
});

const records = (sources: readonly string[], more: object = {}): TriggerDescription => ({
  kind: "records",
  format: "raw",
  sources,
  logGroups: [],
  filterPattern: "",
  ...more,
});

const http = (authenticated: boolean): TriggerDescription => ({
  kind: "http",
  host: "",
  port: 4318,
  paths: ["/v1/logs"],
  authenticated,
});

const kafka = (topics: readonly string[], groupId = "g"): TriggerDescription =>
  records(["kafka"], {
    from: topics,
    kafka: { brokers: ["b:9092"], topics, groupId, authentication: "none", startAt: "latest" },
  });

const every: GraphDescription = graphOf(
  component("otelcol.receiver.otlp.a", [http(false), records(["queue", "topic"])]),
  component("loki.source.cloudwatch_logs.a", [
    records(["log-subscription"], { logGroups: ["/a", "/b*"], filterPattern: "x" }),
  ]),
  component("prometheus.scrape.a", [{ kind: "schedule", everySeconds: 15 }], { state: true }),
  component("loki.source.kinesis.a", [records(["stream"], { from: ["clicks", "other-*"] })]),
  component("loki.source.sns.a", [records(["topic"], { from: ["alerts"] })]),
  component("loki.source.kafka.a", [kafka(["orders"])]),
  component("loki.source.eventbridge.a", [
    records(["bus"], { from: [], bus: { name: "default", pattern: { source: ["a"] } } }),
  ]),
  component("loki.source.s3.a", [
    {
      kind: "objects",
      buckets: [
        { bucket: "logs", prefix: "a/" },
        { bucket: "logs", prefix: "a/b/" },
      ],
    },
  ]),
  component("loki.write.a", [], { deadLetters: true }),
  component("remote.aws.secrets_manager.a", [], {
    name: "remote.aws.secrets_manager",
    permissions: [{ action: "secretsmanager:GetSecretValue", resource: "arn:s" }],
  }),
);

test("the JSON of a graph with every kind of trigger is as its schema says", () => {
  expect({ valid: validate(JSON.parse(json(every))), errors: validate.errors }).toEqual({ valid: true, errors: null });
});

test("a field that the schema does not know is found", () => {
  expect(validate({ ...JSON.parse(json(every)), more: 1 })).toBe(false);
});

test("each kind of trigger has a function", () => {
  expect(planResources(every).functions.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
    "http: otelcol.receiver.otlp.a takes requests",
    "log-subscription: loki.source.cloudwatch_logs.a takes log subscriptions",
    "queue: otelcol.receiver.otlp.a takes messages of a queue",
    "schedule: prometheus.scrape.a works on a clock",
    "stream: loki.source.kinesis.a takes records of a stream",
    "topic: loki.source.sns.a takes notifications of a topic",
    "kafka: loki.source.kafka.a takes records of Kafka",
    "bus: loki.source.eventbridge.a takes events of a bus",
    "objects: loki.source.s3.a reads objects of S3",
    "hand-over: delivers what loki.write.a could not deliver in time",
  ]);
});

test("a configuration that is followed needs a table for the last good one, and an alarm", () => {
  const permission = {
    actions: ["s3:ListBucket"],
    resource: "arn:${AWS::Partition}:s3:::c",
    prefix: "a/",
    reason: "b",
  };
  const graph = graphOf(component("otelcol.receiver.otlp.a", [http(false)]));
  const { tables, environment, functions, alarms } = planResources({
    ...graph,
    followed: { from: ["s3://c/a/"], permissions: [permission] },
  });
  expect(tables.map(({ id, reason }) => [id, reason])).toEqual([
    ["state", "the last good configuration of s3://c/a/ is kept"],
  ]);
  expect(environment.map(({ name }) => name)).toContain("AMALGAM_STATE");
  expect(functions.map(({ permissions }) => permissions.filter(({ prefix }) => prefix))).toEqual([[permission]]);
  const names = (all: typeof alarms) => all.map(({ name }) => name);
  expect(names(alarms)).toContain("stale");
  expect(names(planResources(graph).alarms)).not.toContain("stale");
});

test("a pattern names nothing that could be connected, which is told", () => {
  const { eventSources, logSubscriptions, notes } = planResources(every);
  expect(eventSources.map(({ from }) => from)).toEqual([
    "${queue:queue}",
    "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/clicks",
    "${queue:objects}",
    "orders",
    "${queue:hand-over}",
  ]);
  expect(logSubscriptions).toEqual([
    { logGroup: "/a", filterPattern: "x", components: ["loki.source.cloudwatch_logs.a"] },
  ]);
  expect(notes).toEqual([
    "loki.source.cloudwatch_logs.a takes the log groups /b*, but a subscription needs a name: name them when you deploy",
    "loki.source.kinesis.a takes the sources other-*, but an event source needs a name: name them when you deploy",
  ]);
});

test("topics of Kafka that would have the same group have one each, and a topic is taken once", () => {
  const graph = graphOf(
    component("loki.source.kafka.a", [kafka(["orders", "clicks"])]),
    component("loki.source.kafka.b", [kafka(["orders"], "other")]),
    component("loki.source.kafka.c", [kafka(["views"], "third")]),
  );
  expect(
    planResources(graph).eventSources.map(({ from, kafka: source, reason }) => [from, source?.groupId, reason]),
  ).toEqual([
    ["orders", "g-orders", "loki.source.kafka.a takes the topic"],
    ["clicks", "g-clicks", "loki.source.kafka.a takes the topic"],
    ["views", "third", "loki.source.kafka.c takes the topic"],
  ]);
});

test("a notification that another covers is left out", () => {
  expect(planResources(every).notifications).toEqual([
    { bucket: "logs", prefix: "a/", queue: "objects", reason: "loki.source.s3.a reads new objects" },
  ]);
});

test("what a deployment may connect has all that it needs", () => {
  const clicks = component("loki.source.kinesis.a", [
    records(["stream"], { from: ["clicks-*"] }),
    records(["firehose"]),
  ]);
  const { functions, queues, problems, connectable } = planResources(graphOf(clicks));
  expect([functions, queues, problems]).toEqual([[], [], []]);
  expect(
    connectable.map(({ service, makes, eventSource, permissions, callers }) => ({
      service,
      makes: [...(makes?.functions ?? []).map(({ kind }) => kind), ...(makes?.queues ?? []).map(({ id }) => id)],
      eventSource: eventSource?.startAt,
      may: [...permissions, ...callers].map(({ resource }) => resource),
    })),
  ).toEqual([
    { service: "kinesis", makes: ["stream", "stream-dead-letters"], eventSource: "latest", may: ["${source}"] },
    {
      service: "firehose",
      makes: ["firehose"],
      eventSource: undefined,
      may: ["${function:firehose}", "${function:firehose}:$LATEST"],
    },
  ]);
});

test.for([
  {
    it: "its only source is one that the deployment brings",
    triggers: [records(["stream"], { from: ["clicks-*"] })],
    writer: true,
    out: ["hand-over"],
  },
  { it: "nothing can call it", triggers: [], writer: true, out: [] },
  { it: "nothing is written", triggers: [records(["stream"], { from: ["clicks-*"] })], writer: false, out: [] },
])("where $it, what waits for a backend has: $out", ({ triggers, writer, out }) => {
  // biome-ignore format: a table
  const writers = writer ? [component("loki.write.a", [], { deadLetters: true })] : [];
  const { functions, queues, eventSources, environment, connectable } = planResources(
    graphOf(component("loki.source.kinesis.a", triggers), ...writers),
  );
  expect([
    functions.map(({ kind }) => kind),
    queues.map(({ id }) => id),
    eventSources.map(each => each.function),
    environment.filter(({ name }) => name === "AMALGAM_HAND_OVER").map(() => "hand-over"),
    // what it brings may send there, too
    connectable.flatMap(({ makes }) =>
      (makes?.functions ?? []).flatMap(({ permissions }) =>
        permissions.filter(({ resource }) => resource === "${queue:hand-over}").map(() => "hand-over"),
      ),
    ),
  ]).toEqual([out, out, out, out, out]);
});

test("a kind that the configuration names a source of is not made twice", () => {
  const { connectable } = planResources(every);
  expect(connectable.map(each => `${each.service} ${each.function} ${each.makes ? "makes it" : "is there"}`)).toEqual([
    "logs log-subscription is there",
    "sqs queue is there",
    "kinesis stream is there",
    "sns topic is there",
    "s3 objects is there",
  ]);
});

test("log groups of the account have one pattern, or a reason why they have none", () => {
  const taker = (id: string, filterPattern: string) =>
    component(`loki.source.cloudwatch_logs.${id}`, [records(["log-subscription"], { filterPattern })]);
  expect(
    [graphOf(taker("a", "x")), graphOf(taker("a", "x"), taker("b", "y"))].map(graph =>
      planResources(graph).connectable.map(({ filterPattern, problem }) => ({ filterPattern, problem })),
    ),
  ).toEqual([
    [{ filterPattern: "x", problem: undefined }],
    [
      {
        filterPattern: "x",
        problem:
          'log groups of the account should have one filter_pattern, since they have one subscription, got: loki.source.cloudwatch_logs.a has "x", loki.source.cloudwatch_logs.b has "y"',
      },
    ],
  ]);
});

test("alarms watch all functions and queues, ten metrics each at most", () => {
  const { alarms } = planResources(every);
  expect(
    alarms.map(({ id, metrics, combine, threshold, datapointsToAlarm, evaluationPeriods }) =>
      [
        `${id}:`,
        `${combine} of ${metrics.length}`,
        [...new Set(metrics.map(({ namespace, name }) => `${namespace} ${name}`))].join(", "),
        `>= ${threshold}`,
        `${datapointsToAlarm} of ${evaluationPeriods}`,
      ].join(" "),
    ),
  ).toEqual([
    "dead-letters: sum of 8 AWS/SQS ApproximateNumberOfMessagesVisible >= 1 1 of 1",
    "lost: sum of 10 AWS/Lambda DestinationDeliveryFailures >= 1 1 of 1",
    "refused: sum of 10 Amalgam DeadItems >= 1 1 of 1",
    "set-aside: sum of 10 Amalgam SetAsideRecords >= 1 1 of 1",
    "waiting: max of 4 AWS/SQS ApproximateAgeOfOldestMessage, AWS/Lambda IteratorAge >= 900 3 of 5",
    "lagging: max of 1 AWS/Lambda OffsetLag >= 10000 3 of 5",
    "returned: sum of 10 Amalgam ReturnedRecords >= 1 3 of 5",
    "throttled: sum of 10 AWS/Lambda Throttles >= 1 3 of 5",
    "failed: sum of 10 AWS/Lambda Errors >= 1 3 of 5",
  ]);
});

test("CloudWatch takes ten metrics in an alarm: an eleventh function has another one of the same name", () => {
  const firehose = component("loki.source.awsfirehose.a", [records(["firehose"])]);
  const { alarms } = planResources(graphOf(...every.components, firehose));
  expect(alarms.filter(({ name }) => name === "failed").map(({ id, metrics }) => [id, metrics.length])).toEqual([
    ["failed", 10],
    ["failed-2", 1],
  ]);
});

test("a graph without queues, streams and Kafka has no alarm of those", () => {
  const { alarms, dashboard } = planResources(graphOf(component("loki.source.api.a", [http(true)])));
  expect(alarms.map(({ id }) => id)).toEqual(["lost", "refused", "set-aside", "returned", "throttled", "failed"]);
  const [waiting] = dashboard.flat().filter(({ title }) => title === "Waiting, dead letters");
  expect(waiting).toEqual({
    kind: "metrics",
    title: "Waiting, dead letters",
    width: 8,
    height: 6,
    left: [],
    right: [],
  });
});

test("each row of the dashboard is as wide as it is", () => {
  const { dashboard } = planResources(every);
  expect(dashboard.map(row => row.reduce((sum, { width }) => sum + width, 0))).toEqual([24, 24, 24, 24, 24]);
});

test("every action is single, every resource is named, and each has a reason", () => {
  const permissions = planResources(every).functions.flatMap(each => each.permissions);
  expect(permissions.filter(({ actions }) => actions.some(action => action.includes("*")))).toEqual([]);
  expect(permissions.filter(({ resource }) => resource === "*" || resource === "")).toEqual([]);
  expect(permissions.filter(({ reason }) => !reason)).toEqual([]);
});

test.for([
  { it: "signed requests only, where one component asks for none", open: [true, false], auth: "aws_iam" },
  { it: "any request, where each component asks for credentials itself", open: [true, true], auth: "none" },
])("a URL takes $it", ({ open, auth }) => {
  const graph = graphOf(...open.map((authenticated, i) => component(`loki.source.api.a${i}`, [http(authenticated)])));
  expect(planResources(graph).functions[0]?.url?.auth).toBe(auth);
});

test.for<{ it: string; seconds: readonly number[]; minutes: number; inside: number | undefined; timeout: number }>([
  { it: "whole minutes is called so often", seconds: [300], minutes: 5, inside: undefined, timeout: 30 },
  { it: "less than a minute is run inside of one invocation", seconds: [15], minutes: 1, inside: 60, timeout: 90 },
  { it: "several intervals is called each minute", seconds: [60, 120], minutes: 1, inside: 60, timeout: 90 },
])("what has $it", ({ seconds, minutes, inside, timeout }) => {
  const triggers = seconds.map(everySeconds => ({ kind: "schedule" as const, everySeconds }));
  const { schedules, functions } = planResources(graphOf(component("prometheus.scrape.a", triggers)));
  expect([schedules[0]?.everyMinutes, schedules[0]?.forSeconds, functions[0]?.timeout.value]).toEqual([
    minutes,
    inside,
    timeout,
  ]);
});

test.for([
  {
    it: "nothing calls",
    graph: graphOf(component("loki.write.a", [])),
    problem: "the configuration should have a component that something calls, got none",
  },
  {
    it: "has two patterns for one log group",
    graph: graphOf(
      ...["x", "y"].map(filterPattern =>
        component(`loki.source.cloudwatch_logs.${filterPattern}`, [
          records(["log-subscription"], { logGroups: ["/a"], filterPattern }),
        ]),
      ),
    ),
    problem:
      'log group /a should have one filter_pattern, since it has one subscription, got: loki.source.cloudwatch_logs.x has "x", loki.source.cloudwatch_logs.y has "y"',
  },
  {
    it: "takes topics of Kafka by a pattern",
    graph: graphOf(component("loki.source.kafka.a", [kafka(["^orders-.*"])])),
    problem: "topics of loki.source.kafka.a should be names, since an event source has one topic, got ^orders-.*",
  },
  {
    it: "needs a wildcard",
    graph: graphOf(
      component("loki.source.api.a", [http(true)], { permissions: [{ action: "s3:*", resource: "arn:b" }] }),
    ),
    problem: "loki.source.api.a should need single actions, got s3:*: a function gets no permission with a wildcard",
  },
])("a graph that $it is a problem", ({ graph, problem }) => {
  expect(planResources(graph).problems).toEqual([problem]);
});
