import { expect, test } from "vitest";
import { type Bits56, readRandomness, readThreshold } from "./threshold.ts";
import { TraceState } from "./trace-state.ts";

const half = readThreshold("8") as Bits56; // a valid one

test.for<[it: string, text: string, written: string | undefined]>([
  ["an empty one", "", ""],
  ["other members stay in order", "a=1,b=2", "a=1,b=2"],
  ["its own member comes first", "a=1,ot=th:8,b=2", "ot=th:8,a=1,b=2"],
  ["other values of its own member stay", "ot=x:1;th:8;rv:00000000000001", "ot=rv:00000000000001;th:8;x:1"],
  ["spaces around members", " a=1 , b=2 ", "a=1,b=2"],
  ["a tenant", "1t@vendor=x", "1t@vendor=x"],
  ["a threshold that is none", "ot=th:z", undefined],
  ["randomness that is none", "ot=rv:1", undefined],
  ["a member without a key", "=1", undefined],
  ["a key in upper case", "A=1", undefined],
  ["a member without a value", "a=", undefined],
  ["too many members", Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(","), undefined],
])("read and written: %s", ([, text, written]) => {
  expect(TraceState.read(text)?.toString()).toBe(written);
});

test.for<[it: string, text: string, written: string]>([
  ["is set", "", "ot=th:8"],
  ["rises", "ot=th:4", "ot=th:8"],
  ["never falls", "ot=th:c", "ot=th:c"],
])("the threshold %s", ([, text, written]) => {
  const state = TraceState.read(text);
  state?.raiseThreshold(half);
  expect(state?.toString()).toBe(written);
});

test("randomness is written, a threshold removed", () => {
  const state = TraceState.read("ot=th:8;x:1,a=b");
  state?.setRandomness(readRandomness("00000000000001") as Bits56); // a valid one
  state?.clearThreshold();
  expect(state?.toString()).toBe("ot=rv:00000000000001;x:1,a=b");
});
