/** The page of a component or of one of the language's own blocks. */
import {
  describeEvent,
  type Example,
  type ExampleAsks,
  type ExampleRun,
  type ExampleSend,
  type PartEntry,
  type PartExample,
} from "./examples.ts";
import { anyOf, code, fenced, slug, table } from "./markdown.ts";
import {
  type Argument,
  type Block,
  type Bodies,
  type Body,
  isRepeated,
  joinPath,
  reachable,
  readableType,
  refusalsOf,
} from "./model.ts";
import { usage } from "./usage.ts";

export interface Subject {
  readonly name: string;
  readonly summary: string;
  /** `generally available`, `only in Amalgam`. */
  readonly marks: readonly string[];
  /** What stands after the name in the skeleton; absent where there is no label. */
  readonly label?: string;
  readonly bodies: Bodies;
  readonly exports: readonly Argument[];
  readonly inFunctions: string | undefined;
  /** Further paragraphs and lists, after the summary. */
  readonly notes?: readonly string[];
  readonly examples: readonly Example[];
  /** Examples of single blocks. */
  readonly parts?: readonly PartExample[];
  readonly neighbours: readonly Neighbours[];
  /** In whole, where it isn't made from the bodies. */
  readonly usage?: string;
}

export interface Neighbours {
  readonly text: string;
  /** Names of pages. */
  readonly names: readonly string[];
}

/** Where a page is, from another page beside it. */
export type Link = (name: string) => string | undefined;

export function subjectPage(subject: Subject, link: Link): string {
  const { name, summary, marks, bodies, exports, notes = [], examples, parts = [] } = subject;
  return [
    `# ${name}`,
    "",
    summary,
    "",
    ...(marks.length ? [marks.join(" · "), ""] : []),
    ...notes.flatMap(note => [note, ""]),
    "## Usage",
    "",
    ...fenced("alloy", subject.usage ?? usage(name, subject.label, bodies)),
    ...argumentSection(bodies),
    ...blockSection(bodies, new Map(parts.map(part => [part.block, part]))),
    ...exportSection(exports),
    ...functionSection(subject),
    ...refusedSection(bodies),
    ...examples.flatMap((example, i) => exampleSection(example, i, examples.length)),
    ...neighbourSection(subject.neighbours, link),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}

function argumentSection(bodies: Bodies): string[] {
  const own = bodies[""]?.arguments ?? [];
  return ["## Arguments", "", ...(own.length ? argumentTable(own) : ["It has no arguments.", ""])];
}

function argumentTable(list: readonly Argument[]): string[] {
  const sorted = [...list.filter(each => each.required), ...list.filter(each => !each.required)];
  return table(
    ["name", "type", "default", "what it is"],
    sorted.map(each => [code(each.name), code(readableType(each.type)), defaultOf(each), descriptionOf(each)]),
  );
}

function defaultOf({ required, refused, default: value }: Argument): string {
  if (required) return "**required**";
  return value === undefined || refused !== undefined ? "" : code(JSON.stringify(value));
}

function descriptionOf({ type, description, words, refused }: Argument): string {
  if (refused !== undefined) return `*Refused.* ${description}`;
  return words
    ? `${description} ${type.startsWith("list(") ? "Each is one of" : "One of"} ${anyOf(words.map(word => code(JSON.stringify(word))))}.`
    : description;
}

type Parts = ReadonlyMap<string, PartExample>;

function blockSection(bodies: Bodies, parts: Parts): string[] {
  const rows = blockRows(bodies, parts, "", new Set());
  if (!rows.length) return [];
  const usable = reachable(bodies);
  return [
    "## Blocks",
    "",
    ...table(["block", "how many", "what it is for"], rows),
    ...orderNote(usable.flatMap(([, { blocks }]) => blocks)),
    ...usable.filter(([path]) => path !== "").flatMap(([path, body]) => bodySection(path, body, parts.get(path))),
  ];
}

/** A row a block, what a block holds under it. */
function blockRows(bodies: Bodies, parts: Parts, path: string, above: ReadonlySet<string>): string[][] {
  const { blocks = [] } = bodies[path] ?? {};
  const own = blocks.filter(block => !isRepeated(path, block));
  const groups = new Set(blocks.filter(block => isRepeated(path, block)).map(({ group }) => group ?? ""));
  return [
    ...own.flatMap(block => {
      const at = joinPath(path, block.name);
      const below = block.refused === undefined && block.body === at && !above.has(at);
      return [
        [blockLink(at, block, bodies, parts), countOf(block), block.description],
        ...(below ? blockRows(bodies, parts, at, new Set([...above, at])) : []),
      ];
    }),
    ...[...groups].map(group => [
      code(joinPath(path, `${group}.*`)),
      "any number",
      `All that there are outside of it: ${code(`${group}.*`)}.`,
    ]),
  ];
}

const isEmpty = ({ arguments: list, blocks }: Body): boolean => !list.length && !blocks.length;

function blockLink(path: string, { refused, body }: Block, bodies: Bodies, parts: Parts): string {
  const below = bodies[body];
  if (refused !== undefined || !below || (isEmpty(below) && !parts.has(body))) return code(path);
  return `[${code(path)}](#${slug(body)})`;
}

function countOf({ required, many, refused }: Block): string {
  if (refused !== undefined) return "*refused*";
  if (required) return many ? "**one or more**" : "**one**";
  return many ? "any number" : "at most one";
}

function orderNote(blocks: readonly Block[]): string[] {
  const groups = new Map(blocks.flatMap(({ group, many }) => (group === undefined ? [] : [[group, many]])));
  return [...groups].flatMap(([group, many]) => {
    const all = code(`${group}.*`);
    return [
      many
        ? `All ${all} blocks count in the order in which they are written.`
        : `Exactly one of the ${all} blocks must be there.`,
      "",
    ];
  });
}

function bodySection(path: string, body: Body, part: PartExample | undefined): string[] {
  if (isEmpty(body) && !part) return [];
  const { arguments: list, blocks } = body;
  const none = blocks.length ? "It has blocks only." : "It has no arguments.";
  return [`### ${path}`, "", ...(list.length ? argumentTable(list) : [none, ""]), ...partSection(part)];
}

function partSection(part: PartExample | undefined): string[] {
  if (!part) return [];
  const { caption, config, data } = part;
  const { labels, lines, expect = [] } = data;
  const stream = `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ")}}`;
  return [
    caption,
    "",
    ...fenced("alloy", config),
    `Of the stream ${code(stream)}:`,
    "",
    ...table(
      ["line that comes in"],
      lines.map(line => [code(visible(line))]),
    ),
    ...(expect.length
      ? table(
          ["line that goes out", "labels", "besides"],
          expect.map(each => [code(visible(each.line)), code(each.labels), besides(each)]),
        )
      : ["Nothing goes out.", ""]),
  ];
}

/** Control characters as escapes. */
const visible = (text: string): string => text.replace(/\p{Cc}/gu, each => JSON.stringify(each).slice(1, -1));

function besides({ meta, ts, tenant }: PartEntry): string {
  return [
    ...Object.entries(meta).map(([name, value]) => `metadata ${code(`${name}=${value}`)}`),
    ...(tenant === undefined ? [] : [`tenant ${code(tenant)}`]),
    ...(/^17000000/.test(ts) ? [] : [`time ${code(new Date(Number(ts) / 1e6).toISOString())}`]),
  ].join(", ");
}

function exportSection(exports: readonly Argument[]): string[] {
  if (!exports.length) return [];
  return [
    "## Exports",
    "",
    ...table(
      ["name", "type", "what it is"],
      exports.map(({ name, type, description }) => [code(name), code(readableType(type)), description]),
    ),
  ];
}

function functionSection({ inFunctions, examples }: Subject): string[] {
  const asked = asksOf(examples.find(({ run }) => run.expect?.asks)?.run.expect?.asks);
  if (inFunctions === undefined && !asked.length) return [];
  return [
    "## In a function",
    "",
    ...(inFunctions === undefined ? [] : [inFunctions, ""]),
    ...(asked.length ? ["What the example below asks of the infrastructure for it:", "", ...asked, ""] : []),
  ];
}

function asksOf(asks: ExampleAsks | undefined): string[] {
  if (!asks) return [];
  const { triggers = [], permissions = [], state = false } = asks;
  return [
    ...triggers.map(trigger => `- called by ${triggerText(trigger as TriggerText)}`), // as graph --json has it
    ...permissions.map(({ action, resource }) => `- the permission ${code(action)} for ${code(resource)}`),
    ...(state ? ["- a state store"] : []),
  ];
}

interface TriggerText {
  readonly kind: string;
  readonly paths?: readonly string[];
  readonly everySeconds?: number;
  readonly sources?: readonly string[];
  readonly format?: string;
}

const sourceWords: Readonly<Record<string, string>> = {
  queue: "a queue",
  "log-subscription": "a log subscription",
  stream: "a stream",
  topic: "a topic",
  firehose: "Firehose",
  kafka: "Kafka",
  bus: "an event bus",
};

function triggerText({ kind, paths = [], everySeconds, sources = [], format = "" }: TriggerText): string {
  if (kind === "http") return `HTTP requests to ${anyOf(paths.map(code))}`;
  if (kind === "schedule") return `a schedule, every ${everySeconds} s`;
  const names = sources.map(source => sourceWords[source] ?? source);
  return `records of ${anyOf(names)} (${code(format)})`;
}

function refusedSection(bodies: Bodies): string[] {
  const refusals = refusalsOf(bodies);
  if (!refusals.length) return [];
  return [
    "## What is refused",
    "",
    "A configuration with one of these does not load, and says why.",
    "",
    ...table(
      ["argument or block", "what it is", "why"],
      refusals.map(({ path, reason, description }) => [code(path), description, reason]),
    ),
  ];
}

function exampleSection({ caption, config, run }: Example, index: number, count: number): string[] {
  return [
    count > 1 ? `## Example ${index + 1}` : "## Example",
    "",
    ...(caption ? [caption, ""] : []),
    ...fenced("alloy", config),
    ...dataThrough(run),
  ];
}

function dataThrough({ pages = {}, send = [], env = {}, expect = {} }: ExampleRun): string[] {
  const { replies, asks: _, printed = [], sinkSeen = [], ...arrived } = expect;
  const came = Object.entries(arrived);
  return [
    ...(Object.keys(env).length
      ? [
          "With the environment",
          "",
          ...fenced(
            "sh",
            Object.entries(env)
              .map(([key, value]) => `${key}=${value}`)
              .join("\n"),
          ),
        ]
      : []),
    ...Object.entries(pages).flatMap(([path, text]) => [`With this at ${code(path)}:`, "", ...fenced("text", text)]),
    ...send.flatMap((each, i) => sent(each, replies?.[i])),
    ...(printed.length ? ["It prints:", "", ...fenced("text", printed.join("\n"))] : []),
    ...came.flatMap(([kind, list]) => [`${arrivedWords[kind] ?? kind}:`, "", ...fenced("json", compactJson(list))]),
    ...(sinkSeen.length ? ["The backend sees:", "", ...fenced("json", compactJson(sinkSeen))] : []),
    ...clockNote(JSON.stringify(expect)),
    ...(send.length && !sinkSeen.length && !printed.length && !came.length
      ? ["Nothing arrives at the backend.", ""]
      : []),
  ];
}

function clockNote(text: string): string[] {
  const words = [
    ...(/"now"| now"/.test(text) ? ["`now` is the time of the run"] : []),
    ...(text.includes('"clock"') ? ["`clock` is a time that was measured"] : []),
  ];
  return words.length ? [`Here ${words.join(", and ")}.`, ""] : [];
}

const arrivedWords: Readonly<Record<string, string>> = {
  loki: "At Loki arrives",
  prometheus: "At the remote write endpoint arrives",
  traces: "At the OTLP endpoint arrive traces",
  logs: "At the OTLP endpoint arrive logs",
  metrics: "At the OTLP endpoint arrive metrics",
};

function sent(each: ExampleSend, status: number | undefined): string[] {
  if ("record" in each) return ["What arrives, decompressed:", "", ...fenced("json", compactJson(each.json))];
  if ("event" in each)
    return [`Lambda brings [${each.event}.json](../../../events/${each.event}.json). ${describeEvent(each.event)}`, ""];
  const answer = status === undefined ? "" : `, which is answered with ${status}`;
  const headers = Object.entries(each.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const body = each.json === undefined ? (each.text ?? "") : compactJson(each.json);
  return [
    `Sent to ${code(each.post)}${headers.length ? ` with ${anyOf(headers.map(code))}` : ""}${answer}:`,
    "",
    ...fenced(each.json === undefined ? "text" : "json", body),
  ];
}

/** JSON in which whatever fits on a line is on one. */
export function compactJson(value: unknown, indent = ""): string {
  const line = oneLine(value);
  if (line.length + indent.length <= 100 || value === null || typeof value !== "object") return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map(each => inner + compactJson(each, inner)).join(",\n")}\n${indent}]`;
  const fields = Object.entries(value).map(
    ([key, each]) => `${inner}${JSON.stringify(key)}: ${compactJson(each, inner)}`,
  );
  return `{\n${fields.join(",\n")}\n${indent}}`;
}

function oneLine(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  const fields = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${oneLine(each)}`);
  return fields.length ? `{ ${fields.join(", ")} }` : "{}";
}

function neighbourSection(neighbours: readonly Neighbours[], link: Link): string[] {
  const lines = neighbours
    .filter(({ names }) => names.length)
    .map(({ text, names }) => `- ${text}: ${names.map(name => linked(name, link)).join(", ")}`);
  return lines.length ? ["## Neighbours", "", ...lines, ""] : [];
}

export function linked(name: string, link: Link): string {
  const to = link(name);
  return to === undefined ? code(name) : `[${code(name)}](${to})`;
}
