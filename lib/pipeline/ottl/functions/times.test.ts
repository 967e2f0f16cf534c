import { expect, test } from "vitest";
import { evaluate, type Plain } from "../testing.ts";

/** 2024-05-06 07:08:09.010 UTC. */
const now = 1_714_979_289_010;

test.for<[expression: string, result: Plain]>([
  ["UnixMilli(Now())", 1_714_979_289_010n],
  ['Seconds(Duration("1h30m"))', 5400],
  ['Hours(Duration("90m"))', 1.5],
  ['Minutes(Duration("90s"))', 1.5],
  ['Milliseconds(Duration("-1500ms"))', -1500n],
  ['Microseconds(Duration("1ms"))', 1000n],
  ['Nanoseconds(Duration("1us"))', 1000n],
  ['Duration("5 minutes")', 'fails: time: unknown unit " minutes" in duration "5 minutes"'],
  ["UnixNano(Unix(1, 5))", 1_000_000_005n],
  ["UnixMicro(Unix(-1, 999))", -1_000_000n],
  ["UnixSeconds(Unix(-1, 999))", -1n],
  ['FormatTime(Unix(1700000001), "%Y-%m-%dT%H:%M:%S%z")', "2023-11-14T22:13:21Z"],
  [
    'FormatTime(Unix(1500000000, 123456789), "%S.%f,%L.%s %h %o %q %g %l %P %j%%")',
    "00.123456,123.123456789 Jul _7 7 14 2 am +00:00%",
  ],
  [
    'FormatTime(Unix(0), "%U")',
    'load: invalid argument "value" of "set": couldn\'t create function "FormatTime": unsupported directive: %U, at 21',
  ],
  ['UnixSeconds(TruncateTime(Unix(1700000001), Duration("1h")))', 1_699_999_200n],
  ['UnixSeconds(TruncateTime(Unix(5), Duration("0s")))', 5n],
  ["Year(Unix(1700000001))", 2023n],
  ["Month(Unix(1700000001))", 11n],
  ["Day(Unix(1700000001))", 14n],
  ["Hour(Unix(1700000001))", 22n],
  ["Minute(Unix(1700000001))", 13n],
  ["Second(Unix(1700000001))", 21n],
  ["Nanosecond(Unix(1, 5))", 5n],
  ["Weekday(Unix(1700000001))", 2n],
])("%s", ([expression, result]) => {
  expect(evaluate(expression, {}, { now })).toBe(result);
});

test.for<[it: string, args: string, seconds: Plain]>([
  ["a date", '"2024-05-06", "%Y-%m-%d"', 1_714_953_600n],
  ["numbers without their zeros", '"6/5/24 7:8:9", "%d/%m/%y %H:%M:%S"', 1_714_979_289n],
  ["a date with slashes and either year", '"5/6/24", "%D"', 1_714_953_600n],
  ["the full year too", '"05/06/2024", "%D"', 1_714_953_600n],
  ["the date and time of C", '"Mon May 6 07:08:09 2024", "%c"', 1_714_979_289n],
  ["an offset", '"2024-05-06 09:08:09 +0200", "%F %T %z"', 1_714_979_289n],
  ["an offset with a colon", '"2024-05-06 09:08:09 +02:00", "%F %T %z"', 1_714_979_289n],
  ["Zulu", '"2024-05-06 07:08:09Z", "%F %T%z"', 1_714_979_289n],
  ["a location", '"2024-05-06 09:08:09", "%F %T", "Europe/Berlin"', 1_714_979_289n],
  ["a location that is computed", '"2024-05-06 09:08:09", "%F %T", attributes["zone"]', 1_714_979_289n],
  ["an abbreviation that is a zone's name", '"2024-01-06 07:08:09 EST", "%F %T %Z"', 1_704_542_889n],
  [
    "an abbreviation that is none",
    '"2024-01-06 07:08:09 XYZ", "%F %T %Z"',
    "fails: failed to load location XYZ: unknown time zone XYZ",
  ],
  ["no year means this one", '"May 06 07:08:09", "%b %d %H:%M:%S"', 1_714_979_289n],
  ["or the last one, for what would be far ahead", '"Dec 31 00:00:00", "%b %d %H:%M:%S"', 1_703_980_800n],
  [
    "another form",
    '"06.05.2024", "%Y-%m-%d"',
    'fails: parsing time "06.05.2024" as "2006-1-_2": cannot parse "06.05.2024" as "2006"',
  ],
  ["a day that isn't", '"2023-02-30", "%Y-%m-%d"', 'fails: parsing time "2023-02-30": day out of range'],
  ["nothing", 'attributes["empty"], "%Y"', "fails: time cannot be nil"],
  ["a location that isn't", '"2024", "%Y", "Mars"', "fails: failed to load location Mars: unknown time zone Mars"],
  [
    "no format",
    '"2024", ""',
    'load: invalid argument "value" of "set": invalid argument "time" of "UnixSeconds": couldn\'t create function "Time": format cannot be nil, at 33',
  ],
  [
    "digits in the format",
    '"2024", "%Y 00"',
    'load: invalid argument "value" of "set": invalid argument "time" of "UnixSeconds": couldn\'t create function "Time": format string should not contain decimals, at 33',
  ],
  [
    "fractions without a point",
    '"2024", "%Y %f"',
    `load: invalid argument "value" of "set": invalid argument "time" of "UnixSeconds": couldn't create function "Time": invalid fractional seconds directive: ' %f'. must be preceded with '.' or ',', at 33`,
  ],
])("Time: %s", ([, args, seconds]) => {
  expect(evaluate(`UnixSeconds(Time(${args}))`, { zone: "Europe/Berlin", empty: "" }, { now })).toBe(seconds);
});
