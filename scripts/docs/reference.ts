/** The reference as data: what `components.json` holds and what pages are made of. */
import { alloyComponents } from "../../lib/pipeline/components/alloy.ts";
import { definitions } from "../../lib/pipeline/components/index.ts";
import type { ObjectSchema } from "../../lib/pipeline/eval/schema.ts";
import type { Definition, Stability } from "../../lib/pipeline/graph/component.ts";
import { type LanguageBlock, languageBlocks } from "./blocks.ts";
import { type ReferenceFunction, referenceFunctions } from "./functions.ts";
import { type Argument, type Bodies, bodiesOf, type Refusal, refusalsOf } from "./model.ts";
import { variantsOf } from "./variants.ts";

/** Version 1; fields are added, never changed. */
export interface Reference {
  readonly $schema: string;
  readonly version: 1;
  /** The version of Alloy whose arguments these are. */
  readonly alloy: string;
  /** Sorted by name: all that Alloy has, and those that only Amalgam has. */
  readonly components: readonly ReferenceComponent[];
  readonly blocks: readonly ReferenceBlock[];
  readonly functions: readonly ReferenceFunction[];
}

export interface ReferenceComponent {
  readonly name: string;
  readonly family: string;
  readonly stability: Stability | "community";
  /** Whether it can be used; only then it has what follows. */
  readonly supported: boolean;
  readonly onlyInAmalgam?: true;
  readonly summary?: string;
  readonly inFunctions?: string;
  readonly page?: string;
  readonly bodies?: Bodies;
  readonly exports?: readonly Argument[];
  readonly refused?: readonly Refusal[];
}

export interface ReferenceBlock {
  readonly name: string;
  readonly stability: Stability;
  readonly labelled: boolean;
  readonly summary: string;
  readonly inFunctions: string;
  readonly page: string;
  readonly bodies: Bodies;
  readonly exports: readonly Argument[];
  readonly refused: readonly Refusal[];
}

const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => (a.name < b.name ? -1 : 1));

export function reference(): Reference {
  const missing = [...alloyComponents].filter(([name]) => !definitions.has(name));
  return {
    $schema: "./components.schema.json",
    version: 1,
    alloy: "1.18",
    components: byName([...[...definitions.values()].map(component), ...missing.map(unsupported)]),
    blocks: languageBlocks().map(languageBlock),
    functions: referenceFunctions(),
  };
}

/** `otelcol.processor` of `otelcol.processor.batch`, else the first part. */
export const familyOf = (name: string): string =>
  name
    .split(".")
    .slice(0, name.startsWith("otelcol.") ? 2 : 1)
    .join(".");

const unsupported = ([name, stability]: readonly [string, Stability | "community"]): ReferenceComponent => ({
  name,
  family: familyOf(name),
  stability,
  supported: false,
});

function component({ name, stability, ours, summary, inFunctions, args, exports }: Definition): ReferenceComponent {
  const bodies = bodiesOf(args, variantsOf(name));
  return {
    name,
    family: familyOf(name),
    stability,
    supported: true,
    ...(ours && { onlyInAmalgam: true }),
    summary,
    ...(inFunctions !== undefined && { inFunctions }),
    page: `components/${name}.md`,
    bodies,
    exports: exportsOf(exports),
    refused: refusalsOf(bodies),
  };
}

function languageBlock({
  name,
  stability,
  label,
  summary,
  inFunctions,
  schema,
  exports,
}: LanguageBlock): ReferenceBlock {
  const bodies = bodiesOf(schema, {});
  return {
    name,
    stability,
    labelled: label !== undefined,
    summary,
    inFunctions,
    page: `blocks/${name}.md`,
    bodies,
    exports: exportsOf(exports),
    refused: refusalsOf(bodies),
  };
}

const exportsOf = (schema: ObjectSchema<unknown> | undefined): readonly Argument[] =>
  schema ? (bodiesOf(schema, {})[""]?.arguments ?? []) : [];
