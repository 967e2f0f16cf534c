import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

test("pack: puts labels and values into the line", () => {
  const stages = [
    { json: { expressions: { user: "", n: "", nil: "" } } },
    { pack: { labels: ["zone", "user", "n", "nil", "absent"], ingest_timestamp: false } },
  ];
  const line = '{"user":"<ann>","n":1.0,"nil":null}';
  expect(runStages(stages, [{ line, labels: { app: "shop", zone: "z" } }]).out).toEqual([
    {
      labels: { app: "shop" },
      line: '{"n":"1","user":"\\u003cann\\u003e","zone":"z","_entry":"{\\"user\\":\\"\\u003cann\\u003e\\",\\"n\\":1.0,\\"nil\\":null}"}',
      metadata: {},
    },
  ]);
  expect(runStages([{ pack: { labels: [] } }], [{ line: "" }]).out).toEqual([
    { labels: { app: "shop" }, line: '{"_entry":""}', metadata: {}, time: 1_785_542_400_000_000_000n },
  ]);
});
