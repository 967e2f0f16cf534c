/** Objects that are one JSON document, as CloudTrail and Config write them, through the component; and how far it reads ahead. */
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testHost, testInvocation, testTime } from "../../../../graph/testing.ts";
import type { ObjectProgress, ObjectsTrigger } from "../../../../graph/trigger.ts";
import { MemoryStore } from "../../../../state/memory.ts";
import type { LogEntry } from "../../../../telemetry/loki/model.ts";
import { startS3, type TestBucket } from "../../../aws/testing.ts";
import { lokiSourceS3 } from "../s3.ts";

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_REGION", "eu-central-1");
});
afterEach(() => vi.unstubAllEnvs());

const records = Array.from({ length: 9000 }, (_, i) => ({
  eventVersion: "1.11",
  eventTime: "2026-11-21T17:00:00Z",
  eventName: i % 3 ? "GetObject" : 'Put"]},{',
  requestParameters: { key: `a/${i}`, tags: [{ i }] },
}));
const trail = JSON.stringify({ Records: records });

/** Time passes with each batch. */
class World {
  now = testTime;
  readonly state = new MemoryStore({ clock: () => this.now });
  readonly entries: LogEntry[] = [];
  onBatch = async (): Promise<void> => {};

  async reader(bucket: TestBucket, plain: Readonly<Record<string, unknown>>): Promise<ObjectsTrigger["read"]> {
    const args = lokiSourceS3.args.decode({ forward_to: [], client: { endpoint: bucket.url }, ...plain });
    const consume = async (batch: readonly { readonly entries: readonly LogEntry[] }[]) => {
      this.entries.push(...batch.flatMap(({ entries }) => entries));
      this.now += 1000;
      await this.onBatch();
    };
    const host = testHost({ clock: () => this.now });
    const { triggers } = await lokiSourceS3.build({ ...args, forward_to: [{ consume }] }, host);
    const [trigger] = triggers ?? [];
    if (trigger?.kind !== "objects") throw new Error("it should have a trigger of objects");
    return trigger.read;
  }

  /** Calls as a queue does until nothing is handed on; resolves to the number of calls. */
  async readAll(read: ObjectsTrigger["read"], ms: number): Promise<number> {
    let progress: ObjectProgress | undefined;
    for (let calls = 1; ; calls++) {
      const object = { bucket: "logs", key: "a", time: testTime, attempt: 1, ...(progress && { progress }) };
      const rest = await read(object, testInvocation({ now: this.now, deadline: this.now + ms, state: this.state }));
      if (!rest) return calls;
      progress = JSON.parse(JSON.stringify(rest)) as ObjectProgress; // as a message has it
    }
  }
}

test.for([
  { it: "in gzip", body: gzipSync(trail) },
  { it: "as it is", body: Buffer.from(trail) },
  { it: "with line breaks", body: gzipSync(JSON.stringify({ Records: records }, null, 1)) },
])("a file of CloudTrail $it is an entry for each record, once, over several invocations", async ({ body }) => {
  const world = new World();
  const bucket = await startS3({ "logs/a": body });
  const read = await world.reader(bucket, { json_list: "Records", batch_size: "64KiB" });
  expect(await world.readAll(read, 4500)).toBeGreaterThanOrEqual(3);
  expect(world.entries.map(({ line }) => JSON.parse(line))).toEqual(records);
  expect(world.entries.map(({ timestamp }) => Number(timestamp - BigInt(testTime) * 1_000_000n))).toEqual(
    records.map((_, i) => i),
  );
});

test("an object without the list is read line by line, over several invocations", async () => {
  const world = new World();
  const text = records.map(record => JSON.stringify(record)).join("\n");
  const bucket = await startS3({ "logs/a": text });
  const read = await world.reader(bucket, { json_list: "Records", batch_size: "64KiB" });
  expect(await world.readAll(read, 4500)).toBeGreaterThanOrEqual(3);
  expect(world.entries.map(({ line }) => JSON.parse(line))).toEqual(records);
});

test("without json_list the document is one line, in parts", async () => {
  const world = new World();
  const bucket = await startS3({ "logs/a": trail });
  await world.readAll(await world.reader(bucket, {}), 60_000);
  expect(world.entries.map(({ line }) => line).join("")).toBe(trail);
});

test("a record that is longer than a line may be is cut off with a mark, and the others are whole", async () => {
  const world = new World();
  const bucket = await startS3({ "logs/a": JSON.stringify({ Records: [{ a: "x".repeat(2000) }, { b: 1 }] }) });
  await world.readAll(await world.reader(bucket, { json_list: "Records", max_line_size: "1KiB" }), 60_000);
  expect(world.entries.map(({ line }) => [line.length, line.slice(-24)])).toEqual([
    [982, "… (1048 bytes cut off)".padStart(24, "x")],
    [7, '{"b":1}'],
  ]);
});

test("a backend that takes its time: no more of an object is asked for than a few ranges", async () => {
  const world = new World();
  const size = 12 << 20;
  const bucket = await startS3({ "logs/a": Buffer.alloc(size, `${"x".repeat(1023)}\n`) });
  let ahead = 0;
  world.onBatch = async () => {
    // whatever could be asked for meanwhile is asked for in these turns
    for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
    const asked = Math.max(...bucket.got.map(({ headers }) => Number(/-(\d+)$/.exec(headers.range ?? "")?.[1] ?? 0)));
    ahead = Math.max(ahead, Math.min(asked, size) - world.entries.length * 1024);
  };
  await world.readAll(await world.reader(bucket, {}), 1e9);
  expect(world.entries.length).toBe(size / 1024);
  expect(ahead).toBeLessThanOrEqual(4 << 20);
});
