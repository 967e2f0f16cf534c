import { expect, test } from "vitest";
import { decodeEscapes } from "./escapes.ts";

const bad = (written: string, at: number) => `<${written}@${at}>`;

test.for([
  { it: "text without any", text: "a'b", out: "a'b" },
  { it: "the named ones", text: String.raw`\a\b\f\n\r\t\v\\\"`, out: '\x07\b\f\n\r\t\v\\"' },
  { it: "characters", text: String.raw`\u00e9-\U0001F600.`, out: "é-😀." },
  { it: "bytes that are UTF-8 together, in both forms", text: String.raw`\xc3\274\101\x7a!`, out: "üAz!" },
  { it: "bytes that are no UTF-8", text: String.raw`\xff\377a`, out: "\ufffd\ufffda" },
  { it: "a byte order mark", text: String.raw`\xef\xbb\xbfa`, out: "\ufeffa" },
  { it: "an escaped backslash before what looks like an escape", text: String.raw`\\n\\x41`, out: String.raw`\n\x41` },
  { it: "another quote is refused", text: String.raw`a\'`, out: String.raw`a<\'@1>` },
  { it: "the quote of single quotes", quote: "'", text: String.raw`\'\"`, out: String.raw`'<\"@2>` },
  { it: "one that is unknown", text: String.raw`ab\qc`, out: String.raw`ab<\q@2>c` },
  { it: "one of a character outside the first plane", text: "\\😀a", out: "<\\😀@0>a" },
  { it: "one that is too short", text: String.raw`\x4 \u12g \8`, out: String.raw`<\x@0>4 <\u@4>12g <\8@10>` },
  { it: "half of a surrogate pair", text: String.raw`\ud800\udc00`, out: String.raw`<\ud800@0><\udc00@6>` },
  { it: "no character", text: String.raw`\U00110000`, out: String.raw`<\U00110000@0>` },
  { it: "more than a byte", text: String.raw`\400`, out: String.raw`<\400@0>` },
  { it: "a backslash at the end", text: "a\\", out: "a<\\@1>" },
])("$it", ({ text, quote, out }) => {
  expect(decodeEscapes(text, { bad, ...(quote && { quote }) })).toBe(out);
});

test("bytes are decoded as the caller wishes", () => {
  const decode = (bytes: Uint8Array) => `[${[...bytes].join(" ")}]`;
  expect(decodeEscapes(String.raw`a\xffb\x01\002`, { bad, decode })).toBe("a[255]b[1 2]");
});

test("a text of megabytes", () => {
  expect(decodeEscapes("\\x41".repeat(1_000_000), { bad })).toBe("A".repeat(1_000_000));
});
