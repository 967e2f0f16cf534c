import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfiguration } from "./configuration.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "configuration-"));
  for (const [name, text] of Object.entries({
    "b.alloy": "b { }",
    "a.alloy": "a { }",
    "c.txt": "c { }",
    "broken.alloy": "x {",
  }))
    writeFileSync(path.join(folder, name), text);
  mkdirSync(path.join(folder, "empty"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string) => {
  const { files, diagnostics, directory } = readConfiguration(path.join(folder, name));
  return {
    names: files.map(({ source }) => path.relative(folder, source.name)),
    blocks: files.flatMap(({ body }) => body.map(({ name }) => name.name)),
    diagnostics: diagnostics.map(({ message }) => message),
    directory: path.relative(folder, directory),
  };
};

test("a file is a configuration, its folder where paths start", () => {
  expect(read("b.alloy")).toEqual({ names: ["b.alloy"], blocks: ["b"], diagnostics: [], directory: "" });
});

test("a folder is one configuration of all its .alloy files, by name; what is wrong in one is told", () => {
  const { names, diagnostics, directory } = read(".");
  expect({ names, diagnostics, directory }).toEqual({
    names: ["a.alloy", "b.alloy", "broken.alloy"],
    diagnostics: ["expected }, got EOF"],
    directory: "",
  });
});

test("a folder without any is refused", () => {
  expect(() => read("empty")).toThrow("should have a file that ends with .alloy, got none");
});

test("what does not exist is refused", () => {
  expect(() => read("none.alloy")).toThrow("ENOENT");
});
