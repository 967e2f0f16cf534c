import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLogger, type LogOptions } from "./log.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const logged = (options: LogOptions, write: (log: ReturnType<typeof createLogger>) => void): string[] => {
  const lines: string[] = [];
  write(createLogger({ ...options, write: line => lines.push(line) }));
  return lines;
};

describe("a line", () => {
  test.for<{ it: string; fields: Record<string, string | number | boolean | undefined>; text: string }>([
    {
      it: "has its fields behind the message",
      fields: { component: "a.b.c", n: 3, ok: true },
      text: "component=a.b.c n=3 ok=true",
    },
    {
      it: "quotes what has blanks, quotes, equals signs or nothing",
      fields: { a: "x y", b: 'say "hi"', c: "k=v", d: "" },
      text: 'a="x y" b="say \\"hi\\"" c="k=v" d=""',
    },
    { it: "keeps line breaks on one line", fields: { a: "x\ny" }, text: 'a="x\\ny"' },
    { it: "leaves out what is undefined", fields: { a: undefined, b: 1 }, text: "b=1" },
  ])("$it", ({ fields, text }) => {
    expect(logged({}, log => log.info("done", fields))).toEqual([
      `ts=2023-11-14T22:13:20.000Z level=info msg=done ${text}`,
    ]);
  });

  test("is JSON where that is wanted", () => {
    expect(logged({ format: "json" }, log => log.warn("odd", { n: 1 }))).toEqual([
      '{"ts":"2023-11-14T22:13:20.000Z","level":"warn","msg":"odd","n":1}',
    ]);
  });
});

test("JSON has the names that a platform reads, and what comes with each line; logfmt stays as it is", () => {
  let request = "1";
  const json = { time: "timestamp", message: "message", fields: () => ({ requestId: request }) };
  const lines = logged({ format: "json", json }, log => {
    log.warn("odd", { n: 1 });
    request = "2";
    log.info("");
    log.configure({ format: "logfmt" });
    log.info("done");
  });
  expect(lines).toEqual([
    '{"timestamp":"2023-11-14T22:13:20.000Z","level":"warn","message":"odd","requestId":"1","n":1}',
    '{"timestamp":"2023-11-14T22:13:20.000Z","level":"info","requestId":"2"}',
    "ts=2023-11-14T22:13:20.000Z level=info msg=done",
  ]);
});

test("level and form can change, and go back to those of the start", () => {
  const lines = logged({ level: "warn" }, log => {
    log.info("one");
    log.configure({ level: "debug", format: "json" });
    log.debug("two");
    log.configure({});
    log.info("three");
    log.warn("four");
  });
  expect(lines.map(line => /msg"?[=:]"?(\w+)/.exec(line)?.[1])).toEqual(["two", "four"]);
  expect(lines[0]).toMatch(/^\{/);
});

test.for([
  { level: "debug", levels: ["debug", "info", "warn", "error"] },
  { level: "info", levels: ["info", "warn", "error"] },
  { level: "warn", levels: ["warn", "error"] },
  { level: "error", levels: ["error"] },
] as const)("from $level on", ({ level, levels }) => {
  const lines = logged({ level }, log => {
    log.debug("m");
    log.info("m");
    log.warn("m");
    log.error("m");
  });
  expect(lines.map(line => /level=(\w+)/.exec(line)?.[1])).toEqual(levels);
});
