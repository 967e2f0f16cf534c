/** The skeleton of a component: what must be given, and names of what may be. */
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { printFile } from "../../lib/pipeline/syntax/print.ts";
import { type Argument, type Bodies, readableType } from "./model.ts";

/** Formatted, with words in capitals for the values. */
export function usage(name: string, label: string | undefined, bodies: Bodies): string {
  const head = label === undefined ? name : `${name} "${label}"`;
  const text = `${head} {\n${bodyText(bodies, "", new Set())}}\n`;
  const { file, diagnostics } = parseFile({ name, text });
  if (diagnostics.length) throw new Error(`the skeleton of ${name} should parse, got ${diagnostics[0]?.message}`);
  return printFile(file);
}

/** Required blocks are spelt out as far as they have something required. */
function bodyText(bodies: Bodies, path: string, inside: ReadonlySet<string>): string {
  const body = bodies[path];
  if (!body) return "";
  const attributes = body.arguments
    .filter(({ required }) => required)
    .map(each => `${each.name} = ${placeholder(each)}\n`);
  const blocks = body.blocks
    .filter(block => block.required && !inside.has(block.body))
    .map(
      block =>
        `${block.name} {\n${bodyText(bodies, block.body, new Set([...inside, block.body])) || output(block.name)}}\n`,
    );
  return [...attributes, ...blocks].join("");
}

/** No signal must be wired, but one will be. */
const output = (name: string): string =>
  name === "output" ? ["metrics", "logs", "traces"].map(signal => `${signal} = [RECEIVER]\n`).join("") : "";

function placeholder({ name, type, words }: Argument): string {
  const word = name.toUpperCase();
  const readable = readableType(type);
  if (/^list\(.*(Receiver|Consumer)\)$/.test(readable)) return "[RECEIVER]";
  if (words?.[0] !== undefined) return JSON.stringify(words[0]);
  if (["string", "duration", "size", "secret", "optional_secret"].includes(readable)) return JSON.stringify(word);
  return /^list\((string|number)\)$/.test(readable)
    ? `[${readable === "list(string)" ? JSON.stringify(word) : word}]`
    : word;
}
