import { expect, test } from "vitest";
import { addYears, civil, compileLayout, formatTime, layouts, loadLocation, timeOf, toNanoseconds } from "./layout.ts";

/** 2024-05-06 07:08:09 UTC. */
const base = 1_714_979_289;

test.for<[layout: string, text: string, seconds: number, nanoseconds?: number]>([
  [layouts.ANSIC, "Mon May  6 07:08:09 2024", base],
  [layouts.ANSIC, "Mon May 6 07:08:09 2024", base],
  [layouts.ANSIC, "tue MAY 06 07:08:09 2024", base],
  [layouts.UnixDate, "Mon May  6 07:08:09 UTC 2024", base],
  [layouts.UnixDate, "Mon May  6 07:08:09 CEST 2024", base],
  [layouts.RubyDate, "Mon May 06 07:08:09 +0530 2024", base - 19_800],
  [layouts.RFC822, "06 May 24 07:08 UTC", base - 9],
  [layouts.RFC822Z, "06 May 24 07:08 -0700", base - 9 + 25_200],
  [layouts.RFC850, "Monday, 06-May-24 07:08:09 GMT", base],
  [layouts.RFC1123, "Mon, 06 May 2024 07:08:09 GMT+3", base],
  [layouts.RFC1123Z, "Mon, 06 May 2024 07:08:09 +0200", base - 7200],
  [layouts.RFC3339, "2024-05-06T07:08:09Z", base],
  [layouts.RFC3339, "2024-05-06T07:08:09,5+01:00", base - 3600, 500_000_000],
  [layouts.RFC3339Nano, "2024-05-06T07:08:09.1234567891Z", base, 123_456_789],
  [layouts.RFC3339Nano, "2024-05-06T07:08:09-00:00", base],
  [layouts.RFC3339Nano, "2024-05-06T07:08:09+24:60", base - 90_000],
  ["2006-01-02 15:04:05.000", "2024-05-06 07:08:09,123", base, 123_000_000],
  ["2006-01-02 15:04:05", "2024-05-06 7:08:09.5", base, 500_000_000],
  ["Jan 2, 2006 3:04:05 PM", "May 6, 2024 7:08:09 PM", base + 43_200],
  ["Jan 2, 2006 3:04:05 pm", "May 6, 2024 12:08:09 am", base - 7 * 3600],
  ["January 2 2006  15h04 MST", "may 6 2024 07h08 WITA", base - 9],
  ["06-1-2 15h04 -07", "69-5-6 07h08 +01", -20_713_920],
  ["20060102150405", "20240506070809.5", base, 500_000_000],
  ["2006-002 15:04", "2024-127 07:08", base - 9],
  ["2006 __2", "2024  60", 1_709_164_800],
  ["2006 002", "2024 366", 1_735_603_200],
  ["2006-01-02 15:04:05 -07:00:00", "2024-05-06 07:08:09 +00:00:30", base - 30],
  ["2006-01-02_15:04:05 -070000", "2024-05-06_07:08:09 -000030", base + 30],
  ["Monday 15:04 _2006", "Sunday 07:08 _2024", 1_704_092_880],
  ["15:04", "07:08", -62_167_193_520],
  ["2006-01-02 05.999", "2024-05-06 09", 1_714_953_609],
  ["x y", "x    y", -62_167_219_200],
  ["x ", "x", -62_167_219_200],
  ["2006-01-02 MST", "2024-05-06 +05", 1_714_953_600],
  ["", "", -62_167_219_200],
])("by %j, %j is %i s", ([layout, text, seconds, nanoseconds = 0]) => {
  expect(compileLayout(layout).parse(text)).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
});

const rfc3339 = layouts.RFC3339;

test.for<[layout: string, text: string, message: string]>([
  [rfc3339, "2024-05-06t07:08:09Z", `as "2006-01-02T15:04:05Z07:00": cannot parse "t07:08:09Z" as "T"`],
  [rfc3339, "2024-05-06T07:08:09z", `as "2006-01-02T15:04:05Z07:00": cannot parse "z" as "Z07:00"`],
  [rfc3339, " 2024-05-06T07:08:09Z", `as "2006-01-02T15:04:05Z07:00": cannot parse " 2024-05-06T07:08:09Z" as "2006"`],
  [rfc3339, "2024-05-06", `as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"`],
  [rfc3339, "2024-05-06T07:08:09Z ", `: extra text: " "`],
  [rfc3339, "2024-05-06T24:00:00Z", ": hour out of range"],
  [rfc3339, "2016-12-31T23:59:60Z", ": second out of range"],
  [rfc3339, "2024-02-30T00:00:00Z", ": day out of range"],
  [rfc3339, "2024-13-01T00:00:00Z", ": month out of range"],
  [rfc3339, "2024-05-06T07:08:09+25:00", ": time zone offset hour out of range"],
  [rfc3339, "2024-05-06T07:08:09*01:00", `as "2006-01-02T15:04:05Z07:00": cannot parse "*01:00" as "Z07:00"`],
  ["02/Jan", "6/May", `as "02/Jan": cannot parse "6/May" as "02"`],
  ["2 Jan", "6 Foo", `as "2 Jan": cannot parse "Foo" as "Jan"`],
  ["2 Jänner", "6 Jä", `as "2 J\\xc3\\xa4nner": cannot parse "" as " J\\xc3\\xa4nner"`],
  ["3:04PM", "3:04Pm", `as "3:04PM": cannot parse "Pm" as "PM"`],
  ["3:04", "13:04", ": hour out of range"],
  [".000", ".12", `as ".000": cannot parse ".12" as ".000"`],
  [".000", ".1234", `: extra text: "4"`],
  [".000", ".-12", ": fractional second out of range"],
  ["2006-002", "2023-366", ": day-of-year out of range"],
  ["2006-002 01", "2024-127 06", ": day-of-year does not match month"],
  ["2006-002 02", "2024-127 07", ": day-of-year does not match day"],
  ["MST", "abc", `as "MST": cannot parse "abc" as "MST"`],
  ["MST", "ABCDE", `as "MST": cannot parse "ABCDE" as "MST"`],
])("by %j, %j is refused%s", ([layout, text, message]) => {
  expect(compileLayout(layout).parse(text)).toBe(
    `parsing time ${JSON.stringify(text).replace("ä", "\\xc3\\xa4")}${message.startsWith(":") ? "" : " "}${message}`,
  );
});

test.for<[location: string, text: string, seconds: number, why: string]>([
  ["Europe/Berlin", "2024-07-01 12:00:00", 1_719_828_000, "summer time"],
  ["Europe/Berlin", "1900-01-01 00:00:00", -2_208_992_400, "long ago"],
  ["Europe/Berlin", "2024-03-31 02:30:00", 1_711_848_600, "an hour that does not exist"],
  ["Europe/Berlin", "2024-10-27 02:30:00", 1_729_992_600, "an hour that occurs twice, the second"],
  ["America/New_York", "2024-03-10 02:30:00", 1_710_052_200, "an hour that does not exist"],
  ["America/New_York", "2024-11-03 01:30:00", 1_730_611_800, "an hour that occurs twice, the first"],
  ["Asia/Kolkata", "2024-05-06 07:08:00", 1_714_959_480, "half hours"],
  ["US/Eastern", "2024-01-01 00:00:00", 1_704_085_200, "an old name"],
  ["", "2024-01-01 00:00:00", 1_704_067_200, "no name"],
])("in %j, %j is %i s: %s", ([location, text, seconds]) => {
  expect(compileLayout("2006-01-02 15:04:05").parse(text, loadLocation(location))).toBe(
    BigInt(seconds) * 1_000_000_000n,
  );
});

test.for<[location: string, abbreviation: string, offset: number]>([
  ["America/New_York", "EDT", -4],
  ["America/New_York", "EST", -5],
  ["America/New_York", "PDT", 0],
  ["America/New_York", "UTC", 0],
  ["Europe/Berlin", "CEST", 2],
  ["Europe/Berlin", "CET", 1],
  ["Asia/Tokyo", "JST", 9],
  ["Europe/Moscow", "MSK", 3],
  ["UTC", "EST", 0],
])("in %s, %s is %i hours from UTC", ([location, abbreviation, hours]) => {
  const layout = compileLayout("2006-01-02 15:04:05 MST");
  const expected = BigInt(base - hours * 3600) * 1_000_000_000n;
  expect(layout.parse(`2024-05-06 07:08:09 ${abbreviation}`, loadLocation(location))).toBe(expected);
});

test("an offset in the text beats the location", () => {
  const layout = compileLayout(rfc3339);
  expect(layout.parse("2024-05-06T07:08:09+09:00", loadLocation("Asia/Kolkata"))).toBe(
    BigInt(base - 9 * 3600) * 1_000_000_000n,
  );
});

test.for([
  ["Mars/Base", "unknown time zone Mars/Base"],
  ["europe/berlin", "unknown time zone europe/berlin"],
  ["+01:00", "unknown time zone +01:00"],
  ["../etc", "time: invalid location name"],
] as const)("the location %s is refused", ([name, message]) => {
  expect(() => loadLocation(name)).toThrow(new Error(message));
});

const nanoseconds = BigInt(base) * 1_000_000_000n + 120_300_000n;

test.for<[layout: string, location: string, text: string]>([
  [layouts.RFC3339, "UTC", "2024-05-06T07:08:09Z"],
  [layouts.RFC3339Nano, "Europe/Berlin", "2024-05-06T09:08:09.1203+02:00"],
  [layouts.ANSIC, "UTC", "Mon May  6 07:08:09 2024"],
  [layouts.RFC850, "America/New_York", "Monday, 06-May-24 03:08:09 EDT"],
  [layouts.Kitchen, "America/New_York", "3:08AM"],
  [layouts.StampMicro, "UTC", "May  6 07:08:09.120300"],
  ["January 1 2 3 4 5 06 pm 03 002 __2 _2006", "Asia/Tokyo", "May 5 6 4 8 9 24 pm 04 127 127 _2024"],
  [",000 .99 .0000000000 MST -07 Z0700 -07:00:00", "America/Sao_Paulo", ",120 .12 .120300000 -03 -03 -0300 -03:00:00"],
])("by %j in %s, the time prints as %s", ([layout, location, text]) => {
  expect(formatTime(nanoseconds, layout, loadLocation(location))).toBe(text);
});

test.for<[nanoseconds: bigint, text: string]>([
  [-1n, "1969-12-31 23:59:59.999999999"],
  [-62_135_596_800_000_000_000n, "0001-01-01 00:00:00"],
  [-62_198_755_200_000_000_000n, "-0001-01-01 00:00:00"],
  [253_402_300_800_000_000_000n, "10000-01-01 00:00:00"],
])("%i ns prints as %s", ([time, text]) => {
  expect(formatTime(time, "2006-01-02 15:04:05.999999999")).toBe(text);
  expect(toNanoseconds(timeOf(time))).toBe(time);
});

test("a time keeps the zone that its text names", () => {
  const time = compileLayout(rfc3339).parseTime("2024-05-06T07:08:09+05:30");
  expect(typeof time === "string" ? time : compileLayout("15:04 MST -07:00").format(time)).toBe("07:08 +0530 +05:30");
});

test("adds years by the calendar of the zone", () => {
  const berlin = loadLocation("Europe/Berlin");
  const read = (text: string) => {
    const time = compileLayout(layouts.Stamp).parseTime(text, berlin);
    if (typeof time === "string") throw new Error(time);
    return time;
  };
  const format = compileLayout(layouts.RFC3339).format;
  expect(civil(read("Jul  1 12:00:00"))).toMatchObject({ year: 0, month: 7, day: 1, hour: 12 });
  expect(format(addYears(read("Jul  1 12:00:00"), 2024))).toBe("2024-07-01T12:00:00+02:00");
  expect(format(addYears(read("Feb 29 12:00:00"), 2023))).toBe("2023-03-01T12:00:00+01:00");
});
