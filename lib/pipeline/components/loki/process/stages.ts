/** The kinds of stages by name, and how their blocks become one stage. */
import type { Infer, ObjectSchema } from "../../../eval/schema.ts";
import { ProblemError } from "../../../graph/component.ts";
import { decolorizeArgs, decolorizeStage } from "./decolorize.ts";
import { dockerArgs, dockerStage } from "./docker.ts";
import { dropArgs, dropStage } from "./drop.ts";
import type { Stage } from "./entry.ts";
import { eventLogMessageArgs, eventLogMessageStage } from "./eventlogmessage.ts";
import { jsonArgs, jsonStage } from "./json.ts";
import { labelDropArgs, labelDropStage } from "./label-drop.ts";
import { labelKeepArgs, labelKeepStage } from "./label-keep.ts";
import type { LabelSets } from "./label-sets.ts";
import { labelsArgs, labelsStage } from "./labels.ts";
import { limitArgs, limitStage } from "./limit.ts";
import type { Limits } from "./limits.ts";
import { logfmtArgs, logfmtStage } from "./logfmt.ts";
import { luhnArgs, luhnStage } from "./luhn.ts";
import { type MatchArgs, matchArgs, matchStage } from "./match.ts";
import { outputArgs, outputStage } from "./output.ts";
import { packArgs, packStage } from "./pack.ts";
import { patternArgs, patternStage } from "./pattern.ts";
import { sequence } from "./pipeline.ts";
import { regexArgs, regexStage } from "./regex.ts";
import { replaceArgs, replaceStage } from "./replace.ts";
import { samplingArgs, samplingStage } from "./sampling.ts";
import { splitJsonArgs, splitJsonStage } from "./split-json.ts";
import { staticLabelsArgs, staticLabelsStage } from "./static-labels.ts";
import { structuredMetadataArgs, structuredMetadataStage } from "./structured-metadata.ts";
import { structuredMetadataDropArgs, structuredMetadataDropStage } from "./structured-metadata-drop.ts";
import { templateArgs, templateStage } from "./template.ts";
import { tenantArgs, tenantStage } from "./tenant.ts";
import { timestampArgs, timestampStage } from "./timestamp.ts";
import { truncateArgs, truncateStage } from "./truncate.ts";
import { unsupportedVariants } from "./unsupported.ts";
import { windowsEventArgs, windowsEventStage } from "./windowsevent.ts";

/** A block as it was decoded: `stage.KIND { … }`. */
export interface StageArgs {
  readonly kind: string;
  readonly args: unknown;
}

interface Variant {
  readonly schema: ObjectSchema<unknown>;
  readonly compile: (args: never, sets: LabelSets, limits: Limits) => Stage;
}

/** Ties a stage to the schema that its arguments decode by. */
const variant = <S extends ObjectSchema<unknown>>(
  schema: S,
  compile: (args: Infer<S>, sets: LabelSets, limits: Limits) => Stage,
): Variant => ({
  schema,
  compile,
});

const variants: Readonly<Record<string, Variant>> = {
  decolorize: variant(decolorizeArgs, decolorizeStage),
  docker: variant(dockerArgs, dockerStage),
  drop: variant(dropArgs, dropStage),
  eventlogmessage: variant(eventLogMessageArgs, eventLogMessageStage),
  json: variant(jsonArgs, jsonStage),
  label_drop: variant(labelDropArgs, labelDropStage),
  label_keep: variant(labelKeepArgs, labelKeepStage),
  labels: variant(labelsArgs, labelsStage),
  limit: variant(limitArgs, limitStage),
  logfmt: variant(logfmtArgs, logfmtStage),
  luhn: variant(luhnArgs, luhnStage),
  match: {
    schema: matchArgs as ObjectSchema<unknown>,
    compile: matchStage as (args: MatchArgs, sets: LabelSets, limits: Limits) => Stage,
  }, // its stages are typed by hand
  output: variant(outputArgs, outputStage),
  pack: variant(packArgs, packStage),
  pattern: variant(patternArgs, patternStage),
  regex: variant(regexArgs, regexStage),
  replace: variant(replaceArgs, replaceStage),
  sampling: variant(samplingArgs, samplingStage),
  split_json: variant(splitJsonArgs, splitJsonStage),
  static_labels: variant(staticLabelsArgs, staticLabelsStage),
  structured_metadata: variant(structuredMetadataArgs, structuredMetadataStage),
  structured_metadata_drop: variant(structuredMetadataDropArgs, structuredMetadataDropStage),
  template: variant(templateArgs, templateStage),
  tenant: variant(tenantArgs, tenantStage),
  timestamp: variant(timestampArgs, timestampStage),
  truncate: variant(truncateArgs, truncateStage),
  windowsevent: variant(windowsEventArgs, windowsEventStage),
};

/** The schemas of all stages by name, for `stage` blocks. */
export const stageVariants: Readonly<Record<string, ObjectSchema<unknown>>> = {
  ...Object.fromEntries(Object.entries(variants).map(([kind, { schema }]) => [kind, schema])),
  ...unsupportedVariants,
};

/** Compiles blocks into one stage; what is wrong throws a `ProblemError` that leads to the block. */
export function compileStages(stages: readonly StageArgs[], sets: LabelSets, limits: Limits): Stage {
  const compiled = stages.map(({ kind, args }, i) => {
    const found = variants[kind];
    if (!found) throw new ProblemError(`stage.${kind} is not supported yet`, ["stage", i]);
    try {
      return found.compile(args as never, sets, limits); // decoded by the very schema
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const nested = error.message.startsWith("stage.") ? error.message : `stage.${kind}: ${error.message}`;
      throw new ProblemError(nested, ["stage", i, ...error.path]);
    }
  });
  return seeded(sequence(compiled));
}

/** What enters stages has its labels among the extracted values. */
const seeded =
  (stage: Stage): Stage =>
  (entry, run) => {
    entry.seedLabels();
    return stage(entry, run);
  };
