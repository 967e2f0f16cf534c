/** AWS adds fields to its events without a word. None may change what becomes of one, wherever it is, and whatever it holds. */
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { recorded, recordedNames } from "./events.ts";
import { type EverySource, loadEverySource } from "./every-source.ts";

let every: EverySource;
beforeAll(async () => {
  vi.stubEnv("AMALGAM_KAFKA_PARTIAL_FAILURES", "true");
  every = await loadEverySource();
});
afterAll(async () => {
  await every.close();
  vi.unstubAllEnvs();
});

/** The answer and what arrived; of a failure only that it is one, since reasons name fields. */
async function outcomeOf(event: unknown): Promise<unknown> {
  const answer = await every.handler(event).catch(() => "failed");
  const texts = every
    .take()
    .all.map(each => JSON.stringify(each, (_, value) => (typeof value === "bigint" ? `${value}` : value)));
  const opened = JSON.stringify(answer, (_, value) => (typeof value === "string" && envelopeIn(value)?.value) || value);
  return { answer: opened && withoutAdded(opened), seen: texts.map(withoutAdded).sort() };
}

type Fields = Record<string, unknown>;

const name = "amalgamNeverHeardOfIt";
const values: readonly unknown[] = ["text", null, [{ a: 7 }], { Records: [{}], detail: { key: "k" } }];

/** An event that is a line of its own has the field there, too. */
const withoutAdded = (text: string): string =>
  values.reduce<string>((rest, value) => {
    const inner = JSON.stringify({ [name]: value }).slice(1, -1);
    return [inner, JSON.stringify(inner).slice(1, -1)].reduce(
      (each, added) => each.replaceAll(`${added},`, "").replaceAll(added, ""),
      rest,
    );
  }, text);

/** Names of fields that hold names of users: what is added there is no field of the event. */
const usersNames =
  /^(messageAttributes|(multiValue)?headers|(multiValue)?queryStringParameters|pathParameters|stageVariables)$/i;

interface Envelope {
  readonly value: unknown;
  readonly close: (value: unknown) => string;
}

/** An event of AWS that stands in a text of another one. */
function envelopeIn(text: string): Envelope | undefined {
  const asText = isEventText(text) && { value: JSON.parse(text), close: JSON.stringify };
  if (asText) return asText;
  if (!/^[\w+/]{20,}={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (isEventText(bytes.toString()))
    return { value: JSON.parse(bytes.toString()), close: value => base64(JSON.stringify(value)) };
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return undefined;
  try {
    const opened = gunzipSync(bytes).toString();
    if (!isEventText(opened)) return undefined;
    return { value: JSON.parse(opened), close: value => base64(gzipSync(JSON.stringify(value))) };
  } catch {
    return undefined; // it is cut off
  }
}

const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString("base64");

const marks = ["Records", "detail", "awslogs", "messageType", "TopicArn", "records", "amalgam.object", "Event"];

function isEventText(text: string): boolean {
  if (!text.startsWith("{")) return false;
  try {
    const value: unknown = JSON.parse(text);
    return marks.some(mark => Object.hasOwn(Object(value), mark));
  } catch {
    return false;
  }
}

/** The event once for each object in it, with the field in that one, and once with it in all. */
function withField(event: unknown, value: unknown): unknown[] {
  let count = 0;
  const add = (node: unknown, at: number | undefined, isUsers = false): unknown => {
    if (typeof node === "string") {
      const inner = envelopeIn(node);
      return inner ? inner.close(add(inner.value, at)) : node;
    }
    if (Array.isArray(node)) return node.map(each => add(each, at, isUsers));
    if (typeof node !== "object" || node === null) return node;
    const isHere = !isUsers && (count++ === at || at === undefined);
    const fields = Object.entries(node).map(([key, below]) => [key, add(below, at, isUsersMap(key, node))]);
    return { ...(isHere && { [name]: value }), ...(Object.fromEntries(fields) as Fields) };
  };
  const all = add(event, undefined);
  const places = count;
  return [
    all,
    ...Array.from({ length: places }, (_, at) => {
      count = 0;
      return add(event, at);
    }),
  ];
}

/** Kafka's records are lists by topics and partitions. */
const isUsersMap = (key: string, { eventSource }: { readonly eventSource?: unknown }): boolean =>
  usersNames.test(key) || (key === "records" && /kafka$/i.test(String(eventSource)));

const names = [...recordedNames(), ...recordedNames("malformed")];

test.for(names)("%s ends the same with a field more at any place", async file => {
  const event: unknown = recorded(file);
  const expected = await outcomeOf(event);
  for (const value of values)
    for (const changed of withField(event, value)) {
      const outcome = await outcomeOf(changed);
      if (JSON.stringify(outcome) !== JSON.stringify(expected))
        expect({ changed, outcome }).toEqual({ changed, outcome: expected });
    }
});

test("events have fields to add to: the deepest have an event in an event in an event", () => {
  const [all] = withField(recorded("sqs-sns-cloudwatch-logs"), "text");
  const text = JSON.stringify(all);
  expect(text).toContain(name);
  const body = JSON.parse((all as { Records: [{ body: string }] }).Records[0].body); // recorded so
  expect(JSON.parse(body.Message)).toHaveProperty(name);
  expect(gunzipSync(Buffer.from(JSON.parse(body.Message).awslogs.data, "base64")).toString()).toContain(name);
  expect(names.length).toBeGreaterThan(70);
});
