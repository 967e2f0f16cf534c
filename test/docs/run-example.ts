/**
 * Runs an example of the reference as a function would: loaded once, then what is sent goes to the handlers of its routes, and
 * its schedules run once. `https://NAME.example.com` is a server that keeps what arrives; plain `http://NAME.example.com` and
 * `NAME.example.com:PORT` are one that has the example's pages, and `https://git.example.com` is a repository of `files/`.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createHandler } from "../../functions/aws/handler.ts";
import { readConfiguration } from "../../functions/local/configuration.ts";
import { blockDefinitions, knownElsewhere } from "../../lib/pipeline/components/index.ts";
import { checkConfiguration } from "../../lib/pipeline/graph/check.ts";
import { describePipeline } from "../../lib/pipeline/graph/describe.ts";
import { type Loaded, loadPipeline, type Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { testEnvironment } from "../../lib/pipeline/graph/testing.ts";
import type { HttpTrigger } from "../../lib/pipeline/graph/trigger.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { decodeSource, parseFile } from "../../lib/pipeline/syntax/parser.ts";
import {
  type Example,
  type ExampleAsks,
  type ExampleResult,
  type ExampleRun,
  type ExampleSend,
  exampleFolder,
  readEvent,
} from "../../scripts/docs/examples.ts";
import { normalise } from "../conformance/support/normalise.ts";
import { startSink } from "../conformance/support/sink.ts";

/** Throws what is wrong with the configuration. */
export async function runExample(example: Example): Promise<ExampleResult> {
  const { run, config } = example;
  const work = mkdtempSync(path.join(tmpdir(), "amalgam-example-"));
  const sink = await startSink(run.sinkSeen ? { sinkSeen: run.sinkSeen } : {});
  const pages = await startPages({ ...run.pages, ...run.testPages });
  const before = { ...process.env };
  const here = (text: string) =>
    text
      .replace(/https:\/\/[\w-]+\.example\.com(:\d+)?/g, `http://127.0.0.1:${sink.port}`)
      .replace(/http:\/\/[\w-]+\.example\.com(:\d+)?/g, `http://127.0.0.1:${pages.port}`)
      .replace(/[\w-]+\.example\.com:\d+/g, `127.0.0.1:${pages.port}`);
  for (const [name, value] of Object.entries({ ...run.env, ...run.testEnv })) process.env[name] = here(value);
  try {
    const files = fileURLToPath(new URL("files", exampleFolder));
    if (existsSync(files)) cpSync(files, path.join(work, "files"), { recursive: true });
    const text = here(config.replaceAll("https://git.example.com/collectors/modules.git", () => repository(work)));
    const file = path.join(work, "config.alloy");
    writeFileSync(file, text);
    if (run.mode === "check") return check(text);
    const { pipeline, diagnostics } = await load(file, run);
    if (!pipeline) throw new Error(problems(diagnostics));
    const { replies, printed } = await goThrough(pipeline, run);
    const asks = asksOf(pipeline, example);
    await pipeline.close();
    const result = {
      ...(replies.length && { replies }),
      ...(printed.length && { printed }),
      ...normalise(sink.got, {}),
    };
    const target = /[\w-]+\.example\.com:\d+/.exec(config)?.[0];
    return JSON.parse(
      JSON.stringify({ ...result, ...(asks && { asks }) }).replaceAll(`127.0.0.1:${pages.port}`, target ?? ""),
    );
  } finally {
    for (const name of Object.keys({ ...run.env, ...run.testEnv })) delete process.env[name];
    Object.assign(process.env, before);
    sink.close();
    pages.close();
    rmSync(work, { recursive: true });
  }
}

const options = { definitions: blockDefinitions, knownElsewhere, stability: "experimental" } as const;

async function load(place: string, { mode, offline = false }: ExampleRun): Promise<Loaded> {
  const { files, diagnostics, directory } = readConfiguration(place);
  if (diagnostics.length) return { pipeline: undefined, diagnostics };
  const environment = testEnvironment({
    mode: mode === "local" ? "local" : "function",
    offline,
    directory,
    clock: Date.now,
    random: tenths(),
  });
  return loadPipeline(files, { ...options, environment });
}

/** 0.7, 0.4, 0.1, 0.8 … */
function tenths(): () => number {
  let count = 0;
  return () => ((++count * 7) % 10) / 10;
}

const problems = (diagnostics: readonly Diagnostic[]): string => diagnostics.map(({ message }) => message).join("\n");

function check(text: string): ExampleResult {
  const { file, diagnostics } = parseFile(decodeSource("config.alloy", Buffer.from(text)).source);
  const found = [
    ...diagnostics,
    ...checkConfiguration([file], { definitions: blockDefinitions, knownElsewhere, stability: "experimental" }),
  ];
  if (found.length) throw new Error(problems(found));
  return {};
}

/** What the component that the example is about asks; the first of them where there are several. */
function asksOf(pipeline: Pipeline, { subject }: Example): ExampleAsks | undefined {
  const component = describePipeline(pipeline).components.find(({ name }) => name === subject);
  if (!component) return undefined;
  const { triggers, permissions, state } = component;
  const asks = {
    ...(triggers.length && { triggers }),
    ...(permissions.length && { permissions }),
    ...(state && { state }),
  };
  return Object.keys(asks).length ? asks : undefined;
}

interface Passed {
  readonly replies: readonly number[];
  /** Lines on standard output. */
  readonly printed: readonly string[];
}

async function goThrough(pipeline: Pipeline, { send = [], pages }: ExampleRun): Promise<Passed> {
  const replies: number[] = [];
  const printed = await printedBy(async () => {
    for (const each of send) {
      const status = await pipeline.drain(sendOne(pipeline, each));
      if (status !== undefined) replies.push(status);
    }
    if (pages)
      for (const { trigger } of pipeline.triggers)
        if (trigger.kind === "schedule") await pipeline.drain(trigger.run(invocationOf(pipeline)));
  });
  return { replies, printed };
}

const invocationOf = (pipeline: Pipeline) => pipeline.invocation({ deadlineMs: 10_000 });

async function sendOne(pipeline: Pipeline, each: ExampleSend): Promise<number | undefined> {
  const invocation = invocationOf(pipeline);
  if ("record" in each) {
    const records = pipeline.triggers.flatMap(({ trigger }) => (trigger.kind === "records" ? trigger : []));
    const trigger = records.find(({ format }) => format === each.record);
    await trigger?.push({ format: each.record, body: Buffer.from(JSON.stringify(each.json)) }, invocation);
    return undefined;
  }
  if ("event" in each) {
    await createHandler(pipeline)(readEvent(each.event));
    return undefined;
  }
  const { post, json, text = "", headers = {} } = each;
  const listeners = pipeline.triggers.flatMap(({ trigger }) => (trigger.kind === "http" ? trigger : []));
  const route = routeOf(listeners, post);
  const { status } = await route.handle(
    {
      method: "POST",
      path: post,
      query: "",
      headers: { "content-type": json === undefined ? "text/plain" : "application/json", ...headers },
      body: Buffer.from(json === undefined ? text : JSON.stringify(json)),
    },
    invocation,
  );
  return status;
}

function routeOf(listeners: readonly HttpTrigger[], post: string): HttpTrigger["routes"][number] {
  const route = listeners.flatMap(({ routes }) => routes).find(each => each.path === post);
  if (!route) throw new Error(`nothing listens at ${post}`);
  return route;
}

/** What is written to standard output meanwhile, as lines. */
async function printedBy(work: () => Promise<void>): Promise<readonly string[]> {
  const chunks: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = ((chunk: string | Uint8Array) => {
    chunks.push(String(chunk));
    return true;
  }) as typeof write; // components give it one text
  try {
    await work();
  } finally {
    process.stdout.write = write;
  }
  return chunks
    .join("")
    .replace(/\b\d{13}\b/g, nowOf)
    .split("\n")
    .filter(Boolean);
}

/** As `normalise` writes it. */
const nowOf = (milliseconds: string): string =>
  Math.abs(Number(milliseconds) - Date.now()) < 600_000 ? "now" : milliseconds;

interface Pages {
  readonly port: number;
  close(): void;
}

async function startPages(pages: Readonly<Record<string, string>>): Promise<Pages> {
  const server = http.createServer((request, response) => {
    const text = pages[(request.url ?? "").split("?")[0] ?? ""];
    if (text === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "text/plain" }).end(text);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A repository of the examples' files, on the branch `main`. */
function repository(work: string): string {
  const folder = path.join(work, "repository");
  cpSync(path.join(work, "files"), folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      stdio: "ignore",
    });
  git("init", "--initial-branch=main");
  git("add", ".");
  git("commit", "--message=modules");
  return folder;
}
