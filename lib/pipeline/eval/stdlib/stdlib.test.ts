import { expect, test } from "vitest";
import { parseExpression } from "../../syntax/parser.ts";
import { toText } from "../convert.ts";
import { evaluate } from "../evaluate.ts";
import { toGoPlain } from "../goplain.ts";
import { goJson } from "../json.ts";
import { OptionalSecret, Secret, Target, type Value } from "../value.ts";
import { deprecatedNames, mayReadYaml, stdlib } from "./index.ts";

const variables = new Map<string, Value>([
  ["secret", new Secret("hush")],
  ["hidden", new OptionalSecret(true, "hush")],
  ["plain", new OptionalSecret(false, "text")],
  [
    "targets",
    [
      new Target(
        new Map([
          ["port", "p80"],
          ["env", "prod"],
        ]),
      ),
      new Target(new Map([["port", "p82"]])),
    ],
  ],
]);

function run(text: string): Value {
  const { expr, diagnostics } = parseExpression({ name: "test.alloy", text });
  if (!expr) throw new Error(diagnostics[0]?.message);
  return evaluate(expr, { variables });
}

const rows = (name: string, cases: readonly (readonly [string, string])[]) =>
  test.for(cases)(`${name}: %s`, ([text, json]) => {
    expect(goJson(toGoPlain(run(text)))).toBe(json);
  });

rows("string", [
  ['string.join(["a", 1, 2.5], "/")', '"a/1/2.5"'],
  ['string.join([], ",")', '""'],
  ['string.join([encoding.from_base64("aGk="), plain], "-")', '"hi-text"'],
  ['string.split("a,b,,c", ",")', '["a","b","","c"]'],
  ['string.split("", ",")', '[""]'],
  ['string.split("", "")', "[]"],
  ['string.split("h🚀o", "")', '["h","🚀","o"]'],
  ['string.replace("abc", "", "-")', '"-a-b-c-"'],
  ['string.replace("aXbX", "X", "")', '"ab"'],
  ['string.replace("a1b", 1, "$&")', '"a$\\u0026b"'],
  ['string.to_upper("straße é ŉ ᾳ")', '"STRAßE É ŉ ᾼ"'],
  ["string.to_upper(null)", '""'],
  ['string.to_lower("ÀÉ İ ΑΣ")', '"àé i ας"'.replace("ς", "σ")],
  ['string.trim("abcba", "ab")', '"c"'],
  ['string.trim("aaa", "a")', '""'],
  ['string.trim("x", "")', '"x"'],
  ["string.trim(12321, 1)", '"232"'],
  ['string.trim_prefix("foofoo", "foo")', '"foo"'],
  ['string.trim_suffix("barbar", "bar")', '"bar"'],
  ['string.trim_suffix("bar", "")', '"bar"'],
  ['string.trim_space("\\t\\u2003a b \\n\\u00a0\\u0085")', '"a b"'],
  ['string.trim_space("\\u200ba\\ufeff")', '"\u200ba\ufeff"'],
  ['string.format("%s|%v|%q", hidden, plain, secret)', '"{%!s(bool=true) hush}|{false text}|\\"hush\\""'],
  ['string.format("%v", targets)', '"[{env=\\"prod\\", port=\\"p80\\"} {port=\\"p82\\"}]"'],
  [
    'string.format("%s|%v", encoding.from_base64("aGk="), encoding.from_base64("aGk="))',
    '"[%!s(int=104) %!s(int=105)]|[104 105]"',
  ],
  ["string.format(1)", '"1"'],
]);

rows("array", [
  ["array.concat()", "[]"],
  ['array.concat([1, "a"], [], [[null]])', '[1,"a",[null]]'],
  ['array.combine_maps([{i = "1", t = "A"}], [{i = "1", c = "p"}], ["i"])', '[{"c":"p","i":"1","t":"A"}]'],
  [
    'array.combine_maps([{i = "1"}], [{i = "1", c = "x"}, {i = "1", c = "y"}], ["i"])',
    '[{"c":"x","i":"1"},{"c":"y","i":"1"}]',
  ],
  [
    'array.combine_maps([{i = "1", t = "A"}, {i = "2", t = "B"}], [{i = "2", t = "Z"}], ["i"], true)',
    '[{"i":"1","t":"A"},{"i":"2","t":"Z"}]',
  ],
  ['array.combine_maps([{i = "1"}], [], ["i"], true)', "[]"],
  ['array.combine_maps([{a = 1}], [{a = 1.0}], ["a"])', "[]"],
  ['array.combine_maps([{a = null}], [{a = null}], ["a"])', '[{"a":null}]'],
  ['array.combine_maps([{a = [1]}], [{a = [1]}], ["a"])', "[]"],
  ['array.combine_maps(targets, [{port = "p82", team = "t"}], ["port"])', '[{"port":"p82","team":"t"}]'],
  ['array.group_by([{k = "x", n = 1}, {n = 2}], "k", true)', '[{"items":[{"k":"x","n":1}],"k":"x"}]'],
  ['array.group_by([{n = 2}, {m = 3}], "k", false)', '[{"items":[{"n":2},{"m":3}],"k":""}]'],
  ['array.group_by(targets, "env", true)[0]["items"]', '[{"env":"prod","port":"p80"}]'],
]);

rows("coalesce", [
  ['coalesce("", [], {}, null, "last")', '"last"'],
  ["coalesce(0, 0.0, false, 5)", "5"],
  ['coalesce("", [])', "[]"],
  ["coalesce()", "null"],
  ["coalesce([0], 1)", "[0]"],
  ["coalesce({a = null}, 1)", '{"a":null}'],
  ["coalesce(-0.0, 1)", "-0"],
  ['coalesce(encoding.from_base64(""), "empty")', '"empty"'],
]);

rows("encoding", [
  ['encoding.to_base64("héllo?>")', '"aMOpbGxvPz4="'],
  ['encoding.to_URLbase64("~~?")', '"fn4_"'],
  ['encoding.from_base64("aGk\\n=\\n")', "[104,105]"],
  ['encoding.from_URLbase64("_-8=")', "[255,239]"],
  ['encoding.url_encode("a b+c/d?e=f&g~h.é*")', '"a+b%2Bc%2Fd%3Fe%3Df%26g~h.%C3%A9%2A"'],
  ['encoding.url_decode("a+b%20c%2Bd%C3%A9")', '"a b c+dé"'],
  ['encoding.from_json("[1, {\\"a\\": null}]")', '[1,{"a":null}]'],
  ['encoding.from_json(encoding.from_base64("eyJhIjoxfQ==")).a', "1"],
  [
    "encoding.to_json({b = 1, a = hidden, c = secret, d = targets})",
    '"{\\"a\\":{\\"IsSecret\\":true,\\"Value\\":\\"hush\\"},\\"b\\":1,\\"c\\":\\"hush\\",\\"d\\":[{},{}]}"',
  ],
]);

rows("encoding.from_yaml", [
  ['encoding.from_yaml("[15, 0x1F, 0o17, 017, 0b11, 3_000, -5, +5]")', "[15,31,15,15,3,3000,-5,5]"],
  [
    'encoding.from_yaml("[1.5e3, .5, 5., 1_0.5, 1e400, 18446744073709551616]")',
    '[1500,0.5,5,10.5,"1e400",18446744073709552000]',
  ],
  [
    'encoding.from_yaml("[yes, on, true, FALSE, ~, null, Null, nUll]")',
    '["yes","on",true,false,null,null,null,"nUll"]',
  ],
  ['encoding.from_yaml("[\'1\', \\"true\\", a b, 1.2.3, 0x, 09]")', '["1","true","a b","1.2.3","0x",9]'],
  ['encoding.from_yaml("")', "null"],
  ['encoding.from_yaml("# nothing\\n")', "null"],
  ['encoding.from_yaml("a: 1\\n---\\nb: 2\\n")', '{"a":1}'],
  [
    'encoding.from_yaml("[2024-01-02, 2024-1-2T3:04:05.60Z, 2024-01-02 03:04:05 +2, 2024-13-02]")',
    '["2024-01-02T00:00:00Z","2024-1-2T3:04:05.60Z","2024-01-02 03:04:05 +2","2024-13-02"]'.replace(
      "2024-1-2T3:04:05.60Z",
      "2024-01-02T03:04:05.6Z",
    ),
  ],
  [
    'encoding.from_yaml("a: &x {k: 1, m: 2}\\nb: {<<: *x, k: 3}\\nc: *x\\n")',
    '{"a":{"k":1,"m":2},"b":{"k":3,"m":2},"c":{"k":1,"m":2}}',
  ],
  ['encoding.from_yaml("a: |\\n  l1\\n  l2\\nb: >\\n  f1\\n  f2\\n")', '{"a":"l1\\nl2\\n","b":"f1 f2\\n"}'],
  ['encoding.from_yaml("[!!str 1, !!float 1, !!int 017, ! 2]")', '["1",1,15,2]'],
]);

rows("the rest", [
  ["file.path_join()", '""'],
  ['file.path_join("")', '""'],
  ['file.path_join("", "a", "")', '"a"'],
  ['file.path_join("a/", "/b")', '"a/b"'],
  ['file.path_join("a", "..")', '"."'],
  ['file.path_join("/a", "../../b//c/")', '"/b/c"'],
  ['file.path_join("a", ".", "..", "..", "c")', '"../c"'],
  ["convert.nonsensitive(hidden + secret)", '"hushhush"'],
  ['convert.nonsensitive("plain")', '"plain"'],
  ['sys.env("AMALGAM_TEST_UNSET")', '""'],
  ["constants.version", '"v1.18.0"'],
  ['constants.hostname != "" && constants.arch != "" && constants.os != ""', "true"],
]);

test.for<[string, string]>([
  ["string.to_upper()", "string.to_upper expected 1 args, got 0"],
  ["string.format()", "string.format expected at least 1 args, got 0"],
  ['string.join("a", ",")', '"a" should be array, got string'],
  ["string.join(1)", "string.join expected 2 args, got 1"],
  ["array.concat([1], 2)", "2 should be array, got number"],
  ['array.combine_maps([1], [{a = 1}], ["a"])', "1 should be object, got number"],
  ["array.combine_maps([{a = 1}], [{a = 1}], [])", "[] combine_maps: merge conditions must not be empty"],
  ['array.combine_maps([], [], ["a"], 1)', "1 should be bool, got number"],
  ["array.combine_maps([], [], [300])", "300 should be string, got number"],
  ['array.group_by([1], "k", false)', "1 should be object, got number"],
  ['array.group_by([{k = 1}], "k", false)', "1 should be string, got number"],
  ["array.group_by([])", "group_by: expected 3 arguments, got 1"],
  ['encoding.from_json("{")', "encoding.from_json unexpected end of JSON input"],
  ['encoding.from_base64("a")', "encoding.from_base64 illegal base64 data at input byte 0"],
  ['encoding.from_base64("aGk")', "encoding.from_base64 illegal base64 data at input byte 0"],
  ['encoding.from_base64("aGk=x")', "encoding.from_base64 illegal base64 data at input byte 4"],
  ['encoding.from_base64("a===")', "encoding.from_base64 illegal base64 data at input byte 1"],
  ['encoding.from_base64("aG=")', "encoding.from_base64 illegal base64 data at input byte 3"],
  ['encoding.from_base64("aG=k")', "encoding.from_base64 illegal base64 data at input byte 2"],
  ['encoding.from_base64("Pz4_")', "encoding.from_base64 illegal base64 data at input byte 3"],
  ['encoding.url_decode("a%zz")', 'encoding.url_decode invalid URL escape "%zz"'],
  ['encoding.url_decode("%a")', 'encoding.url_decode invalid URL escape "%a"'],
  ["encoding.to_json([1])", "encoding.to_json jsonEncode only supports map"],
  ["encoding.to_json(targets[0])", "encoding.to_json jsonEncode only supports map"],
  ["convert.nonsensitive(5)", "5 should be capsule, got number"],
  ['sys.env(["A"])', '["A"] should be string, got array'],
  ['file.path_join("a", [1])', "[1] should be string, got array"],
  ["constants.nope", 'field "nope" does not exist'],
  ["string.to_upper(secret)", "secret secrets may not be converted into strings"],
])("refuses %s", ([text, message]) => {
  expect(() => run(text)).toThrow(expect.objectContaining({ message }));
});

test("refuses to fill the memory", () => {
  expect(() =>
    run('string.replace(string.replace(string.format("%9000d", 1), " ", string.format("%9000d", 1)), " ", "xx")'),
  ).toThrow("string.replace should give at most 67108864 characters, got 80991001");
});

test.for<[string, string]>([
  ["encoding.from_json(deep)", "encoding.from_json exceeded max depth"],
  ['json_path(deep, "$")', "json_path exceeded max depth"],
  ["encoding.from_yaml(deep)", "encoding.from_yaml yaml: exceeded max depth of 1000"],
])("%s refuses what nests too deep", ([text, message]) => {
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  const { expr } = parseExpression({ name: "test.alloy", text });
  if (!expr) throw new Error("no expression");
  expect(() => evaluate(expr, { variables: new Map([["deep", deep]]) })).toThrow(expect.objectContaining({ message }));
});

test("what nests as deep as it may goes through", () => {
  const deep = "[".repeat(900) + "]".repeat(900);
  const { expr } = parseExpression({
    name: "test.alloy",
    text: 'string.format("%v", encoding.from_json(deep)) == deep && encoding.from_json(deep) == encoding.from_json(deep)',
  });
  if (!expr) throw new Error("no expression");
  expect(evaluate(expr, { variables: new Map([["deep", deep]]) })).toBe(true);
});

test("decoded bytes are texts for attributes", () => {
  expect(toText(run('encoding.from_base64("aGk=")'))).toBe("hi");
});

test("deprecated names do what the new ones do", () => {
  const all =
    '[concat([1], [2]), json_decode("[1]"), yaml_decode("[a]"), base64_decode("aGk="), format("%d", 1), join(["a", "b"], "+"), replace("a-b", "-", "_"), split("a b", " "), to_lower("A"), to_upper("a"), trim("xax", "x"), trim_prefix("xa", "x"), trim_suffix("ax", "x"), trim_space(" a "), nonsensitive(secret), env("AMALGAM_TEST_UNSET")]';
  expect(goJson(toGoPlain(run(all)))).toBe(
    '[[1,2],[1],["a"],[104,105],"1","a+b","a_b",["a","b"],"a","A","a","a","a","a","hush",""]',
  );
  expect([...deprecatedNames].every(name => stdlib.has(name) && all.includes(`${name}(`))).toBe(true);
});

test("knows which text may read YAML", () => {
  expect(["encoding.from_yaml(x)", "yaml_decode(x)", "encoding.from_json(x)"].map(mayReadYaml)).toStrictEqual([
    true,
    true,
    false,
  ]);
});
