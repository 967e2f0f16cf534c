/**
 * How long a function takes from the start of its process to its first answer, compared with one that only answers 200, both
 * under the same runtime; what is deployed; and the most memory that it takes with a request of 6 MB.
 *
 *     node test/bench/cold-start.ts [--runs 21] [--ric node_modules/aws-lambda-ric/index.mjs]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { bundle, compressedSize } from "../../functions/bundle.ts";
import { recorded } from "../functions/events.ts";
import { type StartOptions, startFunction } from "../functions/runtime-api.ts";
import { startSink } from "../functions/sink.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "21" }, ric: { type: "string" } } });
const runtime = values.ric ? { runtime: [process.execPath, values.ric, "index.handler"] as const } : {};

const config = `
otelcol.receiver.otlp "in" {
  http { }
  output {
    traces  = [otelcol.exporter.otlphttp.out.input]
    logs    = [otelcol.exporter.otlphttp.out.input]
    metrics = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.exporter.otlphttp "out" {
  client {
    endpoint = sys.env("OTLP_ENDPOINT")
  }
}
`;

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

async function firstAnswer(options: StartOptions, event: unknown): Promise<number> {
  const start = performance.now();
  const running = await startFunction(options);
  const { result, error } = await running.invoke(event);
  const time = performance.now() - start;
  await running.stop();
  if ((result as { statusCode?: number } | undefined)?.statusCode !== 200)
    throw new Error(`the function should answer 200, got ${JSON.stringify(result ?? error)}`);
  return time;
}

/** An OTLP request of about 6 MB, the most that Lambda takes; as base64 its event is larger, as it is on a function URL. */
function largeEvent(): unknown {
  const event = recorded("function-url-otlp-logs");
  const one = Buffer.from(event.body, "base64");
  const body = Buffer.concat(Array.from({ length: Math.floor((4.5 * 1024 * 1024) / one.length) }, () => one));
  return { ...event, body: body.toString("base64") };
}

const peakMegabytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-"));
const sink = await startSink();
try {
  const trivial = path.join(folder, "trivial");
  mkdirSync(trivial);
  writeFileSync(path.join(trivial, "index.mjs"), "export const handler = async () => ({ statusCode: 200 });\n");
  writeFileSync(path.join(folder, "otlp.alloy"), config);
  const { file, files, bytes } = await bundle({
    config: path.join(folder, "otlp.alloy"),
    outdir: path.join(folder, "otlp"),
    target: "aws",
  });
  const ours = { taskRoot: path.dirname(file), env: { OTLP_ENDPOINT: sink.url }, ...runtime };
  const event = recorded("function-url-otlp-traces");
  const times: { trivial: number[]; otlp: number[] } = { trivial: [], otlp: [] };
  for (let run = 0; run < Number(values.runs); run++) {
    times.trivial.push(await firstAnswer({ taskRoot: trivial, ...runtime }, event));
    times.otlp.push(await firstAnswer(ours, event));
  }
  const [base, full] = [median(times.trivial), median(times.otlp)];
  const large = await startFunction(ours);
  await large.invoke(largeEvent());
  const peak = peakMegabytes(large.pid);
  await large.stop();
  console.log(`only answers 200: ${base.toFixed(1)} ms`);
  const [bestBase, bestFull] = [Math.min(...times.trivial), Math.min(...times.otlp)]; // other work on the machine only adds
  console.log(
    `at best:          ${bestBase.toFixed(1)} ms and ${bestFull.toFixed(1)} ms, ${(bestFull / bestBase).toFixed(2)} times`,
  );
  console.log(`OTLP to OTLP:     ${full.toFixed(1)} ms, ${(full / base).toFixed(2)} times as long (at most 1.5)`);
  console.log(
    `bundle:           ${(bytes / 1024).toFixed(0)} KiB (at most 300), ${(compressedSize(files) / 1024).toFixed(0)} KiB compressed`,
  );
  console.log(`memory with 6 MB: ${peak.toFixed(0)} MiB at its peak`);
} finally {
  await sink.close();
  rmSync(folder, { recursive: true });
}
