/**
 * Descriptions of components and their arguments make reference pages and hints of editors; a function has no use for them, and
 * would read them at each cold start.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "esbuild";

/** The last argument of what makes a schema: a sentence, unlike messages, which begin with a small letter and have no full stop. */
const lastSentence = /"[A-Z`][^"\n]*\."(?=,?\s*\))/g;
const ofDefinition = /\b(summary|inFunctions):(\s*)"[^"\n]*"/g;

/** The same source without descriptions; only what makes schemas has some. */
export function withoutDescriptions(source: string): string {
  if (!/from "[./\w-]*\/eval\/schema\.[jt]s"/.test(source)) return source;
  return source.replaceAll(lastSentence, '""').replaceAll(ofDefinition, '$1:$2""');
}

/** Leaves descriptions out of a bundle. */
export function leaveOutDescriptions(root: string): Plugin {
  const components = path.join(root, "lib/pipeline/components") + path.sep;
  return {
    name: "descriptions",
    setup({ onLoad }) {
      onLoad({ filter: /\.[jt]s$/, namespace: "file" }, ({ path: file }) => {
        if (!file.startsWith(components)) return undefined;
        const loader = path.extname(file) === ".ts" ? "ts" : "js";
        return { contents: withoutDescriptions(readFileSync(file, "utf8")), loader };
      });
    },
  };
}
