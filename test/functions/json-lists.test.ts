/** Messages, records and log events that are lists of JSON, or have one in them, become an entry for each element by two stages. */
import { expect, test } from "vitest";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { decodePushProtobuf } from "../../lib/pipeline/telemetry/loki/push.ts";
import { uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { loadTestFunction } from "../faults/support/function.ts";
import { recorded } from "./events.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

const triggers = {
  queue(text: string) {
    const event = recorded("sqs-lines");
    event.Records = [{ ...event.Records[0], body: text }];
    return event;
  },
  stream(text: string) {
    const event = recorded("kinesis-lines");
    const [first] = event.Records;
    event.Records = [{ ...first, kinesis: { ...first.kinesis, data: base64(text) } }];
    return event;
  },
  topic(text: string) {
    const event = recorded("sns-alarm");
    event.Records[0].Sns.Message = text;
    return event;
  },
};

const rows = [
  { it: "a list", text: '[{"a":1},{"b":[2]}, "c"]', out: ['{"a":1}', '{"b":[2]}', '"c"'] },
  { it: "a list in Records", text: '{"Records":[{"a":1},{"b":[2]}],"x":1}', out: ['{"a":1}', '{"b":[2]}'] },
  { it: "neither, which passes as it is", text: '{"a":1}', out: ['{"a":1}'] },
  { it: "no JSON, which passes as it is", text: "order 7 paid", out: ["order 7 paid"] },
];

test.for(Object.entries(triggers).flatMap(([source, trigger]) => rows.map(row => ({ source, trigger, ...row }))))(
  "$source: $it",
  async ({ trigger, text, out }) => {
    const loki = await startBackend(() => ({ status: 204 }));
    const { handler, pipeline } = await loadTestFunction(`
loki.source.sqs "in" { forward_to = [loki.process.lists.receiver] }
loki.source.kinesis "in" { forward_to = [loki.process.lists.receiver] }
loki.source.sns "in" { forward_to = [loki.process.lists.receiver] }
loki.process "lists" {
  stage.json {
    expressions    = { records = "Records" }
    drop_malformed = false
  }
  stage.split_json { }
  stage.split_json {
    source = "records"
  }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint {
    url = "${loki.url}/loki/api/v1/push"
  }
}`);
    await handler(trigger(text));
    await pipeline.close();
    const streams = loki.got.flatMap(({ body }) => decodePushProtobuf(uncompressBlock(body, 1 << 20)));
    expect(streams.flatMap(({ entries }) => entries.map(({ line }) => line))).toEqual(out);
  },
);
