/** What pages say of the command line is what the program has. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { blocksOf, root, spansOf } from "./snippets.ts";

const run = promisify(execFile);
const page = (name: string): string => readFileSync(path.join(root, "docs", name), "utf8");

/** Options by command, as `--help` has them. */
const options = new Map<string, readonly string[]>();

const optionsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/(?<![\w-])--[a-z][\w.-]*\w/g)].map(([name]) => name)),
];

async function helpOf(...command: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [path.join(root, "cli/main.ts"), ...command, "--help"]);
  return stdout;
}

const commandsIn = (help: string): string[] => {
  const [, list = ""] = /^Commands:\n(.*)/ms.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(([, name = ""]) => (name === "help" ? [] : [name]));
};

beforeAll(async () => {
  const names = commandsIn(await helpOf());
  await Promise.all(
    names.map(async name => {
      const help = await helpOf(name);
      const own = commandsIn(help);
      const helps = await Promise.all(own.length ? own.map(each => helpOf(name, each)) : [help]);
      const all = helps.flatMap(text => optionsIn(text.slice(text.indexOf("\nOptions:"), text.indexOf("\nGlobal"))));
      options.set(name, [...new Set(all)].filter(each => each !== "--help").sort());
    }),
  );
}, 120_000);

/** Sections of the page by command; what stands before is for several. */
const sections = (): Map<string, string> =>
  new Map(
    page("command-line.md")
      .split(/^## /m)
      .flatMap(text => {
        const [, name] = /^`amalgam ([a-z-]+)/.exec(text) ?? [];
        return name === undefined ? [] : [[name, text] as const];
      }),
  );
const common = (): string => page("command-line.md").split(/^## /m)[0] ?? "";

/** Those with a page of their own. */
const elsewhere: Readonly<Record<string, string>> = { "dead-letters": "dead-letters.md", replay: "dead-letters.md" };

describe("docs/command-line.md", () => {
  test("has a section for each command", () => {
    expect([...sections().keys()].sort()).toEqual([...options.keys()].sort());
  });

  test("names each option of each command", () => {
    const missing = [...options].flatMap(([name, all]) => {
      const other = elsewhere[name];
      const told = optionsIn(common() + sections().get(name) + (other === undefined ? "" : page(other)));
      return all.filter(option => !told.includes(option)).map(option => `${name} ${option}`);
    });
    expect(missing).toEqual([]);
  });

  test("names no option that a command has not", () => {
    const unknown = [...sections()].flatMap(([name, text]) =>
      optionsIn(text.replaceAll(/`[^`]*npm run[^`]*`/g, ""))
        .filter(option => option !== "--help" && !options.get(name)?.includes(option))
        .map(option => `${name} ${option}`),
    );
    expect(unknown).toEqual([]);
  });
});

test("commands that pages show have the options that they show", () => {
  const pages = [
    "README.md",
    ...[
      "command-line",
      "dead-letters",
      "deploy-aws",
      "graph-json",
      "log-groups",
      "remote-configuration",
      "s3-objects",
      "state",
    ].map(name => `docs/${name}.md`),
  ];
  const lines = pages.flatMap(name =>
    [...blocksOf(name, "sh"), ...spansOf(name)].flatMap(({ text }) => text.split("\n").map(line => `${name}: ${line}`)),
  );
  const shown = lines.flatMap(line => {
    const [, name, rest = ""] = /\bamalgam ([a-z][a-z-]*)(?![\w.])(.*)/.exec(line) ?? [];
    return name === undefined ? [] : [{ line, name, rest }];
  });
  expect(shown.length).toBeGreaterThan(20);
  const wrong = shown.filter(
    ({ name, rest }) =>
      !options.has(name) || optionsIn(rest).some(each => !["--help", ...(options.get(name) ?? [])].includes(each)),
  );
  expect(wrong.map(({ line }) => line)).toEqual([]);
});
