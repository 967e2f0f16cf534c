/** Writes the reference from the schemas: `npm run docs`. A test tells when that was forgotten. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type LanguageBlock, languageBlocks } from "./docs/blocks.ts";
import { readExamples, readParts } from "./docs/examples.ts";
import { constantsPage, functionPage } from "./docs/functions.ts";
import { indexPage, stabilityWords } from "./docs/index-page.ts";
import { printJson } from "./docs/markdown.ts";
import { neighboursOf } from "./docs/neighbours.ts";
import { type Link, subjectPage } from "./docs/page.ts";
import { type Reference, type ReferenceBlock, type ReferenceComponent, reference } from "./docs/reference.ts";

export const referenceFolder = new URL("../docs/reference/", import.meta.url);

/** What is written by hand there. */
const kept: ReadonlySet<string> = new Set(["components.schema.json"]);

/** All files of the reference as they should be, by their path in its folder. */
export function freshFiles(): ReadonlyMap<string, string> {
  const whole = reference();
  const examples = readExamples();
  return new Map([
    ["README.md", indexPage(whole)],
    ["components.json", printJson(whole)],
    ...whole.components.flatMap(each =>
      each.page === undefined ? [] : [[each.page, componentPage(each, whole, examples)] as const],
    ),
    ...whole.blocks.map(each => [each.page, blockPage(each, whole, examples)] as const),
    ...whole.functions.map(each => [each.page, functionPage(each)] as const),
    ["functions/constants.md", constantsPage()],
  ]);
}

/** The same as they are. */
export function currentFiles(): ReadonlyMap<string, string> {
  if (!existsSync(referenceFolder)) return new Map();
  const paths = readdirSync(referenceFolder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath.replace(/\/?$/, "/")}${entry.name}`.slice(referenceFolder.pathname.length));
  return new Map(
    paths.filter(path => !kept.has(path)).map(path => [path, readFileSync(new URL(path, referenceFolder), "utf8")]),
  );
}

type Examples = ReturnType<typeof readExamples>;

/** From the folder of a page to the page of another component or block. */
const linkIn =
  (folder: string, { components, blocks }: Reference): Link =>
  name => {
    const page = components.find(each => each.name === name)?.page ?? blocks.find(each => each.name === name)?.page;
    return page?.startsWith(`${folder}/`) ? page.slice(folder.length + 1) : page && `../${page}`;
  };

function componentPage(component: ReferenceComponent, whole: Reference, examples: Examples): string {
  const { name, stability, onlyInAmalgam, summary = "", inFunctions, bodies = {}, exports = [] } = component;
  const needed = stability === "generally-available" ? "" : `: needs \`--stability.level=${stability}\``;
  const text = subjectPage(
    {
      name,
      summary,
      marks: [
        `*${stabilityWords(stability)}*${needed}`,
        onlyInAmalgam ? "*only in Amalgam*" : `as in Alloy ${whole.alloy}`,
        "[all components](../README.md#components)",
      ],
      label: "LABEL",
      bodies,
      exports,
      inFunctions,
      examples: examples.get(name) ?? [],
      parts: readParts(name),
      neighbours: neighboursOf(component, whole.components),
    },
    linkIn("components", whole),
  );
  return text;
}

function blockPage(block: ReferenceBlock, whole: Reference, examples: Examples): string {
  const { name, stability, summary, inFunctions, bodies, exports } = block;
  const { label, notes, usage } = languageBlocks().find(each => each.name === name) as LanguageBlock; // the block is made of it
  const needed = stability === "generally-available" ? "" : `: needs \`--stability.level=${stability}\``;
  return subjectPage(
    {
      name,
      summary,
      marks: [`*${stabilityWords(stability)}*${needed}`, "[all blocks](../README.md#blocks)"],
      ...(label !== undefined && { label }),
      ...(notes && { notes }),
      ...(usage !== undefined && { usage }),
      bodies,
      exports,
      inFunctions,
      examples: examples.get(name) ?? [],
      neighbours: [],
    },
    linkIn("blocks", whole),
  );
}

function writeFiles(): void {
  const fresh = freshFiles();
  for (const path of currentFiles().keys()) if (!fresh.has(path)) rmSync(new URL(path, referenceFolder));
  for (const [path, text] of fresh) {
    const file = new URL(path, referenceFolder);
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
  }
}

if (import.meta.main) writeFiles();
