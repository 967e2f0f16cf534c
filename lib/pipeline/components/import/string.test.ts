import { expect, test } from "vitest";
import { OptionalSecret, Secret } from "../../eval/value.ts";
import { testHost } from "../../graph/testing.ts";
import { importString } from "./string.ts";

test.for([
  { it: "is the text of the expression", content: "declare {", text: "declare {" },
  { it: "takes a content that may be secret", content: new OptionalSecret(true, "a"), text: "a" },
  { it: "takes a secret", content: new Secret("b"), text: "b" },
  { it: "may be empty", content: "", text: "" },
])("the module $it", async ({ content, text }) => {
  const host = testHost({ id: "import.string.m", directory: "/etc/amalgam" });
  const { exports } = await importString.build(importString.args.decode({ content }), host);
  expect(exports).toEqual({ content: { files: [{ name: "import.string.m", text }], path: "/etc/amalgam" } });
});
