/** Sprig's dates. */
import type { Fn } from "./functions.ts";

export const dateFunctions: Readonly<Record<string, Fn>> = {};
