/** bcrypt, whose package is large: in a module of its own a bundle loads it when the first password is compared. */
import { compare } from "bcryptjs";

/** Whether a password has the hash, which begins with `$2b$`. */
export async function compareBcrypt(password: string, hash: string): Promise<boolean> {
  return compare(password, hash);
}
