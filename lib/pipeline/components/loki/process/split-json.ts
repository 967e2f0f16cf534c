/** stage.split_json: one entry for each element of a JSON array. */

import { type Infer, Mismatch, object, optional } from "../../../eval/schema.ts";
import { text } from "../../../eval/types.ts";
import type { Stage } from "./entry.ts";

const source = text("string", value => {
  if (value === "") throw new Mismatch("source cannot be empty");
  return value;
});

export const splitJsonArgs = object({
  source: optional(source, undefined, "Extracted value to read; by default the line."),
});

export function splitJsonStage({ source: name }: Infer<typeof splitJsonArgs>): Stage {
  return entry => {
    const input = name === undefined ? entry.line : entry.text(name);
    const elements = input === undefined ? undefined : rawElements(input);
    return elements ? elements.map(line => entry.withLine(line)) : true;
  };
}

/** The raw text of an array's elements; `undefined` if the text is no array. */
export function rawElements(json: string): readonly string[] | undefined {
  if (!/^[ \t\r\n]*\[/.test(json)) return undefined;
  try {
    JSON.parse(json);
  } catch {
    return undefined;
  }
  const elements: string[] = [];
  let depth = 0;
  let start = json.indexOf("[") + 1;
  for (let i = start; ; i++) {
    const char = json[i];
    if (char === '"') i = endOfString(json, i);
    else if (char === "[" || char === "{") depth++;
    else if (depth === 0 && (char === "," || char === "]")) {
      const raw = json.slice(start, i).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
      if (raw !== "") elements.push(raw);
      if (char === "]") return elements;
      start = i + 1;
    } else if (char === "]" || char === "}") depth--;
  }
}

function endOfString(json: string, open: number): number {
  let i = open + 1;
  while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i;
}
