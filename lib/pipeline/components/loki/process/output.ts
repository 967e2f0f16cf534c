/** stage.output: replaces the line by an extracted value. */

import { type Infer, object, required } from "../../../eval/schema.ts";
import { string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Stage } from "./entry.ts";

export const outputArgs = object({ source: required(string, "Extracted value that becomes the line.") });

export function outputStage({ source }: Infer<typeof outputArgs>): Stage {
  if (source === "") throw new ProblemError("output source value is required if output is specified");
  return entry => {
    entry.line = entry.text(source) ?? entry.line;
    return true;
  };
}
