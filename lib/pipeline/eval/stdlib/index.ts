/** The standard library: all names that a configuration can use without defining them. */
import type { Value } from "../value.ts";
import { array, concat } from "./array.ts";
import { coalesce } from "./coalesce.ts";
import { constants } from "./constants.ts";
import { convert, nonsensitive } from "./convert.ts";
import { encoding, fromBase64, fromJson, fromYaml } from "./encoding.ts";
import { file } from "./file.ts";
import { jsonPath } from "./json-path.ts";
import * as text from "./string.ts";
import { env, sys } from "./sys.ts";

const deprecated: readonly (readonly [string, Value])[] = [
  ["env", env],
  ["nonsensitive", nonsensitive],
  ["concat", concat],
  ["json_decode", fromJson],
  ["yaml_decode", fromYaml],
  ["base64_decode", fromBase64],
  ["format", text.format],
  ["join", text.join],
  ["replace", text.replace],
  ["split", text.split],
  ["to_lower", text.toLower],
  ["to_upper", text.toUpper],
  ["trim", text.trim],
  ["trim_prefix", text.trimPrefix],
  ["trim_suffix", text.trimSuffix],
  ["trim_space", text.trimSpace],
];

export const stdlib: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["array", array],
  ["coalesce", coalesce],
  ["constants", constants],
  ["convert", convert],
  ["encoding", encoding],
  ["file", file],
  ["json_path", jsonPath],
  ["string", text.string],
  ["sys", sys],
  ...deprecated,
]);

/** Names that still work and should be written in another way. */
export const deprecatedNames: ReadonlySet<string> = new Set(deprecated.map(([name]) => name));

/** Functions that need `--stability.level=experimental`. */
export const experimentalNames: ReadonlySet<string> = new Set(["array.combine_maps", "array.group_by"]);

/** Whether a configuration's text may call for YAML; a bundle for one that does not can leave the package `yaml` out. */
export function mayReadYaml(source: string): boolean {
  return /\b(?:from_yaml|yaml_decode)\b/.test(source);
}
