import { expect, test } from "vitest";
import { parseFile } from "../syntax/parser.ts";
import { buildNodes } from "./nodes.ts";
import { problemsOfUsed } from "./used-declares.ts";

const broken = (name: string) => `declare "${name}" {\nmissing.${name} "m" { }\n}\n`;
const template = (body: string) => `foreach "f" {\ncollection = []\nvar = "x"\ntemplate {\n${body}\n}\n}\n`;

test.for([
  { it: "one that is used", text: `${broken("a")}a "i" { }`, told: ["missing.a"] },
  { it: "one that nothing uses", text: broken("a"), told: [] },
  { it: "one that is used twice", text: `${broken("a")}a "i" { }\na "j" { }`, told: ["missing.a"] },
  { it: "one in a template, whatever its list", text: `${broken("a")}${template('a "i" { }')}`, told: ["missing.a"] },
  {
    it: "those that are used through another",
    text: `${broken("a")}${broken("b")}declare "o" {\na "i" { }\n${template('b "i" { }')}}\no "i" { }`,
    told: ["missing.a", "missing.b"],
  },
  {
    it: "none that a nearer one hides",
    text: `${broken("a")}declare "o" {\ndeclare "a" { }\na "i" { }\n}\no "i" { }`,
    told: [],
  },
  { it: "none that an import may bring", text: `${broken("a")}lib.a "i" { }`, told: [] },
])("$it", ({ text, told }) => {
  const { file } = parseFile({ name: "x.alloy", text });
  const nodes = buildNodes([file], { definitions: new Map(), stability: "experimental" }, []);
  const names = problemsOfUsed(nodes).map(({ message }) => message);
  expect(names).toEqual(told.map(name => `cannot find the definition of component name "${name}"`));
});
