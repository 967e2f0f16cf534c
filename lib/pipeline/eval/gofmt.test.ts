import { expect, test } from "vitest";
import { compareText, GoNamed, GoStruct, type GoValue, goFormat } from "./gofmt.ts";

const secret = new GoStruct("alloytypes.OptionalSecret", [
  ["IsSecret", true],
  ["Value", "hush"],
]);
const object = new Map<string, GoValue>([
  ["b", 1n],
  ["a", "x"],
]);

test.for<{ it: string; format: string; args: GoValue[]; out: string }>([
  { it: "copies text", format: "no verb", args: [], out: "no verb" },
  {
    it: "writes integers",
    format: "%d|%5d|%-5d|%05d|%+d|% d",
    args: [42n, 42n, 42n, 42n, 42n, 42n],
    out: "42|   42|42   |00042|+42| 42",
  },
  {
    it: "writes other bases",
    format: "%x %X %o %b %#x %#o %O",
    args: [255n, 255n, 8n, 5n, 255n, 8n, 8n],
    out: "ff FF 10 101 0xff 010 0o10",
  },
  { it: "gives integers a least count of digits", format: "%.5d|%8.3d", args: [42n, -7n], out: "00042|    -007" },
  {
    it: "writes characters",
    format: "%c %q %U %#U",
    args: [233n, 233n, 233n, 0x1f600n],
    out: "é 'é' U+00E9 U+1F600 '😀'",
  },
  {
    it: "writes floats",
    format: "%f %.2f %8.3f| %e %g %G %v",
    args: [1.5, 2.345, 7.14159, 123456.789, 1e21, 1e-10, 1e6],
    out: "1.500000 2.35    7.142| 1.234568e+05 1e+21 1E-10 1e+06",
  },
  { it: "puts zeros behind the sign", format: "%08.3f|%+.1f", args: [-7.14159, 2], out: "-007.142|+2.0" },
  { it: "keeps trailing zeros with a sharp", format: "%#g|%#.3g|%#.0f", args: [1.5, 1, 3], out: "1.50000|1.00|3." },
  { it: "does not pad infinity with zeros", format: "%06f", args: [Number.POSITIVE_INFINITY], out: "  +Inf" },
  {
    it: "writes text",
    format: "%s|%10s|%-10s|%.2s|%x|% X|%q|%#q",
    args: ["x", "abc", "abc", "abc", "hi", "hi", 'a"b\né', "a`b"],
    out: 'x|       abc|abc       |ab|6869|68 69|"a\\"b\\né"|"a`b"',
  },
  { it: "counts characters, not bytes or halves", format: "%3s|%.1s", args: ["🚀", "🚀🚀"], out: "  🚀|🚀" },
  {
    it: "writes booleans and null",
    format: "%t %v %v %d",
    args: [true, false, null, null],
    out: "true false <nil> %!d(<nil>)",
  },
  {
    it: "writes lists, maps and structs",
    format: "%v %v %v %+v",
    args: [[1n, "a", null], object, secret, secret],
    out: "[1 a <nil>] map[a:x b:1] {true hush} {IsSecret:true Value:hush}",
  },
  {
    it: "writes Go syntax",
    format: "%#v %#v %#v %#v",
    args: ["a", [1n, "a"], object, secret],
    out: '"a" []interface {}{1, "a"} map[string]interface {}{"a":"x", "b":1} alloytypes.OptionalSecret{IsSecret:true, Value:"hush"}',
  },
  {
    it: "applies a verb to each part",
    format: "%s|%q|%x",
    args: [[104n], secret, [104n, 105n]],
    out: '[%!s(int=104)]|{%!q(bool=true) "hush"}|[68 69]',
  },
  {
    it: "names types",
    format: "%T %T %T %T %T %T",
    args: [1n, 1.5, "", [], object, null],
    out: "int float64 string []interface {} map[string]interface {} <nil>",
  },
  {
    it: "prints named types by what is inside",
    format: "%s %d",
    args: [new GoNamed("alloytypes.Secret", "x"), new GoNamed("alloytypes.Secret", "x")],
    out: "x %!d(alloytypes.Secret=x)",
  },
  {
    it: "asks a struct for its text",
    format: "%v %s %d",
    args: [new GoStruct("T", [], "{a}"), new GoStruct("T", [], "{a}"), new GoStruct("T", [], "{a}")],
    out: "{a} {a} {}",
  },
  {
    it: "tells a wrong verb",
    format: "%d %f %s %z %t",
    args: ["x", 3n, 5n, 1n, "y"],
    out: "%!d(string=x) %!f(int=3) %!s(int=5) %!z(int=1) %!t(string=y)",
  },
  { it: "keeps the width in a wrong verb", format: "%5z", args: [1n], out: "%!z(int=    1)" },
  { it: "tells what is missing and what is left over", format: "%d %d", args: [1n], out: "1 %!d(MISSING)" },
  {
    it: "tells the types of what is left over",
    format: "%d",
    args: [1n, 2n, null, "x"],
    out: "1%!(EXTRA int=2, <nil>, string=x)",
  },
  { it: "writes a percent sign", format: "%%|%5%", args: [], out: "%|%" },
  { it: "tells that a verb is missing", format: "100%", args: [], out: "100%!(NOVERB)" },
  { it: "takes arguments by index", format: "%[2]s-%[1]s-%s", args: ["a", "b"], out: "b-a-b" },
  { it: "does not complain of arguments left over after an index", format: "%[1]s", args: ["a", "b"], out: "a" },
  { it: "tells a wrong index", format: "%[3]d %[x]d %[1", args: [1n], out: "%!d(BADINDEX) %!d(BADINDEX) %!(NOVERB)" },
  {
    it: "takes width and precision from arguments",
    format: "%*d|%-*d|%.*f|%[1]*[2]d",
    args: [6n, 42n, 4n, 7n, 2n, 7.14159],
    out: "    42|7   |7.14|    42",
  },
  {
    it: "tells a wrong width or precision",
    format: "%*d %.*f",
    args: ["x", 1n, -1n, 1.5],
    out: "%!(BADWIDTH)1 %!(BADPREC)1.500000",
  },
  { it: "takes a point at the end for the verb", format: "%.", args: [1n], out: "%!.(int=1)" },
  {
    it: "cuts and pads the name of a type",
    format: "%.2T|%8T|%-6T|",
    args: [1n, true, 1.5],
    out: "in|    bool|float64|",
  },
  { it: "marks octal digits twice", format: "%#O %#o %#O", args: [1n, 0n, 0n], out: "0o01 0 0o0" },
  {
    it: "keeps zeros of hexadecimal floats",
    format: "%#x %#X %#.1x",
    args: [1, 1, 1.5],
    out: "0x1.0000p+00 0X1.P+00 0x1.8p+00",
  },
  { it: "knows no error to wrap", format: "%w %w", args: [[1n], 1n], out: "%!w([]interface {}=[1]) %!w(int=1)" },
  { it: "turns a negative width to the left", format: "%*d|", args: [-4n, 1n], out: "1   |" },
  {
    it: "knows unsigned numbers",
    format: "%d %T %#v",
    args: [2n ** 64n - 1n, 2n ** 64n - 1n, 2n ** 64n - 1n],
    out: "18446744073709551615 uint64 0xffffffffffffffff",
  },
])("goFormat $it", ({ format, args, out }) => {
  expect(goFormat(format, args)).toBe(out);
});

test("goFormat refuses to fill the memory", () => {
  expect(() => goFormat("%999999d".repeat(100), Array(100).fill(1n))).toThrow(
    "should give at most 67108864 characters, got 67999932",
  );
});

test.for([
  ["a", "b", -1],
  ["B", "a", -1],
  ["ab", "a", 1],
  ["é", "z", 1],
  ["\uffee", "🚀", -1],
  ["x", "x", 0],
] as const)("compareText orders %s and %s by bytes", ([a, b, sign]) => {
  expect(Math.sign(compareText(a, b))).toBe(sign);
});
