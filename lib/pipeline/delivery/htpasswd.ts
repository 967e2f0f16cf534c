/**
 * Users and passwords as `htpasswd` writes them: bcrypt, `{SHA}`, `{SSHA}`, MD5 of Apache (`$apr1$`) and of crypt (`$1$`),
 * SHA-256 and SHA-512 of crypt (`$5$`, `$6$`), otherwise plain text.
 *
 *     const verify = htpasswd(text);
 *     await verify("user", "password"); // true
 *
 * In a bundle, `bcryptjs` loads with the first password that needs it.
 */
import { compareBcrypt } from "./bcrypt.ts";
import { constantTimeEqual } from "./constant-time.ts";
import { md5Crypt, shaCrypt } from "./crypt.ts";

export type VerifyPassword = (user: string, password: string) => Promise<boolean>;

type Check = (password: string) => boolean | Promise<boolean>;

/** Reads the text once; of a user that occurs twice the last line counts. */
export function htpasswd(text: string): VerifyPassword {
  const users = new Map<string, Check>();
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    const colon = trimmed.indexOf(":");
    if (colon > 0 && !trimmed.startsWith("#")) users.set(trimmed.slice(0, colon), checkOf(trimmed.slice(colon + 1)));
  }
  const [anyone] = users.values();
  const seen = new SeenLogins();
  return async (user, password) => {
    if (seen.has(user, password)) return true;
    const check = users.get(user);
    // Where there is no such user it takes as long as where there is one.
    const right = await (check ?? anyone)?.(password);
    if (!check || !right) return false;
    seen.add(user, password);
    return true;
  };
}

function checkOf(stored: string): Check {
  if (/^\$2[abxy]?\$/.test(stored)) return bcrypt(stored);
  if (stored.startsWith("{SHA}")) return sha1(stored.slice(5), false);
  if (stored.startsWith("{SSHA}")) return sha1(stored.slice(6), true);
  const md5 = /^\$(apr1|1)\$([^$]*)\$/.exec(stored);
  if (md5?.[1] !== undefined && md5[2] !== undefined) {
    const [, magic, salt] = md5;
    return password => constantTimeEqual(md5Crypt(password, salt, magic), stored);
  }
  if (/^\$[56]\$/.test(stored)) return password => constantTimeEqual(shaCrypt(password, stored), stored);
  return password => constantTimeEqual(password, stored);
}

function bcrypt(stored: string): Check {
  // $2y$ is what Apache calls the algorithm that others call $2b$.
  const hash = stored.replace(/^\$2[xy]?\$/, "$2b$");
  return async password => compareBcrypt(password, hash);
}

/** The digest, for `{SSHA}` followed by the salt. */
function sha1(base64: string, salted: boolean): Check {
  const bytes = Buffer.from(base64, "base64");
  const [digest, salt] = [bytes.subarray(0, 20), salted ? bytes.subarray(20) : Buffer.alloc(0)];
  return password => {
    const { createHash } = process.getBuiltinModule("node:crypto");
    return constantTimeEqual(createHash("sha1").update(password).update(salt).digest(), digest);
  };
}

const rememberedLogins = 1000;

/** Logins that were right, so that a slow hash such as bcrypt runs once a client and not once a request. Holds no password. */
class SeenLogins {
  readonly #key = process.getBuiltinModule("node:crypto").randomBytes(32);
  readonly #digests = new Set<string>();

  has(user: string, password: string): boolean {
    return this.#digests.has(this.#digest(user, password));
  }

  add(user: string, password: string): void {
    const [oldest] = this.#digests;
    if (this.#digests.size >= rememberedLogins && oldest !== undefined) this.#digests.delete(oldest);
    this.#digests.add(this.#digest(user, password));
  }

  #digest(user: string, password: string): string {
    const { createHmac } = process.getBuiltinModule("node:crypto");
    return createHmac("sha256", this.#key)
      .update(JSON.stringify([user, password]))
      .digest("base64");
  }
}
