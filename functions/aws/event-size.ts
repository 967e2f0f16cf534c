/** How much an event brings: records and their bytes, as the trigger counts them. */

export interface EventSize {
  readonly records: number;
  /** Of what records hold, once base64 is decoded. */
  readonly bytes: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Anything as an object; what is none has no fields. */
const fieldsOf = (value: unknown): Fields => Object(value) as Fields;

/** Sizes of any event; one that has no records is one. */
export function eventSize(event: unknown): EventSize {
  const { Records, records, awslogs, body, isBase64Encoded } = fieldsOf(event);
  const list = Records ?? records;
  if (list) return sum(Array.isArray(list) ? list : Object.values(list).flat()); // of Kafka, by topic and partition
  const bytes = isBase64Encoded ? decoded(body) : plain(body) + decoded(fieldsOf(awslogs)["data"]);
  return { records: 1, bytes };
}

function sum(records: readonly unknown[]): EventSize {
  let bytes = 0;
  for (const record of records) bytes += bytesOf(record);
  return { records: records.length, bytes };
}

function bytesOf(record: unknown): number {
  const { body, kinesis, Sns, data, value } = fieldsOf(record);
  const text = plain(body) || plain(fieldsOf(Sns)["Message"]);
  return text || decoded(fieldsOf(kinesis)["data"] ?? data ?? value); // or of Firehose, of Kafka
}

const plain = (text: unknown): number => (typeof text === "string" ? Buffer.byteLength(text) : 0);

const decoded = (text: unknown): number => (typeof text === "string" ? Buffer.byteLength(text, "base64") : 0);
