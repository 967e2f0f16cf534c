import { expect, test } from "vitest";
import { Aligner } from "./align.ts";

test.for([
  { it: "gives cells above each other one width", text: "a\t1\nbbb\t2", out: "a   1\nbbb 2" },
  { it: "counts characters, not bytes", text: "é🚀\t1\nbbb\t2", out: "é🚀  1\nbbb 2" },
  { it: "ends a column at a line without it", text: "a\t1\nno column\nbbb\t2", out: "a 1\nno column\nbbb 2" },
  { it: "ends all columns at a form feed", text: "a\t1\fbbb\t2", out: "a 1\nbbb 2" },
  { it: "aligns later columns, too", text: "a\tbb\tc\naaa\tb\tc", out: "a   bb c\naaa b  c" },
  { it: "keeps tabs at the start of a line", text: "\t\ta\t1\n\t\tbb\t2", out: "\t\ta  1\n\t\tbb 2" },
  { it: "gives no room to a column of empty soft cells", text: "\va\n\vb", out: "a\nb" },
  { it: "gives room where one of them is not empty", text: "\va\nx\vb", out: "\ta\nx b" },
  { it: "removes blanks at the ends of lines", text: "a \t \nb\t\t", out: "a\nb" },
  { it: "keeps the last line without a line break", text: "a\nb", out: "a\nb" },
])("$it", ({ text, out }) => {
  const aligner = new Aligner();
  aligner.write(text);
  expect(aligner.finish()).toBe(out);
});

test("verbatim text keeps tabs, line breaks and blanks, and has a width", () => {
  const aligner = new Aligner();
  aligner.write("a\t");
  aligner.writeVerbatim("// x\ty ");
  aligner.write("\t1\nb\t2\t3");
  expect(aligner.finish()).toBe("a // x\ty  1\nb 2       3");
});
