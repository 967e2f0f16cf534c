/** Sprig's encodings, regular expressions, paths, URLs and the environment. */
import { compileRegex, type Regex, RegexError } from "../regex/regex.ts";
import { goBytes, goString } from "./bytes.ts";
import { type Fn, fn } from "./functions.ts";
import { marshalJson } from "./go-json.ts";
import { fromJson, toJsonValue } from "./sprig-collections.ts";
import { type Dict, TemplateError } from "./values.ts";

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32Encode(text: string): string {
  let bits = "";
  for (const byte of goBytes(text)) bits += byte.toString(2).padStart(8, "0");
  const digits = (bits.match(/.{1,5}/g) ?? []).map(group => base32[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
  return digits.padEnd(Math.ceil(digits.length / 8) * 8, "=");
}

function base32Decode(text: string): string {
  const digits = text.replace(/=+$/, "");
  const bad = [...digits].findIndex(digit => !base32.includes(digit));
  if (bad >= 0 || text.length % 8) return `illegal base32 data at input byte ${bad >= 0 ? bad : text.length}`;
  const bits = [...digits].map(digit => base32.indexOf(digit).toString(2).padStart(5, "0")).join("");
  return goString(Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2))));
}

function base64Decode(text: string): string {
  const clean = text.replace(/[\r\n]/g, "");
  const bad = /[^A-Za-z0-9+/=]/.exec(clean) ?? /=[^=]/.exec(clean);
  if (bad) return `illegal base64 data at input byte ${bad.index}`;
  if (clean.length % 4) return `illegal base64 data at input byte ${clean.length - (clean.length % 4)}`;
  return goString(Buffer.from(clean, "base64"));
}

function parseJson(text: string): unknown {
  try {
    return fromJson(JSON.parse(text));
  } catch (error) {
    throw new TemplateError(error instanceof Error ? error.message : String(error));
  }
}

const json = (options: Parameters<typeof marshalJson>[1]) => (value: unknown) =>
  marshalJson(toJsonValue(value), { sortKeys: true, shortControls: true, ...options });

/** The value, or what stands for it where Go gives an error that the function swallows. */
const otherwise =
  <A extends unknown[]>(call: (...args: A) => unknown, fallback: unknown) =>
  (...args: A): unknown => {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof TemplateError) return fallback;
      throw error;
    }
  };

const maxRegexes = 200;
const regexes = new Map<string, Regex>(); // only a cache: patterns may come from data

/** Compiles what a template gives as a regular expression. */
export function regexOf(pattern: string): Regex {
  const known = regexes.get(pattern);
  if (known) return known;
  try {
    const compiled = compileRegex(pattern);
    if (regexes.size >= maxRegexes) regexes.clear();
    regexes.set(pattern, compiled);
    return compiled;
  } catch (error) {
    if (error instanceof RegexError) throw new TemplateError(error.message);
    throw error;
  }
}

const match = (pattern: string, text: string) => regexOf(pattern).test(text);
const find = (pattern: string, text: string) => regexOf(pattern).exec(text)?.[0] ?? "";
const findAll = (pattern: string, text: string, count: number) =>
  regexOf(pattern)
    .matchAll(text, count < 0 ? Number.POSITIVE_INFINITY : count)
    .map(([whole]) => whole);
const replaceAll = (pattern: string, text: string, template: string) => regexOf(pattern).replaceAll(text, template);
const replaceLiteral = (pattern: string, text: string, literal: string) =>
  regexOf(pattern).replaceAll(text, () => literal);
const split = (pattern: string, text: string, count: number) =>
  regexOf(pattern).split(text, count < 0 ? Number.POSITIVE_INFINITY : count);

function clean(path: string): string {
  if (path === "") return ".";
  const rooted = path.startsWith("/");
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length && kept.at(-1) !== "..") kept.pop();
    else if (!rooted) kept.push(part);
  }
  return (rooted ? "/" : "") + kept.join("/") || ".";
}

function base(path: string): string {
  if (path === "") return ".";
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

const directory = (path: string): string => clean(path.slice(0, path.lastIndexOf("/") + 1));
const extension = (path: string): string => /\.[^./]*$/.exec(path)?.[0] ?? "";
const isAbsolute = (path: string): boolean => path.startsWith("/");

function urlParse(text: string): Dict {
  const [, scheme = "", rest = ""] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?([\s\S]*)$/.exec(text) ?? [];
  const [beforeFragment = "", ...fragment] = rest.split("#");
  const [beforeQuery = "", ...query] = beforeFragment.split("?");
  const [, authority] = /^\/\/([^/]*)/.exec(beforeQuery) ?? [];
  const path = authority === undefined ? beforeQuery : beforeQuery.slice(authority.length + 2);
  const at = authority?.lastIndexOf("@") ?? -1;
  const host = authority?.slice(at + 1) ?? "";
  const opaque = scheme !== "" && authority === undefined && !path.startsWith("/") ? path : "";
  return new Map<string, unknown>([
    ["scheme", scheme.toLowerCase()],
    ["host", host],
    ["hostname", host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1")],
    ["path", opaque === "" ? decodePath(path) : ""],
    ["query", query.join("?")],
    ["opaque", opaque],
    ["fragment", decodePath(fragment.join("#"))],
    ["userinfo", at < 0 ? "" : (authority?.slice(0, at) ?? "")],
  ]);
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TemplateError(`unable to parse url: invalid URL escape in ${text}`);
  }
}

function urlJoin(parts: Dict): string {
  const get = (name: string) => String(parts.get(name) ?? "");
  const scheme = get("scheme") === "" ? "" : `${get("scheme")}:`;
  const query = get("query") === "" ? "" : `?${get("query")}`;
  const fragment = get("fragment") === "" ? "" : `#${get("fragment")}`;
  if (get("opaque") !== "") return scheme + get("opaque") + query + fragment;
  const user = get("userinfo") === "" ? "" : `${get("userinfo")}@`;
  const authority = scheme !== "" || get("host") !== "" || user !== "" ? `//${user}${get("host")}` : "";
  const slash = authority !== "" && get("path") !== "" && !get("path").startsWith("/") ? "/" : "";
  return scheme + authority + slash + encodeURI(get("path")) + query + fragment;
}

const expandEnv = (text: string): string =>
  text.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g,
    (_, braced?: string, name?: string) => process.env[braced ?? name ?? ""] ?? "",
  );

export const encodingFunctions: Readonly<Record<string, Fn>> = {
  b64enc: fn("string", (text: string) => goBytes(text).toString("base64")),
  b64dec: fn("string", base64Decode),
  b32enc: fn("string", base32Encode),
  b32dec: fn("string", base32Decode),
  fromJson: fn("string", otherwise(parseJson, null)),
  mustFromJson: fn("string", parseJson),
  toJson: fn("any", json({})),
  mustToJson: fn("any", json({})),
  toPrettyJson: fn("any", json({ indent: true })),
  mustToPrettyJson: fn("any", json({ indent: true })),
  toRawJson: fn("any", json({ escapeHtml: false })),
  mustToRawJson: fn("any", json({ escapeHtml: false })),
  regexMatch: fn("string string", otherwise(match, false)),
  mustRegexMatch: fn("string string", match),
  regexFind: fn("string string", find),
  mustRegexFind: fn("string string", find),
  regexFindAll: fn("string string int", findAll),
  mustRegexFindAll: fn("string string int", findAll),
  regexReplaceAll: fn("string string string", replaceAll),
  mustRegexReplaceAll: fn("string string string", replaceAll),
  regexReplaceAllLiteral: fn("string string string", replaceLiteral),
  mustRegexReplaceAllLiteral: fn("string string string", replaceLiteral),
  regexSplit: fn("string string int", split),
  mustRegexSplit: fn("string string int", split),
  regexQuoteMeta: fn("string", (text: string) => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")),
  base: fn("string", base),
  dir: fn("string", directory),
  clean: fn("string", clean),
  ext: fn("string", extension),
  isAbs: fn("string", isAbsolute),
  osBase: fn("string", base),
  osDir: fn("string", directory),
  osClean: fn("string", clean),
  osExt: fn("string", extension),
  osIsAbs: fn("string", isAbsolute),
  urlParse: fn("string", urlParse),
  urlJoin: fn("dict", urlJoin),
  env: fn("string", (name: string) => process.env[name] ?? ""),
  expandenv: fn("string", expandEnv),
  fail: fn("string", (message: string) => {
    throw new TemplateError(message);
  }),
};
