import { describe, expect, test } from "vitest";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import type { ObjectCreated, ObjectProgress, ObjectSelection } from "../../lib/pipeline/graph/trigger.ts";
import { recorded } from "../../test/functions/events.ts";
import { loadObjectProbes } from "../../test/functions/object-probes.ts";
import { createHandler } from "./handler.ts";
import { handedOnText } from "./objects.ts";

const base = { bucket: "shop-logs", region: "eu-central-1", time: Date.parse("2026-01-15T10:00:00.000Z") };
const first = {
  ...base,
  key: "year=2026/month=01/a b+c ü.log.gz",
  size: 1024,
  etag: "d41d8cd98f00b204e9800998ecf8427e",
  versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
  sequencer: "0055AED6DCD90281E5",
};

describe("objects of events", () => {
  test.for<{ event: string; objects: readonly Partial<ObjectCreated>[]; answer?: unknown }>([
    { event: "s3", objects: [first] },
    { event: "s3-new-fields", objects: [first] },
    { event: "s3-removed", objects: [] },
    { event: "s3-test", objects: [] },
    { event: "s3-several", objects: [{ ...base, key: "a", shared: true }, { ...base, key: "b", shared: true }] },
    { event: "sns-s3", objects: [first] },
    { event: "eventbridge-s3", objects: [first] },
    { event: "sqs-s3", objects: [{ ...first, attempt: 1 }], answer: { batchItemFailures: [] } },
    { event: "sqs-s3-test", objects: [], answer: { batchItemFailures: [] } },
    { event: "sqs-sns-s3", objects: [{ ...first, attempt: 2 }], answer: { batchItemFailures: [] } },
    { event: "sqs-eventbridge-s3", objects: [{ ...first, attempt: 1 }], answer: { batchItemFailures: [] } },
    { event: "sqs-s3-handed-on", objects: [{ ...first, attempt: 1, progress: { etag: first.etag, offset: 1_048_577, lines: 9000, restart: { at: 65_536, offset: 1_000_000, packing: "gzip" } } }], answer: { batchItemFailures: [] } },
  ])("$event", async ({ event, objects, answer }) => {
    const { pipeline, seen } = await loadObjectProbes({ "probe.objects.a": {} });
    expect(await createHandler(pipeline)(recorded(event))).toEqual(answer);
    expect(seen).toEqual(objects.map(object => ({ component: "probe.objects.a", object })));
  }); // biome-ignore format: a row is one line
});

test.for([
  { it: "S3 tests its notifications", event: "s3-test", line: ["info", "S3 tests its notifications", { bucket: "shop-logs" }] },
  { it: "an object was removed", event: "s3-removed", line: ["info", "event of S3 tells of no new object", { event: "ObjectRemoved:Delete" }] },
])("it tells that $it", async ({ event, line }) => {
  const { pipeline, logged } = await loadObjectProbes({ "probe.objects.a": {} });
  await createHandler(pipeline)(recorded(event));
  expect(logged).toContainEqual(line);
}); // biome-ignore format: a row is one line

describe("who reads an object", () => {
  const selecting = (...buckets: ObjectSelection[]) => ({ buckets });
  test.for([
    { it: "one that takes any", probes: { "probe.objects.a": {} }, by: ["a"] },
    { it: "one that takes the bucket", probes: { "probe.objects.a": selecting({ bucket: "shop-logs" }), "probe.objects.b": selecting({ bucket: "other" }) }, by: ["a"] },
    { it: "one that takes the prefix and the suffix", probes: { "probe.objects.a": selecting({ bucket: "shop-logs", prefix: "year=2026/", suffix: ".gz" }), "probe.objects.b": selecting({ bucket: "shop-logs", prefix: "year=2025/" }), "probe.objects.c": selecting({ bucket: "shop-logs", suffix: ".json" }) }, by: ["a"] },
    { it: "all that take it", probes: { "probe.objects.a": {}, "probe.objects.b": selecting({ bucket: "other" }, { bucket: "shop-logs" }) }, by: ["a", "b"] },
  ])("$it", async ({ probes, by }) => {
    const { pipeline, seen } = await loadObjectProbes(probes);
    await createHandler(pipeline)(recorded("s3"));
    expect(seen.map(each => each.component)).toEqual(by.map(label => `probe.objects.${label}`));
  }); // biome-ignore format: a row is one line

  test("nobody: the event fails", async () => {
    const { pipeline } = await loadObjectProbes({ "probe.objects.a": selecting({ bucket: "other" }) });
    await expect(createHandler(pipeline)(recorded("s3"))).rejects.toThrow(
      `a component should read s3://shop-logs/${first.key}, got none in the configuration that does`,
    );
  });

  test("nobody: the message goes back to its queue", async () => {
    const { pipeline } = await loadObjectProbes({ "probe.objects.a": selecting({ bucket: "other" }) });
    const event = recorded("sqs-s3");
    expect(await createHandler(pipeline)(event)).toEqual({
      batchItemFailures: [{ itemIdentifier: event.Records[0].messageId }],
    });
  });

  test("nobody that is there: the event fails with what it came as", async () => {
    const { pipeline } = await loadObjectProbes({});
    await expect(createHandler(pipeline)(recorded("s3"))).rejects.toThrow(
      "a component should read objects of S3, got none in the configuration that does",
    );
  });
});

test("an event that names no object is refused", async () => {
  const { pipeline } = await loadObjectProbes({ "probe.objects.a": {} });
  await expect(createHandler(pipeline)(recorded("malformed/s3-no-key"))).rejects.toThrow(
    'event of S3 should name a bucket and a key, got "shop-logs" and none',
  );
});

test("a part of a batch that fails goes back alone", async () => {
  const { pipeline } = await loadObjectProbes({ "probe.objects.a": { failsOn: "b" } });
  const event = recorded("sqs-s3");
  const [message] = event.Records;
  event.Records = ["a", "b", "c"].map(key => ({
    ...message,
    messageId: key,
    body: JSON.stringify({ Records: [{ eventSource: "aws:s3", eventName: "ObjectCreated:Put", s3: { bucket: { name: "logs" }, object: { key } } }] }),
  })); // biome-ignore format: one body
  expect(await createHandler(pipeline)(event)).toEqual({ batchItemFailures: [{ itemIdentifier: "b" }] });
});

describe("what is left of an object", () => {
  const rest: ObjectProgress = { etag: "e", offset: 100, lines: 10, restart: { at: 0, offset: 0, packing: "gzip" } };

  test("goes into the queue that its event came from", async () => {
    const queue = await startBackend(() => ({ body: "{}" }));
    await withEndpoint(queue.url, async () => {
      const { pipeline, logged } = await loadObjectProbes({ "probe.objects.a": { rest } });
      expect(await createHandler(pipeline)(recorded("sqs-s3"))).toEqual({ batchItemFailures: [] });
      expect(logged).toContainEqual([
        "info",
        "the rest of an object is handed on",
        { component: "probe.objects.a", bucket: "shop-logs", key: first.key, from: 100 },
      ]);
    });
    const [request] = queue.got;
    expect(request?.headers["x-amz-target"]).toBe("AmazonSQS.SendMessage");
    const { QueueUrl, MessageBody } = JSON.parse(String(request?.body));
    expect(QueueUrl).toBe(`${queue.url}/123456789012/amalgam-objects`);
    expect(JSON.parse(MessageBody)).toEqual(JSON.parse(handedOnText("probe.objects.a", first, rest)));
  });

  test("is read by the component that began it", async () => {
    const { pipeline, seen } = await loadObjectProbes({ "probe.objects.a": {}, "probe.objects.b": {} });
    const event = recorded("sqs-s3");
    event.Records[0].body = handedOnText("probe.objects.b", { ...first, attempt: 3, shared: true }, rest);
    await createHandler(pipeline)(event);
    expect(seen).toEqual([{ component: "probe.objects.b", object: { ...first, progress: rest, attempt: 1 } }]);
  });

  test("keeps its message in the queue where no other can be sent", async () => {
    const queue = await startBackend(() => ({ status: 400, body: '{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}' }));
    await withEndpoint(queue.url, async () => {
      const { pipeline, logged } = await loadObjectProbes({ "probe.objects.a": { rest } });
      const event = recorded("sqs-s3");
      expect(await createHandler(pipeline)(event)).toEqual({
        batchItemFailures: [{ itemIdentifier: event.Records[0].messageId }],
      });
      expect(JSON.stringify(logged)).toContain(
        "queue amalgam-objects: SendMessage was refused, got status 400: QueueDoesNotExist",
      );
    });
  });

  test("fails the event where there is no queue", async () => {
    const { pipeline } = await loadObjectProbes({ "probe.objects.a": { rest } });
    await expect(createHandler(pipeline)(recorded("s3"))).rejects.toThrow(
      `s3://shop-logs/${first.key} was read up to byte 100 of its content, the rest is read when its event comes again`,
    );
  });
});

async function withEndpoint(url: string, work: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ENDPOINT_URL_SQS: url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" });
  try {
    await work();
  } finally {
    for (const name of ["AWS_ENDPOINT_URL_SQS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
