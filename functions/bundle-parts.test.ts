import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { stageVariants } from "../lib/pipeline/components/loki/process/stages.ts";
import { unsupportedVariants } from "../lib/pipeline/components/loki/process/unsupported.ts";
import { parts, stageKindOf } from "./bundle-parts.ts";

const root = path.resolve(import.meta.dirname, "..");
const library = path.join(root, "lib/pipeline");
const importsOf = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/^(?:import|\} from) .*?"(\..*?)";$/gm)].map(([, id = ""]) =>
    path.join(path.dirname(file), id),
  );

test("the files of stages have the names of the stages", async () => {
  const files = importsOf(path.join(library, "components/loki/process/stages.ts"));
  const kinds = await Promise.all(files.map(stageKindOf));
  const supported = Object.keys(stageVariants).filter(kind => !Object.hasOwn(unsupportedVariants, kind));
  expect(kinds.filter(kind => kind !== undefined).sort()).toEqual(supported.sort());
});

test.for([...parts])("$importer imports $module, which $what needs", ({ importer, module }) => {
  const file = path.join(library, `${module}.ts`);
  expect(existsSync(file)).toBe(true);
  expect(importsOf(path.join(library, `${importer}.ts`))).toContain(file);
});

test.for([
  { what: "constants", text: "url = constants.hostname", needed: true },
  { what: "constants", text: 'url = "constant"', needed: false },
  { what: "string.format", text: 'string.format("%s", 1)', needed: true },
  { what: "string.format", text: 'format("%s", 1)', needed: true },
  { what: "string.format", text: 'logging { formatted = "x" }', needed: false },
  { what: "json_path", text: 'json_path("{}", ".x")', needed: true },
  { what: "encoding.from_json", text: "json_decode(local.file.a.content)", needed: true },
  { what: "encoding.from_yaml", text: "encoding.from_yaml(local.file.a.content)", needed: true },
  { what: "encoding.from_yaml", text: "encoding.from_json(local.file.a.content)", needed: false },
])("$text needs $what: $needed", ({ what, text, needed }) => {
  expect(parts.filter(part => part.what === what).every(part => part.needed(text) === needed)).toBe(true);
});
