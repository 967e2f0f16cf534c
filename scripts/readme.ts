/** Writes the lists of README.md that follow from the code: `npm run readme`. A test tells when that was forgotten. */
import { readFileSync, writeFileSync } from "node:fs";
import { alloyComponents } from "../lib/pipeline/components/alloy.ts";
import { definitions, knownElsewhere } from "../lib/pipeline/components/index.ts";
import { unsupportedVariants } from "../lib/pipeline/components/loki/process/unsupported.ts";
import type { ObjectSchema } from "../lib/pipeline/eval/schema.ts";
import { checkConfiguration } from "../lib/pipeline/graph/check.ts";
import type { Definition } from "../lib/pipeline/graph/component.ts";
import { decodeSource, parseFile } from "../lib/pipeline/syntax/parser.ts";

const begin = "<!-- components: written by npm run readme -->";
const end = "<!-- /components -->";
const readme = new URL("../README.md", import.meta.url);

/** README.md as it should be. */
export function freshReadme(text: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md should have ${begin} and ${end}, got none or another order`);
  return `${text.slice(0, from + begin.length)}\n${section()}\n${text.slice(to)}`;
}

/** README.md as it is. */
export const currentReadme = (): string => readFileSync(readme, "utf8");

function section(): string {
  const built = [...definitions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const missing = [...alloyComponents.keys()].filter(name => !definitions.has(name)).sort();
  const alloys = built.filter(({ ours }) => !ours).length;
  return [
    `${alloys} of the ${alloyComponents.size} components of Alloy's reference are there, and ${built.length - alloys} that only Amalgam has. They take all of Alloy's arguments: one that`,
    "can't work here is refused with the reason when the configuration is loaded, one that only tunes Alloy's own process is accepted.",
    "",
    "| component | what it does | what it refuses |",
    "| --- | --- | --- |",
    ...built.map(row),
    "",
    ...languageNotes(),
    `<details><summary>Not there yet: ${missing.length} components</summary>`,
    "",
    ...byFamily(missing),
    "",
    "</details>",
  ].join("\n");
}

/** What a schema does not say. */
const refusedWhenBuilt: Readonly<Record<string, readonly string[]>> = {
  "loki.process": Object.keys(unsupportedVariants).map(stage => `stage.${stage}`),
};

function row({ name, summary, stability, ours, args }: Definition): string {
  const marks = [
    ...(ours ? ["only in Amalgam"] : []),
    ...(stability === "generally-available" ? [] : [stability.replace("-", " ")]),
  ];
  const refused = [...refusedOf(args, "", new Set()), ...(refusedWhenBuilt[name] ?? [])]
    .map(path => `\`${path}\``)
    .join(", ");
  return `| \`${name}\`${marks.length ? ` (${marks.join(", ")})` : ""} | ${cell(summary)} | ${refused} |`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Paths of the arguments and blocks that are known but refused. */
function* refusedOf(schema: ObjectSchema<unknown>, path: string, seen: Set<ObjectSchema<unknown>>): Generator<string> {
  if (seen.has(schema)) return;
  seen.add(schema);
  for (const [name, field] of Object.entries(schema.fields)) {
    if (field.kind === "choice") {
      for (const [variant, below] of Object.entries(field.variants()))
        yield* refusedOf(below, `${path}${name}.${variant}.`, seen);
    } else if (field.refused !== undefined) yield path + name;
    else if (field.kind === "block") yield* refusedOf(field.schema(), `${path}${name}.`, seen);
  }
}

const statements: Readonly<Record<string, string>> = {
  declare: `declare "x" { }`,
  foreach: `foreach "x" {\n  collection = []\n  var = "y"\n  template { }\n}`,
  "import.file": `import.file "x" { filename = "x" }`,
  "import.git": `import.git "x" {\n  repository = "x"\n  path = "x"\n}`,
  "import.http": `import.http "x" { url = "http://x" }`,
  "import.string": `import.string "x" { content = "" }`,
  remotecfg: "remotecfg { }",
};

/** What of the language is not there, found by trying it. */
function languageNotes(): string[] {
  const missing = Object.entries(statements).flatMap(([name, text]) => (isSupported(text) ? [] : [`\`${name}\``]));
  return missing.length ? [`Of the language these blocks are not there yet: ${missing.join(", ")}.`, ""] : [];
}

function isSupported(text: string): boolean {
  const { file } = parseFile(decodeSource("readme.alloy", Buffer.from(text)).source);
  const found = checkConfiguration([file], { definitions, knownElsewhere, stability: "experimental" });
  return !found.some(({ message }) => /not supported|cannot find the definition/.test(message));
}

function byFamily(names: readonly string[]): string[] {
  const families = Map.groupBy(names, name =>
    name
      .split(".")
      .slice(0, name.startsWith("otelcol") ? 2 : 1)
      .join("."),
  );
  return [...families].map(
    ([family, members]) => `- **${family}**: ${members.map(name => `\`${name.slice(family.length + 1)}\``).join(", ")}`,
  );
}

if (import.meta.main) writeFileSync(readme, freshReadme(currentReadme()));
