/** How much an event brings: records and their bytes, as the trigger counts them. */

export interface EventSize {
  readonly records: number;
  /** Of what records hold, once base64 is decoded. */
  readonly bytes: number;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** Sizes of any event; one that has no records is one. */
export function eventSize(event: unknown): EventSize {
  if (!isObject(event)) return { records: 0, bytes: 0 };
  const { Records, records, awslogs, body, isBase64Encoded } = event;
  if (Array.isArray(Records)) return sum(Records);
  if (Array.isArray(records)) return sum(records);
  if (isObject(records)) return sum(Object.values(records).flat()); // of Kafka, by topic and partition
  if (isObject(awslogs)) return { records: 1, bytes: decoded(awslogs["data"]) };
  return { records: 1, bytes: isBase64Encoded === true ? decoded(body) : plain(body) };
}

function sum(records: readonly unknown[]): EventSize {
  let bytes = 0;
  for (const record of records) bytes += bytesOf(record);
  return { records: records.length, bytes };
}

function bytesOf(record: unknown): number {
  if (!isObject(record)) return 0;
  const { body, kinesis, Sns, data, value } = record;
  if (typeof body === "string") return plain(body);
  if (isObject(kinesis)) return decoded(kinesis["data"]);
  if (isObject(Sns)) return plain(Sns["Message"]);
  return decoded(data ?? value); // of Firehose, of Kafka
}

const plain = (text: unknown): number => (typeof text === "string" ? Buffer.byteLength(text) : 0);

const decoded = (text: unknown): number => (typeof text === "string" ? Buffer.byteLength(text, "base64") : 0);
