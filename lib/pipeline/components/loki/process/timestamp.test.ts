import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const json = { json: { expressions: { t: "" } } };
const times = (
  timestamp: Record<string, unknown>,
  values: readonly unknown[],
  labels?: readonly Record<string, string>[],
) =>
  runStages(
    [json, { timestamp: { source: "t", ...timestamp } }],
    values.map((t, i) => ({
      line: JSON.stringify({ t }),
      time: BigInt(i + 100),
      ...(labels && { labels: labels[i] as Record<string, string> }),
    })),
  ).out.map(({ time }) => time);

const noon = Date.UTC(2024, 4, 6, 12, 0, 0);
const ns = (ms: number) => BigInt(ms) * 1_000_000n;

test.for([
  { format: "RFC3339", text: "2024-05-06T12:00:00Z", out: ns(noon) },
  { format: "RFC3339", text: "2024-05-06T12:00:00.5+01:00", out: ns(noon - 3_600_000 + 500) },
  { format: "RFC3339", text: "2024-05-06", out: 100n },
  { format: "RFC1123Z", text: "Mon, 06 May 2024 12:00:00 +0200", out: ns(noon - 7_200_000) },
  { format: "ANSIC", text: "Mon May  6 12:00:00 2024", out: ns(noon) },
  { format: "Unix", text: "1715000400", out: 1_715_000_400_000_000_000n },
  { format: "Unix", text: 1715000400.25, out: 1_715_000_400_250_000_000n },
  { format: "Unix", text: "-5", out: -5_000_000_000n },
  { format: "Unix", text: "1.6e9", out: 100n },
  { format: "Unix", text: " 1600000000", out: 100n },
  { format: "UnixMs", text: "1600000000123", out: 1_600_000_000_123_000_000n },
  { format: "UnixMs", text: "1600000000123.7", out: 100n },
  { format: "UnixUs", text: 1600000000123456, out: 1_600_000_000_123_456_000n },
  { format: "UnixNs", text: "9223372036854775807", out: 9_223_372_036_854_775_807n },
  { format: "UnixNs", text: "9223372036854775808", out: 100n },
  { format: "02/Jan/2006:15:04:05 -0700", text: "06/May/2024:12:00:00 +0000", out: ns(noon) },
  { format: "Jan _2 15:04:05", text: "Jul 31 23:59:59", out: ns(Date.UTC(2026, 6, 31, 23, 59, 59)) },
  { format: "RFC3339", text: null, out: 100n },
])("reads $text as $format", ({ format, text, out }) => {
  expect(times({ format }, [text])).toEqual([out]);
});

test("location: holds where the text names no zone", () => {
  const layout = "2006-01-02 15:04:05";
  expect(times({ format: layout, location: "Europe/Berlin" }, ["2024-05-06 14:00:00"])).toEqual([ns(noon)]);
});

test("fallback_formats: are tried in order", () => {
  expect(
    times({ format: "UnixMs", fallback_formats: ["RFC3339", "Unix"] }, ["2024-05-06T12:00:00Z", "5", "5.5", "x"]),
  ).toEqual([ns(noon), 5_000_000n, 5_500_000_000n, 5_500_000_001n]);
});

const [a, b] = [{ app: "a" }, { app: "b" }];

test.for([
  {
    it: "fudge by default, per label set",
    args: {},
    values: ["x", "10", "x", "10", "x", "5", "5"],
    labels: [a, a, a, a, b, a, a],
    out: [100n, 10n, 11n, 12n, 104n, 5n, 6n],
  },
  {
    it: "skip failures and still fudge duplicates",
    args: { action_on_failure: "skip" },
    values: ["10", "x", "10", "10"],
    labels: [a, a, a, a],
    out: [10n, 101n, 11n, 12n],
  },
  {
    it: "keep duplicates and still fudge failures",
    args: { action_on_duplicate_timestamp: "keep" },
    values: ["10", "10", "x", "x"],
    labels: [a, a, a, a],
    out: [10n, 10n, 11n, 12n],
  },
])("actions: $it", ({ args, values, labels, out }) => {
  const found = times({ format: "UnixNs", ...args }, values, labels);
  expect([...found].sort()).toEqual([...out].sort()); // streams regroup the entries
});

test.for([
  {
    it: "an unknown location",
    timestamp: { format: "Unix", location: "Mars/Olympus" },
    message: "stage.timestamp: invalid location specified: unknown time zone Mars/Olympus",
  },
  {
    it: "an unknown action on failure",
    timestamp: { format: "Unix", action_on_failure: "drop" },
    message: "stage.timestamp: invalid action on failure (supported values are [skip fudge])",
  },
  {
    it: "an unknown action on duplicates",
    timestamp: { format: "Unix", action_on_duplicate_timestamp: "skip" },
    message: "stage.timestamp: invalid action on duplicate timestamp (supported values are [keep fudge])",
  },
  { it: "no format", timestamp: { format: "" }, message: "stage.timestamp: timestamp format is required" },
])("refuses $it", ({ timestamp, message }) => {
  expect(() => compilePlain([{ timestamp: { source: "t", ...timestamp } }])).toThrow(problem(message));
});
