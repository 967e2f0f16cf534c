/** Argument types that several stages share. */

import type { Type } from "../../../eval/schema.ts";
import { string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";

/** Text or null, which is the same as empty. */
export const nullableString: Type<string> = {
  name: "string",
  decode: value => (value === null ? "" : string.decode(value)),
};

/** Label names by where they come from, checked: `[name, source]`. */
export function sources(values: ReadonlyMap<string, string>): readonly (readonly [name: string, source: string])[] {
  return [...values].map(([name, source]) => {
    if (name === "") throw new ProblemError(`invalid label name: ${name}`);
    return [name, source || name] as const;
  });
}
