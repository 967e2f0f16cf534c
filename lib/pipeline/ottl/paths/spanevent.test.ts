import { expect, test } from "vitest";
import { contextOf, keyValues, type Plain, plain, run, spanRequest } from "../testing.ts";

const context = () =>
  contextOf(
    "spanevent",
    spanRequest({
      name: "span",
      startTimeUnixNano: "1000",
      events: [
        { name: "exception", timeUnixNano: "1500", attributes: keyValues({ a: "x" }), droppedAttributesCount: 2 },
      ],
    }),
  );

test.for<[statement: string, path: string, value: Plain]>([
  ['set(cache["x"], 1)', "name", "exception"],
  ['set(cache["x"], 1)', "time_unix_nano", 1500n],
  ['set(cache["x"], 1)', "Nanoseconds(time - span.start_time)", 500n],
  ['set(cache["x"], 1)', "spanevent.dropped_attributes_count", 2n],
  ['set(name, "other")', "name", "other"],
  ["set(time, span.start_time)", "time_unix_nano", 1000n],
  ['set(attributes["b"], attributes["a"])', "attributes", { a: "x", b: "x" }],
  ["set(dropped_attributes_count, 0)", "dropped_attributes_count", 0n],
  ["set(span.status.code, STATUS_CODE_ERROR)", "span.status.code", 2n],
])("after %s, %s", ([statement, path, value]) => {
  const own = context();
  expect(run([statement, `set(cache["r"], ${path})`], "spanevent", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test("the index of an event isn't known, as in the Collector", () => {
  expect(run('set(cache["r"], event_index)', "spanevent", context())).toBe(
    "fails: no 'event_index' property has been set",
  );
  expect(run("set(event_index, 1)", "spanevent", context())).toBe("fails: the 'event_index' path cannot be modified");
});
