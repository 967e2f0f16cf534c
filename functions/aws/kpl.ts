/**
 * Records that the Kinesis Producer Library put together into one:
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 */
import { Reader } from "../../lib/pipeline/telemetry/wire.ts";

export interface UserRecord {
  readonly key: string;
  readonly data: Uint8Array;
}

const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const digestLength = 16;

/** The records inside; `undefined` where the bytes are no aggregate, as its digest tells: such bytes are a record themselves. */
export function openAggregate(data: Buffer): readonly UserRecord[] | undefined {
  if (data.length < magic.length + digestLength || !data.subarray(0, magic.length).equals(magic)) return undefined;
  const message = data.subarray(magic.length, -digestLength);
  const { hash } = process.getBuiltinModule("node:crypto");
  if (!hash("md5", message, "buffer").equals(data.subarray(-digestLength))) return undefined;
  try {
    return recordsOf(message);
  } catch (cause) {
    throw new Error(`aggregate of the Kinesis Producer Library should be a message: ${cause}`, { cause });
  }
}

function recordsOf(message: Buffer): UserRecord[] {
  const reader = new Reader(message);
  const keys: string[] = [];
  const records: { keyIndex: number; data: Uint8Array }[] = [];
  while (reader.next()) {
    if (reader.field === 1) keys.push(reader.string());
    else if (reader.field === 3) records.push(recordOf(reader));
    else reader.skip();
  }
  return records.map(({ keyIndex, data }) => ({ key: keys[keyIndex] ?? "", data }));
}

function recordOf(reader: Reader): { keyIndex: number; data: Uint8Array } {
  const record = { keyIndex: 0, data: Buffer.alloc(0) };
  const end = reader.message();
  while (reader.next()) {
    if (reader.field === 1) record.keyIndex = reader.uint32();
    else if (reader.field === 3)
      record.data = reader.raw() as typeof record.data; // a view on the bytes
    else reader.skip();
  }
  reader.leave(end);
  return record;
}
