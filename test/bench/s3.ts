/**
 * How fast a function reads an object of S3, and with how much memory: the bundled function under the runtime's API, a server that
 * makes the object as it is asked for, a sink in the place of Loki.
 *
 *     node test/bench/s3.ts [--gigabytes 2]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { bundle } from "../../functions/bundle.ts";
import { startFunction } from "../functions/runtime-api.ts";

const { values } = parseArgs({ options: { gigabytes: { type: "string", default: "2" } } });
const total = Math.round(Number(values.gigabytes) * 2 ** 30);

const config = `
loki.source.s3 "in" { forward_to = [loki.write.out.receiver] }
loki.write "out" { endpoint { url = sys.env("SINK") } }
`;

/** About 1 MiB of lines as a load balancer writes them; an object is that many times over. */
const block = Buffer.from(
  Array.from({ length: 4400 }, (_, i) => {
    const seed = (i * 2654435761) % 4294967296;
    return `https 2026-01-15T10:${String(i % 60).padStart(2, "0")}:00.${seed % 1000000}Z app/shop/50dc6c495c0c9188 203.0.113.${seed % 256}:${1024 + (seed % 60000)} 10.0.0.${i % 256}:8080 0.000 0.0${seed % 100} 0.000 ${seed % 7 ? 200 : 500} ${seed % 7 ? 200 : 500} 34 ${seed % 5000} "GET https://shop.example.com:443/cart/${seed.toString(36)} HTTP/1.1" "curl/8.5.0"\n`;
  }).join(""),
);

/** An object of blocks that are the same, plain or each packed as a member, so that no disk and no memory is needed. */
function objectOf(unit: Buffer): { readonly size: number; readonly range: (from: number, to: number) => Buffer } {
  const size = unit.length * Math.ceil(total / block.length);
  return {
    size,
    range(from, to) {
      const end = Math.min(to + 1, size);
      const parts: Buffer[] = [];
      for (let at = from; at < end; ) {
        const start = at % unit.length;
        const part = unit.subarray(start, Math.min(unit.length, start + end - at));
        parts.push(part);
        at += part.length;
      }
      return Buffer.concat(parts);
    },
  };
}

/** Of a process: seconds of its processor time, and the most memory that it has taken, in MB. */
function usageOf(pid: number): { readonly cpu: number; readonly peak: number } {
  const ticks = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ")
    .map(Number);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpu: ((ticks[11] ?? 0) + (ticks[12] ?? 0)) / 100, peak: Number(peak ?? Number.NaN) / 1000 };
}

const event = {
  Records: [
    { eventSource: "aws:s3", eventName: "ObjectCreated:Put", s3: { bucket: { name: "logs" }, object: { key: "a" } } },
  ],
};

async function measure(name: string, unit: Buffer, taskRoot: string): Promise<void> {
  const { size, range } = objectOf(unit);
  let pushed = 0;
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      pushed++;
      request.resume().on("end", () => response.writeHead(204).end());
      return;
    }
    const [, from = 0, to = 0] = (/bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? []).map(Number);
    const body = range(from, to);
    const contentRange = `bytes ${from}-${from + body.length - 1}/${size}`;
    response
      .writeHead(206, { etag: '"bench"', "content-range": contentRange, "content-length": body.length })
      .end(body);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listening on TCP
  const env = {
    SINK: `${url}/loki/api/v1/push`,
    AWS_ENDPOINT_URL: url,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
  };
  const running = await startFunction({ taskRoot, env });
  try {
    const started = performance.now();
    const { error } = await running.invoke(event, { timeoutMs: 900_000 });
    if (error) throw new Error(`${name} should be read to its end, got ${error.errorMessage}`);
    const seconds = (performance.now() - started) / 1000;
    const { cpu, peak } = usageOf(running.pid);
    const megabytes = (Math.ceil(total / block.length) * block.length) / 1e6;
    process.stdout.write(
      `  ${name.padEnd(12)}${(megabytes / cpu).toFixed(1).padStart(8)} MB/CPU-s${(megabytes / seconds).toFixed(1).padStart(8)} MB/s  peak ${peak.toFixed(0)} MB  ${pushed} requests to Loki, object of ${(size / 1e6).toFixed(0)} MB\n`,
    );
  } finally {
    await running.stop();
    server.close();
    server.closeAllConnections();
  }
}

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-bench-"));
try {
  writeFileSync(path.join(folder, "main.alloy"), config);
  const outdir = path.join(folder, "function");
  await bundle({ config: path.join(folder, "main.alloy"), outdir, target: "aws" });
  await measure("plain", block, outdir);
  await measure("gzip", gzipSync(block), outdir);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
