import { expect, test } from "vitest";
import { Flow } from "./flow.ts";

test("listeners hear of each opening, until they want no more", () => {
  const flow = new Flow(false);
  const heard: string[] = [];
  const stop = flow.onOpen(() => heard.push("first"));
  flow.onOpen(() => heard.push("second"));
  flow.set(true);
  flow.set(true);
  flow.set(false);
  stop();
  flow.set(true);
  expect(heard).toEqual(["first", "second", "second"]);
  expect(flow.open).toBe(true);
});
