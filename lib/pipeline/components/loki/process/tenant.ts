/** stage.tenant: sets the tenant that the writer sends an entry for. */

import { type Infer, object, optional } from "../../../eval/schema.ts";
import { string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { tenantLabel } from "../../../telemetry/loki/model.ts";
import { findLabel, type Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";

export const tenantArgs = object({
  label: optional(string, "", "Label that holds the tenant."),
  source: optional(string, "", "Extracted value that holds the tenant."),
  value: optional(string, "", "The tenant."),
});

export function tenantStage({ label, source, value }: Infer<typeof tenantArgs>, sets: LabelSets): Stage {
  const given = [label, source, value].filter(text => text !== "").length;
  if (given === 0) throw new ProblemError("label, source or value config are required");
  if (given > 1) {
    throw new ProblemError(
      "label, source and value are mutually exclusive: you should set source, value or label but not all",
    );
  }
  return entry => {
    const tenant = source !== "" ? entry.text(source) : label !== "" ? findLabel(entry.labels, label) : value;
    if (tenant) entry.labels = sets.set(entry.labels, tenantLabel, tenant);
    return true;
  };
}
