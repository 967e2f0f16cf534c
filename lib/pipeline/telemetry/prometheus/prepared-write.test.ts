import { expect, test } from "vitest";
import { seeded } from "../seeded-random.ts";
import { uncompressBlock } from "../snappy.ts";
import type { NativeHistogram, Sample } from "./model.ts";
import { encodeCompressedWrite } from "./prepared-write.ts";
import { encodeWriteRequest, type WriteOptions } from "./remote-write.ts";
import { decodeWriteRequest } from "./remote-write-decode.ts";

const histogram: NativeHistogram = {
  float: true,
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 1,
  sum: 1,
  positiveSpans: [],
  positiveBuckets: [],
  negativeSpans: [],
  negativeBuckets: [],
  resetHint: "unknown",
  customValues: [],
};

test.for([1, 2] as const)(
  "version %i: whatever changes from request to request, the receiver gets the same as from a plain one",
  version => {
    const random = seeded(31 + version);
    const below = (limit: number) => Math.floor(random() * limit);
    const options: WriteOptions = { version, send_exemplars: true, send_native_histograms: true };
    const metadata = { type: "gauge" as const, help: "Help", unit: "" };
    const labels = Array.from({ length: 20 }, (_, i) => ["__name__", `metric_${i}`, "pod", "ü".repeat(i * 9)]);
    let batch: Sample[] = labels.map(each => ({
      labels: each,
      timestamp: 0,
      value: 0,
      histogram: undefined,
      exemplars: undefined,
      metadata: undefined,
      startTimestamp: undefined,
      stale: false,
    }));
    const changes: ((sample: Sample) => Partial<Sample>)[] = [
      () => ({ stale: true, value: Number.NaN }),
      () => ({ value: Number.NaN, stale: false }),
      () => ({ histogram, value: 0 }),
      () => ({ exemplars: [{ labels: [], value: 1, timestamp: 5 }] }),
      () => ({ timestamp: 5 }),
      () => ({ metadata }),
      () => ({ startTimestamp: 7 }),
      ({ labels: given }) => ({ labels: [...given] }),
    ];
    for (let round = 0; round < 400; round++) {
      const timestamp = 1_700_000_000_000 + below(1e9);
      let sent = batch.map(sample => ({
        ...sample,
        value: random() < 0.3 ? 0 : below(1e6) / 7,
        timestamp: random() < 0.1 ? timestamp + 1 : timestamp,
      }));
      const at = below(sent.length);
      if (round % 5 === 0)
        sent = sent.map((sample, i) =>
          i === at ? { ...sample, ...changes[below(changes.length)]?.(sample) } : sample,
        );
      if (round % 17 === 0) sent = sent.slice(0, below(20));
      if (round % 41 === 0) batch = batch.toReversed();
      const body = uncompressBlock(encodeCompressedWrite(sent, options), 1e6);
      const plain = encodeWriteRequest(sent, options);
      const decode = (bytes: Uint8Array) => decodeWriteRequest(bytes, { version, startTimestamps: true });
      expect(decode(body)).toEqual(decode(plain));
      if (round > 0) expect(body.length).toBeGreaterThanOrEqual(plain.length);
    }
  },
);
