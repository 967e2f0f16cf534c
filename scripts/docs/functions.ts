/** The pages of the standard library. */
import type { FunctionDocs, ParameterDocs } from "../../lib/pipeline/eval/stdlib/docs.ts";
import { constantDocs, functionDocs } from "../../lib/pipeline/eval/stdlib/docs.ts";
import { experimentalNames } from "../../lib/pipeline/eval/stdlib/index.ts";
import { code, fenced, table } from "./markdown.ts";

export interface ReferenceFunction extends FunctionDocs {
  readonly signature: string;
  readonly stability: "generally-available" | "experimental";
  readonly page: string;
}

/** All functions, sorted by name. */
export const referenceFunctions = (): readonly ReferenceFunction[] =>
  functionDocs.map(docs => ({
    ...docs,
    signature: signatureOf(docs),
    stability: experimentalNames.has(docs.name) ? "experimental" : "generally-available",
    page: `functions/${docs.name}.md`,
  }));

/** `string.format(pattern, ...values)`. */
export const signatureOf = ({ name, parameters }: FunctionDocs): string =>
  `${name}(${parameters.map(parameterText).join(", ")})`;

const parameterText = ({ name, optional = false, many = false }: ParameterDocs): string =>
  `${many ? "..." : ""}${name}${optional ? "?" : ""}`;

export function functionPage({ name, summary, signature, stability, ...docs }: ReferenceFunction): string {
  const { parameters, result, notes = [], deprecated, examples, errors = [] } = docs;
  return [
    `# ${name}`,
    "",
    summary,
    "",
    ...(stability === "experimental" ? ["*experimental*: needs `--stability.level=experimental`.", ""] : []),
    ...fenced("text", signature),
    "## Parameters",
    "",
    ...(parameters.length ? parameterTable(parameters) : ["It has none.", ""]),
    "## Result",
    "",
    result,
    "",
    ...notes.flatMap(note => [note, ""]),
    ...(deprecated === undefined
      ? []
      : [`${code(deprecated)} is an older name of it: it works, and \`amalgam validate\` warns of it.`, ""]),
    "## Examples",
    "",
    ...table(
      ["call", "result as JSON"],
      examples.map(each => [code(each.call), code(each.result)]),
    ),
    ...(errors.length
      ? [
          "## Errors",
          "",
          ...table(
            ["call", "message"],
            errors.map(each => [code(each.call), code(each.message)]),
          ),
        ]
      : []),
    "See [all functions](../README.md#functions).",
    "",
  ].join("\n");
}

const parameterTable = (parameters: readonly ParameterDocs[]): string[] =>
  table(
    ["name", "type", "how many", "what it is"],
    parameters.map(({ name, type, description, optional, many }) => [
      code(name),
      code(type),
      many ? "any number" : optional ? "at most one" : "**one**",
      description,
    ]),
  );

/** All constants on one page. */
export const constantsPage = (): string =>
  [
    "# constants",
    "",
    "Values that say where a configuration runs. In a function they are those of the function's machine, which changes from start to start.",
    "",
    ...table(
      ["name", "type", "what it is"],
      constantDocs.map(({ name, type, description }) => [code(name), code(type), description]),
    ),
    "See [all functions](../README.md#functions).",
    "",
  ].join("\n");
