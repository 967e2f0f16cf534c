import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

test.for([
  {
    it: "a record",
    line: '{"log":"hi\\n","stream":"stdout","time":"2024-02-29T23:59:59.999999999Z"}',
    out: { labels: { app: "shop", stream: "stdout" }, line: "hi\n", metadata: {}, time: 1_709_251_199_999_999_999n },
  },
  {
    it: "a record without stream",
    line: '{"log":"x","time":"2024-03-01T00:00:01Z"}',
    out: { labels: { app: "shop", stream: "" }, line: "x", metadata: {}, time: 1_709_251_201_000_000_000n },
  },
  {
    it: "a record with a bad time",
    line: '{"log":"x","stream":"stderr","time":"yesterday"}',
    out: { labels: { app: "shop", stream: "stderr" }, line: "x", metadata: {} },
  },
  {
    it: "keys in another case",
    line: '{"LOG":"x","Stream":"stderr"}',
    out: { labels: { app: "shop", stream: "stderr" }, line: "x", metadata: {} },
  },
  {
    it: "no record without text",
    line: '{"stream":"stdout"}',
    out: { labels: { app: "shop" }, line: '{"stream":"stdout"}', metadata: {} },
  },
  {
    it: "no record with a number",
    line: '{"log":42,"stream":"stdout"}',
    out: { labels: { app: "shop" }, line: '{"log":42,"stream":"stdout"}', metadata: {} },
  },
  { it: "no other lines", line: "text", out: { labels: { app: "shop" }, line: "text", metadata: {} } },
])("docker: reads $it", ({ line, out }) => {
  expect(runStages([{ docker: {} }], [{ line }]).out).toEqual([out]);
});
