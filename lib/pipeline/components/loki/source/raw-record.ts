/** Records as they came, in the hands of components that open them. */
import { compressionOf, decompress } from "../../../delivery/compress.ts";
import { DeliveryError, messageOf } from "../../../delivery/errors.ts";
import type { Host } from "../../../graph/component.ts";
import type { DecodedRecord, RawRecord } from "../../../graph/trigger.ts";

/** The record, which is never another. */
export function rawOf(record: DecodedRecord, { id }: Pick<Host, "id">): RawRecord {
  if (record.format === "raw") return record;
  throw new DeliveryError(`${id} takes records as they are, got ${record.format}`, { kind: "reject" });
}

/** Decompressed bytes that one record may have. */
const maxBytes = 64 << 20;

/** A record's text, opened where it is compressed. */
export function textOf({ body, id }: RawRecord): string {
  const encoding = compressionOf(body);
  let bytes = body;
  if (encoding)
    try {
      bytes = decompress(body, encoding, { maxBytes });
    } catch (cause) {
      throw new DeliveryError(`record ${id} should be ${encoding}, as it begins: ${messageOf(cause)}`, {
        kind: "reject",
        cause,
      });
    }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
