import { expect, test } from "vitest";
import { LineLimit, usualLineLimit } from "./line-limit.ts";

/** Numbers of lines that are written, of lines at these times. */
const written = (times: readonly number[], options: Partial<typeof usualLineLimit> = {}, random = () => 0.5) => {
  const limit = new LineLimit({ ...usualLineLimit, threshold: 2, ...options }, random);
  return times.map(time => limit.admit("a", time)).flatMap(({ written: is, dropped }, i) => (is ? [[i, dropped]] : []));
};

test.for([
  {
    it: "lets few lines through",
    times: [0, 1],
    out: [
      [0, 0],
      [1, 0],
    ],
  },
  {
    it: "drops more of them",
    times: [0, 1, 2, 999],
    out: [
      [0, 0],
      [1, 0],
    ],
  },
  {
    it: "lets the next window begin with the number of those that were dropped",
    times: [0, 1, 2, 3, 1000, 1001, 1002, 2000],
    out: [
      [0, 0],
      [1, 0],
      [4, 2],
      [5, 0],
      [7, 1],
    ],
  },
  {
    it: "begins a window where the clock goes back",
    times: [5000, 5001, 5002, 0],
    out: [
      [0, 0],
      [1, 0],
      [3, 1],
    ],
  },
  {
    it: "lets a fraction of the others through",
    times: [0, 1, 2, 3],
    rate: 0.6,
    out: [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
    ],
  },
  {
    it: "has windows of other lengths",
    times: [0, 1, 2, 10],
    tick: 10,
    out: [
      [0, 0],
      [1, 0],
      [3, 1],
    ],
  },
])("$it", ({ times, out, it: _, ...options }) => {
  expect(written(times, options)).toEqual(out);
});

test("kinds of lines do not touch each other, until there are too many", () => {
  const limit = new LineLimit({ ...usualLineLimit, threshold: 1, max_signatures: 2 });
  const lines = ["a", "b", "a", "b", "c", "b", "a"];
  expect(lines.map(line => limit.admit(line, 0).written)).toEqual([true, true, false, false, true, false, true]);
});
