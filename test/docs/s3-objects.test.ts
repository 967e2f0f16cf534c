/** The configuration for CloudTrail of docs/s3-objects.md does what the page says. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { startS3 } from "../../lib/pipeline/components/aws/testing.ts";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { decodePushProtobuf } from "../../lib/pipeline/telemetry/loki/push.ts";
import { uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { loadTestFunction } from "../faults/support/function.ts";
import { recorded } from "../functions/events.ts";

afterEach(() => vi.unstubAllEnvs());

test("each record of CloudTrail is an entry at its own time, and one whose time nobody can read stops no other", async () => {
  const page = readFileSync(new URL("../../docs/s3-objects.md", import.meta.url), "utf8");
  const example = /```alloy\n(.*?)```/s.exec(page)?.[1] ?? "";
  const records = ["2026-11-21T16:59:58Z", "soon", "2026-11-21T17:00:01Z"].map((eventTime, i) => ({
    eventTime,
    id: i,
  }));
  const key = "AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/21/a.json.gz";
  const s3 = await startS3({ [`shop-trail/${key}`]: gzipSync(JSON.stringify({ Records: records })) });
  const loki = await startBackend(() => ({ status: 204 }));
  vi.stubEnv("AWS_ENDPOINT_URL_S3", s3.url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  const writer = `loki.write "default" {\nendpoint {\nurl = "${loki.url}/loki/api/v1/push"\n}\n}`;
  const { handler, pipeline } = await loadTestFunction(`${example}\n${writer}`);
  const event = recorded("s3");
  event.Records[0].s3.bucket.name = "shop-trail";
  event.Records[0].s3.object = { key };
  await handler(event);
  await pipeline.close();
  const streams = loki.got.flatMap(({ body }) => decodePushProtobuf(uncompressBlock(body, 1 << 20)));
  const time = (text: string) => BigInt(Date.parse(text)) * 1_000_000n;
  expect(streams.map(({ labels, entries }) => [labels.join("="), entries.map(entry => entry.timestamp)])).toEqual([
    ["job=cloudtrail", [time("2026-11-21T16:59:58Z"), time("2026-11-21T16:59:58Z") + 1n, time("2026-11-21T17:00:01Z")]],
  ]);
  expect(streams[0]?.entries.map(({ line }) => JSON.parse(line))).toEqual(records);
});
