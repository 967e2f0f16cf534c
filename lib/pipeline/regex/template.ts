/** Replacement templates as Go's Regexp.Expand reads them: `$1`, `${1}`, `$name`, `$$`; a name is taken as long as it gets. */
import type { RegexMatch } from "./regex.ts";

/** A piece of text or the numbers of the groups that may give the value: the first that took part counts. */
type Part = string | readonly number[];

export type Expander = (match: RegexMatch) => string;

/** Compiles a template for patterns with these group names. */
export function compileTemplate(template: string, names: readonly string[]): Expander {
  const parts = parseTemplate(template, names);
  const [first, second] = parts;
  if (first === undefined) return () => "";
  if (second === undefined) {
    if (typeof first === "string") return () => first;
    if (first.length === 1) {
      const index = first[0] as number; // its length is 1
      return match => match[index] ?? "";
    }
  }
  return match => {
    let text = "";
    for (const part of parts) text += typeof part === "string" ? part : groupText(match, part);
    return text;
  };
}

function groupText(match: RegexMatch, groups: readonly number[]): string {
  for (const group of groups) {
    const text = match[group];
    if (text !== undefined) return text;
  }
  return "";
}

function parseTemplate(template: string, names: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  let text = "";
  let at = 0;
  const variable = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/uy;
  while (at < template.length) {
    const dollar = template.indexOf("$", at);
    if (dollar < 0) break;
    text += template.slice(at, dollar);
    variable.lastIndex = dollar;
    const found = variable.exec(template);
    at = dollar + (found?.[0].length ?? 1);
    const name = found?.[1] ?? found?.[2];
    if (name === undefined) {
      text += "$"; // doubled, or not followed by a name
      continue;
    }
    if (text !== "") parts.push(text);
    text = "";
    const groups = groupsOf(name, names);
    if (groups.length) parts.push(groups);
  }
  text += template.slice(at);
  if (text !== "") parts.push(text);
  return parts;
}

function groupsOf(name: string, names: readonly string[]): readonly number[] {
  if (/^(?:0|[1-9][0-9]{0,8})$/.test(name)) return Number(name) < names.length ? [Number(name)] : [];
  return names.flatMap((each, index) => (each === name ? [index] : []));
}
