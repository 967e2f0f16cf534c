import { expect, test } from "vitest";
import { oneLine, sizeText, table, withoutSecrets } from "./letter-text.ts";

test("a table has columns as wide as they need to be, and no spaces at ends of lines", () => {
  expect(
    table(
      ["ID", "STATUS", "REASON"],
      [
        ["1", "400", "a longer reason"],
        ["12", "-", ""],
      ],
    ),
  ).toBe("ID  STATUS  REASON\n1   400     a longer reason\n12  -\n");
});

test.for([
  { bytes: 0, text: "0 B" },
  { bytes: 1023, text: "1023 B" },
  { bytes: 1024, text: "1.0 KiB" },
  { bytes: 3_565_158, text: "3.4 MiB" },
  { bytes: 2 ** 50, text: "1024.0 TiB" },
])("$bytes bytes are $text", ({ bytes, text }) => {
  expect(sizeText(bytes)).toBe(text);
});

test.for([
  { it: "lines", text: "a\nb\tc", shown: "a\\nb\\tc" },
  { it: "what moves a cursor", text: "\u001b[2Jgone", shown: "\\u001b[2Jgone" },
  { it: "credentials in URLs", text: "at https://me:pw@host/", shown: "at https://(secret)@host/" },
  { it: "tokens", text: "sent Bearer abc123def", shown: "sent Bearer (secret)" },
])("a reason is shown on one line, without $it", ({ text, shown }) => {
  expect(oneLine(text)).toBe(shown);
});

test.for([
  { it: "an attribute of OTLP", value: { key: "http.request.header.authorization", value: { stringValue: "x" } }, shown: { key: "http.request.header.authorization", value: "(secret)" } }, // biome-ignore format: one row
  { it: "a label", value: { stream: { app: "a", api_key: "x", "db.password": "y" } }, shown: { stream: { app: "a", api_key: "(secret)", "db.password": "(secret)" } } }, // biome-ignore format: one row
  { it: "a token in a line", value: ["1", "with bearer abc123def"], shown: ["1", "with bearer (secret)"] },
  { it: "nothing that only counts secrets", value: { tokens: 3, secretary: "Ada", key: "a", value: 1 }, shown: { tokens: 3, secretary: "Ada", key: "a", value: 1 } }, // biome-ignore format: one row
])("secrets are taken out: $it", ({ value, shown }) => {
  expect(withoutSecrets(value)).toEqual(shown);
});

test("values become what JSON has", () => {
  expect(withoutSecrets({ a: 12n, b: Number.NaN, c: Uint8Array.of(1, 2), d: null, e: undefined, f: true })).toEqual({
    a: "12",
    b: "NaN",
    c: "AQI=",
    d: null,
    e: undefined,
    f: true,
  });
});
