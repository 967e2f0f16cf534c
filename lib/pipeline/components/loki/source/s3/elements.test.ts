import { describe, expect, test } from "vitest";
import { Elements } from "./elements.ts";
import { type LinePlace, Lines } from "./lines.ts";

interface Place extends LinePlace {
  readonly list: boolean;
}

/** As an object is read: in pieces of a size, from a place. */
function elementsOf(
  content: Buffer,
  { size = 1_000_000, from = { offset: 0, parts: 0, list: false }, maxBytes = 1000 }: { size?: number; from?: Place; maxBytes?: number } = {}, // biome-ignore format: one row
) {
  const given: string[] = [];
  const offsets: number[] = [];
  const places: { place: Place; count: number }[] = [];
  const elements = new Elements("Records", from);
  const lines = new Lines({ maxBytes, long: "truncate", offsets: true }, from, (text, offset) => {
    if (!text.trim()) return;
    given.push(text.trim());
    offsets.push(offset);
  });
  for (let at = from.offset; at < content.length; at += size) {
    lines.push(elements.push(Buffer.from(content.subarray(at, at + size))));
    if (given.length && places.at(-1)?.place.offset !== lines.place.offset)
      places.push({ place: { ...lines.place, list: elements.isList }, count: given.length });
  }
  lines.push(elements.end());
  lines.end();
  return { given, offsets, places };
}

test.for<{ it: string; text: string; out: string[]; maxBytes?: number }>([
  { it: "elements of the list", text: '{"Records":[{"a":1},{"b":[2,{"c":"}]"}]}]}', out: ['{"a":1}', '{"b":[2,{"c":"}]"}]}'] },
  { it: "what is before and behind it is left out", text: '{"x":["Records",[1]],"v":{"Records":[0]},"Records" : [ {"a":1} , {"b":2} ] , "y":[{"z":3}]}\n', out: ['{"a":1}', '{"b":2}'] },
  { it: "a list alone", text: ' [{"a":1},2,"c,d",null]', out: ['{"a":1}', "2", '"c,d"', "null"] },
  { it: "white space, and a mark of the byte order", text: '\ufeff {\r\n  "Records": [\r\n    {\r\n      "a": 1\r\n    },\n    {}\n  ]\n}\n', out: ['{        "a": 1      }', "{}"] },
  { it: "strings with escapes", text: '{"\\"Records":1,"Records":["a\\"],[","\\\\",{"b":"\\\\\\""}]}', out: ['"a\\"],["', '"\\\\"', '{"b":"\\\\\\""}'] },
  { it: "an empty list", text: '{"Records":[]}', out: [] },
  { it: "a value of that name before", text: '{"a":"Records","Records":[1]}', out: ["1"] },
  { it: "an element that is too long is cut off", text: `{"Records":["${"x".repeat(200)}",2]}`, maxBytes: 100, out: [`"${"x".repeat(35)}… (166 bytes cut off)`, "2"] },
  { it: "a list that does not end", text: '{"Records":[{"a":1},{"b":', out: ['{"a":1}', '{"b":'] },
  { it: "another object passes as it is", text: '{"a":1}\n{"Records":[1,2]}\n', out: ['{"a":1}', '{"Records":[1,2]}'] },
  { it: "no list of that name passes as it is", text: '{"Records":{"a":[1]},"b":[2]}', out: ['{"Records":{"a":[1]},"b":[2]}'] },
  { it: "text passes as it is", text: "10.0.0.1 GET /\nb [1,2]", out: ["10.0.0.1 GET /", "b [1,2]"] },
  { it: "an object that is cut off before its list passes as it is", text: '{"a":"b', out: ['{"a":"b'] },
  { it: "nothing has none", text: "", out: [] },
  { it: "white space has none", text: " \n ", out: [] },
])("$it", ({ text, out, maxBytes = 1000 }) => {
  expect(elementsOf(Buffer.from(text), { maxBytes }).given).toEqual(out);
  expect(elementsOf(Buffer.from(text), { maxBytes, size: text.length > 1000 ? 65_536 : 1 }).given).toEqual(out);
}); // biome-ignore format: a row is one line

test("a list far behind the begin is none, whatever the pieces", () => {
  const text = `{"a":"${"x".repeat(300_000)}","Records":[1]}`;
  for (const size of [1_000_000, 65_536])
    expect(elementsOf(Buffer.from(text), { maxBytes: 400_000, size }).given.map(each => each === text)).toEqual([true]);
});

test("offsets are those of the content", () => {
  const text = '{"Records":[{"a":1},{"b":2}]}';
  expect(elementsOf(Buffer.from(text)).offsets).toEqual([text.indexOf('{"a'), text.indexOf('{"b')]);
});

describe("from each place the rest comes, whatever the pieces", () => {
  const values = Array.from({ length: 40 }, (_, i) => ({
    i,
    text: 'a"],[{\\'.repeat(i % 5),
    more: { list: [i, "é😀"] },
  }));
  test.for([
    { it: "of a list in an object", text: `{"v":1,"Records":${JSON.stringify(values)},"y":[{"z":"${"w".repeat(90)}"}]}` },
    { it: "of one with much white space", text: JSON.stringify({ v: 1, Records: values, y: [values[1]] }, null, 2) },
    { it: "of a list", text: JSON.stringify(values, null, 1) },
    { it: "of lines", text: values.map(value => JSON.stringify(value)).join("\n") },
  ])("$it", ({ text }) => {
    const content = Buffer.from(text);
    const all = elementsOf(content).given;
    expect(all.map(each => JSON.parse(each))).toEqual(values);
    for (const size of [1, 7, 64]) {
      const { given, places } = elementsOf(content, { size });
      expect(given).toEqual(all);
      for (const { place, count } of places)
        expect(elementsOf(content, { size: 11, from: place }).given).toEqual(all.slice(count));
    }
  }); // biome-ignore format: a row is one line
});
