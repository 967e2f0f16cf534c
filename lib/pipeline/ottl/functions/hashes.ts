/** Digests of texts, as hex. */
import { createHash } from "node:crypto";
import { text } from "../params.ts";
import { define, type FunctionTable } from "./define.ts";

const digest = (algorithm: string) =>
  define({
    params: { target: text },
    build:
      ({ target }) =>
      context =>
        createHash(algorithm).update(target(context)).digest("hex"),
  });

const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;

/** FNV-1a in 64 bits. */
function fnv(value: string): bigint {
  let hash = offset;
  for (const byte of Buffer.from(value)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
  return BigInt.asIntN(64, hash);
}

export const hashes: FunctionTable = {
  MD5: digest("md5"),
  SHA1: digest("sha1"),
  SHA256: digest("sha256"),
  SHA512: digest("sha512"),
  FNV: define({
    params: { target: text },
    build:
      ({ target }) =>
      context =>
        fnv(target(context)),
  }),
};
