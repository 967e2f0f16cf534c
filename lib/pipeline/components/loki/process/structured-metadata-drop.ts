/** stage.structured_metadata_drop: removes structured metadata by name. */

import { type Infer, object, required } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Stage } from "./entry.ts";

export const structuredMetadataDropArgs = object({ values: required(list(string), "Fields to remove.") });

export function structuredMetadataDropStage({ values }: Infer<typeof structuredMetadataDropArgs>): Stage {
  if (!values.length) throw new ProblemError("structured_metadata_drop stage config cannot be empty");
  const names = new Set(values);
  return entry => {
    const { metadata } = entry;
    const kept = metadata.filter((_, i) => !names.has(metadata[i & ~1] as string)); // the name of pair i is at the even index
    if (kept.length !== metadata.length) entry.metadata = kept;
    return true;
  };
}
