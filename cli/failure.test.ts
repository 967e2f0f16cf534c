import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { failureText } from "./failure.ts";

const thrown = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

test.for([
  {
    it: "a file that is not there",
    run: () => readFileSync("gone.alloy"),
    says: "gone.alloy: no such file or directory",
  },
  { it: "a folder as a file", run: () => readFileSync("."), says: "illegal operation on a directory" },
  {
    it: "a file as a folder",
    run: () => writeFileSync("package.json/x", ""),
    says: "package.json/x: not a directory",
  },
  {
    it: "a message of ours",
    run: () => {
      throw new Error("x should be y, got z");
    },
    says: "x should be y, got z",
  },
])("$it", ({ run, says }) => {
  expect(failureText(thrown(run))).toBe(says);
});

test("an address that is taken", () => {
  const error = Object.assign(new Error("listen EADDRINUSE: address already in use 127.0.0.1:1"), {
    code: "EADDRINUSE",
  });
  expect(failureText(error)).toBe("listen EADDRINUSE: address already in use 127.0.0.1:1");
});
