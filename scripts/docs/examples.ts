/** The examples of the reference: `NAME.alloy`, whose first comment is their caption, and what goes through them in `NAME.json`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

export const exampleFolder = new URL("../../docs/examples/", import.meta.url);

export interface Example {
  /** Of the component or block that it is about. */
  readonly subject: string;
  /** `NAME`, or `NAME--DETAIL` where there are several. */
  readonly name: string;
  readonly caption: string;
  /** Without the caption. */
  readonly config: string;
  readonly run: ExampleRun;
}

/** What goes in and what must come out; all parts may be missing. */
export interface ExampleRun {
  /** Where it runs; `check`: it doesn't, since it needs a process around it. @default "function" */
  readonly mode?: "function" | "local" | "check";
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** In order. */
  readonly send?: readonly ExampleSend[];
  /** What plain `http://NAME.example.com` and `NAME.example.com:PORT` answer, by path. */
  readonly pages?: Readonly<Record<string, string>>;
  /** The same for services whose protocol is not the example's subject; pages don't show it. */
  readonly testEnv?: Readonly<Record<string, string>>;
  /** Values are stand-ins, since there is no such cloud in a test. */
  readonly offline?: boolean;
  readonly testPages?: Readonly<Record<string, string>>;
  /** Headers of the requests at the backend to keep. */
  readonly sinkSeen?: readonly string[];
  readonly expect?: ExampleResult;
}

export type ExampleSend =
  | {
      readonly post: string;
      readonly json?: unknown;
      readonly text?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly record: "cloudwatch_logs"; readonly json: unknown }
  /** One of `events/`, by its name without the ending. */
  | { readonly event: string };

/** What came out. `https://NAME.example.com` is what writers send to. */
export interface ExampleResult {
  /** Status codes of answers to what was posted. */
  readonly replies?: readonly number[];
  readonly loki?: readonly unknown[];
  readonly prometheus?: readonly unknown[];
  readonly traces?: readonly unknown[];
  readonly logs?: readonly unknown[];
  readonly metrics?: readonly unknown[];
  /** Requests at the backend with the headers that `sinkSeen` names. */
  readonly sinkSeen?: readonly unknown[];
  /** Lines on standard output. */
  readonly printed?: readonly string[];
  /** What the component that the example is about asks of its surroundings. */
  readonly asks?: ExampleAsks;
}

export interface ExampleAsks {
  readonly triggers?: readonly unknown[];
  readonly permissions?: readonly { readonly action: string; readonly resource: string }[];
  readonly state?: boolean;
}

const eventFolder = new URL("../../events/", import.meta.url);

/** An event as Lambda brings it. */
export const readEvent = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, eventFolder), "utf8"));

/** What the list of events says of one. */
export function describeEvent(name: string): string {
  const list = readFileSync(new URL("README.md", eventFolder), "utf8");
  const line = list.split("\n").find(each => each.startsWith(`- \`${name}.json\`: `));
  if (!line) throw new Error(`events/README.md should describe ${name}.json, got no line that does`);
  return line.slice(line.indexOf(": ") + 2);
}

/** All examples by their subject, those of one subject by name. */
export function readExamples(): ReadonlyMap<string, readonly Example[]> {
  const names = existsSync(exampleFolder) ? readdirSync(exampleFolder).filter(file => file.endsWith(".alloy")) : [];
  const found = names.sort().map(file => readExample(file.replace(/\.alloy$/, "")));
  return Map.groupBy(found, ({ subject }) => subject);
}

/** A block of a component, shown by itself: what becomes of some entries. */
export interface PartExample {
  /** As the block is written: `stage.json`. */
  readonly block: string;
  readonly caption: string;
  readonly config: string;
  readonly data: PartData;
}

export interface PartData {
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
  readonly expect?: readonly PartEntry[];
}

/** An entry as it arrives. */
export interface PartEntry {
  readonly labels: string;
  readonly line: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly ts: string;
  readonly tenant?: string;
}

/** Of the folder that is named as the component. */
export function readParts(subject: string): readonly PartExample[] {
  const folder = new URL(`${subject}/`, exampleFolder);
  const names = existsSync(folder) ? readdirSync(folder).filter(file => file.endsWith(".alloy")) : [];
  return names.sort().map(file => {
    const data = readFileSync(new URL(file.replace(/alloy$/, "json"), folder), "utf8");
    return {
      block: file.replace(/\.alloy$/, ""),
      ...captioned(readFileSync(new URL(file, folder), "utf8")),
      data: JSON.parse(data) as PartData, // a test runs each of them
    };
  });
}

/** The first comment, and what is after it. */
function captioned(text: string): { readonly caption: string; readonly config: string } {
  const [comment = ""] = /^(?:\/\/.*\n)+/.exec(text) ?? [];
  const caption = comment
    .replace(/^\/\/ ?/gm, "")
    .trim()
    .replaceAll("\n", " ");
  return { caption, config: text.slice(comment.length).trimStart() };
}

function readExample(name: string): Example {
  const text = readFileSync(new URL(`${name}.alloy`, exampleFolder), "utf8");
  const data = new URL(`${name}.json`, exampleFolder);
  return {
    subject: name.split("--")[0] ?? name,
    name,
    ...captioned(text),
    run: existsSync(data) ? (JSON.parse(readFileSync(data, "utf8")) as ExampleRun) : {}, // a test runs each of them
  };
}
