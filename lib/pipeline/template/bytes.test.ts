import { expect, test } from "vitest";
import { byteLength, goBytes, goString, isValidText, sliceBytes, toValidText } from "./bytes.ts";

test.for([
  { text: "abc", bytes: [97, 98, 99] },
  { text: "é", bytes: [0xc3, 0xa9] },
  { text: "日", bytes: [0xe6, 0x97, 0xa5] },
  { text: "😀", bytes: [0xf0, 0x9f, 0x98, 0x80] },
  { text: "a\udcc3b", bytes: [97, 0xc3, 98] },
  { text: "\udce6\udc97", bytes: [0xe6, 0x97] },
  { text: "\udced\udca0\udc80", bytes: [0xed, 0xa0, 0x80] },
  { text: "\udcf5\udc80", bytes: [0xf5, 0x80] },
  { text: "\udcc0\udcaf", bytes: [0xc0, 0xaf] },
  { text: "\ufeff", bytes: [0xef, 0xbb, 0xbf] },
])("$text is $bytes, there and back", ({ text, bytes }) => {
  expect([...goBytes(text)]).toEqual(bytes);
  expect(goString(Uint8Array.from(bytes))).toBe(text);
  expect(byteLength(text)).toBe(bytes.length);
});

test("cutting a character in half and joining it again loses nothing", () => {
  const [first, second] = [sliceBytes("aé", 0, 2), sliceBytes("aé", 2)];
  expect([isValidText(first), isValidText(second), isValidText("aé")]).toEqual([false, false, true]);
  expect(goString(Buffer.concat([goBytes(first), goBytes(second)]))).toBe("aé");
});

test("a broken character leaves as one replacement character", () => {
  expect(toValidText(sliceBytes("日本", 0, 5))).toBe("日\ufffd");
  expect(toValidText("é")).toBe("é");
});
