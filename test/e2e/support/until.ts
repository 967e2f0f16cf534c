/** Waits for a state by looking again and again; what is waited for is named when it does not come. */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string | (() => string),
  withinMs = 60_000,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== null && value !== undefined) return value as Exclude<T, false | null | undefined>; // just looked at
    if (performance.now() > end) throw new Error(`waited in vain: ${typeof what === "string" ? what : what()}`);
    await sleep(20);
  }
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
