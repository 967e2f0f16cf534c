import { expect, test } from "vitest";
import { parseExpression } from "../syntax/parser.ts";
import { countJsonParts, countYamlParts, mapText, maxParts } from "./bounds.ts";
import { evaluate } from "./evaluate.ts";
import { EvaluationError, OptionalSecret, Secret, sameValue, type Value } from "./value.ts";

const million = 1_000_000;
const text = "x".repeat(40 * million);
const list: readonly Value[] = Array.from({ length: 1.5 * million }, () => 1n);

/** Lists in lists, the same one at each place: a few objects that are 2^levels when written out. */
function shared(levels: number, leaf: Value = 1n): Value {
  let value = leaf;
  for (let i = 0; i < levels; i++) value = [value, value];
  return value;
}

function deep(levels: number): Value {
  let value: Value = 1n;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

const variables = new Map<string, Value>([
  ["text", text],
  ["spaces", " ".repeat(million)],
  ["quotes", '"'.repeat(20 * million)],
  ["emojis", "😀".repeat(million)],
  ["hundred", "x".repeat(100)],
  ["secret", new Secret(text)],
  ["plain", new OptionalSecret(false, text)],
  ["hidden", new OptionalSecret(true, text)],
  ["list", list],
  ["texts", Array.from({ length: 100 }, () => "x".repeat(million))],
  ["numbers", Array.from({ length: 1000 }, () => 1.5)],
  ["objects", Array.from({ length: 10_000 }, (_, i) => new Map<string, Value>([["k", String(i)]]))],
  ["same", Array.from({ length: 1500 }, () => new Map<string, Value>([["k", "v"]]))],
  ["tree", shared(60)],
  ["other", shared(60)],
  ["branches", new Map([["a", shared(60, "x")]])],
  ["deep", deep(100_000)],
  ["deeper", deep(100_000)],
  ["json", `[${"{},".repeat(1.5 * million)}1]`],
  ["brackets", `["${"[{,".repeat(million)}"]`],
  ["yaml", "- a\n".repeat(300_000)],
  ["laughs", `a: &a [x]\n${Array.from({ length: 26 }, (_, i) => bomb(i)).join("")}`],
  ["base64", "A".repeat(12 * million)],
  ["umlauts", "ä".repeat(26 * million)],
]);

function bomb(i: number): string {
  const [before, name] = [String.fromCharCode(97 + i), `b${i}`];
  return `${name}: &${i === 25 ? "z9" : String.fromCharCode(98 + i)} [${`*${before}, `.repeat(9)}*${before}]\n`;
}

const run = (expression: string): Value => {
  const { expr } = parseExpression({ name: "test.alloy", text: expression });
  if (!expr) throw new Error(`${expression} should parse`);
  return evaluate(expr, { variables });
};

const tooLong = "should give at most 67108864 characters, got";
const tooMany = "should give at most 2097152 items, got";
const tooMuch = "should read at most 2097152 values, got";

test.for([
  ["text + text", `operator + ${tooLong} 80000000`],
  ["secret + text", `operator + ${tooLong} 80000000`],
  ["secret + secret", `operator + ${tooLong} 80000000`],
  ["hidden + plain", `operator + ${tooLong} 80000000`],
  ["plain + text", `operator + ${tooLong} 80000000`],
  ["1 == 2 || text + text == text", `operator + ${tooLong} 80000000`],
  ["tree == other", "operator == should compare at most 16777216 values, got 16777219"],
  ["deep != deeper", "operator != should compare values of at most 2000 levels, got more"],
  ['string.format("%s%s", text, text)', `string.format ${tooLong} 80000000`],
  ['string.format("%v", texts)', `string.format ${tooLong} 68000000`],
  ['string.format("%999999d", list)', `string.format ${tooLong} 67999932`],
  ['string.format("%.999999d", list)', `string.format ${tooLong} 67999932`],
  ['string.format("%.999999f", numbers)', `string.format ${tooLong} 67999932`],
  ['string.format("%*d", 1000000, list)', `string.format ${tooLong} 68000000`],
  [
    'string.format("%+q", [emojis, emojis, emojis, emojis, emojis, emojis, emojis])',
    `string.format ${tooLong} 70000000`,
  ],
  ['string.format("% #x", quotes)', `string.format ${tooLong} 100000000`],
  ['string.format("%x", text)', `string.format ${tooLong} 80000000`],
  ['string.format("%v", tree)', `string.format ${tooMuch} 2097153`],
  ["string.join(texts, text)", `string.join ${tooLong} 4060000000`],
  ['string.replace(spaces, " ", hundred)', `string.replace ${tooLong} 100000000`],
  ['string.replace(spaces, "", hundred)', `string.replace ${tooLong} 101000100`],
  ['string.split(spaces + spaces + spaces, "")', `string.split ${tooMany} 3000000`],
  ['string.split(spaces + spaces + spaces, " ")', `string.split ${tooMany} 3000001`],
  ["array.concat(list, list)", `array.concat ${tooMany} 3000000`],
  [
    'array.combine_maps(objects, objects, ["k"])',
    "array.combine_maps should compare at most 16777216 values, got 100000000",
  ],
  ['array.combine_maps(same, same, ["k"])', `array.combine_maps ${tooMany} 2097153`],
  ["encoding.to_json(branches)", `encoding.to_json ${tooMuch} 2097153`],
  ["encoding.to_json({a = texts})", `encoding.to_json ${tooLong} 68000209`],
  ["encoding.to_json({a = text, b = text})", `encoding.to_json ${tooLong} 80000014`],
  ["encoding.to_json({a = quotes, b = quotes})", `encoding.to_json ${tooLong} 80000014`],
  ["encoding.to_base64(umlauts)", `encoding.to_base64 ${tooLong} 69333336`],
  ["encoding.to_URLbase64(umlauts)", `encoding.to_URLbase64 ${tooLong} 69333336`],
  ["encoding.url_encode(quotes + quotes)", `encoding.url_encode ${tooLong} 120000000`],
  ["encoding.from_base64(base64)", "encoding.from_base64 should give at most 8388608 items, got 9000000"],
  ["encoding.from_json(json)", `encoding.from_json ${tooMuch} 3000002`],
  ["encoding.from_yaml(yaml)", "encoding.from_yaml should read at most 262144 values, got 300001"],
  ["encoding.from_yaml(laughs)", "encoding.from_yaml yaml: document contains excessive aliasing"],
  ["file.path_join(text, text)", `file.path_join ${tooLong} 80000001`],
  [
    '[text + "1", text + "2", text + "3", text + "4", text + "5", text + "6", text + "7"]',
    "operator + makes the expression build 280000007 bytes, which should be at most 268435456",
  ],
  [
    '[string.join([text], "1"), string.join([text], "2"), secret + "a", plain + "b", string.join([text, "c"], ""), hidden + "d", string.join([text, ""], "")]',
    "string.join makes the expression build 280000004 bytes, which should be at most 268435456",
  ],
])("%s is refused", ([expression, message]) => {
  let caught: unknown;
  try {
    run(expression ?? "");
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(EvaluationError);
  expect((caught as EvaluationError).message).toBe(message); // checked above
});

test.for<[string, Value]>([
  ['string.trim_space("a" + spaces + "b") == "a" + spaces + "b"', true],
  ["string.trim_space(spaces)", ""],
  ['string.trim(spaces, " ")', ""],
  ['string.replace("a.b.c", ".", "$&$$")', "a$&$$b$&$$c"],
  ['string.replace("a😀", "", "-")', "-a-😀-"],
  ['string.to_upper(emojis + spaces + hundred) == emojis + spaces + string.replace(hundred, "x", "X")', true],
  ['encoding.from_json(brackets)[0] == string.replace(encoding.from_json(brackets)[0], "y", "")', true],
  ['string.format("%.3s|%.9s", "a😀bc", "ab")', "a😀b|ab"],
  ['string.format("% x|% #X|%x|%.1x", "añ", "ab", "", "ab")', "61 c3 b1|0X61 0X62||61"],
])("%s is not", ([expression, value]) => {
  expect(run(expression)).toBe(value);
});

test("values that are too large to compare are different", () => {
  expect(sameValue(shared(60), shared(60))).toBe(false);
  expect(sameValue(deep(100_000), deep(100_000))).toBe(false);
  expect(sameValue(shared(10), shared(10))).toBe(true);
});

test("texts are mapped piece by piece without cutting a character", () => {
  const long = `a${"😀".repeat(100_000)}`;
  expect(mapText(long, piece => (piece.isWellFormed() ? piece : "broken"))).toBe(long);
});

test("parts are counted outside of strings", () => {
  expect(countJsonParts('{"a": [1, 2, {"b,[\\"{": 3}], "c": 4}')).toBe(7);
  expect(countYamlParts("a: [1, {b: 2}]\nc: 3\n")).toBe(6);
  expect(maxParts).toBeLessThan(3_000_002);
});
