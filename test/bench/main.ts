/**
 * `npm run bench`: three pipelines under load, the cold start of a function, the load of a large configuration, per second of the collector's own processor time.
 *
 *     npm run bench -- [--only traces,logs,scrape,cold,load,s3] [--seconds 8] [--record] [--peer "COMMAND {config}"]
 *
 * `--record` writes the figures of the pipelines down for `amalgam cost` (cli/cost/measured.ts).
 * `--peer` runs another program (Alloy: `alloy run {config}`) on the same configuration files under the same load and prints both.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os, { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Collector } from "./collector.ts";
import { startPeer } from "./peers.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "traces,logs,scrape,cold,load,s3" },
    seconds: { type: "string", default: "8" },
    peer: { type: "string" },
    record: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const wanted = new Set(values.only.split(","));
const folder = mkdtempSync(path.join(tmpdir(), "amalgam-bench-"));

interface Figures {
  readonly name: string;
  /** Per second of processor time. */
  readonly megabytes?: number;
  readonly items: number;
  readonly peakRss: number;
  readonly note: string;
}

type Start = (config: string, env: Record<string, string>) => Collector;

const amalgam: Start = (config, env) =>
  new Collector(
    [
      process.execPath,
      path.join(import.meta.dirname, "../../cli/main.ts"),
      "run",
      config,
      "--server.http.listen-addr",
      "127.0.0.1:22345",
      "--storage.path",
      path.join(folder, "state"),
    ],
    env,
  );
const reference: Start = (_, env) =>
  new Collector([process.execPath, path.join(import.meta.dirname, "reference.ts")], env);
const peer: Start = (config, env) =>
  new Collector(
    (values.peer ?? "").split(" ").map(word => word.replaceAll("{config}", config)),
    env,
  );

const configOf = (name: string) => path.join(import.meta.dirname, "configs", `${name}.alloy`);

/** Pushes for some seconds to warm up, then for the measured ones. */
async function push(name: string, role: "traces" | "logs", start: Start, port: number, url: string): Promise<Figures> {
  const sink = await startPeer("sink");
  const collector = start(configOf(role), { SINK: `http://127.0.0.1:${sink.port}` });
  const load = await startPeer(role, { url, connections: 4 });
  try {
    await collector.listening(port);
    await load.ask({ seconds: Math.min(4, seconds) });
    const before = collector.cpu();
    const done = await load.ask({ seconds });
    const cpu = collector.cpu() - before;
    const { bytes = 0, items = 0, refused = 0 } = done;
    return {
      name,
      megabytes: bytes / 1e6 / cpu,
      items: items / cpu,
      peakRss: collector.peakRss(),
      note: refused ? `${refused} requests refused` : "",
    };
  } finally {
    await collector.stop();
    load.stop();
    sink.stop();
  }
}

/** Scrapes of one large page: the first one (cold), and those of some seconds (warm). */
async function scrape(name: string, start: Start): Promise<Figures> {
  const sink = await startPeer("sink");
  const pages = await startPeer("pages", { series: 10_000 });
  const collector = start(configOf("scrape"), {
    SINK: `http://127.0.0.1:${sink.port}`,
    PAGES: `127.0.0.1:${pages.port}`,
  });
  const samples = async () => (await sink.ask({}))["samples"] ?? 0;
  try {
    while ((await samples()) === 0) await pause(50);
    const cold = { cpu: collector.cpu(), samples: await samples() };
    await pages.ask({});
    while ((await samples()) - cold.samples < 9000) await pause(5);
    const coldRate = ((await samples()) - cold.samples) / Math.max(0.01, collector.cpu() - cold.cpu);
    await pause(4000);
    const before = { cpu: collector.cpu(), samples: await samples() };
    await pause(seconds * 1000);
    const cpu = collector.cpu() - before.cpu;
    const items = ((await samples()) - before.samples) / cpu;
    const page = await (await fetch(`http://127.0.0.1:${pages.port}/metrics`)).arrayBuffer();
    return {
      name,
      megabytes: (items * page.byteLength) / 10_000 / 1e6,
      items,
      peakRss: collector.peakRss(),
      note: `cold ${thousands(coldRate)} samples per CPU-second`,
    };
  } finally {
    await collector.stop();
    pages.stop();
    sink.stop();
  }
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const thousands = (n: number) => Math.round(n).toLocaleString("en");

function print(title: string, unit: string, rows: readonly Figures[]): void {
  const [first] = rows;
  process.stdout.write(`\n${title}\n`);
  for (const { name, megabytes, items, peakRss, note } of rows) {
    const mb = megabytes === undefined ? "" : `${megabytes.toFixed(1).padStart(8)} MB/CPU-s`;
    const ratio = first && first.name !== name ? `  amalgam is ${(first.items / items).toFixed(2)} times ${name}` : "";
    process.stdout.write(
      `  ${name.padEnd(12)}${mb}${thousands(items).padStart(12)} ${unit}/CPU-s  peak ${peakRss.toFixed(0)} MB  ${note}${ratio}\n`,
    );
  }
}

/** Figures of Amalgam's own pipelines, by what `amalgam cost` calls them. */
const recorded = new Map<string, number>();

function record(workload: string, rows: readonly Figures[]): void {
  const [own] = rows;
  if (own?.megabytes !== undefined) recorded.set(workload, Number(own.megabytes.toPrecision(3)));
}

function writeRecord(): void {
  const file = path.join(import.meta.dirname, "../../cli/cost/measured.ts");
  const [cpu] = os.cpus();
  const machine = `${(cpu?.model ?? "unknown processor").trim()}, ${os.cpus().length} cores, Node ${process.version}`;
  let text = readFileSync(file, "utf8")
    .replace(/date: ".*"/, `date: "${new Date().toISOString().slice(0, 10)}"`)
    .replace(/machine: ".*"/, `machine: ${JSON.stringify(machine)}`);
  for (const [workload, megabytes] of recorded)
    text = text.replace(new RegExp(`\\b${workload}: [\\d.]+`), `${workload}: ${megabytes}`);
  writeFileSync(file, text);
}

const runScript = (name: string) =>
  spawnSync(process.execPath, [path.join(import.meta.dirname, name)], { stdio: "inherit" });

try {
  if (wanted.has("traces")) {
    const url = "http://127.0.0.1:24318/v1/traces";
    const rows = [
      await push("amalgam", "traces", amalgam, 24_318, url),
      await push("protobufjs", "traces", reference, 24_318, url),
    ];
    if (values.peer) rows.push(await push("peer", "traces", peer, 24_318, url));
    record("otlp", rows);
    print("OTLP traces, 1,000 spans, gzip: filter, delete, insert, sample 50 %, otlphttp gzip", "spans", rows);
  }
  if (wanted.has("logs")) {
    const url = "http://127.0.0.1:23100/loki/api/v1/push";
    const rows = [await push("amalgam", "logs", amalgam, 23_100, url)];
    if (values.peer) rows.push(await push("peer", "logs", peer, 23_100, url));
    record("logs", rows);
    print(
      "Loki push, 2,000 JSON lines: json, drop, replace, labels, structured metadata, relabel, loki.write",
      "lines",
      rows,
    );
  }
  if (wanted.has("scrape")) {
    const rows = [await scrape("amalgam", amalgam)];
    if (values.peer) rows.push(await scrape("peer", peer));
    record("metrics", rows);
    print("Scrape of 10,000 series, two relabel rules, remote write (warm)", "samples", rows);
  }
  if (wanted.has("cold")) {
    process.stdout.write("\nCold start of the bundled OTLP function\n");
    runScript("cold-start.ts");
  }
  if (wanted.has("load")) {
    process.stdout.write("\nA configuration from its text to a running pipeline and its end, in a warm process\n");
    runScript("load.ts");
  }
  if (values.record) writeRecord();
  if (wanted.has("s3")) {
    process.stdout.write("\nObject of S3 with 2 GiB of lines, read by the bundled function to loki.write\n");
    runScript("s3.ts");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
