import { expect, test } from "vitest";
import { currentReadme, freshReadme } from "../scripts/readme.ts";

test("README.md lists the components that are there; npm run readme writes them", () => {
  const text = currentReadme();
  expect(freshReadme(text), "run `npm run readme`").toBe(text);
});

test("a README.md without a place for the list is an error", () => {
  expect(() => freshReadme("# Amalgam\n")).toThrow(
    "README.md should have <!-- components: written by npm run readme --> and <!-- /components -->, got none or another order",
  );
});
