/** Compares so that the time tells nothing of where, or how much, two secrets differ. */
export function constantTimeEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const { createHash, timingSafeEqual } = process.getBuiltinModule("node:crypto");
  // Digests have one length, whatever the lengths of the secrets.
  const digest = (data: string | Uint8Array) => createHash("sha256").update(data).digest();
  return timingSafeEqual(digest(a), digest(b));
}
