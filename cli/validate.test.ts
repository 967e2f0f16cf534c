import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeSource, parseFile } from "../lib/pipeline/syntax/parser.ts";
import { findAllProblems } from "./validate.ts";

const options = { stability: "experimental", community: false } as const;

function problems(text: string): string[] {
  const { source } = decodeSource("x.alloy", Buffer.from(text));
  const { file, diagnostics } = parseFile(source);
  const found = findAllProblems({ files: [file], diagnostics }, options);
  for (const { start, end } of found) if (start > text.length + 1 || end < start) throw new Error(`${start} to ${end}`);
  return found.map(({ start, message }) => `${text.slice(0, Math.max(start, 0)).split("\n").length}: ${message}`);
}

const writer = 'loki.write "out" {\n  endpoint {\n    url = "http://x"\n  }\n}\n';

test.for([
  {
    it: "what is wrong in the blocks beside the broken one",
    text: `${writer}loki.process "p" {\n  forward_to = \n}\nlocal.file "f" {\n  name = "x"\n}\n`,
    says: [
      "8: expected expression, got }",
      '10: unrecognized attribute name "name"',
      '9: missing required attribute "filename"',
    ],
  },
  {
    it: "nothing of references to the broken one",
    text: `loki.write "out" {\n  endpoint {\n\nloki.process "p" {\n  forward_to = [loki.write.out.receiver]\n}\n`,
    says: ["4: expected }, got EOF"],
  },
  {
    it: "nothing that follows from the break",
    text: 'local.file "f" {\n  file',
    says: ["2: expected block label, got TERMINATOR"],
  },
  {
    it: "words that a type reads, and those that a component reads itself only when it is built",
    text: `loki.process "p" {
  forward_to = []
  stage.replace { expression = "(" }
  stage.template {
    source   = "x"
    template = "{{"
  }
  stage.sampling { rate = 2 }
  stage.labels {
    values      = { a = "" }
    source_type = "magic"
  }
  stage.split_json { source = "" }
  stage.eventlogmessage { source = "" }
}
prometheus.scrape "s" {
  targets                       = []
  forward_to                    = []
  scrape_protocols              = ["magic", ["x"]]
  metric_name_validation_scheme = "magic"
}
otelcol.processor.filter "f" {
  error_mode = "magic"
  output { }
  debug_metrics { level = "magic" }
}
otelcol.processor.probabilistic_sampler "p" {
  attribute_source = "magic"
  output { }
}
otelcol.auth.headers "h" {
  header {
    key    = "k"
    value  = "v"
    action = "Magic"
  }
}
`,
    says: [
      "11: unknown source_type: magic",
      "13: source cannot be empty",
      "19: expected string, got array",
      "23: unknown error mode magic",
      '25: unrecognized debug level "magic"',
      "35: unknown action magic",
    ],
  },
])("$it", ({ text, says }) => {
  expect(problems(text)).toEqual(says);
});

test("a file that is cut or has a hole anywhere gives diagnostics, and what is right gives none", () => {
  const text = readFileSync("examples/quickstart.alloy", "utf8");
  expect(problems(text)).toEqual([]);
  for (let at = 0; at < text.length; at += 37) {
    problems(text.slice(0, at));
    problems(text.slice(0, at) + text.slice(at + 1 + (at % 11)));
  }
});
