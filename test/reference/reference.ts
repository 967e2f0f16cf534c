/**
 * What Alloy's reference says of its components, read from FAMILY.txt beside this file: a section a component, a line a field,
 * blocks indented.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface Section {
  /** As definitions name it. */
  readonly stability: string;
  /** A line a field with the way to it, sorted: `endpoint/url: string (required)`. */
  readonly arguments: readonly string[];
  readonly exports: readonly string[];
}

/** Sections by the component's name. */
export function readReference(): ReadonlyMap<string, Section> {
  const families = readdirSync(import.meta.dirname).filter(name => name.endsWith(".txt"));
  const texts = families.map(name => readFileSync(path.join(import.meta.dirname, name), "utf8"));
  return new Map(texts.flatMap(text => text.split(/^## /m).slice(1)).map(readSection));
}

const stabilities: Readonly<Record<string, string>> = {
  GA: "generally-available",
  "public preview": "public-preview",
};

function readSection(text: string): [string, Section] {
  const [, name = "", stability = "", body = ""] = /^(\S+) \[(.+)\]\n([\s\S]*)$/.exec(text) ?? [];
  const [args = "", exports = ""] = body.replace(/^arguments\n/, "").split(/^exports$/m);
  return [
    name,
    { stability: stabilities[stability] ?? stability, arguments: fieldLines(args), exports: fieldLines(exports) },
  ];
}

function fieldLines(text: string): string[] {
  const found: string[] = [];
  const parents: string[] = [];
  for (const line of text.split("\n").filter(each => each.trim() !== "")) {
    const depth = (line.search(/\S/) - 2) / 2;
    if (/^(…|label$)/.test(line.trim())) continue; // a schema that holds itself; the label of a block
    const [, kind = "", name = "", rest = ""] = /^(?:(block|one of) )?([^:\s]+):? ?(.*)$/.exec(line.trim()) ?? [];
    parents.splice(depth, parents.length, name);
    const place = parents.join("/");
    found.push(kind === "" ? attributeLine(place, rest) : `${place}: ${kind} ${rest}`);
  }
  return found.sort();
}

function attributeLine(place: string, text: string): string {
  const [, type = "", need = "", fallback] = /^(.+?) \((\w+)\)(?: = (.*))?$/.exec(text) ?? [];
  return `${place}: ${plainType(type)} (${need})${defaultText(fallback === undefined ? undefined : JSON.parse(fallback))}`;
}

/** A type without the Go type behind a string, or its pointer. */
export const plainType = (type: string): string =>
  type
    .replace(/\bstring\((?!units)[^)]*\)/g, "string")
    .replace("any(interface {})", "any")
    .replace("(*alloytypes.", "(alloytypes.");

/** ` = 10`; nothing for Go's zero values. Durations are written one way: `2h` for `2h0m0s`. */
export function defaultText(value: unknown): string {
  const text = typeof value === "string" ? plainDuration(value) : value;
  if (text === undefined || text === "" || text === 0 || text === false || text === "0s") return "";
  if (typeof text === "object" && Object.keys(text as object).length === 0) return ""; // neither undefined nor null
  return ` = ${JSON.stringify(text)}`;
}

const plainDuration = (text: string): string =>
  /^(\d+h)?(\d+m)?([\d.]+s)?$/.test(text) ? text.replace(/(?<=[hm])0s$/, "").replace(/(?<=h)0m$/, "") : text;
