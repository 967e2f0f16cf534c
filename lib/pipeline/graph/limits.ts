/** What a configuration may hold. */

/** More blocks than that come from modules that multiply themselves. */
export const maxNodes = 100_000;
