/** `amalgam dead-letters`: what backends refused for good, listed, shown and counted. */

import { readableBody } from "../lib/pipeline/components/readable-letter.ts";
import type { DeadLetter, LetterBox, StoredLetter } from "../lib/pipeline/delivery/dead-letters.ts";
import { messageOf } from "../lib/pipeline/delivery/errors.ts";
import { isEventLetter, readableEvent } from "./event-letter.ts";
import type { LetterOptions } from "./letter-options.ts";
import { headerFields, many, oneLine, sizeText, table, timeText, withoutSecrets } from "./letter-text.ts";
import { letterFilter, openLetters, placeOf } from "./letters.ts";

interface ListOptions extends LetterOptions {
  readonly limit: number;
  readonly json?: true;
}

/** Prints letters, the oldest first. */
export async function list(options: ListOptions): Promise<number> {
  const box = openLetters(options);
  try {
    const kept = new Set((await box.marks()).flatMap(({ ids }) => ids));
    const rows: string[][] = [];
    let problems = 0;
    let more = false;
    for await (const stored of chosen(box, options)) {
      if (rows.length + problems >= options.limit) {
        more = true;
        break;
      }
      if (!stored.letter) {
        problems++;
        process.stderr.write(`${stored.id}: ${oneLine(stored.problem)}\n`);
        continue;
      }
      const replayed = kept.has(stored.id);
      rows.push(rowOf(stored.id, stored.letter, replayed));
      if (options.json) print({ ...headerFields(stored.id, stored.letter), ...(replayed && { replayed }) });
    }
    if (rows.length && !options.json) process.stdout.write(table(columns, rows));
    if (!rows.length && !problems) process.stderr.write(`there are no such dead letters in ${placeOf(options)}\n`);
    if (more) process.stderr.write(`these are the first ${options.limit}: --limit=N shows more\n`);
    return 0;
  } finally {
    await box.close();
  }
}

const columns = ["TIME (UTC)", "ID", "COMPONENT", "DESTINATION", "STATUS", "TRIES", "SIZE", "REASON"];

const rowOf = (id: string, letter: DeadLetter, replayed: boolean): string[] => [
  timeText(letter.time),
  id,
  oneLine(letter.component),
  oneLine(letter.destination) || "-",
  String(letter.status ?? "-"),
  String(letter.attempts ?? "-"),
  sizeText(letter.body.length),
  `${replayed ? "(replayed) " : ""}${oneLine(letter.reason)}`,
];

/**
 * Prints one letter; with `body` what it holds, readable, with `raw` only that, as it is. The beginning of an id is enough where one
 * letter has it.
 */
export async function show(
  id: string,
  options: LetterOptions & { readonly body?: true; readonly json?: true; readonly raw?: true },
): Promise<number> {
  const box = openLetters(options);
  try {
    const found = await find(box, id);
    if (options.raw) {
      process.stdout.write(found.letter.body);
      return 0;
    }
    const header = headerFields(found.id, found.letter);
    const body = options.body ? { body: bodyOf(found.letter) } : {};
    if (options.json) {
      print({ ...header, ...body });
      return 0;
    }
    for (const [name, value] of Object.entries(header)) if (value !== undefined && value !== "") showField(name, value);
    if (options.body) process.stdout.write(`\n${JSON.stringify(body.body, null, 2)}\n`);
    return 0;
  } finally {
    await box.close();
  }
}

function showField(name: string, value: unknown): void {
  const text = typeof value === "object" ? JSON.stringify(withoutSecrets(value)) : String(value);
  process.stdout.write(`${`${name}:`.padEnd(15)}${oneLine(text)}\n`);
}

async function find(box: LetterBox, id: string): Promise<{ id: string; letter: DeadLetter }> {
  const exact = await box.get(id);
  if (exact) return { id, letter: exact };
  const found: StoredLetter[] = [];
  for await (const stored of box.letters()) {
    if (stored.id.startsWith(id)) found.push(stored);
    if (found.length > 1) break;
  }
  const [only, second] = found;
  if (!only) throw new Error(`there should be a dead letter with the id ${id}, got none`);
  if (second) throw new Error(`an id should be that of one dead letter, got ${id}, with which several begin`);
  if (!only.letter) throw new Error(`dead letter ${only.id} can't be read: ${only.problem}`);
  return { id: only.id, letter: only.letter };
}

/** What can be read of a body, without secrets; otherwise its bytes. */
function bodyOf(letter: DeadLetter): unknown {
  try {
    const body = isEventLetter(letter) ? readableEvent(letter) : readableBody(letter);
    if (body !== undefined) return withoutSecrets(body);
  } catch (error) {
    return { problem: messageOf(error), base64: Buffer.from(letter.body).toString("base64") };
  }
  return { base64: Buffer.from(letter.body).toString("base64") };
}

/** Prints how many letters there are, by what they have in common. */
export async function stats(options: LetterOptions & { readonly json?: true }): Promise<number> {
  const box = openLetters(options);
  try {
    const counts = new Counts();
    for await (const stored of chosen(box, options)) counts.add(stored);
    if (options.json) print(counts.toJson());
    else process.stdout.write(counts.toText());
    return 0;
  } finally {
    await box.close();
  }
}

interface Count {
  letters: number;
  bytes: number;
}

const headings = { component: "COMPONENT", destination: "DESTINATION", reason: "REASON", hour: "HOUR (UTC)" } as const;
type Heading = keyof typeof headings;

class Counts {
  readonly #total: Count = { letters: 0, bytes: 0 };
  readonly #by: Readonly<Record<Heading, Map<string, Count>>> = {
    component: new Map(),
    destination: new Map(),
    reason: new Map(),
    hour: new Map(),
  };
  #unreadable = 0;

  add({ letter }: StoredLetter): void {
    if (!letter) {
      this.#unreadable++;
      return;
    }
    const [component, destination] = [oneLine(letter.component), oneLine(letter.destination) || "-"];
    const hour = `${timeText(letter.time).slice(0, 13)}:00`;
    const groups = { component, destination, reason: similar(letter.reason), hour };
    for (const [by, value] of Object.entries(groups)) {
      const counts = this.#by[by as Heading]; // the keys of groups
      const count = counts.get(value) ?? { letters: 0, bytes: 0 };
      counts.set(value, count);
      addTo(count, letter);
    }
    addTo(this.#total, letter);
  }

  toJson(): object {
    const by = Object.entries(this.#by).map(([name, counts]) => [name, sorted(name, counts).map(([value, count]) => ({ [name]: value, ...count }))]); // biome-ignore format: one row
    return { ...this.#total, unreadable: this.#unreadable, by: Object.fromEntries(by) };
  }

  toText(): string {
    const { letters, bytes } = this.#total;
    const unreadable = this.#unreadable ? `, and ${many(this.#unreadable, "letter")} that can't be read` : "";
    const tables = Object.entries(headings).map(([name, heading]) => {
      const rows = sorted(name, this.#by[name as Heading]); // the same keys
      return table(["LETTERS", "SIZE", heading], rows.map(([value, count]) => [String(count.letters), sizeText(count.bytes), value])); // biome-ignore format: one row
    });
    return [`${many(letters, "letter")}, ${sizeText(bytes)}${unreadable}\n`, ...(letters ? tables : [])].join("\n");
  }
}

function addTo(count: Count, { body }: DeadLetter): void {
  count.letters++;
  count.bytes += body.length;
}

/** Hours in their order, all others by how many letters they have. */
const sorted = (by: string, counts: ReadonlyMap<string, Count>): [string, Count][] =>
  [...counts].sort(([a, x], [b, y]) => (by === "hour" ? 0 : y.letters - x.letters) || (a < b ? -1 : 1));

/** Reasons that differ in what they are about, and not in what they say, become the same. */
const similar = (reason: string): string =>
  oneLine(reason)
    .replace(/\{[^{}]*\}/g, "{…}")
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:?\d\d)?/g, "TIME")
    .replace(/\d{4,}/g, "N");

async function* chosen(box: LetterBox, options: LetterOptions): AsyncIterable<StoredLetter> {
  const { times, matches } = letterFilter(options, Date.now());
  for await (const stored of box.letters(times)) if (!stored.letter || matches(stored.letter)) yield stored;
}

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
