/** Each record of a batch fails in turn, in each way, from each kind of source: all others arrive, and it is where it belongs. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startS3 } from "../../lib/pipeline/components/aws/testing.ts";
import { memoryDeadLetters } from "../../lib/pipeline/delivery/dead-letters.ts";
import { balanced, balanceOf } from "./support/account.ts";
import { type FaultyBackend, good, refuses, startFaultyBackend } from "./support/backend.ts";
import { loadTestFunction } from "./support/function.ts";
import { keyOf, type TestRecord, triggers } from "./support/triggers.ts";
import { idsOfLetter } from "./support/wire.ts";

/** Each record of a trigger is a request of its own here, so that a backend can refuse it alone; it is sent once an invocation. */
const config = (url: string, s3: string) => `
otelcol.receiver.otlp "in" {
  http { }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.receiver.kinesis "in" {
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.receiver.kafka "in" {
  brokers          = ["b-1.shop.example.com:9094"]
  protocol_version = "3.6.0"
  traces { encoding = "otlp_json" }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" {
  client { endpoint = "${url}" }
  retry_on_failure { enabled = false }
}
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.source.cloudwatch_logs "in" { forward_to = [loki.write.out.receiver] }
loki.source.s3 "in" {
  client { endpoint = "${s3}" }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint {
    url                 = "${url}/loki/api/v1/push"
    batch_size          = "1B"
    max_backoff_retries = 1
  }
}`;

/** Five records; the middle one has three ids. */
const records: readonly TestRecord[] = [
  { ids: ["a"] },
  { ids: ["b"] },
  { ids: ["c1", "c2", "c3"] },
  { ids: ["d"] },
  { ids: ["e"] },
];
const sent = records.flatMap(({ ids }) => ids);

interface Failure {
  readonly it: string;
  /** Answers the n-th request that has the record's id, counted from 0. */
  readonly answer?: (n: number) => ReturnType<typeof refuses>;
  readonly broken?: true;
  readonly keepsLetters?: true;
  /** Where the record is in the end. */
  readonly ends: "stored" | "dead" | "aside";
}

const failures: readonly Failure[] = [
  { it: "can't be read", broken: true, ends: "aside" },
  { it: "is refused for now, twice", answer: n => (n < 2 ? refuses(503) : good), ends: "stored" },
  { it: "is refused for now, for ever", answer: () => refuses(503), ends: "aside" },
  { it: "is refused for good", answer: () => refuses(400), keepsLetters: true, ends: "dead" },
  { it: "is refused for good where nobody keeps dead letters", answer: () => refuses(400), ends: "aside" },
];

let backend: FaultyBackend;

beforeAll(async () => {
  backend = await startFaultyBackend();
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_REGION", "eu-central-1");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await backend.close();
});

/** Objects of the records; one that is broken ends within its compression. */
const objectsOf = (list: readonly TestRecord[]): Readonly<Record<string, Buffer>> =>
  Object.fromEntries(
    list.map(record => {
      const body = gzipSync(record.ids.map(id => `${id}\n`).join(""));
      return [`shop-logs/${keyOf(record)}`, record.broken ? body.subarray(0, 14) : body];
    }),
  );

const cells = Object.entries(triggers).flatMap(([source, trigger]) =>
  failures.flatMap(failure => records.map((record, i) => ({ it: `${source}: record ${i + 1} of 5 ${failure.it}`, source, trigger, failure, bad: record }))),
); // biome-ignore format: a table

describe.each([{ partial: "true" }, { partial: "" }])("with AMALGAM_KAFKA_PARTIAL_FAILURES=$partial", ({ partial }) => {
  test.for(cells.filter(({ source }) => partial || source === "Kafka"))(
    "$it",
    async ({ source, trigger, failure, bad }) => {
      vi.stubEnv("AMALGAM_KAFKA_PARTIAL_FAILURES", partial);
      const list = records.map(each => (each === bad && failure.broken ? { ...each, broken: true } : each));
      const s3 = await startS3(source.startsWith("bucket") ? objectsOf(list) : {});
      const letters = memoryDeadLetters();
      const { handler, pipeline } = await loadTestFunction(config(backend.url, s3.url), {
        ...(failure.keepsLetters && { deadLetters: letters }),
      });
      const badId = bad.ids.at(-1) ?? "";
      let times = 0;
      backend.reset(({ ids }) => (ids.includes(badId) ? (failure.answer?.(times++) ?? good) : good));

      const { aside, brought } = await trigger(handler, list);
      await pipeline.close();
      const dead = letters.letters.flatMap(letter => idsOfLetter(letter));
      const { stored } = backend;
      const mayRepeat = (id: string) => (brought.get(id) ?? 0) > 1;
      expect(balanceOf({ sent, stored, dead, returned: aside, mayRepeat })).toEqual(balanced);
      for (const [id, count] of stored) expect(count, `${id} is not stored more often than it was brought`).toBeLessThanOrEqual(brought.get(id) ?? 0); // biome-ignore format: one call

      // all others are at the backend; of a FIFO queue those behind it may have been received too often meanwhile
      const where = { stored: stored.has(badId), dead: dead.includes(badId), aside: aside.includes(badId) };
      expect(where).toEqual({ stored: false, dead: false, aside: false, [failure.ends]: true });
      const others = records.filter(each => each !== bad).flatMap(({ ids }) => ids);
      if (source !== "FIFO queue" || failure.ends !== "aside") expect(others.filter(id => !stored.has(id))).toEqual([]);
      if (source.endsWith("queue") && source !== "FIFO queue") expect(others.map(id => brought.get(id))).toEqual(others.map(() => 1)); // biome-ignore format: one call
    },
  );
});
