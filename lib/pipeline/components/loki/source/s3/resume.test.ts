import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeliveryError } from "../../../../delivery/errors.ts";
import { testHost, testInvocation, testLog, testTime } from "../../../../graph/testing.ts";
import type { ObjectCreated, ObjectProgress, ObjectsTrigger } from "../../../../graph/trigger.ts";
import { MemoryStore } from "../../../../state/memory.ts";
import type { StateStore } from "../../../../state/store.ts";
import type { LogBatch } from "../../../../telemetry/loki/model.ts";
import { etagOf, startS3, type TestBucket } from "../../../aws/testing.ts";
import { lokiSourceS3 } from "../s3.ts";

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_REGION", "eu-central-1");
});
afterEach(() => vi.unstubAllEnvs());

const count = 300_000;

/** Time that only passes where the world says so, and where everything can fail. */
class World {
  now = testTime;
  readonly state = new MemoryStore({ clock: () => this.now });
  readonly log = testLog();
  /** How often each line arrived. */
  readonly arrived = new Uint8Array(count);
  /** Lines that have no number. */
  readonly others: string[] = [];
  readonly batchSizes: number[] = [];
  /** Steps until something fails. */
  fuse = Number.POSITIVE_INFINITY;
  /** Called before each invocation. */
  light = (): void => {};
  /** A process that was killed does nothing more. */
  isDead = false;
  kills = 0;
  readonly #staysDead: boolean;
  readonly msPerBatch: number;

  constructor({ staysDead = false, msPerBatch = 100 } = {}) {
    this.#staysDead = staysDead;
    this.msPerBatch = msPerBatch;
  }

  step(): void {
    if (this.isDead) throw new Error("killed");
    if (--this.fuse > 0) return;
    this.fuse = Number.POSITIVE_INFINITY;
    this.kills++;
    this.isDead = this.#staysDead;
    throw new Error("killed");
  }

  readonly consume = async (batch: LogBatch): Promise<void> => {
    this.step();
    let size = 0;
    for (const { entries } of batch)
      for (const { line } of entries) {
        const number = /^line (\d+) /.exec(line)?.[1];
        if (number === undefined) this.others.push(line);
        else this.arrived[Number(number)] = (this.arrived[Number(number)] ?? 0) + 1;
        size++;
      }
    this.batchSizes.push(size);
    this.now += this.msPerBatch;
    await null;
    this.step();
  };

  /** The store fails before and behind each of its writes and reads. */
  store(): StateStore {
    const around = async <T>(work: () => Promise<T>): Promise<T> => {
      this.step();
      const result = await work();
      this.step();
      return result;
    };
    return {
      ...this.state,
      get: (...args) => around(() => this.state.get(...args)),
      put: (...args) => around(() => this.state.put(...args)),
    } as StateStore; // the reader calls no others
  }

  async read(bucket: TestBucket, plain: Readonly<Record<string, unknown>>): Promise<ObjectsTrigger["read"]> {
    const host = testHost({ log: this.log, clock: () => this.now });
    const args = lokiSourceS3.args.decode({ forward_to: [], client: { endpoint: bucket.url }, ...plain });
    const { triggers } = await lokiSourceS3.build({ ...args, forward_to: [{ consume: this.consume }] }, host);
    const [trigger] = triggers ?? [];
    if (trigger?.kind !== "objects") throw new Error("it should have a trigger of objects");
    return trigger.read;
  }

  invocation(ms: number) {
    return testInvocation({ now: this.now, deadline: this.now + ms, state: this.store() });
  }
}

/** Delivers an event and what it is handed on as, as a queue does, until none is left. */
async function deliverAll(
  world: World,
  read: ObjectsTrigger["read"],
  event: ObjectCreated,
  ms: number,
  random: () => number,
) {
  const queue: ObjectCreated[] = [{ ...event, attempt: 0 }];
  let invocations = 0;
  while (queue.length) {
    const [message] = queue.splice(Math.floor(random() * queue.length), 1) as [ObjectCreated];
    const current = { ...message, attempt: (message.attempt ?? 0) + 1 };
    invocations++;
    world.isDead = false;
    world.light();
    try {
      const rest = await read(current, world.invocation(ms));
      if (rest) {
        world.step();
        const { attempt: _, ...handedOn } = current;
        queue.push(JSON.parse(JSON.stringify({ ...handedOn, attempt: 0, progress: rest })) as ObjectCreated);
        world.step();
      }
    } catch (error) {
      if (!/killed/.test(String(error))) throw error;
      queue.push(current);
    }
    if (invocations > 2000) throw new Error("it should come to an end");
  }
  return invocations;
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

const texts = Array.from({ length: count }, (_, i) => `line ${i} ${"abc".repeat(i % 5)}`);
const content = Buffer.from(`${texts.join("\n")}\n`);
const parts = Array.from({ length: 20 }, (_, i) =>
  content.subarray((i * content.length) / 20, ((i + 1) * content.length) / 20),
);
const packed = {
  plain: content,
  gzip: gzipSync(content, { level: 1 }),
  members: Buffer.concat(parts.map(part => gzipSync(part, { level: 1 }))),
  frames: Buffer.concat(parts.map(part => zstdCompressSync(part))),
};
const event: ObjectCreated = { bucket: "logs", key: "a", time: testTime, sequencer: "1" };

const missing = ({ arrived }: World): number => arrived.reduce((sum, times) => sum + (times === 0 ? 1 : 0), 0);
const repeated = ({ arrived }: World): number => arrived.reduce((sum, times) => sum + Math.max(0, times - 1), 0);

describe("a clock that runs out", () => {
  test.for(Object.entries(packed))(
    "an object of %s is read by successive invocations, without loss or repetition",
    async ([, body]) => {
      const bucket = await startS3({ "logs/a": body });
      const world = new World({ msPerBatch: 1000 });
      const read = await world.read(bucket, { batch_size: "1MiB" });
      const invocations = await deliverAll(world, read, event, 9000, () => 0);
      expect(invocations).toBeGreaterThanOrEqual(3);
      expect([missing(world), repeated(world)]).toEqual([0, 0]);
    },
  );

  test("what is packed in members is read on from the last one", async () => {
    const bucket = await startS3({ "logs/a": packed.members });
    const world = new World({ msPerBatch: 1000 });
    const read = await world.read(bucket, { batch_size: "1MiB" });
    const rest = await read({ ...event, attempt: 1 }, world.invocation(9000));
    const at = rest?.restart?.at ?? 0;
    expect(at).toBeGreaterThan(packed.members.length / 10);
    const before = bucket.got.length;
    await read({ ...event, attempt: 1, progress: rest as ObjectProgress }, world.invocation(9000));
    expect(bucket.got[before]?.headers.range).toBe(`bytes=${at}-${at + (1 << 20) - 1}`);
  });

  test("an invocation that gets nowhere says so, and hands nothing on", async () => {
    const bucket = await startS3({ "logs/a": packed.gzip });
    const world = new World();
    const read = await world.read(bucket, {});
    bucket.interfere = () => {
      world.now += 60_000;
      return undefined;
    };
    await expect(read({ ...event, attempt: 1 }, world.invocation(9000))).rejects.toThrow(
      "s3://logs/a should come further than byte 0 of its content in one invocation: it needs a longer timeout or more memory",
    );
  });

  test("a batch that found no time comes again with the rest", async () => {
    const bucket = await startS3({ "logs/a": packed.gzip });
    const world = new World({ msPerBatch: 1000 });
    const read = await world.read(bucket, { batch_size: "1MiB" });
    let batches = 0;
    vi.spyOn(world, "step").mockImplementation(() => {
      if (++batches !== 9) return;
      world.now += 60_000;
      throw new DeliveryError("no time is left for the delivery", { kind: "retry" });
    });
    const rest = await read({ ...event, attempt: 1 }, world.invocation(30_000));
    expect(rest?.lines).toBe(world.batchSizes.reduce((sum, size) => sum + size, 0));
    expect(missing(world)).toBe(count - (rest?.lines ?? 0));
  });

  test("objects that find no time are handed on as they are", async () => {
    const bucket = await startS3({ "logs/a": "one\n", "logs/b": "two\n" });
    const world = new World({ msPerBatch: 10_000 });
    const read = await world.read(bucket, { parallel_objects: 1 });
    const invocation = world.invocation(9000);
    const [a, b] = await Promise.all([
      read({ ...event, attempt: 1 }, invocation),
      read({ ...event, key: "b", etag: "e", attempt: 1 }, invocation),
    ]);
    expect([a, b]).toEqual([undefined, { etag: "e", offset: 0, lines: 0 }]);
  });
});

describe("kills at any step", () => {
  const oneByOne = { checkpoint_interval: "0s" };
  const cases = [
    { it: "errors while plain text is read", body: packed.plain, staysDead: false, args: {}, seed: 1 },
    { it: "errors while gzip is read", body: packed.gzip, staysDead: false, args: {}, seed: 2 },
    { it: "errors while members of gzip are read", body: packed.members, staysDead: false, args: {}, seed: 3 },
    { it: "errors while frames of zstd are read", body: packed.frames, staysDead: false, args: {}, seed: 4 },
    { it: "processes that end while plain text is read", body: packed.plain, staysDead: true, args: oneByOne, seed: 5 },
    { it: "processes that end while gzip is read", body: packed.gzip, staysDead: true, args: oneByOne, seed: 6 },
    {
      it: "processes that end while members of gzip are read",
      body: packed.members,
      staysDead: true,
      args: oneByOne,
      seed: 7,
    },
  ];
  test.for(cases)(
    "$it: nothing is lost, and at most a batch comes again for each",
    async ({ body, staysDead, args, seed }) => {
      const bucket = await startS3({ "logs/a": body });
      const random = seeded(seed);
      const world = new World({ staysDead, msPerBatch: 300 });
      world.light = () => {
        if (world.kills < 15 && world.fuse === Number.POSITIVE_INFINITY) world.fuse = 1 + Math.floor(random() * 10);
      };
      const read = await world.read(bucket, { batch_size: "300KiB", ...args });
      await deliverAll(world, read, event, 9000, random);
      expect(world.kills).toBe(15);
      expect(missing(world)).toBe(0);
      expect(repeated(world)).toBeLessThanOrEqual(world.kills * Math.max(...world.batchSizes));
    },
  );
});

describe("an object that changes", () => {
  test("between its event and its reading is read as it is", async () => {
    const bucket = await startS3({ "logs/a": "new\n" });
    const world = new World();
    const read = await world.read(bucket, {});
    expect(await read({ ...event, etag: "0123", attempt: 1 }, world.invocation(9000))).toBeUndefined();
    expect(world.others).toEqual(["new"]);
    expect(world.log.lines).toEqual([
      'warn object has changed since its event, reading starts over {"component":"test.part.a","bucket":"logs","key":"a"}',
    ]);
  });

  test("after it was handed on is read from its begin", async () => {
    const bucket = await startS3({ "logs/a": packed.plain });
    const world = new World({ msPerBatch: 1000 });
    const read = await world.read(bucket, {});
    const rest = (await read({ ...event, attempt: 1 }, world.invocation(9000))) as ObjectProgress;
    expect(rest.etag).toBe(etagOf(packed.plain));
    bucket.objects.set("logs/a", Buffer.from("new\n"));
    world.arrived.fill(0);
    expect(await read({ ...event, attempt: 1, progress: rest }, world.invocation(9000))).toBeUndefined();
    expect(world.others).toEqual(["new"]);
  });
});

describe("two calls of one object", () => {
  test("the one that came first stops when the other has begun", async () => {
    const bucket = await startS3({ "logs/a": packed.plain });
    const world = new World();
    const read = await world.read(bucket, { checkpoint_interval: "0s" });
    const other = await world.read(bucket, {});
    let started = false;
    let second: Promise<unknown> | undefined;
    const consume = vi.spyOn(world, "step").mockImplementation(() => {
      if (world.batchSizes.length !== 4 || started) return;
      started = true;
      second = other({ ...event, attempt: 2 }, world.invocation(900_000));
    });
    await expect(read({ ...event, attempt: 1 }, world.invocation(900_000))).rejects.toThrow(
      "s3://logs/a is read by another call, which has begun since",
    );
    expect(await second).toBeUndefined();
    consume.mockRestore();
    expect(missing(world)).toBe(0);
  });

  test("an event that comes again when all was handed on and read finds nothing to do", async () => {
    const bucket = await startS3({ "logs/a": packed.plain });
    const world = new World({ msPerBatch: 1000 });
    const read = await world.read(bucket, {});
    const rest = (await read({ ...event, attempt: 1 }, world.invocation(9000))) as ObjectProgress;
    expect(await read({ ...event, attempt: 1, progress: rest }, world.invocation(900_000))).toBeUndefined();
    world.arrived.fill(0);
    expect(await read({ ...event, attempt: 2 }, world.invocation(9000))).toBeUndefined();
    expect(missing(world)).toBe(count);
    expect(world.log.lines).toEqual([
      'info object was read already {"component":"test.part.a","bucket":"logs","key":"a"}',
    ]);
    // another event of the same key is another object
    await read({ ...event, sequencer: "2", attempt: 2 }, world.invocation(9000));
    expect(missing(world)).toBeLessThan(count);
  });

  test("a batch that its backend does not take keeps what is before it", async () => {
    const bucket = await startS3({ "logs/a": packed.gzip });
    const world = new World();
    const read = await world.read(bucket, { batch_size: "300KiB" });
    world.fuse = 20;
    await expect(read({ ...event, attempt: 1 }, world.invocation(900_000))).rejects.toThrow("killed");
    expect(missing(world)).toBeLessThan(count - 10_000);
    expect(await read({ ...event, attempt: 2 }, world.invocation(900_000))).toBeUndefined();
    expect(missing(world)).toBe(0);
    expect(repeated(world)).toBeLessThanOrEqual(Math.max(...world.batchSizes));
  });
});
