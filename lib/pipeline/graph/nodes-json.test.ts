import { expect, test } from "vitest";
import { object, optional } from "../eval/schema.ts";
import { any } from "../eval/types.ts";
import { parseFile } from "../syntax/parser.ts";
import { type Definition, defineComponent } from "./component.ts";
import { buildNodes } from "./nodes.ts";
import { nodesFromJson, nodesToJson } from "./nodes-json.ts";

const part = defineComponent({
  name: "test.part",
  summary: "Has a value.",
  stability: "generally-available",
  args: object({ value: optional(any, null, "…") }),
  build: () => ({}),
});
const definitions = new Map([[part.name, part as Definition]]); // it has types of its own

test("a graph is the same once it was JSON, with its sources under their new names", () => {
  const files = {
    "/here/a.alloy":
      'logging { level = "debug" }\ntest.part "one" { value = [test.part.two, 18446744073709551615, -1.5] }',
    "/here/b.alloy": 'test.part "two" { }',
  };
  const diagnostics: never[] = [];
  const graphOf = (prefix: string) =>
    buildNodes(
      Object.entries(files).map(([name, text]) => parseFile({ name: name.replace("/here/", prefix), text }).file),
      { definitions, stability: "generally-available" },
      diagnostics,
    );
  const json = nodesToJson(graphOf("/here/"), name => name.replace("/here/", ""));
  expect(nodesFromJson(json, definitions)).toEqual(graphOf(""));
  expect(diagnostics).toEqual([]);
  expect(json).not.toContain("here");
});
