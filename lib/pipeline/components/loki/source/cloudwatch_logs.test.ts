import { describe, expect, test } from "vitest";
import { collect, testHost, testInvocation, testLog, testTime } from "../../../graph/testing.ts";
import type { RecordsTrigger } from "../../../graph/trigger.ts";
import { printLabels } from "../../../telemetry/loki/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { lokiRelabel } from "../relabel.ts";
import { lokiSourceCloudwatchLogs } from "./cloudwatch_logs.ts";

const message = {
  messageType: "DATA_MESSAGE",
  owner: "123",
  logGroup: "/aws/lambda/f",
  logStream: "s",
  subscriptionFilters: ["all", "more"],
  logEvents: [
    { id: "1", timestamp: 5, message: "one" },
    { id: "2", timestamp: 6, message: "two" },
  ],
};

async function take(body: unknown, args: Record<string, unknown> = {}, rule: readonly Record<string, unknown>[] = []) {
  const out = collect<LogBatch>();
  const log = testLog();
  const decoded = {
    ...lokiSourceCloudwatchLogs.args.decode({ forward_to: [], ...args }),
    forward_to: [out],
    ...(rule.length && { relabel_rules: lokiRelabel.args.decode({ forward_to: [], rule }).rule }),
  };
  const instance = lokiSourceCloudwatchLogs.build(decoded, testHost({ id: "loki.source.cloudwatch_logs.c", log }));
  if (instance instanceof Promise) throw new Error("should be built at once");
  const [trigger] = instance.triggers as [RecordsTrigger]; // it has one
  const text = typeof body === "string" ? body : JSON.stringify(body);
  await trigger.push({ format: "cloudwatch_logs", body: Buffer.from(text) }, testInvocation());
  const entries = out.batches.flat().flatMap(({ labels, entries: all }) => all.map(({ timestamp, line, metadata }) => [printLabels(labels), timestamp, line, metadata.join(" ")])); // biome-ignore format: one chain
  return { entries, log: log.lines };
}

const metadata = "log_group /aws/lambda/f log_stream s account_id 123";
const now = BigInt(testTime) * 1_000_000n;
const job = '{job="cloudwatch_logs"}';

describe("events", () => {
  test.for<{
    it: string;
    body?: object;
    args?: Record<string, unknown>;
    rule?: Record<string, unknown>[];
    entries: unknown[];
  }>([
    {
      it: "are entries at their own time, with what they come from as metadata",
      entries: [
        [job, 5_000_000n, "one", metadata],
        [job, 6_000_000n, "two", metadata],
      ],
    },
    {
      it: "have the time of their arrival where that is wanted",
      args: { use_incoming_timestamp: false },
      entries: [
        [job, now, "one", metadata],
        [job, now, "two", metadata],
      ],
    },
    {
      it: "have ids where those are wanted, as far as they have any",
      body: {
        ...message,
        logEvents: [
          { id: "387", timestamp: 5, message: "one" },
          { timestamp: 6, message: "two" },
        ],
      },
      args: { event_ids: true },
      entries: [
        [job, 5_000_000n, "one", `${metadata} event_id 387`],
        [job, 6_000_000n, "two", metadata],
      ],
    },
    {
      it: "of one millisecond are apart where that is wanted, in their order",
      body: { ...message, logEvents: [5, 5, 6].map(timestamp => ({ timestamp, message: "one" })) },
      args: { distinct_times: true },
      entries: [
        [job, 5_063_000n, "one", metadata],
        [job, 5_063_001n, "one", metadata],
        [job, 6_063_000n, "one", metadata],
      ],
    },
    {
      it: "of another stream are apart from them",
      body: { ...message, logStream: "t", logEvents: [{ timestamp: 5, message: "one" }] },
      args: { distinct_times: true },
      entries: [[job, 5_064_000n, "one", metadata.replace("log_stream s", "log_stream t")]],
    },
    {
      it: "have it also where theirs is none",
      body: {
        ...message,
        logEvents: [{ message: "x" }, { timestamp: "soon", message: "y" }, { timestamp: 7.5, message: "z" }],
      },
      entries: [
        [job, now, "x", metadata],
        [job, now, "y", metadata],
        [job, 7_000_000n, "z", metadata],
      ],
    },
    {
      it: "have the labels of the configuration",
      args: { labels: { a: "b" } },
      body: { ...message, logEvents: [{ timestamp: 5, message: "one" }] },
      entries: [['{a="b"}', 5_000_000n, "one", metadata]],
    },
    {
      it: "have labels that rules make of where they come from",
      rule: [
        {
          source_labels: [
            "__aws_cw_log_group",
            "__aws_cw_log_stream",
            "__aws_owner",
            "__aws_cw_msg_type",
            "__aws_cw_matched_filters",
          ],
          target_label: "from",
        },
        { regex: "job", action: "labeldrop" },
      ],
      body: { ...message, logEvents: [{ timestamp: 5, message: "one" }] },
      entries: [['{from="/aws/lambda/f;s;123;DATA_MESSAGE;all,more"}', 5_000_000n, "one", metadata]],
    },
    {
      it: "are gone where a rule drops them",
      rule: [{ source_labels: ["__aws_owner"], regex: "123", action: "drop" }],
      entries: [],
    },
    {
      it: "of a message about the subscription are none",
      body: { ...message, messageType: "CONTROL_MESSAGE", logGroup: "" },
      args: { log_groups: ["x"] },
      entries: [],
    },
    { it: "may be none", body: { ...message, logEvents: [] }, entries: [] },
    {
      it: "of a group that is wanted pass",
      args: { log_groups: ["/aws/lambda/*"] },
      body: { ...message, logEvents: [{ timestamp: 5, message: "one" }] },
      entries: [[job, 5_000_000n, "one", metadata]],
    },
  ])("$it", async ({ body = message, args, rule, entries }) => {
    expect(await take(body, args, rule)).toEqual({ entries, log: [] });
  });

  test("of a group that is not wanted are dropped, and that is told", async () => {
    expect(await take(message, { log_groups: ["/aws/lambda/g", "/aws/lambda"] })).toEqual({
      entries: [],
      log: [
        'warn log group is not one of log_groups, its events are dropped {"component":"loki.source.cloudwatch_logs.c","logGroup":"/aws/lambda/f"}',
      ],
    });
  });
});

test.for<{ it: string; body: unknown; message: RegExp }>([
  { it: "that is no JSON", body: "{", message: /^cloudwatch logs message should be JSON: / },
  {
    it: "without events",
    body: { ...message, logEvents: undefined },
    message: /^cloudwatch logs message should have a list logEvents$/,
  },
])("a message $it is refused for good", async ({ body, message: said }) => {
  await expect(take(body)).rejects.toMatchObject({ kind: "reject", message: expect.stringMatching(said) });
});

test.for<{ it: string; log_groups: string[]; problems: object[] }>([
  { it: "names and patterns", log_groups: ["/aws/lambda/f", "a*b", "x.y-z_#1"], problems: [] },
  {
    it: "a name with a blank",
    log_groups: ["ok", "not ok"],
    problems: [
      { path: ["log_groups", 1], message: 'log group should be a name of letters, digits and _-/.#, got "not ok"' },
    ],
  },
])("problems of $it", ({ log_groups, problems }) => {
  const decoded = lokiSourceCloudwatchLogs.args.decode({ forward_to: [], log_groups });
  expect([...(lokiSourceCloudwatchLogs.check?.(decoded) ?? [])]).toEqual(problems);
});
