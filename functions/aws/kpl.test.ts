import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Writer } from "../../lib/pipeline/telemetry/wire.ts";
import { openAggregate } from "./kpl.ts";

const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);

/** As the library writes it; `digest` may be another's. */
const aggregate = (message: Uint8Array, digest = createHash("md5").update(message).digest()) =>
  Buffer.concat([magic, message, digest]);

function messageOf(keys: readonly string[], records: readonly (readonly [key: number, data: string])[]): Uint8Array {
  const writer = new Writer();
  for (const key of keys) writer.string(1, key);
  writer.string(2, "170141183460469231731687303715884105728"); // explicit hash keys are passed over
  for (const [key, data] of records) {
    const at = writer.open(3);
    writer.int64(1, BigInt(key));
    writer.string(3, data);
    const tag = writer.open(4);
    writer.string(1, "tag");
    writer.close(tag);
    writer.close(at);
  }
  return writer.finish();
}

const texts = (data: Buffer) => openAggregate(data)?.map(record => [record.key, Buffer.from(record.data).toString()]);

test.for([
  { it: "two records with keys of their own", message: messageOf(["a", "b"], [[0, "x"], [1, "y"]]), out: [["a", "x"], ["b", "y"]] }, // biome-ignore format: one row
  { it: "records that share a key", message: messageOf(["a"], [[0, "x"], [0, "y"]]), out: [["a", "x"], ["a", "y"]] }, // biome-ignore format: one row
  { it: "an empty record", message: messageOf(["a"], [[0, ""]]), out: [["a", ""]] },
  { it: "no record", message: messageOf([], []), out: [] },
  { it: "a key that is not in the table", message: messageOf(["a"], [[7, "x"]]), out: [["", "x"]] },
])("an aggregate of $it is opened", ({ message, out }) => {
  expect(texts(aggregate(message))).toEqual(out);
});

const message = messageOf(["a"], [[0, "x"]]);

test.for([
  { it: "without the mark", data: Buffer.from(message) },
  { it: "with the mark and another digest", data: aggregate(message, Buffer.alloc(16)) },
  { it: "with the mark alone", data: magic },
  { it: "that are none", data: Buffer.alloc(0) },
])("bytes $it are a record themselves", ({ data }) => {
  expect(openAggregate(data)).toBeUndefined();
});

test("a message that is cut off under a right digest is an error", () => {
  expect(() => openAggregate(aggregate(Buffer.from([0x1a, 0x7f, 1])))).toThrow(
    /^aggregate of the Kinesis Producer Library should be a message: /,
  );
});
