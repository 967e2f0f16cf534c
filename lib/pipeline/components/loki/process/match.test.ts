import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const mark = (name: string) => ({ static_labels: { values: { [name]: "yes" } } });
const match = (selector: string, ...stage: readonly Record<string, Record<string, unknown>>[]) => ({
  match: { selector, stage },
});

test("runs stages on what the selector fits, and the rest passes", () => {
  const stages = [match('{app="shop"} |= "x"', mark("hit"))];
  expect(
    runStages(stages, [{ line: "x" }, { line: "y" }, { line: "x", labels: { app: "cart" } }]).out.map(
      ({ labels }) => labels,
    ),
  ).toEqual([{ app: "shop", hit: "yes" }, { app: "shop" }, { app: "cart" }]);
});

test("nests, and what nested stages change holds after the block", () => {
  const stages = [
    match(
      '{app="shop"} |= "order"',
      { regex: { expression: "order=(?P<order>\\d+)" } },
      mark("order_seen"),
      match('{order_seen="yes"} |~ "time(d )?out"', { output: { source: "order" } }),
    ),
    { structured_metadata: { values: { order: "" } } },
  ];
  expect(runStages(stages, [{ line: "order=1 timed out" }, { line: "order=2" }]).out).toEqual([
    { labels: { app: "shop", order_seen: "yes" }, line: "1", metadata: { order: "1" } },
    { labels: { app: "shop", order_seen: "yes" }, line: "order=2", metadata: { order: "2" } },
  ]);
});

test("labels are extracted values again for the stages in the block", () => {
  const stages = [{ json: { expressions: { app: "" } } }, match('{app="shop"}', { output: { source: "app" } })];
  expect(runStages(stages, [{ line: '{"app":"other"}' }]).out[0]?.line).toBe("shop");
});

test("drops", () => {
  const stages = [{ match: { selector: '{app=~"sh.*"} != "keep"', action: "drop", drop_counter_reason: "noise" } }];
  expect(runStages(stages, [{ line: "a" }, { line: "keep" }])).toEqual({
    out: [{ labels: { app: "shop" }, line: "keep", metadata: {} }],
    dropped: [{ reason: "noise", items: 1 }],
  });
});

test.for([
  {
    it: "no selector",
    stage: { match: { selector: "", stage: [mark("a")] } },
    message: "stage.match: selector statement required for match stage",
  },
  {
    it: "a bad selector",
    stage: match("{app=`x`}", mark("a")),
    message:
      'stage.match: invalid selector syntax for match stage: parse error at column 6: expected a string in double quotes, got "`x`}"',
  },
  {
    it: "no stages",
    stage: match('{app="x"}'),
    message: "stage.match: match stage requires at least one additional stage to be defined in '- stages'",
  },
  {
    it: "stages to drop",
    stage: { match: { selector: "{}", action: "drop", stage: [mark("a")] } },
    message: "stage.match: match stage configured to drop entries cannot contains stages",
  },
  {
    it: "an unknown action",
    stage: { match: { selector: "{}", action: "x" } },
    message: "stage.match: match stage action should be 'keep' or 'drop'",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
