import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { DeadLetter } from "../lib/pipeline/delivery/dead-letters.ts";
import { letterFilter, openLetters } from "./letters.ts";

const now = Date.UTC(2026, 10, 21, 14);
const options = { "storage.path": "data-amalgam/" };

const letter: DeadLetter = {
  component: "loki.write.out",
  destination: "https://loki.example.com/loki/api/v1/push",
  reason: "push refused, got status 400: Entry too old",
  status: 400,
  time: now,
  contentType: "application/x-protobuf",
  body: new Uint8Array(),
  metadata: {},
};

test.for([
  { it: "all without a filter", filter: {}, matches: true },
  { it: "a component by its id", filter: { component: "loki.write.out" }, matches: true },
  { it: "a component as a whole", filter: { component: "loki.write" }, matches: false },
  { it: "a component by a pattern", filter: { component: "loki.*" }, matches: true },
  { it: "a component in a module", filter: { component: "*/loki.write.out" }, matches: false },
  { it: "dots as they are", filter: { component: "loki?write.out" }, matches: false },
  { it: "a part of a URL", filter: { destination: "loki.example.com" }, matches: true },
  { it: "a URL by a pattern", filter: { destination: "https://*.example.com/*" }, matches: true },
  { it: "a pattern as a whole", filter: { destination: "*.example.com" }, matches: false },
  { it: "a part of a reason in any case", filter: { reason: "ENTRY too" }, matches: true },
  { it: "another reason", filter: { reason: "new" }, matches: false },
  { it: "a status", filter: { status: 400 }, matches: true },
  { it: "another status", filter: { status: 413 }, matches: false },
  { it: "only what all filters want", filter: { status: 400, component: "otelcol.*" }, matches: false },
])("a filter finds $it", ({ filter, matches }) => {
  expect(letterFilter({ ...options, ...filter }, now).matches(letter)).toBe(matches);
});

test.for([
  { it: "nothing", times: {}, expected: { since: undefined, until: undefined } },
  { it: "a duration before now", times: { since: "1h30m" }, expected: { since: now - 5_400_000, until: undefined } },
  { it: "days", times: { since: "7d", until: "1d" }, expected: { since: now - 604_800_000, until: now - 86_400_000 } },
  { it: "a time", times: { until: "2026-11-21T13:00:00Z" }, expected: { since: undefined, until: now - 3_600_000 } },
  { it: "a date", times: { since: "2026-11-21" }, expected: { since: Date.UTC(2026, 10, 21), until: undefined } },
])("times are $it", ({ times, expected }) => {
  expect(letterFilter({ ...options, ...times }, now).times).toEqual(expected);
});

test.for(["yesterday", "1", "2026-13-01", ""])("%j is no time", since => {
  expect(() => letterFilter({ ...options, since }, now)).toThrow(
    `--since should be a duration as 1h, or a date as 2026-11-21T14:00:00Z, got ${since}`,
  );
});

const places = "s3://BUCKET/PREFIX, sqs:QUEUE_URL (of a standard queue) or sqs:QUEUE_URL,s3://BUCKET/PREFIX";

test.for([
  { from: "s3:/letters", message: `--from should be a folder, ${places}, got s3:/letters` },
  { from: "sqs:letters", message: `--from should be a folder, ${places}, got sqs:letters` },
  { from: "no/such/folder", message: `--from should be a folder, ${places}, got no/such/folder, which does not exist` },
])("$from is no place", ({ from, message }) => {
  expect(() => openLetters({ ...options, from })).toThrow(message);
});

test("letters are in the storage of the local process", async () => {
  const storage = mkdtempSync(path.join(tmpdir(), "amalgam-letters-"));
  onTestFinished(() => rmSync(storage, { recursive: true }));
  const box = openLetters({ "storage.path": storage });
  expect(await box.list()).toEqual([]);
  await box.put(letter);
  expect(await openLetters({ ...options, from: path.join(storage, "dead-letters") }).list()).toEqual(await box.list());
});
