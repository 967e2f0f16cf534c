/**
 * The password hashes of `crypt` that Node has not: on MD5 (Apache's and FreeBSD's) and on SHA-2 (Ulrich Drepper,
 * "Unix crypt using SHA-256 and SHA-512", akkadia.org/drepper/SHA-crypt.txt). The odd steps are the algorithms' own.
 */
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function hash(algorithm: "md5" | "sha256" | "sha512", ...parts: readonly (string | Uint8Array)[]): Buffer {
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash(algorithm)
    .update(Buffer.concat(parts.map(part => Buffer.from(part))))
    .digest();
}

/** `count` bytes of a block that repeats. */
function stretch(block: Uint8Array, count: number): Buffer {
  return Buffer.alloc(count, block);
}

/** Groups of three bytes, each in an order of its own, as four characters, low bits first. */
function encode(digest: Uint8Array, order: readonly (readonly (number | undefined)[])[]): string {
  let text = "";
  for (const group of order) {
    let value = 0;
    for (const index of group) value = (value << 8) | (index === undefined ? 0 : (digest[index] ?? 0));
    const characters = 1 + group.filter(index => index !== undefined).length;
    for (let i = 0; i < characters; i++, value >>>= 6) text += alphabet[value & 63];
  }
  return text;
}

const md5Order = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [undefined, undefined, 11]]; // biome-ignore format: a table

/** `magic` is `apr1` or `1`. */
export function md5Crypt(password: string, fullSalt: string, magic: string): string {
  const secret = Buffer.from(password);
  const salt = fullSalt.slice(0, 8);
  const bits: Buffer[] = [];
  for (let length = secret.length; length > 0; length >>= 1)
    bits.push(length & 1 ? Buffer.of(0) : secret.subarray(0, 1));
  const first = stretch(hash("md5", secret, salt, secret), secret.length);
  let digest = hash("md5", secret, `$${magic}$`, salt, first, ...bits);
  for (let i = 0; i < 1000; i++) {
    const odd = i % 2 === 1;
    digest = hash("md5", odd ? secret : digest, i % 3 ? salt : "", i % 7 ? secret : "", odd ? digest : secret);
  }
  return `$${magic}$${salt}$${encode(digest, md5Order)}`;
}

const sha256Order = [
  [0, 10, 20], [21, 1, 11], [12, 22, 2], [3, 13, 23], [24, 4, 14], [15, 25, 5], [6, 16, 26], [27, 7, 17], [18, 28, 8],
  [9, 19, 29], [undefined, 31, 30],
]; // biome-ignore format: a table

const sha512Order = [
  [0, 21, 42], [22, 43, 1], [44, 2, 23], [3, 24, 45], [25, 46, 4], [47, 5, 26], [6, 27, 48], [28, 49, 7], [50, 8, 29],
  [9, 30, 51], [31, 52, 10], [53, 11, 32], [12, 33, 54], [34, 55, 13], [56, 14, 35], [15, 36, 57], [37, 58, 16],
  [59, 17, 38], [18, 39, 60], [40, 61, 19], [62, 20, 41], [undefined, undefined, 63],
]; // biome-ignore format: a table

const maxRounds = 1_000_000;

/** Hashes with the algorithm, rounds and salt of `settings`: `$5$salt$…`, `$6$rounds=1000$salt$…`. */
export function shaCrypt(password: string, settings: string): string {
  const found = /^\$([56])\$(?:rounds=(\d+)\$)?([^$]*)/.exec(settings);
  if (!found) return "";
  const algorithm = found[1] === "5" ? "sha256" : "sha512";
  const rounds = found[2] === undefined ? 5000 : Math.min(maxRounds, Math.max(1000, Number(found[2])));
  const salt = (found[3] ?? "").slice(0, 16);
  const secret = Buffer.from(password);
  const inner = hash(algorithm, secret, salt, secret);
  const bits: Buffer[] = [];
  for (let length = secret.length; length > 0; length >>= 1) bits.push(length & 1 ? inner : secret);
  let digest = hash(algorithm, secret, salt, stretch(inner, secret.length), ...bits);
  const p = stretch(hash(algorithm, ...Array<Buffer>(secret.length).fill(secret)), secret.length);
  const s = stretch(hash(algorithm, ...Array<string>(16 + (digest[0] ?? 0)).fill(salt)), Buffer.byteLength(salt));
  for (let i = 0; i < rounds; i++) {
    const odd = i % 2 === 1;
    digest = hash(algorithm, odd ? p : digest, i % 3 ? s : "", i % 7 ? p : "", odd ? digest : p);
  }
  const prefix = `$${found[1]}$${found[2] === undefined ? "" : `rounds=${rounds}$`}${salt}$`;
  return prefix + encode(digest, algorithm === "sha256" ? sha256Order : sha512Order);
}
