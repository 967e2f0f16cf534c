import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { first, literalPrefix, startsAtBegin } from "./cost.ts";
import { linearRegex } from "./linear.ts";
import { parsePattern } from "./parse.ts";
import { charTest, compileProgram } from "./program.ts";
import { compileRegex, RegexError } from "./regex.ts";
import { nullable } from "./syntax.ts";

/** The linear engine alone, by its backtracker and by its simulation. */
function linearEngines(pattern: string) {
  const { root, names } = parsePattern(pattern);
  const options = {
    first: nullable(root) ? undefined : charTest(first(root)),
    prefix: literalPrefix(root),
    anchored: startsAtBegin(root),
  };
  const program = compileProgram(root, names.length - 1);
  return [linearRegex(program, options), linearRegex(program, { ...options, maxMarks: 0 })];
}

test.for([
  ["a(", "missing closing ): `a(`"],
  ["a)", "unexpected ): `a)`"],
  ["(?<n>a", "missing closing ): `(?<n>a`"],
  ["x[a", "missing closing ]: `[a`"],
  ["[]a", "missing closing ]: `[]a`"],
  ["[z-a]", "invalid character class range: `z-a`"],
  ["[[:foo:]]", "invalid character class range: `[:foo:]`"],
  ["[a-\\d]", "invalid escape sequence: `\\d`"],
  ["*", "missing argument to repetition operator: `*`"],
  ["a|*?", "missing argument to repetition operator: `*?`"],
  ["(?i)+", "missing argument to repetition operator: `+`"],
  ["a**", "invalid nested repetition operator: `**`"],
  ["a{2}{3}", "invalid nested repetition operator: `{2}{3}`"],
  ["a{1001}", "invalid repeat count: `{1001}`"],
  ["a{5,2}", "invalid repeat count: `{5,2}`"],
  ["(?:a{1000}){2}", "invalid repeat count: `{2}`"],
  ["\\", "trailing backslash at end of expression: ``"],
  ["\\8", "invalid escape sequence: `\\8`"],
  ["(a)\\1", "invalid escape sequence: `\\1`"],
  ["\\Z", "invalid escape sequence: `\\Z`"],
  ["\\C", "invalid escape sequence: `\\C`"],
  ["\\x{110000}", "invalid escape sequence: `\\x{110000`"],
  ["\\xg", "invalid escape sequence: `\\xg`"],
  ["\\pX", "invalid character class range: `\\pX`"],
  ["\\p{gc=Lu}", "invalid character class range: `\\p{gc=Lu}`"],
  ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
  ["(?!a)", "invalid or unsupported Perl syntax: `(?!`"],
  ["(?<=a)", "invalid named capture: `(?<=a)`"],
  ["(?>a)", "invalid or unsupported Perl syntax: `(?>`"],
  ["(?P=n)", "invalid or unsupported Perl syntax: `(?P`"],
  ["(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"],
  ["(?P<n-m>a)", "invalid named capture: `(?P<n-m>`"],
  [
    `${"(".repeat(1001)}a${")".repeat(1001)}`,
    `expression nests too deeply: \`${"(".repeat(1001)}a${")".repeat(1001)}\``,
  ],
] as const)("refuses %s", ([pattern, message]) => {
  expect(() => compileRegex(pattern)).toThrow(
    new RegexError(message.split(": `")[0] ?? "", message.slice(message.indexOf("`") + 1, -1)),
  );
  expect(() => compileRegex(pattern)).toThrow(`error parsing regexp: ${message}`);
});

test("a message shows the anchored pattern, as Prometheus does", () => {
  expect(() => compileRegex("a(", { anchored: true })).toThrow("error parsing regexp: missing closing ): `^(?s:a()$`");
});

test.for([
  { it: "takes the first alternative that matches", pattern: "a|ab", text: "ab", match: ["a"] },
  { it: "captures by position", pattern: "(a|ab)(c|bcd)(d*)", text: "abcd", match: ["abcd", "a", "bcd", ""] },
  { it: "keeps a group of an earlier round", pattern: "(?:(a)|b)*", text: "ab", match: ["ab", "a"] },
  { it: "takes an empty first round", pattern: "(|a)*", text: "aa", match: ["", ""] },
  { it: "takes a round of empty loops", pattern: "(a*)*", text: "b", match: ["", ""] },
  { it: "takes an optional part that is empty", pattern: "(a?)?b", text: "b", match: ["b", ""] },
  { it: "leaves out a lazy optional part", pattern: "(a?)??b", text: "b", match: ["b", undefined] },
  { it: "knows the groups of what never matches", pattern: "(?:(a)){0}(b)", text: "b", match: ["b", undefined, "b"] },
  { it: "has . stop at a newline only", pattern: ".+", text: "a\r\u2028b\nc", match: ["a\r\u2028b"] },
  { it: "has . match newlines with s", pattern: "(?s).+", text: "a\nb", match: ["a\nb"] },
  { it: "has $ match at the end of the text only", pattern: "a$", text: "a\n", match: null },
  { it: "has $ match before a newline with m", pattern: "(?m)^b$", text: "a\nb\nc", match: ["b"] },
  { it: "does not take \\r for the end of a line", pattern: "(?m)^b$", text: "a\rb\rc", match: null },
  { it: "has \\z and \\A", pattern: "(?m)\\Ab\\z", text: "a\nb", match: null },
  { it: "negates with newlines in", pattern: "[^a]+", text: "a\nb", match: ["\nb"] },
  { it: "knows ASCII blanks only", pattern: "\\s+", text: "\u00a0\u000b \t", match: [" \t"] },
  { it: "knows ASCII words only", pattern: "\\w+", text: "éa1_", match: ["a1_"] },
  { it: "has \\b between ASCII words only", pattern: "\\ba", text: "éa", match: ["a"] },
  { it: "knows letters of Unicode", pattern: "\\pL+", text: "1žluťoučký2", match: ["žluťoučký"] },
  { it: "knows categories by long names", pattern: "\\p{Uppercase Letter}", text: "aÉ", match: ["É"] },
  { it: "knows scripts", pattern: "\\p{Greek}+", text: "abγδ", match: ["γδ"] },
  { it: "negates a category twice", pattern: "\\P{^Nd}", text: "a1", match: ["1"] },
  {
    it: "takes a character beyond the basic plane for one",
    pattern: "^(.)(.)$",
    text: "😀a",
    match: ["😀a", "😀", "a"],
  },
  { it: "does not cut such a character", pattern: "[^a]", text: "a😀", match: ["😀"] },
  { it: "ignores case by Unicode's folding", pattern: "(?i)straße k", text: "STRAẞE \u212a", match: ["STRAẞE \u212a"] },
  { it: "ignores case of s with the long s", pattern: "(?i)^[^s]$", text: "ſ", match: null },
  { it: "does not fold the Turkish i", pattern: "(?i)i", text: "İı", match: null },
  { it: "ignores case in a part", pattern: "a(?i:b)c", text: "aBC aBc", match: ["aBc"] },
  { it: "ends flags with their group", pattern: "((?i)a)b", text: "AB Ab", match: ["Ab", "A"] },
  { it: "swaps greed with U", pattern: "(?U)a+(a+?)", text: "aaa", match: ["aaa", "aa"] },
  { it: "quotes between \\Q and \\E", pattern: "\\Qa.b\\E+", text: "axb a.bb", match: ["a.bb"] },
  { it: "reads POSIX classes", pattern: "[[:^alpha:]x[:digit:]]+", text: "ab1x-c", match: ["1x-"] },
  { it: "reads octal and hexadecimal", pattern: "\\101\\x42\\x{43}", text: "ABC", match: ["ABC"] },
  { it: "takes a brace that counts nothing for itself", pattern: "a{,2}", text: "a{,2}", match: ["a{,2}"] },
  { it: "takes a class without characters", pattern: "[^\\x00-\\x{10FFFF}]", text: "a", match: null },
  { it: "expands counts", pattern: "^(a{2,3}?)(a*)$", text: "aaaa", match: ["aaaa", "aa", "aa"] },
  { it: "finds the leftmost match of what begins with anything", pattern: ".*?b", text: "a\nab", match: ["ab"] },
] as const)("$it", ({ pattern, text, match }) => {
  const regex = compileRegex(pattern);
  const found = regex.exec(text);
  expect(found && [...found]).toEqual(match);
  expect(regex.test(text)).toBe(match !== null);
  const indices = regex.indices(text);
  expect(indices && slices(text, indices)).toEqual(match);
  for (const engine of linearEngines(pattern)) {
    const slots = engine.run(text, 0);
    expect(slots ? slices(text, slots) : null).toEqual(match);
  }
});

const slices = (text: string, slots: ArrayLike<number>) =>
  Array.from({ length: slots.length / 2 }, (_, i) =>
    (slots[2 * i] as number) < 0 ? undefined : text.slice(slots[2 * i], slots[2 * i + 1]),
  );

test("searches from a place and still sees what is before it", () => {
  const regex = compileRegex("\\b(a+)");
  expect(regex.exec("aab a", 1)?.index).toBe(4);
  expect(compileRegex("^a").exec("aa", 1)).toBe(null);
  expect(compileRegex(".*b").exec("ab\nab", 1)?.index).toBe(1);
  expect(compileRegex("(a*)+$").exec("aab aa", 4)?.index).toBe(4);
});

test("names groups as Go's SubexpNames", () => {
  const { groupNames, groupCount } = compileRegex("(?P<ip>a)(b)(?<ip>c)");
  expect(groupNames).toEqual(["", "ip", "", "ip"]);
  expect(groupCount).toBe(3);
});

test.for([
  ["$1-${2}", "a-"],
  ["$0$$", "xa$"],
  ["$1x", ""],
  ["${1}x", "ax"],
  ["$name!", "a!"],
  ["$both", "a"],
  ["$01$9", ""],
  ["$", "$"],
  ["$ {1} ${1", "$ {1} ${1"],
  ["${}$-", "${}$-"],
  ["plain", "plain"],
  ["$naïve$1", "a"],
] as const)("expands %s to %s", ([template, text]) => {
  const regex = compileRegex("x(?P<name>a)(b)?(?P<both>c)?(?P<both>)");
  const match = regex.exec("xa");
  expect(match && regex.expand(template.replace("$both", "${both}a"), match)).toBe(template === "$both" ? "a" : text);
});

test.for([
  { pattern: "a*", text: "baac", found: ["", "aa", ""], replaced: "-b-c-", split: ["b", "c"] },
  { pattern: "", text: "é😀", found: ["", "", ""], replaced: "-é-😀-", split: ["é", "😀"] },
  { pattern: "a", text: "", found: [], replaced: "", split: [""] },
  { pattern: ",", text: ",a,,b", found: [",", ",", ","], replaced: "-a--b", split: ["", "a", "", "b"] },
  { pattern: "(?:b|(?:))*", text: "bbc", found: ["bb", ""], replaced: "-c-", split: ["", "c"] },
  { pattern: "^a|b", text: "aab", found: ["a", "b"], replaced: "-a-", split: ["", "a", ""] },
] as const)("finds, replaces and splits by %o", ({ pattern, text, found, replaced, split }) => {
  const regex = compileRegex(pattern);
  expect(regex.matchAll(text).map(match => match[0])).toEqual(found);
  expect(regex.matchAllIndices(text).map(slots => text.slice(slots[0], slots[1]))).toEqual(found);
  expect(regex.replaceAll(text, "-")).toBe(replaced);
  expect(regex.split(text)).toEqual(split);
});

test("replaces by groups or by a function, and keeps what does not match", () => {
  const regex = compileRegex("(\\w+)@(\\w+)");
  expect(regex.replaceAll("to a@b, c@d.", "$2 at ${1}")).toBe("to b at a, d at c.");
  expect(regex.replaceAll("to a@b", match => `<${match[0].length}>`)).toBe("to <3>");
  expect(regex.replaceAll("none", "$1")).toBe("none");
});

test("limits matches and parts", () => {
  expect(compileRegex("a").matchAll("aaa", 2)).toHaveLength(2);
  expect(compileRegex(",").split("a,b,c", 2)).toEqual(["a", "b,c"]);
  expect(compileRegex(",").split("a,b,c", 0)).toEqual([]);
});

test.for([
  { it: "an equality", pattern: "prod", yes: ["prod"], no: ["prod1", "", "xprod"] },
  { it: "two texts", pattern: "GET|POST", yes: ["GET", "POST"], no: ["GETPOST", "PUT"] },
  { it: "many texts", pattern: "(a|b|cd)e?|x", yes: ["a", "ae", "cde", "x"], no: ["e", "cd\n", "xe"] },
  { it: "texts with a choice of characters", pattern: "v[12][ab]", yes: ["v1a", "v2b"], no: ["v3a", "v1"] },
  { it: "anything", pattern: ".*", yes: ["", "a\nb"], no: [] },
  { it: "something", pattern: "(.+)", yes: ["a", "\n"], no: [""] },
  { it: "what begins with a text", pattern: "kube_.*", yes: ["kube_", "kube_a\n"], no: ["xkube_", "kube"] },
  { it: "what begins with a text and goes on", pattern: "kube_(.+)", yes: ["kube_a"], no: ["kube_"] },
  { it: "what ends with a text", pattern: "(.*)_total", yes: ["_total", "a_total"], no: ["a_totals"] },
  { it: "what holds a text", pattern: ".*err.*", yes: ["err", "an\nerror"], no: ["er"] },
  { it: "what holds one of several texts", pattern: ".*(err|warn).*", yes: ["an error", "warn"], no: ["info"] },
  { it: "nothing", pattern: "", yes: [""], no: ["a"] },
  { it: "what a stray bracket opens", pattern: "a)|(b", yes: ["ax", "xb"], no: ["xa", "bx"] },
] as const)("anchored, tests $it", ({ pattern, yes, no }) => {
  const regex = compileRegex(pattern, { anchored: true });
  for (const [texts, expected] of [
    [yes, true],
    [no, false],
  ] as const) {
    for (const text of texts) {
      expect([text, regex.test(text)]).toEqual([text, expected]);
      expect([text, regex.exec(text) !== null]).toEqual([text, expected]);
    }
  }
});

const accessLog = String.raw`^(?P<ip>\S+) \S+ (?P<user>\S+) \[(?P<ts>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+)[^"]*" (\d+) (\d+)`;

test.for([
  {
    it: "a loop whose end the next character decides",
    pattern: String.raw`^(\S+) \[([^\]]+)\] (\d+)`,
    length: 2 ** 20,
  },
  { it: "a search whose loops can't meet its beginning", pattern: '"level":\\s*"(\\w+)"', length: 2 ** 20 },
  { it: "a loop that nothing follows", pattern: "level=(\\w+)", length: 2 ** 20 },
  { it: "anything, then the end of a line", pattern: "^ts=(\\d+) (.*)$", length: 2 ** 20 },
  { it: "groups of characters with separators", pattern: "^(?:[a-z]+\\.)*\\d+$", length: 2 ** 20 },
  { it: "an access log, square at worst", pattern: accessLog, length: 8192 },
  { it: "a search that may begin at each character of a loop", pattern: "\\d+ms", length: 8192 },
  { it: "anything before a text", pattern: ".*foo.*", length: 8192 },
  { it: "two loops that may share characters, cubic", pattern: "^(.*?) (.*?) x", length: 406 },
  { it: "nested loops", pattern: "^(a+)+$", length: 0 },
  { it: "alternatives that overlap in a loop", pattern: "^(a|ab|b)*$", length: 0 },
  { it: "a loop around what can be empty", pattern: "(\\w*,?)*x", length: 0 },
  { it: "a group that a later round forgets", pattern: "^(?:(a)|b)+$", length: 0 },
])("trusts V8 with $it up to $length characters", ({ pattern, length }) => {
  expect(compileRegex(pattern).nativeLength).toBe(length);
});

test("matches the same beyond the length that V8 is trusted with", () => {
  const regex = compileRegex("(\\d+)ms");
  const text = `${"1 ".repeat(5000)}42ms`;
  expect(regex.nativeLength).toBeLessThan(text.length);
  expect(regex.exec(text)?.slice()).toEqual(["42ms", "42"]);
  expect(regex.exec(text)?.index).toBe(10_000);
});

test("does what makes backtracking engines hang", () => {
  const text = `${"a".repeat(100_000)}!`;
  expect(compileRegex("^(a+)+$").test(text)).toBe(false);
  expect(compileRegex("(x+x+)+y|a!$").exec(text)?.index).toBe(99_999);
  expect(compileRegex("(?:a?){30}a{30}").test("a".repeat(30))).toBe(true);
});

/** A small generator, so that a failure can be repeated. */
function random(seed: number): <T>(choices: readonly T[]) => T {
  let state = seed;
  return choices => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return choices[(state >>> 8) % choices.length] as (typeof choices)[number]; // never without choices
  };
}

const atoms =
  "a b c ab bc . \\w \\d \\s \\S [ab] [^a] [b-d] é ^ $ \\b \\B \\z \\pL (?i:k) (?s:.) (?m:^) (?m:$) \\. 1".split(" ");
const quantifiers = "* + ? *? +? ?? {2} {1,2} {0,2} {2,} {1,3}?".split(" ");

function randomPattern(pick: ReturnType<typeof random>, depth: number): string {
  const inner = () => randomPattern(pick, depth - 1);
  switch (
    depth === 0
      ? "atom"
      : pick(["atom", "atom", "pair", "pair", "pair", "group", "either", "repeat", "repeat"] as const)
  ) {
    case "pair":
      return inner() + inner();
    case "group":
      return `(${inner()})`;
    case "either":
      return `${pick(["(", "(?:"])}${inner()}|${inner()})`;
    case "repeat":
      return `(?:${inner()})${pick(quantifiers)}`;
    default:
      return pick(atoms);
  }
}

test("finds what re2js finds, whichever engine", () => {
  const pick = random(20);
  for (let i = 0; i < 1500; i++) {
    const pattern = randomPattern(pick, 4);
    const regex = compileRegex(pattern);
    const engines = linearEngines(pattern);
    for (let j = 0; j < 4; j++) {
      const text = Array.from({ length: pick([0, 2, 4, 7]) }, () =>
        pick(["a", "b", "c", "é", " ", "\n", "1", "k", "K", "."]),
      ).join("");
      const expected = peerMatch(pattern, text);
      expect({ pattern, text, slots: slotsOf(regex.indices(text)) }).toEqual({ pattern, text, slots: expected });
      for (const engine of engines) {
        expect({ pattern, text, slots: slotsOf(engine.run(text, 0)) }).toEqual({ pattern, text, slots: expected });
      }
      expect({ pattern, text, test: regex.test(text) }).toEqual({ pattern, text, test: expected !== null });
      expect({ pattern, text, exec: regex.exec(text)?.slice() }).toEqual({
        pattern,
        text,
        exec: expected ? slices(text, expected) : undefined,
      });
    }
  }
});

const slotsOf = (slots: ArrayLike<number> | null | undefined) => (slots ? Array.from(slots) : null);

function peerMatch(pattern: string, text: string): number[] | null {
  const matcher = RE2JS.compile(pattern).matcher(text);
  if (!matcher.find()) return null;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => [matcher.start(i), matcher.end(i)]).flat();
}
