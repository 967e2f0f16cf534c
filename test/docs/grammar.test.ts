/** The editors' grammar, run by the editor's own engine. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { stdlib } from "../../lib/pipeline/eval/stdlib/index.ts";
import { decodeSource, parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { formatDiagnostics } from "../../lib/pipeline/syntax/report.ts";
import { languageBlocks } from "../../scripts/docs/blocks.ts";

const root = path.join(import.meta.dirname, "../..");
const extension = path.join(root, "editors/vscode");
const manifest = JSON.parse(readFileSync(path.join(extension, "package.json"), "utf8"));

const wasm = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length) as ArrayBuffer); // of a buffer in one piece

const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
    createOnigString: text => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => {
    const [{ path: file }] = manifest.contributes.grammars;
    return textmate.parseRawGrammar(readFileSync(path.join(extension, file), "utf8"), file);
  },
});
const grammar = (await registry.loadGrammar("source.alloy")) as textmate.IGrammar; // loaded above

interface Token {
  readonly text: string;
  /** From the outside in. */
  readonly scopes: readonly string[];
}

function tokens(text: string): Token[] {
  let state = textmate.INITIAL;
  return text.split("\n").flatMap(line => {
    const { tokens: found, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    return found.map(({ startIndex, endIndex, scopes }) => ({ text: line.slice(startIndex, endIndex), scopes }));
  });
}

/** The innermost scope of each token that isn't white space. */
const inner = (text: string): [string, string][] =>
  tokens(text)
    .filter(each => each.text.trim() !== "")
    .map(each => [each.text.trim(), (each.scopes.at(-1) ?? "").replace(/\.alloy$/, "")]);

const block = "entity.name.type.block";
const keyword = "keyword.control.block";
const label = "entity.name.label";
const key = "support.type.property-name";
const assign = ["=", "keyword.operator.assignment"];
const open = ["{", "punctuation.section.block.begin"];
const close = ["}", "punctuation.section.block.end"];
const quote = (side: "begin" | "end") => ['"', `punctuation.definition.string.${side}`];
const word = "string.quoted.double";
const variable = "variable.other";
const member = "variable.other.member";
const dot = [".", "punctuation.accessor"];
const comma = [",", "punctuation.separator"];

describe("what a token is", () => {
  test.for([
    {
      it: "a component with its label",
      text: 'loki.write "out" { }',
      out: [["loki.write", block], ['"out"', label], open, close],
    },
    {
      it: "a block of the language",
      text: 'import.file "m" { }',
      out: [["import.file", keyword], ['"m"', label], open, close],
    },
    { it: "a block without a label", text: "logging { }", out: [["logging", keyword], open, close] },
    {
      it: "a block in a block, on one line",
      text: "a { b { } }",
      out: [["a", block], open, ["b", block], open, close, close],
    },
    { it: "a component whose name begins like a block", text: "http_x { }", out: [["http_x", block], open, close] },
    { it: "an attribute", text: "size = 3", out: [["size", key], assign, ["3", "constant.numeric"]] },
    {
      it: "an attribute named like a block",
      text: "http = 1.5e3",
      out: [["http", key], assign, ["1.5e3", "constant.numeric"]],
    },
    { it: "letters of any language", text: "größe = ñ", out: [["größe", key], assign, ["ñ", variable]] },
    {
      it: "a string with an escape",
      text: 'a = "x\\n"',
      out: [["a", key], assign, quote("begin"), ["x", word], ["\\n", "constant.character.escape"], quote("end")],
    },
    {
      it: "a string that looks like a block",
      text: 'a = "b { c = 1"',
      out: [["a", key], assign, quote("begin"), ["b { c = 1", word], quote("end")],
    },
    {
      it: "a raw string over lines",
      text: 'a = `x\n"y`',
      out: [
        ["a", key],
        assign,
        ["`", "punctuation.definition.string.begin"],
        ["x", "string.quoted.other.raw"],
        ['"y', "string.quoted.other.raw"],
        ["`", "punctuation.definition.string.end"],
      ],
    },
    {
      it: "words of the language",
      text: "a = [true, null]",
      out: [
        ["a", key],
        assign,
        ["[", "punctuation.section.list.begin"],
        ["true", "constant.language"],
        comma,
        ["null", "constant.language"],
        ["]", "punctuation.section.list.end"],
      ],
    },
    {
      it: "a reference",
      text: "a = b.c.d",
      out: [["a", key], assign, ["b", variable], dot, ["c", member], dot, ["d", member]],
    },
    {
      it: "an object",
      text: 'a = {b = 1, "c d" = 2}',
      out: [
        ["a", key],
        assign,
        ["{", "punctuation.section.object.begin"],
        ["b", key],
        assign,
        ["1", "constant.numeric"],
        comma,
        ['"c d"', key],
        assign,
        ["2", "constant.numeric"],
        ["}", "punctuation.section.object.end"],
      ],
    },
    {
      it: "a call",
      text: "a = sys.env(b)",
      out: [
        ["a", key],
        assign,
        ["sys", "support.function"],
        dot,
        ["env", "support.function"],
        ["(", "punctuation.section.group.begin"],
        ["b", variable],
        [")", "punctuation.section.group.end"],
      ],
    },
    {
      it: "operators",
      text: "a = b == -1 || !c",
      out: [
        ["a", key],
        assign,
        ["b", variable],
        ["==", "keyword.operator.comparison"],
        ["-", "keyword.operator.arithmetic"],
        ["1", "constant.numeric"],
        ["||", "keyword.operator.logical"],
        ["!", "keyword.operator.logical"],
        ["c", variable],
      ],
    },
    {
      it: "the module's path",
      text: "a = module_path",
      out: [["a", key], assign, ["module_path", "variable.language"]],
    },
    {
      it: "a comment behind a value",
      text: "a = 1 // b { c = 2",
      out: [
        ["a", key],
        assign,
        ["1", "constant.numeric"],
        ["//", "punctuation.definition.comment"],
        ["b { c = 2", "comment.line.double-slash"],
      ],
    },
    {
      it: "a comment over lines",
      text: "/* a\nb = 1 */ c = 2",
      out: [
        ["/*", "punctuation.definition.comment"],
        ["a", "comment.block"],
        ["b = 1", "comment.block"],
        ["*/", "punctuation.definition.comment"],
        ["c", key],
        assign,
        ["2", "constant.numeric"],
      ],
    },
    {
      it: "an unknown escape",
      text: 'a = "\\q"',
      out: [["a", key], assign, quote("begin"), ["\\q", "invalid.illegal.escape"], quote("end")],
    },
    {
      it: "a single-quoted string",
      text: "a = 'b'",
      out: [["a", key], assign, ["'b'", "invalid.illegal.single-quoted-string"]],
    },
    {
      it: "a character that no token begins with",
      text: "a = 1 #",
      out: [["a", key], assign, ["1", "constant.numeric"], ["#", "invalid.illegal.character"]],
    },
  ])("$it", ({ text, out }) => expect(inner(text)).toEqual(out));

  test("a string that isn't closed ends with its line", () => {
    expect(inner('a = "b\nc = 1').slice(-3)).toEqual([["c", key], assign, ["1", "constant.numeric"]]);
  });

  test.for(languageBlocks())("the block $name", ({ name }) => expect(inner(`${name} { }`)[0]).toEqual([name, keyword]));

  test.for([...stdlib.keys()].filter(name => name !== "constants"))("the function or namespace %s", name => {
    const text = stdlib.get(name) instanceof Map ? `${name}.x` : name;
    const scopes = new Set(
      inner(`a = ${text}(b)`)
        .slice(2, -3)
        .map(([, scope]) => scope),
    );
    scopes.delete("punctuation.accessor");
    expect([...scopes]).toEqual(["support.function"]);
  });
});

/** All configurations in the repository that are whole. */
function configurations(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|\..*|dist|cdk\.out)$/.test(entry.name) ? [] : configurations(file);
    return entry.name.endsWith(".alloy") ? [file] : [];
  });
}

test("nothing in any configuration that parses is taken for a mistake, and all brackets are closed", () => {
  const wrong: string[] = [];
  const files = configurations(root);
  expect(files.length).toBeGreaterThan(200);
  for (const file of files) {
    const { source, diagnostics } = decodeSource(file, readFileSync(file));
    if (diagnostics.length + parseFile(source).diagnostics.length) continue;
    const found = tokens(`${source.text}\nend = 1`);
    const invalid = found.filter(({ scopes }) => scopes.some(scope => scope.startsWith("invalid")));
    wrong.push(...invalid.map(({ text, scopes }) => `${file}: ${text} is ${scopes.at(-1)}`));
    const last = found.at(-1)?.scopes ?? [];
    if (last.length !== 2) wrong.push(`${file}: the end is inside of ${last.join(" ")}`);
  }
  expect(wrong).toEqual([]);
});

test("the patterns of the language's configuration are regular expressions", () => {
  const [{ configuration }] = manifest.contributes.languages;
  const { wordPattern, indentationRules } = JSON.parse(readFileSync(path.join(extension, configuration), "utf8"));
  expect("größe_1 = x".match(new RegExp(wordPattern.pattern, wordPattern.flags))?.[0]).toBe("größe_1");
  const indents = ['loki.write "a" {', "targets = [", "a = 1", "b = {c = 1}", "}", "],"];
  const matching = (pattern: string) => indents.filter(line => new RegExp(pattern).test(line));
  expect(matching(indentationRules.increaseIndentPattern)).toEqual(['loki.write "a" {', "targets = ["]);
  expect(matching(indentationRules.decreaseIndentPattern)).toEqual(["}", "],"]);
});

test("the matcher of problems reads what amalgam validate prints", () => {
  const { diagnostics } = parseFile({ name: "folder/my config.alloy", text: "a = 1\nb = 'c'\n" });
  const [{ pattern }] = manifest.contributes.problemMatchers;
  const [line = ""] = formatDiagnostics(diagnostics).split("\n");
  const found = new RegExp(pattern.regexp).exec(line) ?? [];
  expect([
    found[pattern.severity],
    found[pattern.file],
    found[pattern.line],
    found[pattern.column],
    found[pattern.message],
  ]).toEqual(["Error", "folder/my config.alloy", "2", "5", "illegal single-quoted string; use double quotes"]);
});
