/** Runs a case: the local process with the case's configuration between a sender, a scraped server and a sink, all on ports of their own. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createLogger } from "../../../functions/local/log.ts";
import { ConfigurationError, LocalProcess } from "../../../functions/local/process.ts";
import { type CaseInput, fillTimes, type Page, portsOf, readJson, replacePorts, type Send } from "./case.ts";
import { normalise } from "./normalise.ts";
import { type Decoded, type Sink, startSink } from "./sink.ts";
import { writeRequest } from "./write-request.ts";

export interface Outcome {
  readonly out: Decoded;
  readonly log: string;
}

export async function runCase(folder: string): Promise<Outcome> {
  const input = readJson(folder, "input.json") as CaseInput; // the format of the recordings
  const sink = await startSink(input);
  const pages = await startPages(input);
  const listeners = portsOf(input).filter(port => port < 19_000 || port > 19_001);
  const ports = new Map([[19_000, sink.port], [19_001, pages.port], ...(await freePorts(listeners))]);
  const work = mkdtempSync(path.join(tmpdir(), "amalgam-case-"));
  cpSync(folder, work, { recursive: true });
  const config = path.join(work, "config.alloy");
  // the environment is shared by cases that run at the same time, so the sink's address is written in
  const text = readFileSync(config, "utf8")
    .replaceAll('sys.env("SINK")', '"http://127.0.0.1:19000"')
    .replaceAll('env("SINK")', '"http://127.0.0.1:19000"');
  writeFileSync(config, replacePorts(text, ports));
  const lines: string[] = [];
  const log = createLogger({ level: "warn", write: line => lines.push(line) });
  const local = new LocalProcess({ config, storagePath: path.join(work, ".amalgam"), stability: "experimental", log });
  try {
    const loaded = await load(local, lines);
    const replies = await sendAll(input.send ?? [], ports, loaded);
    if (loaded) await untilQuiet(local, input, sink);
    await local.stop();
    const seen = input.seen && { seen: [...pages.seen].sort().map(each => JSON.parse(each)) };
    const out = { replies, ...seen, ...normalise(sink.got, input) };
    const back = new Map([...ports].map(([recorded, used]) => [used, recorded]));
    return { out: JSON.parse(replacePorts(JSON.stringify(out), back)), log: lines.join("\n") };
  } finally {
    sink.close();
    pages.close();
    rmSync(work, { recursive: true });
  }
}

async function load(local: LocalProcess, lines: string[]): Promise<boolean> {
  try {
    await local.load();
    return true;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    lines.push(...error.diagnostics.map(({ message }) => message));
    return false;
  }
}

/** A configuration that does not load answers nothing: status 0. */
async function sendAll(sends: readonly Send[], ports: ReadonlyMap<number, number>, loaded: boolean): Promise<number[]> {
  const replies: number[] = [];
  for (const each of sends) {
    replies.push(loaded ? await send(each, ports) : 0);
    if (loaded && each.pause) await wait(each.pause);
  }
  return replies;
}

async function send(each: Send, ports: ReadonlyMap<number, number>): Promise<number> {
  const response = await fetch(replacePorts(each.url, ports), {
    method: each.method ?? "POST",
    headers: { "content-type": contentType(each), ...writeHeaders(each), ...each.headers },
    ...(each.method !== "GET" && { body: bodyOf(each) }),
  });
  await response.arrayBuffer();
  return response.status;
}

function contentType({ rw, rw2, json }: Send): string {
  if (rw2) return "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  if (rw) return "application/x-protobuf";
  return json === undefined ? "text/plain" : "application/json";
}

const writeHeaders = ({ rw, rw2, raw }: Send): Record<string, string> =>
  (rw || rw2) && !raw
    ? { "content-encoding": "snappy", "x-prometheus-remote-write-version": rw2 ? "2.0.0" : "0.1.0" }
    : {};

function bodyOf(each: Send): string | Uint8Array<ArrayBuffer> {
  if (each.rw || each.rw2) return writeRequest(each);
  if (each.json !== undefined) return JSON.stringify(each.json).replaceAll('"$NOW_NS"', `"${Date.now()}000000"`);
  if (each.base64 !== undefined) return new Uint8Array(Buffer.from(each.base64, "base64"));
  return each.text ?? "";
}

/** What was sent is delivered when nothing is under way; scrapes go on until the sink has had enough. */
async function untilQuiet(local: LocalProcess, input: CaseInput, sink: Sink): Promise<void> {
  await local.pipeline?.settled();
  if (!input.pages && !input.quiet) return;
  const begin = Date.now();
  const { quiet = 1500, most = 12_000, requests = 2 } = input;
  while (Date.now() - begin < most) {
    if (sink.state.requests > 0 && Date.now() - sink.state.last >= quiet) return;
    if (input.pages && sink.state.requests > requests) return;
    if (input.none && Date.now() - begin > 4000) return;
    await wait(50);
  }
}

interface Pages {
  readonly port: number;
  readonly seen: Set<string>;
  close(): void;
}

/** The scraped server. A list of pages is answered one after the other, the last one again and again. */
async function startPages(input: CaseInput): Promise<Pages> {
  const seen = new Set<string>();
  const asked = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const url = request.url ?? "";
    const [name = ""] = url.split("?");
    const count = asked.get(name) ?? 0;
    asked.set(name, count + 1);
    if (input.seen)
      seen.add(
        JSON.stringify({
          url,
          ...Object.fromEntries(input.seen.map(header => [header, request.headers[header] ?? null])),
        }),
      );
    const list = input.pages?.[name];
    const page = (Array.isArray(list) ? list[Math.min(count, list.length - 1)] : list) as Page | undefined; // narrowed by isArray
    if (page?.hang) return;
    if (!page) return response.writeHead(404).end();
    response.writeHead(page.status ?? 200, {
      "content-type": page.type ?? "text/plain; version=0.0.4",
      ...page.headers,
    });
    response.end(page.base64 ? Buffer.from(page.base64, "base64") : fillTimes(page.text ?? ""));
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number }; // listening on TCP
  return {
    port,
    seen,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A port that is free now for each of the given ones. */
async function freePorts(wanted: readonly number[]): Promise<[number, number][]> {
  const servers = await Promise.all(
    wanted.map(
      () =>
        new Promise<net.Server>(resolve => {
          const server = net.createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server, i): [number, number] => [
    wanted[i] as number,
    (server.address() as net.AddressInfo).port,
  ]); // same length; listening on TCP
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
