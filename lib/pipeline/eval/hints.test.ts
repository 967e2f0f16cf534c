import { expect, test } from "vitest";
import { hintFor, suggest } from "./hints.ts";

const ids = ["loki.write.default", "loki.write.other", "loki.process.p"];

test.for([
  { it: "swaps two letters", name: "forwrad_to", known: ["forward_to", "rule"], out: "forward_to" },
  { it: "is nothing for a name unlike all", name: "x", known: ["forward_to"], out: undefined },
  { it: "takes the nearest, not the first", name: "ruel", known: ["rulebook", "rule", "rules"], out: "rule" },
  { it: "misses a letter", name: "rul", known: ["rule", "rules"], out: "rule" },
  { it: "knows the style of other languages", name: "forwardTo", known: ["forward_to"], out: "forward_to" },
  { it: "knows capitals", name: "URL", known: ["uri", "url"], out: "url" },
  { it: "does not take one letter for another", name: "a", known: ["b"], out: undefined },
  { it: "compares each part by itself", name: "loki.write.deflt", known: ids, out: "loki.write.default" },
  { it: "leaves a label alone that is another word", name: "loki.write.none", known: ids, out: undefined },
  { it: "is no name with more parts", name: "loki.write", known: ["loki.write.out"], out: undefined },
  { it: "knows a dot for a line", name: "loki.write_default", known: ids, out: "loki.write.default" },
  { it: "knows the end of a longer name", name: "json", known: ["stage.json", "stage.cri"], out: "stage.json" },
  { it: "guesses no end that several names have", name: "out", known: ["a.out", "b.out"], out: undefined },
])("a hint $it", ({ name, known, out }) => {
  const hint = out && `did you mean "${out}"?`;
  expect(hintFor(name, known)).toBe(hint);
  expect(suggest(name, known)).toBe(hint ? `, ${hint}` : "");
});
