import { describe, expect, test } from "vitest";
import { LabelSyntaxError, parseLabels, parseLabelsShared, printLabels } from "./labels.ts";

describe("printLabels", () => {
  test.for([
    { it: "prints no labels", pairs: [], text: "{}" },
    {
      it: "sorts names in byte order",
      pairs: ["z", "1", "a", "2", "A", "3", "_u", "4", "a1", "5", "a_b", "6", "aB", "7"],
      text: '{A="3", _u="4", a="2", a1="5", aB="7", a_b="6", z="1"}',
    },
    { it: "prints empty values", pairs: ["empty", ""], text: '{empty=""}' },
    {
      it: "escapes as Go does",
      pairs: ["t", 'tab\t nl\n cr\r bs\\ q" nul\0 uni\u2028 emoji😀 nbsp\u00a0 del\x7f'],
      text: '{t="tab\\t nl\\n cr\\r bs\\\\ q\\" nul\\x00 uni\\u2028 emoji😀 nbsp\\u00a0 del\\x7f"}',
    },
  ])("$it", ({ pairs, text }) => {
    expect(printLabels(pairs)).toBe(text);
  });
});

describe("parseLabels", () => {
  test.for([
    { it: "sorts", text: '{b="2", a="1"}', labels: ["a", "1", "b", "2"] },
    { it: "takes an empty set", text: "{}", labels: [] },
    { it: "takes no text at all", text: "", labels: [] },
    {
      it: "takes a trailing comma, blanks and comments",
      text: ' { a = "1" , # one\n b="2",\t} # end',
      labels: ["a", "1", "b", "2"],
    },
    { it: "drops empty values", text: '{a="", b="2"}', labels: ["b", "2"] },
    { it: "lets the last of equal names win", text: '{a="1", a="2"}', labels: ["a", "2"] },
    { it: "takes single quotes and backticks", text: "{a='it\\'s', b=`raw\\n`}", labels: ["a", "it's", "b", "raw\\n"] },
    { it: "takes quoted names", text: '{"a.b"="1"}', labels: ["a.b", "1"] },
    { it: "takes a metric name", text: 'up:x{a="1"}', labels: ["__name__", "up:x", "a", "1"] },
    { it: "takes a quoted metric name", text: '{"my.name", a="1"}', labels: ["__name__", "my.name", "a", "1"] },
    {
      it: "puts bytes together",
      text: '{a="\\xc3\\xbc\\303\\274\\u00fc\\U0001F600\\a\\b\\f\\n\\r\\t\\v\\\\\\""}',
      labels: ["a", 'üüü😀\x07\b\f\n\r\t\v\\"'],
    },
  ])("$it", ({ text, labels }) => {
    expect(parseLabels(text)).toEqual(labels);
  });

  test.for([
    {
      it: "a name with a dash",
      text: '{bad-name="v"}',
      message: 'label string should have "=" at position 4, got "-name=\\"v\\"}": "{bad-name=\\"v\\"}"',
    },
    {
      it: "a name that begins with a digit",
      text: '{9x="v"}',
      message: 'label string should have a label name at position 1, got "9x=\\"v\\"}": "{9x=\\"v\\"}"',
    },
    {
      it: "an open quote",
      text: '{a="b}',
      message: 'label string should have a closing quote at position 3, got "\\"b}": "{a=\\"b}"',
    },
    {
      it: "a line break in quotes",
      text: '{a="b\n"}',
      message: 'label string should have a closing quote at position 3, got "\\"b\\n\\"}": "{a=\\"b\\n\\"}"',
    },
    {
      it: "a value without quotes",
      text: "{a=b}",
      message: 'label string should have a quoted label value at position 3, got "b}": "{a=b}"',
    },
    {
      it: "a leading comma",
      text: '{,a="b"}',
      message: 'label string should have a label name at position 1, got ",a=\\"b\\"}": "{,a=\\"b\\"}"',
    },
    {
      it: "a missing comma",
      text: '{a="b" c="d"}',
      message: 'label string should have "}" at position 7, got "c=\\"d\\"}": "{a=\\"b\\" c=\\"d\\"}"',
    },
    {
      it: "other comparisons",
      text: '{a!="b"}',
      message: 'label string should have "=" at position 2, got "!=\\"b\\"}": "{a!=\\"b\\"}"',
    },
    {
      it: "text behind it",
      text: '{a="b"}x',
      message: 'label string should have the end at position 7, got "x": "{a=\\"b\\"}x"',
    },
    {
      it: "an unknown escape",
      text: '{a="\\q"}',
      message:
        'label string should have a valid escape instead of "\\\\q" at position 3, got "\\"\\\\q\\"}": "{a=\\"\\\\q\\"}"',
    },
    {
      it: "half a surrogate pair",
      text: '{a="\\ud800"}',
      message:
        'label string should have a valid escape instead of "\\\\ud800" at position 3, got "\\"\\\\ud800\\"}": "{a=\\"\\\\ud800\\"}"',
    },
    {
      it: "bytes that were no UTF-8",
      text: '{a="\ufffd"}',
      message: 'label string should be valid UTF-8, got "{a=\\"\ufffd\\"}"',
    },
  ])("refuses $it", ({ text, message }) => {
    expect(() => parseLabels(text)).toThrow(new LabelSyntaxError(message));
  });

  test("reads what printLabels prints", () => {
    const labels = ["a", 'b\\"\n\t\0\u2028😀é', "z", " "];
    expect(parseLabels(printLabels(labels))).toEqual(labels);
  });

  test("gives one object for equal labels", () => {
    expect(parseLabelsShared('{b="1",a="2"}')).toBe(parseLabelsShared('{a="2", b="1"}'));
  });
});
