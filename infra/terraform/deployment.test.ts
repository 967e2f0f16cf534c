/** What the module makes, fact by fact, of graphs and variables. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planResources } from "../resources.ts";
import awsSchema from "./testing/aws-schema.json" with { type: "json" };
import { Deployments, type State, type Values } from "./testing/deployment.ts";
import { every, kafkaOf, messages, patterns, requests, streams } from "./testing/graphs.ts";
import { hasTerraform } from "./testing/terraform.ts";

const key = "arn:aws:kms:eu-central-1:123456789012:key/a";

/** ARNs of what is made in the same apply are not known when it is planned. */
const unknown = (arn: string) => `"${arn}\${terraform_data.later.id}"`;
const later = 'resource "terraform_data" "later" {}';

/** Statements without those that every function has. */
const own = (state: State, role: string) =>
  state.statements(role).filter(each => !/logs:PutLogEvents|sqs:SendMessage|s3:PutObject|dynamodb:|ssm:/.test(each));

let deployments: Deployments;
beforeAll(async () => {
  deployments = await Deployments.open();
});
afterAll(() => deployments.close());

describe.skipIf(!hasTerraform)("a collector with everything", { timeout: 60_000 }, () => {
  let state: State;
  let again: string;
  beforeAll(async () => {
    state = await deployments.apply(
      every,
      `
      queues                = { more = ${unknown("arn:aws:sqs:eu-central-1:123456789012:")} }
      streams               = { clicks = ${unknown("arn:aws:kinesis:eu-central-1:123456789012:stream/")} }
      topics                = { alerts = "arn:aws:sns:eu-central-1:210987654321:alerts" }
      buckets               = { audit = { bucket = "audit", prefix = "b/" } }
      delivery_stream_roles = { clicks = "firehose-clicks" }
      log_groups            = { "/other" = "" }
      account_logs          = { except = ["/chatty"] }
      schedules             = { daily = { component = "prometheus.scrape.b", expression = "cron(0 6 * * ? *)" } }
      parallelization       = 4
      kms_key_arn           = "${key}"
      source_kms_key_arns   = ["arn:aws:kms:eu-central-1:123456789012:key/b"]
      reserved_concurrency  = 5
      functions             = { objects = { memory = 3008, timeout = 600, reserved_concurrency = 20 } }
      vpc_config            = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
      kafka                 = { secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:k", subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-2"] }
      alarms                = { actions = ["arn:aws:sns:eu-central-1:123456789012:pager"], max_age_seconds = 60, without = ["throttled"] }
      dashboard             = true
      tags                  = { team = "a" }
      `,
      later,
    );
    again = await deployments.planAgain();
  }, 60_000);

  test("is not changed by a second plan", () => {
    expect(again).toContain("No changes. Your infrastructure matches the configuration.");
  });

  test("has a function for each kind, in the network, with what differs for one", () => {
    const functions = Object.entries(state.of("aws_lambda_function"));
    expect(
      functions.map(([kind, { memory_size, timeout, reserved_concurrent_executions }]) =>
        [kind, memory_size, timeout, reserved_concurrent_executions].join(" "),
      ),
    ).toEqual([
      "bus 512 30 5",
      "firehose 512 30 5",
      "hand-over 512 120 5",
      "http 512 30 5",
      "kafka 512 30 5",
      "log-subscription 512 30 5",
      "objects 3008 600 20",
      "queue 512 30 5",
      "schedule 512 90 5",
      "stream 512 30 5",
      "topic 512 30 5",
    ]);
    expect(new Set(functions.map(([, { vpc_config }]) => JSON.stringify(vpc_config[0].subnet_ids)))).toEqual(
      new Set(['["subnet-1"]']),
    );
  });

  test("hands over what a backend does not take in time", () => {
    const { name, fifo_queue, deduplication_scope, fifo_throughput_limit, message_retention_seconds } =
      state.of("aws_sqs_queue")["hand-over"] ?? {};
    expect([name, fifo_queue, deduplication_scope, fifo_throughput_limit, message_retention_seconds]).toEqual([
      "amalgam-hand-over.fifo",
      true,
      "messageGroup",
      "perMessageGroupId",
      1_209_600,
    ]);
    expect(state.of("aws_lambda_function")["http"]?.["environment"][0].variables).toEqual({
      AMALGAM_DEAD_LETTERS: "s3://amalgam-dead-letters-123456789012-eu-central-1/amalgam",
      AMALGAM_HAND_OVER:
        "sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/amalgam-hand-over.fifo,s3://amalgam-dead-letters-123456789012-eu-central-1/amalgam",
      AMALGAM_STATE: "dynamodb:amalgam-state",
    });
  });

  test("takes what is brought, though its ARN is not known before", () => {
    const sources = Object.entries(state.of("aws_lambda_event_source_mapping"));
    expect(
      sources.map(([name, { event_source_arn, scaling_config, parallelization_factor, topics }]) =>
        [
          name,
          event_source_arn?.replace(/[0-9a-f-]{36}$/, "ID") ?? topics,
          scaling_config[0]?.maximum_concurrency ?? `${parallelization_factor} batches`,
        ].join(" "),
      ),
    ).toEqual([
      "hand-over hand-over arn:aws:sqs:eu-central-1:123456789012:amalgam-hand-over.fifo 5",
      "kafka orders orders null batches",
      "kafka views views null batches",
      "objects objects arn:aws:sqs:eu-central-1:123456789012:amalgam-objects 10",
      "queue queue arn:aws:sqs:eu-central-1:123456789012:amalgam-queue 5",
      "queues.more arn:aws:sqs:eu-central-1:123456789012:ID 5",
      "streams.clicks arn:aws:kinesis:eu-central-1:123456789012:stream/ID 4 batches",
    ]);
    expect(state.of("aws_sns_topic_subscription")["topics.alerts"]?.["topic_arn"]).toBe(
      "arn:aws:sns:eu-central-1:210987654321:alerts",
    );
    expect(state.of("aws_s3_bucket_notification", "brought")["audit"]?.["queue"][0]).toMatchObject({
      queue_arn: "arn:aws:sqs:eu-central-1:123456789012:amalgam-objects",
      filter_prefix: "b/",
    });
  });

  test("is called by topics, buses and logs, each by its ARN", () => {
    const permissions = Object.values(state.of("aws_lambda_permission"));
    expect(
      permissions.map(({ principal, source_arn, source_account }) => [principal, source_arn, source_account].join(" ")),
    ).toEqual([
      "events.amazonaws.com arn:aws:events:eu-central-1:123456789012:rule/amalgam-loki.source.eventbridge.a ",
      "events.amazonaws.com arn:aws:events:eu-central-1:123456789012:rule/amalgam-loki.source.eventbridge.b ",
      "logs.amazonaws.com arn:aws:logs:eu-central-1:123456789012:log-group:* 123456789012",
      "sns.amazonaws.com arn:aws:sns:eu-central-1:210987654321:alerts ",
    ]);
  });

  test("lets a delivery stream's role call one function, and its newest version", () => {
    const { role, policy } = state.of("aws_iam_role_policy", "delivery_stream")["clicks"] ?? {};
    expect([role, JSON.parse(policy).Statement]).toEqual([
      "firehose-clicks",
      ["", ":$LATEST"].map(version => ({
        Effect: "Allow",
        Action: ["lambda:InvokeFunction"],
        Resource: `arn:aws:lambda:eu-central-1:123456789012:function:amalgam-firehose${version}`,
      })),
    ]);
  });

  test("subscribes all log groups of the account but its own, and none of them twice", () => {
    const { policy_document, selection_criteria, scope } =
      state.of("aws_cloudwatch_log_account_policy")["log-subscription"] ?? {};
    expect([JSON.parse(policy_document), scope]).toEqual([
      {
        DestinationArn: "arn:aws:lambda:eu-central-1:123456789012:function:amalgam-log-subscription",
        FilterPattern: "ERROR",
        Distribution: "Random",
      },
      "ALL",
    ]);
    const groups = Object.values(state.of("aws_cloudwatch_log_group")).map(({ name }) => `"${name}"`);
    expect(selection_criteria).toBe(`LogGroupName NOT IN [${[...groups, '"/chatty"'].join(", ")}]`);
    expect(Object.keys(state.of("aws_cloudwatch_log_subscription_filter"))).toEqual(["/other"]);
  });

  test("runs a component at more times", () => {
    const schedules = Object.values(state.of("aws_scheduler_schedule"));
    expect(
      schedules.map(({ name, schedule_expression, target }) => [name, schedule_expression, target[0].input]),
    ).toEqual([
      ["amalgam-schedule-daily", "cron(0 6 * * ? *)", '{"amalgam":{"schedule":"prometheus.scrape.b"}}'],
      [
        "amalgam-prometheus.scrape.a",
        "rate(1 minute)",
        '{"amalgam":{"at":"<aws.scheduler.scheduled-time>","forSeconds":60,"schedule":"prometheus.scrape.a"}}',
      ],
      ["amalgam-prometheus.scrape.b", "rate(5 minutes)", '{"amalgam":{"schedule":"prometheus.scrape.b"}}'],
    ]);
  });

  test("reaches brokers of Kafka in a network, with a secret", () => {
    const { self_managed_event_source, source_access_configuration, starting_position, provisioned_poller_config } =
      state.of("aws_lambda_event_source_mapping")["kafka orders"] ?? {};
    expect([self_managed_event_source[0].endpoints, starting_position, provisioned_poller_config]).toEqual([
      { KAFKA_BOOTSTRAP_SERVERS: "b1:9092,b2:9092" },
      "TRIM_HORIZON",
      [],
    ]);
    expect(source_access_configuration.map(({ type, uri }: Values) => `${type} ${uri}`)).toEqual([
      "SASL_SCRAM_512_AUTH arn:aws:secretsmanager:eu-central-1:123456789012:secret:k",
      "VPC_SECURITY_GROUP security_group:sg-2",
      "VPC_SUBNET subnet:subnet-1",
      "VPC_SUBNET subnet:subnet-2",
    ]);
  });

  test("allows single actions on named resources, but for network interfaces, which have no names", () => {
    const roles = Object.keys(state.of("aws_iam_role"));
    const all = roles.flatMap(role => state.statements(role));
    const wild = all.filter(each => / may .*\*.* on |on \*$/.test(` ${each}`));
    expect([...new Set(wild)]).toEqual([
      "may ec2:AssignPrivateIpAddresses, ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:UnassignPrivateIpAddresses on *",
      "may not ec2:AssignPrivateIpAddresses, ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:UnassignPrivateIpAddresses on *",
      "may ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DescribeSecurityGroups, ec2:DescribeSubnets, ec2:DescribeVpcs on *",
    ]);
  });

  test("lets a function read what is brought for it, and no other", () => {
    expect(own(state, "objects").filter(each => each.includes("s3:"))).toEqual([
      "may s3:GetObject, s3:GetObjectVersion on arn:aws:s3:::audit/b/*",
      "may s3:ListBucket on arn:aws:s3:::audit",
    ]);
    expect(own(state, "stream").filter(each => each.includes("kinesis:"))).toEqual([
      expect.stringContaining("kinesis:GetRecords"),
    ]);
    expect(own(state, "http").filter(each => /s3:Get|kinesis:|sqs:Receive|secretsmanager:/.test(each))).toEqual([]);
  });

  test("has the key wherever a resource can have one", () => {
    // of event sources it would encrypt filters, of which there are none
    const without = ["aws_lambda_event_source_mapping"];
    const schemas = awsSchema.resource_schemas as unknown as Record<string, { attributes: object }>; // written by reduce-schema.ts
    const missing = state.all.flatMap(({ type, index, values }) =>
      Object.keys(schemas[type]?.attributes ?? {})
        .filter(name => /kms_.*key|kms_key/.test(name) && !/reuse_period/.test(name) && !without.includes(type))
        .filter(name => values[name] !== key)
        .map(name => `${type} ${index} ${name}`),
    );
    expect(missing).toEqual([]);
    const [rule] = state.of("aws_s3_bucket_server_side_encryption_configuration")["dead-letters"]?.["rule"] ?? [];
    expect(rule.apply_server_side_encryption_by_default[0].kms_master_key_id).toBe(key);
    expect(state.of("aws_dynamodb_table")["state"]?.["server_side_encryption"][0].kms_key_arn).toBe(key);
    expect(state.statements("http").filter(each => each.includes("kms:"))).toEqual([
      `may kms:Decrypt, kms:GenerateDataKey, kms:DescribeKey, kms:Encrypt, kms:ReEncryptFrom, kms:ReEncryptTo on ${key}`,
      "may kms:Decrypt on arn:aws:kms:eu-central-1:123456789012:key/b",
    ]);
    const policy = JSON.parse(String(state.outputs["kms_key_policy"]));
    expect(policy.Statement.map(({ Sid, Principal }: Values) => [Sid, Principal.Service[0]])).toEqual([
      ["AmalgamLogs", "logs.eu-central-1.amazonaws.com"],
      ["AmalgamQueuesSns", "sns.amazonaws.com"],
      ["AmalgamQueuesEvents", "events.amazonaws.com"],
      ["AmalgamQueuesS3", "s3.amazonaws.com"],
    ]);
  });

  test("has the alarms of the plan, but for those that nobody wants", () => {
    const alarms = Object.entries(state.of("aws_cloudwatch_metric_alarm"));
    const planned = planResources(every).alarms.filter(({ name }) => name !== "throttled");
    expect(
      alarms.map(([id, { metric_query }]) => [id, metric_query.filter((each: Values) => each["metric"].length).length]),
    ).toEqual(planned.map(({ id, metrics }) => [id, metrics.length]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
    const { metric_query: queries, ...waiting } = state.of("aws_cloudwatch_metric_alarm")["waiting"] ?? {};
    expect(waiting).toMatchObject({
      alarm_name: "amalgam-waiting",
      alarm_description: "amalgam: data waits in a queue or a stream for more than 60 seconds",
      threshold: 60,
      datapoints_to_alarm: 3,
      evaluation_periods: 5,
      alarm_actions: ["arn:aws:sns:eu-central-1:123456789012:pager"],
      tags: { team: "a" },
    });
    expect(queries.filter((each: Values) => each["expression"]).map((each: Values) => each["expression"])).toEqual([
      "MAX([m0, m1, m2, sm3])",
      "m3 / 1000",
    ]);
    expect(
      queries.flatMap(({ metric: [metric] }: Values) => (metric ? [[metric.metric_name, metric.dimensions]] : [])),
    ).toEqual([
      ["ApproximateAgeOfOldestMessage", { QueueName: "amalgam-queue" }],
      ["ApproximateAgeOfOldestMessage", { QueueName: "amalgam-objects" }],
      ["ApproximateAgeOfOldestMessage", { QueueName: "amalgam-hand-over.fifo" }],
      ["IteratorAge", { FunctionName: "amalgam-stream" }],
    ]);
  });

  test("has a dashboard with all widgets of the plan, each in its place", () => {
    const { dashboard_body } = state.of("aws_cloudwatch_dashboard")["amalgam"] ?? {};
    const { widgets } = JSON.parse(dashboard_body);
    expect(widgets.map(({ type, x, y, properties }: Values) => [type, x, y, properties.title].join(" "))).toEqual([
      "alarm 0 0 Alarms",
      "metric 0 3 Records in, items out",
      "metric 8 3 Bytes",
      "metric 16 3 Dropped, retried, refused",
      "metric 0 9 Time of deliveries (ms)",
      "metric 8 9 Deliveries that failed",
      "metric 16 9 Waiting, dead letters",
      "metric 0 15 Invocations",
      "metric 8 15 Errors, throttles",
      "metric 16 15 Duration p99 (ms), cold starts",
      "log 0 21 Dropped on purpose",
      "log 12 21 Last errors",
    ]);
  });
});

describe.skipIf(!hasTerraform)("the module", { timeout: 60_000 }, () => {
  test("makes little of a small configuration: no alarms, no dashboard, no key, no network", async () => {
    const state = await deployments.apply(requests);
    expect(state.all.filter(each => each.type.startsWith("aws_cloudwatch_")).map(each => each.type)).toEqual([
      "aws_cloudwatch_log_group",
      "aws_cloudwatch_log_group",
    ]);
    expect(state.statements("http").map(each => each.replace(/ on .*/, ""))).toEqual([
      "may logs:CreateLogStream, logs:PutLogEvents",
      "may s3:PutObject",
      "may sqs:SendMessage",
    ]);
  });

  test("shortens the name of a bucket, of which S3 takes 63 characters, and no underscores", async () => {
    const state = await deployments.apply(requests, 'name = "a_long_name_of_thirty-two_letter"');
    const bucket = String(state.of("aws_s3_bucket")["dead-letters"]?.["bucket"]);
    expect([bucket.length, bucket.slice(0, -8)]).toEqual([
      63,
      "a-long-name-of-thirty-two-letter-dead-letters-12345678-",
    ]);
  });

  test("watches the one function of an alarm without a sum", async () => {
    const state = await deployments.apply(messages, "alarms = {}");
    const queries = state.of("aws_cloudwatch_metric_alarm")["failed"]?.["metric_query"];
    expect(queries.map(({ id, expression }: Values) => [id, expression])).toEqual([
      ["all", "m0"],
      ["m0", null],
    ]);
  });

  test("draws a widget's lines, one for each function or one for all", async () => {
    const state = await deployments.apply(requests, "dashboard = true");
    const { widgets } = JSON.parse(state.of("aws_cloudwatch_dashboard")["amalgam"]?.["dashboard_body"]);
    expect(widgets[0]).toEqual({
      type: "metric",
      x: 0,
      y: 0,
      width: 8,
      height: 6,
      properties: {
        title: "Records in, items out",
        region: "eu-central-1",
        view: "timeSeries",
        metrics: ["ReceivedRecords", "SentItems"].flatMap((name, s) => [
          ...["http", "hand-over"].map((kind, i) => [
            "Amalgam",
            name,
            "FunctionName",
            `amalgam-${kind}`,
            { id: `s${s}m${i}`, stat: "Sum", visible: false, yAxis: "left" },
          ]),
          [
            {
              expression: `SUM([s${s}m0, s${s}m1])`,
              id: `s${s}`,
              label: s ? "items sent" : "records received",
              yAxis: "left",
            },
          ],
        ]),
      },
    });
    expect(widgets[6].properties.metrics).toEqual(
      ["http", "hand-over"].map(kind => [
        "AWS/Lambda",
        "Invocations",
        "FunctionName",
        `amalgam-${kind}`,
        { label: "${PROP('Dim.FunctionName')}", stat: "Sum", yAxis: "left" },
      ]),
    );
    expect(widgets.at(-1).properties.query).toBe(
      "SOURCE '/aws/lambda/amalgam-hand-over' | SOURCE '/aws/lambda/amalgam-http' | filter level in [\"error\", \"ERROR\"] | display @timestamp, component, message, error | sort @timestamp desc | limit 20",
    );
  });

  test("puts state and letters into existing places, and makes none", async () => {
    const state = await deployments.apply(
      every,
      'state_table = "mine"\ndead_letters_bucket = "letters"\nhand_over = false\nkafka = { secret_arn = "arn:s" }',
    );
    expect([state.of("aws_dynamodb_table"), state.of("aws_s3_bucket"), state.of("aws_sqs_queue")["hand-over"]]).toEqual(
      [{}, {}, undefined],
    );
    expect(state.of("aws_lambda_function")["http"]?.["environment"][0].variables).toEqual({
      AMALGAM_DEAD_LETTERS: "s3://letters/amalgam",
      AMALGAM_STATE: "dynamodb:mine",
    });
    expect(state.statements("http").map(each => each.replace(/.* on /, ""))).toEqual([
      "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/amalgam-http:*",
      "arn:aws:dynamodb:eu-central-1:123456789012:table/mine",
      "arn:aws:s3:::letters/amalgam/*",
      "arn:aws:ssm:eu-central-1:123456789012:parameter/a",
    ]);
  });

  test("takes messages of an existing queue in the place of a new one", async () => {
    const state = await deployments.apply(
      messages,
      'create_queue = false\nqueues = { mine = "arn:aws:sqs:eu-central-1:123456789012:mine" }',
    );
    expect([Object.keys(state.of("aws_sqs_queue")), Object.keys(state.of("aws_lambda_event_source_mapping"))]).toEqual([
      [],
      ["queues.mine"],
    ]);
    expect(state.statements("queue").map(each => each.replace(/.* on /, ""))).toEqual([
      "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/amalgam-queue:*",
      "arn:aws:sqs:eu-central-1:123456789012:mine",
    ]);
  });

  test("gives a key that is made in the same apply what its policy needs, without a circle", async () => {
    const state = await deployments.apply(
      messages,
      'kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/${terraform_data.key.id}"',
      'resource "terraform_data" "key" {\n  input = module.collector.kms_key_policy\n}\n',
    );
    expect(state.of("aws_sqs_queue")["queue"]?.["kms_master_key_id"]).toMatch(/^arn:aws:kms:.*:key\/[0-9a-f-]{36}$/);
    expect(state.of("aws_sqs_queue")["queue"]?.["sqs_managed_sse_enabled"]).toBe(null);
  });

  test("makes a security group in the network of the subnets, from which functions reach everything", async () => {
    const state = await deployments.apply(
      messages,
      'vpc_config = { subnet_ids = ["subnet-${terraform_data.later.id}", "subnet-2"], ipv6_allowed_for_dual_stack = true }',
      later,
    );
    expect(state.of("aws_security_group")["functions"]).toMatchObject({
      description: "Functions of amalgam",
      vpc_id: "vpc-1",
      ingress: [],
      timeouts: { delete: "45m" },
    });
    const rules = Object.values(state.of("aws_vpc_security_group_egress_rule"));
    const { id } = state.of("aws_security_group")["functions"] ?? {};
    expect(
      rules.map(each => [each["security_group_id"], each["ip_protocol"], each["cidr_ipv4"], each["cidr_ipv6"]]),
    ).toEqual([
      [id, "-1", "0.0.0.0/0", null],
      [id, "-1", null, "::/0"],
    ]);
    expect(state.of("aws_lambda_function")["queue"]?.["vpc_config"][0].security_group_ids).toEqual([id]);
    expect(state.outputs["security_group_id"]).toBe(id);
  });

  test("takes security groups that are made in the same apply, and makes none", async () => {
    const state = await deployments.apply(
      messages,
      'vpc_config = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-${terraform_data.later.id}"] }',
      later,
    );
    expect([state.of("aws_security_group"), state.outputs["security_group_id"]]).toEqual([{}, null]);
    expect(state.of("aws_lambda_function")["queue"]?.["vpc_config"][0].security_group_ids).toEqual([
      expect.stringMatching(/^sg-[0-9a-f-]{36}$/),
    ]);
  });

  test("makes a function and its dead-letter queue with the first stream", async () => {
    const state = await deployments.apply(
      streams,
      `streams = { a = ${unknown("arn:aws:kinesis:eu-central-1:123456789012:stream/")} }`,
      later,
    );
    expect([Object.keys(state.of("aws_lambda_function")), Object.keys(state.of("aws_sqs_queue"))]).toEqual([
      ["hand-over", "stream"],
      ["hand-over", "stream-dead-letters"],
    ]);
  });

  test("shows a role to MSK, which may read one topic in one group, and has pollers that take answers in part", async () => {
    const state = await deployments.apply(
      kafkaOf("iam"),
      'kafka = { cluster_arn = "arn:aws:kafka:eu-central-1:123456789012:cluster/shop/uuid", pollers = { minimum = 1, maximum = 3 } }',
    );
    const source = state.of("aws_lambda_event_source_mapping")["kafka orders"] ?? {};
    expect(source).toMatchObject({
      event_source_arn: "arn:aws:kafka:eu-central-1:123456789012:cluster/shop/uuid",
      self_managed_event_source: [],
      source_access_configuration: [],
      amazon_managed_kafka_event_source_config: [{ consumer_group_id: "g" }],
      provisioned_poller_config: [{ minimum_pollers: 1, maximum_pollers: 3 }],
      function_response_types: ["ReportBatchItemFailures"],
      bisect_batch_on_function_error: true,
      maximum_retry_attempts: 10,
      maximum_record_age_in_seconds: 86_400,
    });
    expect(state.of("aws_lambda_function")["kafka"]?.["environment"][0].variables).toEqual({
      AMALGAM_KAFKA_PARTIAL_FAILURES: "true",
    });
    expect(state.statements("kafka").filter(each => each.includes("kafka"))).toEqual([
      expect.stringContaining("logs:PutLogEvents"),
      expect.stringContaining("sqs:SendMessage"),
      "may kafka:DescribeCluster, kafka:DescribeClusterV2, kafka:GetBootstrapBrokers on arn:aws:kafka:eu-central-1:123456789012:cluster/shop/uuid",
      "may kafka-cluster:Connect on arn:aws:kafka:eu-central-1:123456789012:cluster/shop/uuid",
      "may kafka-cluster:AlterGroup, kafka-cluster:DescribeGroup on arn:aws:kafka:eu-central-1:123456789012:group/shop/uuid/g",
      "may kafka-cluster:DescribeTopic, kafka-cluster:ReadData on arn:aws:kafka:eu-central-1:123456789012:topic/shop/uuid/orders",
    ]);
  });
});

describe.skipIf(!hasTerraform)("a plan fails", { timeout: 60_000 }, () => {
  test.for([
    {
      it: "with brokers that nobody could reach",
      graph: kafkaOf("none"),
      variables: "",
      message:
        "kafka should have cluster_arn, or secret_arn or subnet_ids for brokers outside of MSK, got none of them.",
    },
    {
      it: "with roles for brokers that know none",
      graph: kafkaOf("iam"),
      variables: 'kafka = { secret_arn = "arn:s" }',
      message: "kafka should have cluster_arn, since only MSK knows roles, got none.",
    },
    {
      it: "with a source that nothing takes",
      graph: messages,
      variables: 'streams = { a = "arn:aws:kinesis:eu-central-1:123456789012:stream/a" }',
      message: "streams should be left out, since no component of the configuration takes it.",
    },
    {
      it: "without any source",
      graph: streams,
      variables: "",
      message:
        "the configuration should name what its components take, or a variable such as queues, streams or topics should bring it, got none.",
    },
    {
      it: "with a kind of trigger that the configuration has not",
      graph: messages,
      variables: 'triggers = ["http"]',
      message: "triggers should be some of queue, which the configuration has, got http.",
    },
    {
      it: "with two patterns for one subscription of the account",
      graph: patterns,
      variables: "account_logs = {}",
      message: "log groups of the account should have one filter_pattern, since they have one subscription, got:",
    },
    {
      it: "with more messages than there is room for",
      graph: messages,
      variables: "maximum_concurrency = 20\nreserved_concurrency = 5",
      message:
        "maximum_concurrency should be from 2 to 5, the concurrency of the function queue, got 20: messages that a function has no room for count as failed.",
    },
    {
      it: "with its own log group",
      graph: every,
      variables: 'log_groups = { "/aws/lambda/amalgam-http" = "" }\nkafka = { secret_arn = "arn:s" }',
      message:
        "log group /aws/lambda/amalgam-http of the collector itself can't be subscribed: each log that it delivers would make another.",
    },
  ])("$it", async ({ graph, variables, message }) => {
    const { status, output } = await deployments.plan(graph, variables);
    expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining(message) });
  });
});
