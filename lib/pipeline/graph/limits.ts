/** What a configuration may hold. */

/** More blocks than that come from modules that multiply themselves. */
export const maxNodes = 100_000;

/** Scopes inside scopes above this have no end. */
export const maxDepth = 100;

/** Imported modules of a configuration, and the characters of all of them. */
export const maxModules = 1_000;
export const maxModuleText = 64 * 1024 * 1024;
