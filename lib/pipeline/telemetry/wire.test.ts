import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { seeded } from "./seeded-random.ts";
import { Reader, WireError, Writer } from "./wire.ts";

const { root } = protobuf.parse(`syntax = "proto3";
  message Inner { string s = 1; sint64 z = 2; }
  message All { uint64 u = 1; int64 i = 2; sint64 z = 3; double d = 4; string s = 5; Inner m = 6; repeated uint32 r = 7; bytes b = 8; }`);
const All = root.lookupType("All");

interface Fields {
  u: bigint;
  i: bigint;
  z: number;
  d: number;
  s: string;
  m: string;
  r: number[];
}

function write({ u, i, z, d, s, m, r }: Fields): Buffer {
  const writer = new Writer(4);
  writer.int64(1, u);
  writer.int64(2, i);
  writer.varint(3 * 8);
  writer.zigzag(z);
  writer.double(4, d);
  writer.string(5, s);
  const inner = writer.open(6);
  writer.string(1, m);
  writer.close(inner);
  const packed = writer.open(7);
  for (const each of r) writer.varint(each);
  writer.close(packed);
  return writer.finish();
}

function read(bytes: Uint8Array): Fields {
  const fields: Fields = { u: 0n, i: 0n, z: 0, d: 0, s: "", m: "", r: [] };
  const reader = new Reader(bytes);
  while (reader.next()) {
    if (reader.field === 1) fields.u = reader.uint64();
    else if (reader.field === 2) fields.i = reader.int64();
    else if (reader.field === 3) fields.z = reader.zigzag();
    else if (reader.field === 4) fields.d = reader.double();
    else if (reader.field === 5) fields.s = reader.string();
    else if (reader.field === 6) fields.m = readInner(reader);
    else if (reader.field === 7) reader.repeated(0, () => fields.r.push(reader.uint32()));
    else reader.skip();
  }
  return fields;
}

function readInner(reader: Reader): string {
  const outer = reader.message();
  let text = "";
  while (reader.next()) {
    if (reader.field === 1) text = reader.string();
    else reader.skip();
  }
  reader.leave(outer);
  return text;
}

function randomFields(random: () => number): Fields {
  const wide = () => BigInt(Math.floor(random() * 2 ** 32)) << BigInt(Math.floor(random() * 33));
  const text = () =>
    "añ→😀\0"
      .repeat(Math.floor(random() * random() * 60))
      .slice(0, Math.floor(random() * 300))
      .toWellFormed();
  return {
    u: BigInt.asUintN(64, wide()),
    i: BigInt.asIntN(64, random() < 0.5 ? -wide() : wide()),
    z: Math.floor((random() - 0.5) * 2 ** Math.floor(random() * 52)),
    d: random() * 10 ** Math.floor(random() * 40 - 20),
    s: text(),
    m: text(),
    r: Array.from({ length: Math.floor(random() * 5) }, () => Math.floor(random() * 2 ** 32)),
  };
}

describe("against protobufjs", () => {
  const random = seeded(7);
  const rows = Array.from({ length: 300 }, () => randomFields(random));

  test("what is written is read by it", () => {
    for (const fields of rows) {
      const decoded = All.toObject(All.decode(write(fields)), { longs: BigInt, defaults: true });
      expect({ ...decoded, i: BigInt(decoded["i"]), u: BigInt(decoded["u"]), z: Number(decoded["z"]) }).toMatchObject({
        ...fields,
        m: { s: fields.m },
      });
    }
  });

  test("what it writes is read", () => {
    for (const fields of rows) {
      const message = {
        ...fields,
        u: String(fields.u),
        i: String(fields.i),
        m: { s: fields.m, z: 5 },
        b: Buffer.from("skipped"),
      };
      expect(read(All.encode(All.fromObject(message)).finish())).toEqual(fields);
    }
  });

  test("a message that is cut anywhere is read or refused, nothing else", () => {
    for (const fields of rows.slice(0, 40)) {
      const bytes = write(fields);
      for (let end = 0; end < bytes.length; end++) {
        try {
          read(bytes.subarray(0, end));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }
    }
  });
});

test.for([
  { it: "a cut varint", hex: "08ff", message: "protobuf message ends unexpectedly at byte 1" },
  {
    it: "a varint without end",
    hex: "08ffffffffffffffffffff01",
    message: "protobuf varint at byte 1 is longer than 10 bytes",
  },
  { it: "field number 0", hex: "00", message: "protobuf tag at byte 1 has no valid field number" },
  { it: "a text longer than the message", hex: "2a05616263", message: "protobuf message ends unexpectedly at byte 2" },
  { it: "a cut double", hex: "2100000000", message: "protobuf message ends unexpectedly at byte 1" },
  { it: "a wire type that does not fit", hex: "2801", message: "protobuf field 5 should have wire type 2, got 0" },
  { it: "an unknown wire type", hex: "7e", message: "protobuf field 15 has the unknown wire type 6" },
  { it: "a group that is not closed", hex: "7b0801", message: "protobuf message ends unexpectedly at byte 3" },
])("refuses $it", ({ hex, message }) => {
  expect(() => read(Buffer.from(hex, "hex"))).toThrow(new WireError(message));
});

test.for([
  { it: "fixed 32-bit and 64-bit fields", hex: "7d01020304790102030405060708" },
  { it: "groups within groups", hex: "7b83010801840178017c" },
])("skips $it", ({ hex }) => {
  const bytes = Buffer.concat([Buffer.from(hex, "hex"), Buffer.from("2a0161", "hex")]);
  expect(read(bytes).s).toBe("a");
});

test("the length of a long embedded message is moved in", () => {
  for (const size of [0, 127, 128, 16_383, 16_384, 2_097_152]) {
    const writer = new Writer(1);
    const start = writer.open(6);
    writer.string(1, "x".repeat(Math.max(0, size - 2)));
    writer.close(start);
    expect(read(writer.finish()).m.length).toBe(Math.max(0, size - 2));
  }
});

test("sees the staleness marker by its bits", () => {
  const writer = new Writer();
  writer.varint(4 * 8 + 1);
  writer.rawBits(0x7ff00000, 2);
  writer.double(4, Number.NaN);
  const reader = new Reader(writer.finish());
  const seen: boolean[] = [];
  while (reader.next()) {
    seen.push(reader.atStaleMarker);
    expect(reader.double()).toBeNaN();
  }
  expect(seen).toEqual([true, false]);
});
