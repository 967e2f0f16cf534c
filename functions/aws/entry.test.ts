import { expect, test } from "vitest";
import { levelOf } from "./entry.ts";

test.for([
  { name: undefined, level: "info" },
  { name: "TRACE", level: "debug" },
  { name: "DEBUG", level: "debug" },
  { name: "INFO", level: "info" },
  { name: "WARN", level: "warn" },
  { name: "ERROR", level: "error" },
  { name: "FATAL", level: "error" },
  { name: "debug", level: "debug" },
])("AWS_LAMBDA_LOG_LEVEL $name logs from $level", ({ name, level }) => {
  expect(levelOf(name)).toBe(level);
});
