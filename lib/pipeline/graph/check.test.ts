import { expect, test } from "vitest";
import { object, optional, required } from "../eval/schema.ts";
import { any, string } from "../eval/types.ts";
import { parseFile } from "../syntax/parser.ts";
import { checkConfiguration } from "./check.ts";
import { type Definition, defineComponent } from "./component.ts";
import type { NodeOptions } from "./nodes.ts";

const value = defineComponent({
  name: "test.value",
  summary: "Only for tests.",
  stability: "generally-available",
  args: object({ of: optional(any, null, ""), name: required(string, "") }),
  exports: object({ value: required(any, "") }),
  build: ({ of }) => ({ exports: { value: of } }),
}) as Definition; // it has a type of its own

function found(text: string, options: Partial<NodeOptions> = {}): string[] {
  const { file, diagnostics } = parseFile({ name: "x.alloy", text });
  expect(diagnostics).toEqual([]);
  const definitions = new Map([
    [value.name, value],
    ["import.string", { ...value, name: "import.string", args: object({ content: required(string, "") }) }],
  ]);
  return checkConfiguration([file], { definitions, stability: "experimental", ...options }).map(
    ({ start, end, message }) => `${text.slice(0, start).split("\n").length}: ${message} [${text.slice(start, end)}]`,
  );
}

const instance = (body: string) => `d "i" {\n${body}\n}`;
const declared = 'declare "d" {\nargument "a" { }\nargument "b" {\noptional = true\n}\n}\n';

test.for([
  { it: "an instance beside its declare", text: `${declared}${instance("b = 1")}`, wrong: true },
  {
    it: "one in the body of another declare",
    text: `${declared}declare "o" {\n${instance("b = 1")}\n}`,
    wrong: true,
  },
  {
    it: "one in a template in such a body",
    text: `${declared}declare "o" {\nforeach "f" {\ncollection = []\nvar = "x"\ntemplate {\n${instance("b = 1")}\n}\n}\n}`,
    wrong: true,
  },
  {
    it: "one of a declare that stands behind it",
    text: `declare "o" {\n${instance("b = 1")}\n}\n${declared}`,
    wrong: true,
  },
  {
    it: "one whose name a nearer declare hides",
    text: `${declared}declare "o" {\ndeclare "d" {\nargument "b" { }\n}\n${instance("b = 1")}\n}`,
    wrong: false,
  },
  {
    it: "one whose name a nearer import hides",
    text: `${declared}declare "o" {\nimport.string "d" {\ncontent = ""\n}\n${instance("b = 1")}\n}`,
    wrong: false,
  },
  { it: "one that gives all", text: `${declared}declare "o" {\n${instance("a = 1")}\n}`, wrong: false },
])("arguments are those of the declare that the name means: $it", ({ text, wrong }) => {
  const messages = found(text).map(each => each.replace(/^\d+: | \[[\s\S]*$/g, ""));
  expect(messages).toEqual(wrong ? ['missing required attribute "a"'] : []);
});

test.for<{ it: string; text: string; says: string[]; options?: Partial<NodeOptions> }>([
  {
    it: "the first of equal arguments counts",
    text: 'declare "d" {\nargument "a" {\noptional = true\n}\nargument "a" { }\n}\nd "i" { }',
    says: ['5: block argument.a already declared at x.alloy:2:1 [argument "]'],
  },
  {
    it: "a missing label, a name that is taken and one that is unknown are told together",
    text: 'test.other { }\ntest.value { }\ntest.value {\nname = "x"\n}\ndeclare "c" { }\nc { }',
    says: [
      '1: component "test.other" must have a label [test.other]',
      '1: cannot find the definition of component name "test.other" [test.other]',
      '2: component "test.value" must have a label [test.value]',
      '2: missing required attribute "name" [test.value { }]',
      '3: component "test.value" must have a label [test.value]',
      "3: block test.value already declared at x.alloy:2:1 [test.value]",
      '7: component "c" must have a label [c]',
    ],
  },
  {
    it: "blocks of the language say first that their name is taken",
    text: 'declare "d" {\nargument { }\nargument { }\n}\ndeclare { }\ndeclare { }',
    says: [
      "2: argument block must have a label [argument]",
      "3: block argument already declared at x.alloy:2:1 [argument]",
      "3: argument block must have a label [argument]",
      "5: declare block must have a label [declare]",
      "6: declare block must have a label [declare]",
      "6: block declare already declared at x.alloy:5:1 [declare]",
    ],
  },
  {
    it: "a foreach says first that it has no level, no label and no template",
    text: "foreach {\ncollection = {}\nmore = 1\n}",
    options: { stability: "generally-available" },
    says: [
      '1: foreach block "foreach" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features [foreach]',
      "1: foreach block must have a label [foreach]",
      '1: missing required block "template" [foreach {\ncollection = {}\nmore = 1\n}]',
      "2: expected array, got object [{}]",
      '3: unrecognized attribute name "more" [more = 1]',
      '1: missing required attribute "var" [foreach {\ncollection = {}\nmore = 1\n}]',
    ],
  },
  {
    it: "attributes stand in no scope",
    text: 'a = 1\ndeclare "d" {\nb = 1\n}\nforeach "f" {\ncollection = 1\nvar = "x"\ntemplate {\nc = 1\n}\n}',
    says: [
      "1: unrecognized attribute a [a]",
      "3: unsupported statement type *ast.AttributeStmt [b = 1]",
      "9: unsupported statement type *ast.AttributeStmt [c = 1]",
      "6: expected array, got number [1]",
    ],
  },
  {
    it: "a template in a declare is a module, one beside it is none",
    text: 'declare "d" {\nforeach "f" {\ncollection = []\nvar = "x"\ntemplate {\nargument "a" { }\nlogging { }\n}\n}\n}\nforeach "f" {\ncollection = []\nvar = "x"\ntemplate {\nargument "a" { }\nlogging { }\n}\n}',
    says: [
      "7: logging not allowed in module [logging]",
      '15: argument blocks only allowed inside a module [argument "a" { }]',
      "16: logging not allowed in foreach [logging]",
    ],
  },
])("$it", ({ text, says, options }) => {
  expect(found(text, options)).toEqual(says);
});
