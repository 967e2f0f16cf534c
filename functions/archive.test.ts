import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import { archive } from "./archive.ts";

const file = (text: string) => new TextEncoder().encode(text);

test("an archive has its files", () => {
  const files = unzipSync(
    archive(
      new Map([
        ["index.mjs", file("a")],
        ["certs/ca.pem", file("b")],
      ]),
    ),
  );
  const texts = Object.entries(files).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]);
  expect(texts.sort()).toEqual([
    ["certs/ca.pem", "b"],
    ["index.mjs", "a"],
  ]);
});

test("an archive has the same bytes, whatever the order of its files and the time zone", () => {
  const zone = process.env["TZ"];
  const one = archive(
    new Map([
      ["a", file("1")],
      ["b", file("2")],
    ]),
  );
  process.env["TZ"] = "Pacific/Kiritimati";
  const other = archive(
    new Map([
      ["b", file("2")],
      ["a", file("1")],
    ]),
  );
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
  expect(Buffer.from(one).equals(Buffer.from(other))).toBe(true);
});
