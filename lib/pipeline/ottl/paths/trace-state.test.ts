import { expect, test } from "vitest";
import { getTraceState, setTraceState } from "./trace-state.ts";

test.for<[it: string, state: string, key: string, value: string | undefined]>([
  ["a member", "a=1,b=2", "b", "2"],
  ["a value with an equals sign is none", "a=1=2", "a", undefined],
  ["spaces around members", " a=1 , b=2 ", "b", "2"],
  ["a member that isn't there", "a=1", "x", ""],
  ["an empty state", "", "x", ""],
  ["a vendor with a tenant", "t@vendor=1", "t@vendor", "1"],
  ["a state that can't be read", "A=1,b=2", "b", undefined],
  ["the same key twice", "a=1,a=2", "a", undefined],
])("read: %s", ([, state, key, value]) => {
  expect(getTraceState(state, key)).toBe(value);
});

test.for<[it: string, state: string, key: string, value: string, result: string]>([
  ["a new member comes first", "a=1,b=2", "c", "3", "c=3,a=1,b=2"],
  ["a changed one too", "a=1,b=2", "b", "9", "b=9,a=1"],
  ["into an empty state", "", "a", "1", "a=1"],
  ["a key that can't be changes nothing", "a=1", "B", "1", "a=1"],
  ["a value that can't be changes nothing", "a=1", "b", "x,y", "a=1"],
  ["a state that can't be read stays", "A=1", "b", "1", "A=1"],
])("write: %s", ([, state, key, value, result]) => {
  expect(setTraceState(state, key, value)).toBe(result);
});

test("of more than 32 members the last goes", () => {
  const state = Array.from({ length: 32 }, (_, i) => `k${i}=1`).join(",");
  const result = setTraceState(state, "new", "1").split(",");
  expect([result.length, result[0], result.at(-1)]).toEqual([32, "new=1", "k30=1"]);
});
