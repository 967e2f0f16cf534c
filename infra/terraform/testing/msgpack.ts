/** Stands for a value that nobody knows before something is made. */
export const unknown: unique symbol = Symbol("unknown");

/** Reads MessagePack, as Terraform sends values to providers. */
export function decodeMsgpack(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const take = (size: number): number => {
    at += size;
    return at - size;
  };
  const text = (size: number): string => Buffer.from(bytes.subarray(take(size), at)).toString();
  const list = (size: number): unknown[] => Array.from({ length: size }, value);
  const map = (size: number): unknown =>
    Object.fromEntries(Array.from({ length: size }, () => [String(value()), value()]));
  const extension = (size: number): typeof unknown => {
    take(1 + size);
    return unknown;
  };
  const uint8 = () => view.getUint8(take(1));
  const uint16 = () => view.getUint16(take(2));
  const uint32 = () => view.getUint32(take(4));

  function value(): unknown {
    const type = uint8();
    if (type <= 0x7f) return type;
    if (type <= 0x8f) return map(type & 0x0f);
    if (type <= 0x9f) return list(type & 0x0f);
    if (type <= 0xbf) return text(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    const read = readers[type];
    if (!read) throw new Error(`a value should be MessagePack, got type 0x${type.toString(16)}`);
    return read();
  }
  const readers: Readonly<Record<number, () => unknown>> = {
    192: () => null,
    194: () => false,
    195: () => true,
    196: () => text(uint8()),
    199: () => extension(uint8()),
    202: () => view.getFloat32(take(4)),
    203: () => view.getFloat64(take(8)),
    204: uint8,
    205: uint16,
    206: uint32,
    207: () => Number(view.getBigUint64(take(8))),
    208: () => view.getInt8(take(1)),
    209: () => view.getInt16(take(2)),
    210: () => view.getInt32(take(4)),
    211: () => Number(view.getBigInt64(take(8))),
    212: () => extension(1),
    213: () => extension(2),
    214: () => extension(4),
    215: () => extension(8),
    216: () => extension(16),
    217: () => text(uint8()),
    218: () => text(uint16()),
    219: () => text(uint32()),
    220: () => list(uint16()),
    221: () => list(uint32()),
    222: () => map(uint16()),
    223: () => map(uint32()),
  };
  return value();
}

/** Writes it. */
export function encodeMsgpack(value: unknown): Buffer {
  if (value === unknown) return Buffer.from([0xd4, 0, 0]);
  if (value === null || value === undefined) return Buffer.from([0xc0]);
  if (typeof value === "boolean") return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(9);
    bytes[0] = Number.isSafeInteger(value) ? 0xd3 : 0xcb;
    if (Number.isSafeInteger(value)) bytes.writeBigInt64BE(BigInt(value), 1);
    else bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === "string") return Buffer.concat([head(0xdb, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(0xdd, value.length), ...value.map(encodeMsgpack)]);
  const entries = Object.entries(value);
  return Buffer.concat([head(0xdf, entries.length), ...entries.flat().map(encodeMsgpack)]);
}

function head(type: number, size: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = type;
  bytes.writeUInt32BE(size, 1);
  return bytes;
}
