/** Lines that are longer than Loki takes: kept as dead letters with Loki's reason, or cut with a mark where that is wanted; never gone. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import type { DeadLetter } from "../../lib/pipeline/delivery/dead-letters.ts";
import { decodePushProtobuf } from "../../lib/pipeline/telemetry/loki/push.ts";
import { uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { loadTestFunction } from "./support/function.ts";

const limit = 262_144;

/** As Loki does with max_line_size: the others of the push are taken, and it is answered with 400. */
async function startLoki() {
  const stored: string[] = [];
  const { url } = await startBackend(({ body }) => {
    const streams = decodePushProtobuf(uncompressBlock(body, 64 << 20));
    const lines = streams.flatMap(({ entries }) => entries.map(({ line }) => line));
    stored.push(...lines.filter(line => Buffer.byteLength(line) <= limit));
    const long = lines.find(line => Buffer.byteLength(line) > limit);
    if (long === undefined) return { status: 204 };
    const reason = `Max entry size '${limit}' bytes exceeded for stream '{job="cloudwatch_logs"}' while adding an entry with length '${Buffer.byteLength(long)}' bytes`;
    return { status: 400, body: `${reason}\n` };
  });
  return { url, stored };
}

/** The largest event that CloudWatch Logs takes is 1 MiB. */
const largest = "é".repeat((1 << 19) - 13);
const lines = ["first", largest, "last"];

const subscription = (): unknown => {
  const logEvents = lines.map((message, i) => ({ id: `${i}`, timestamp: 1_768_471_200_000 + i, message }));
  const message = { messageType: "DATA_MESSAGE", owner: "1", logGroup: "/a", logStream: "s", subscriptionFilters: ["f"], logEvents }; // biome-ignore format: one event
  return { awslogs: { data: gzipSync(JSON.stringify(message)).toString("base64") } };
};

async function run(stages: string) {
  const loki = await startLoki();
  const letters: DeadLetter[] = [];
  const { handler, pipeline } = await loadTestFunction(
    `
loki.source.cloudwatch_logs "in" { forward_to = [loki.process.cut.receiver] }
loki.process "cut" {
  ${stages}
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint {
    url = "${loki.url}/loki/api/v1/push"
  }
}`,
    {
      deadLetters: {
        put: async letter => {
          letters.push(letter);
        },
      },
    },
  );
  await handler(subscription());
  await pipeline.close();
  return { stored: loki.stored, letters };
}

test("a line that Loki finds too long is a dead letter with Loki's reason, and the others are at Loki", async () => {
  const { stored, letters } = await run("");
  expect(stored).toEqual(["first", "last"]);
  expect(letters.map(({ status, reason }) => ({ status, reason }))).toEqual([
    {
      status: 400,
      reason: `push refused, got status 400: Max entry size '262144' bytes exceeded for stream '{job="cloudwatch_logs"}' while adding an entry with length '${Buffer.byteLength(largest)}' bytes`,
    },
  ]);
  const kept = letters.flatMap(({ body }) => decodePushProtobuf(uncompressBlock(body, 64 << 20)));
  expect(kept.flatMap(({ entries }) => entries.map(({ line }) => line))).toContain(largest);
});

test("with stage.truncate it is cut to what Loki takes, with a mark, and nothing is refused", async () => {
  const { stored, letters } = await run(
    'stage.truncate {\n    rule {\n      limit  = "255KiB"\n      suffix = "… (cut off)"\n    }\n  }',
  );
  expect(letters).toEqual([]);
  expect(stored.map(line => [line.slice(0, 5), line.slice(-11), Buffer.byteLength(line) <= limit])).toEqual([
    ["first", "first", true],
    ["ééééé", "… (cut off)", true],
    ["last", "last", true],
  ]);
});
