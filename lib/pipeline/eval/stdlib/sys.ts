/** `sys.*`. */
import { namespace, textFunction } from "./define.ts";

/** What is not set is empty. */
export const env = textFunction("env", 1, name => process.env[name] ?? "");

export const sys = namespace({ env });
