/** Code of the pages: blocks between fences, and spans within the text. */
import { readFileSync } from "node:fs";
import path from "node:path";

export const root = path.join(import.meta.dirname, "../..");

export interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** Blocks of one language. */
export function blocksOf(page: string, language: string): Snippet[] {
  const text = readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(match => ({
    page,
    line: lineAt(text, match.index) + 1,
    text: match[1] ?? "",
  }));
}

/** Spans of code in the text. */
export function spansOf(page: string): Snippet[] {
  const text = readFileSync(path.join(root, page), "utf8");
  const prose = text.replaceAll(/^```.*?^```$/gms, block => block.replaceAll(/[^\n]/g, ""));
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(match => ({
    page,
    line: lineAt(prose, match.index),
    text: match[1] ?? "",
  }));
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;
