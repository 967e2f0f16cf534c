import { expect, test } from "vitest";
import { compilePlain, runStages } from "./run-stages.ts";

test("sampling: keeps a share", () => {
  const entries = Array.from({ length: 10 }, (_, i) => ({ line: String(i) }));
  const { out, dropped } = runStages([{ sampling: { rate: 0.3 } }], entries);
  expect(out.map(({ line }) => line)).toEqual(["0", "1", "2"]);
  expect(dropped.length).toBe(7);
  expect(runStages([{ sampling: { rate: 0 } }], entries).out).toEqual([]);
  expect(runStages([{ sampling: { rate: 1 } }], entries).out.length).toBe(10);
});

test("sampling: refuses a rate above 1", () => {
  expect(() => compilePlain([{ sampling: { rate: 1.5 } }])).toThrow(
    "sampling rate must be between 0.0 and 1.0, received 1.5",
  );
});
