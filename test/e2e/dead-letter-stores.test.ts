/** Stores of dead letters do the same: a folder, a bucket, a queue. The clouds are an emulator that checks signatures and permissions. */
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { environmentCredentials } from "../../lib/pipeline/delivery/aws-credentials.ts";
import type { DeadLetter, LetterBox, StoredLetter } from "../../lib/pipeline/delivery/dead-letters.ts";
import { openCloudLetters } from "../../lib/pipeline/delivery/dead-letters-cloud.ts";
import { folderDeadLetters } from "../../lib/pipeline/delivery/dead-letters-folder.ts";
import { type LetterPlace, letterPlace } from "../../lib/pipeline/delivery/dead-letters-place.ts";
import { getObject, objectKeys, openBucket } from "../../lib/pipeline/delivery/s3.ts";
import type { AwsCredentials } from "../../lib/pipeline/delivery/sigv4.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "./support/moto.ts";
import { temporaryFolder } from "./support/process.ts";

const letter = (time: number, overrides: Partial<DeadLetter> = {}): DeadLetter => ({
  component: "loki.write.out",
  destination: "http://loki/push",
  reason: 'push refused, got status 400: entry too old, über\u0000 "x"\uffff',
  status: 400,
  time,
  attempts: 2,
  configuration: "0473ef2dc0d3",
  format: "loki",
  contentType: "application/x-protobuf",
  body: Uint8Array.of(0, 10, 13, 255),
  metadata: { key: "a\nb" },
  ...overrides,
});

/** A Wednesday in 2026, five to four in UTC. */
const time = Date.UTC(2026, 3, 1, 15, 55);
const hour = 3_600_000;

const actions = {
  write: ["s3:PutObject", "sqs:SendMessage"],
  replay: [
    "s3:PutObject",
    "s3:GetObject",
    "s3:DeleteObject",
    "s3:ListBucket",
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
  ],
};

let moto: Moto;
let may: Readonly<Record<"write" | "replay" | "nothing", AwsCredentials>>;
let count = 0;

beforeAll(async () => {
  if (!motoIsInstalled) return;
  moto = await startMoto();
  may = {
    write: await moto.addUser("write", actions.write),
    replay: await moto.addUser("replay", actions.replay),
    nothing: await moto.addUser("nothing", ["s3:ListAllMyBuckets"]),
  };
  await moto.guard();
}, 60_000);
afterAll(() => moto?.stop());

const as = ({ accessKeyId, secretAccessKey }: AwsCredentials) => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
};

beforeEach(() => {
  vi.stubEnv("AWS_ENDPOINT_URL", moto?.url);
  vi.stubEnv("AWS_REGION", region);
  if (may) as(may.replay);
  return () => vi.unstubAllEnvs();
});

async function newBucket(): Promise<string> {
  const name = `letters-${count++}`;
  await moto.put(
    `/${name}`,
    `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`,
  );
  return name;
}

async function newQueue(attributes: Readonly<Record<string, string>> = {}): Promise<string> {
  const QueueName = `letters-${count++}`;
  const answer = await moto.json("sqs", "AmazonSQS.CreateQueue", { QueueName, Attributes: attributes });
  return (answer as { readonly QueueUrl: string }).QueueUrl; // its documented form
}

const placeOf = (text: string): LetterPlace => {
  const place = letterPlace(text);
  if (!place) throw new Error(`${text} should be a place`);
  return place;
};

const stores: { store: string; make: () => Promise<() => LetterBox>; skip?: boolean }[] = [
  {
    store: "folder",
    make: async () => {
      const folder = path.join(temporaryFolder(), "new", "folder");
      return () => folderDeadLetters(folder);
    },
  },
  {
    store: "bucket",
    make: async () => {
      const place = placeOf(`s3://${await newBucket()}/some/prefix/`);
      return () => openCloudLetters(place);
    },
    skip: !motoIsInstalled,
  },
  {
    store: "queue",
    make: async () => {
      const place = placeOf(`sqs:${await newQueue()}`);
      const folder = temporaryFolder();
      return () => openCloudLetters(place, folderDeadLetters(folder));
    },
    skip: !motoIsInstalled,
  },
];

async function all(box: LetterBox, times = {}): Promise<StoredLetter[]> {
  const found: StoredLetter[] = [];
  for await (const each of box.letters(times)) found.push(each);
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

const lettersOf = (found: readonly StoredLetter[]) => found.map(each => each.letter);

/** What somebody finds who comes anew. */
async function left(open: () => LetterBox) {
  const box = open();
  try {
    return lettersOf(await all(box));
  } finally {
    await box.close();
  }
}

for (const { store, make, skip = false } of stores)
  describe.skipIf(skip)(store, () => {
    test("gives back what was put, byte for byte", async () => {
      const box = (await make())();
      expect([await box.count(), await box.list()]).toEqual([0, []]);
      const large = letter(time + 1, { body: Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3) });
      const bare = letter(time + 2, { body: new Uint8Array(), metadata: {} });
      for (const each of [letter(time), large, bare]) await box.put(each);
      expect(await box.count()).toBe(3);
      const found = await all(box);
      expect(lettersOf(found)).toEqual([letter(time), large, bare]);
      expect(found.every(({ bytes }) => bytes > 0)).toBe(true);
      expect(await box.get(found[1]?.id ?? "")).toEqual(large);
      expect(await box.get("00000000000000-none")).toBeUndefined();
      await box.close();
    });

    test("finds letters by their time", async () => {
      const box = (await make())();
      for (const offset of [0, 1, hour, 48 * hour]) await box.put(letter(time + offset));
      const timesOf = async (times: object) => lettersOf(await all(box, times)).map(each => (each?.time ?? 0) - time);
      expect(await timesOf({ since: time + 1 })).toEqual([1, hour, 48 * hour]);
      await box.close();
      expect(await timesOf({ since: time + 1, until: time + 48 * hour })).toEqual([1, hour]);
      await box.close();
    });

    test("deletes and replaces while it is read", async () => {
      const open = await make();
      const box = open();
      for (const offset of [1, 2, 3]) await box.put(letter(time + offset));
      for await (const { id, letter: each } of box.letters()) {
        if (each?.time === time + 1) await box.delete(id);
        if (each?.time === time + 2) await box.replace(id, { ...each, attempts: 3, reason: "again" });
      }
      await box.delete("00000000000000-none");
      await box.close();
      expect(await left(open)).toEqual([letter(time + 2, { attempts: 3, reason: "again" }), letter(time + 3)]);
    });

    test("remembers what was replayed", async () => {
      const open = await make();
      const box = open();
      await box.put(letter(time));
      const [id = ""] = await box.list();
      const name = await box.mark("sent", [id]);
      await box.mark("kept", []);
      await box.close();
      const later = open();
      expect((await later.marks()).map(({ kind, ids }) => [kind, ids])).toEqual([
        ["sent", [id]],
        ["kept", []],
      ]);
      await later.unmark(name);
      expect((await later.marks()).map(({ kind }) => kind)).toEqual(["kept"]);
      expect(await later.list()).toEqual([id]); // a mark is no letter
      await later.close();
    });
  });

test("a file that is no letter is told with its reason", async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "00000000000001-a.letter"), "{\n");
  writeFileSync(path.join(folder, "00000000000002-a.letter"), '{"component":"a","destination":"b","reason":"c"}\n');
  expect(await all(folderDeadLetters(folder))).toEqual([
    {
      id: "00000000000001-a",
      bytes: 2,
      problem:
        "a letter should begin with a line of JSON, but Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    },
    { id: "00000000000002-a", bytes: 49, problem: "a letter's time should be a number, got undefined" },
  ]);
  expect(readdirSync(folder)).toHaveLength(2);
});

describe.skipIf(!motoIsInstalled)("in AWS", () => {
  test("a bucket has a folder an hour, and larger letters with gzip", async () => {
    const bucket = await newBucket();
    const box = openCloudLetters(placeOf(`s3://${bucket}/a b/c`));
    const large = letter(time + hour, { body: new Uint8Array(5000) });
    await box.put(letter(time));
    await box.put(large);
    const [first, second] = await box.list();
    const raw = openCloudLetters(placeOf(`s3://${bucket}`));
    expect(await raw.list()).toEqual([]); // other places are none of its own
    const objects = openBucket(bucket, environmentCredentials);
    const keys: string[] = [];
    for await (const key of objectKeys(objects, { prefix: "" })) keys.push(key);
    expect(keys).toEqual([`a b/c/2026/04/01/15/${first}.letter`, `a b/c/2026/04/01/16/${second}.letter`]);
    const [small, packed] = await Promise.all(keys.map(key => getObject(objects, key)));
    expect(
      JSON.parse(
        Buffer.from(small ?? [])
          .toString("latin1")
          .split("\n")[0] ?? "",
      ).component,
    ).toBe("loki.write.out");
    expect(gunzipSync(packed ?? new Uint8Array()).subarray(-5000)).toEqual(Buffer.alloc(5000));
    for (const each of [box, raw]) await each.close();
    objects.client.close();
  });

  test("a bucket of many letters is read to its end", async () => {
    const box = openCloudLetters(placeOf(`s3://${await newBucket()}/many`));
    const times = Array.from({ length: 1001 }, (_, i) => time + i);
    for (let i = 0; i < times.length; i += 50)
      await Promise.all(times.slice(i, i + 50).map(each => box.put(letter(each))));
    expect(await box.count()).toBe(1001);
    expect(await box.count({ since: time + 1000 })).toBe(1);
    await box.close();
  }, 60_000);

  test("what is larger than a message goes to the bucket, and leaves it with the message", async () => {
    const [bucket, queue] = [await newBucket(), await newQueue()];
    const large = letter(time, { body: new Uint8Array(1_200_000).fill(7) });
    const without = openCloudLetters(placeOf(`sqs:${queue}`));
    await expect(without.put(large)).rejects.toThrow(
      "letter of loki.write.out was not stored: a message should have at most 1047552 bytes where no bucket takes larger ones (sqs:URL,s3://BUCKET/PREFIX), got 1600",
    );
    const box = openCloudLetters(placeOf(`sqs:${queue},s3://${bucket}/large`));
    await box.put(large);
    const [{ id, letter: found } = { id: "", letter: undefined }] = await all(box);
    expect(found).toEqual(large);
    const spilled = openCloudLetters(placeOf(`s3://${bucket}/large`));
    expect(await spilled.list()).toEqual([id]);
    await box.close();
    expect((await all(without)).map(each => (each.letter ? "" : each.problem))).toEqual([
      "the letter is in a bucket: name it as in sqs:URL,s3://BUCKET/PREFIX",
    ]);
    await without.close();
    const again = openCloudLetters(placeOf(`sqs:${queue},s3://${bucket}/large`));
    await again.delete(id);
    expect([await again.count(), await spilled.list()]).toEqual([0, []]);
    for (const each of [again, spilled]) await each.close();
  });

  test("a queue that takes less than others sends to the bucket sooner", async () => {
    const [bucket, queue] = [await newBucket(), await newQueue({ MaximumMessageSize: "1024" })];
    const box = openCloudLetters(placeOf(`sqs:${queue},s3://${bucket}/large`));
    const middle = letter(time, { body: new Uint8Array(2000).fill(7) });
    await box.put(middle);
    expect(lettersOf(await all(box))).toEqual([middle]);
    await box.close();
  });

  test("a message of somebody else is told, and stays", async () => {
    const queue = await newQueue();
    await moto.json("sqs", "AmazonSQS.SendMessage", { QueueUrl: queue, MessageBody: "hello" });
    const box = openCloudLetters(placeOf(`sqs:${queue}`));
    expect((await all(box)).map(each => (each.letter ? "" : each.problem))).toEqual([
      "a letter should begin with a line of JSON, but Unexpected end of JSON input",
    ]);
    await box.close();
    expect(await box.count()).toBe(1);
  });

  test("a function needs no more than to write", async () => {
    const [bucket, queue] = [await newBucket(), await newQueue()];
    as(may.write);
    for (const place of [`s3://${bucket}/p`, `sqs:${queue}`]) {
      const box = openCloudLetters(placeOf(place));
      await box.put(letter(time));
      await box.close();
    }
    as(may.nothing);
    await expect(openCloudLetters(placeOf(`s3://${bucket}/p`)).put(letter(time))).rejects.toThrow(
      `letter of loki.write.out was not stored: PutObject in bucket ${bucket} was refused, got status 403: AccessDenied: Access Denied`,
    );
    await expect(openCloudLetters(placeOf(`sqs:${queue}`)).put(letter(time))).rejects.toThrow(
      `letter of loki.write.out was not stored: SendMessage at ${queue} was refused, got status 403`,
    );
  });
});
