/** Keeps credentials out of what backends answer: some repeat them in a refusal, whose text goes into logs. */

const secretName = /auth|key|token|secret|password|cookie/;
/** Shorter ones are no secret, and hiding them would hide half of the text. */
const leastLength = 4;

/** An answer with stars in the place of the credentials that its request had. Lengths stay, so that protobuf stays readable. */
export function hideCredentials(
  body: Uint8Array,
  headers: Readonly<Record<string, string | readonly string[]>>,
): Uint8Array {
  const found = credentialsOf(headers);
  if (!found.length || !body.length) return body;
  const hidden = Buffer.from(body);
  for (const secret of found) {
    const bytes = Buffer.from(secret);
    for (let at = hidden.indexOf(bytes); at >= 0; at = hidden.indexOf(bytes, at))
      hidden.fill("*", at, at + bytes.length);
  }
  return hidden;
}

/** Values of headers whose names say that they are secret, without their scheme; of basic authentication also the password. */
function credentialsOf(headers: Readonly<Record<string, string | readonly string[]>>): string[] {
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!secretName.test(name)) continue;
    for (const text of typeof value === "string" ? [value] : value) {
      const [, scheme = "", rest = text] = /^([\w-]+) +(.*)$/s.exec(text) ?? [];
      secrets.push(rest);
      if (scheme.toLowerCase() === "basic")
        secrets.push(
          Buffer.from(rest, "base64")
            .toString()
            .replace(/^[^:]*:/, ""),
        );
    }
  }
  return secrets.filter(({ length }) => length >= leastLength);
}
