/** The processes around the measured one: load, sink, pages; each in a process of its own, so that only the collector's work is counted. */
import { fork } from "node:child_process";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { uncompress } from "snappyjs";
import { logPush, metricsPage, traceRequest } from "./payloads.ts";

export type Role = "sink" | "pages" | "traces" | "logs";

export interface Peer {
  /** Asks the process for something and resolves to its answer. */
  ask(question: object): Promise<Record<string, number>>;
  readonly port: number;
  stop(): void;
}

/** Starts a peer; it listens on a port that the system chooses where it listens. */
export async function startPeer(role: Role, options: object = {}): Promise<Peer> {
  const child = fork(import.meta.filename, [role, JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const answer = () =>
    new Promise<Record<string, number>>((resolve, reject) => {
      const exited = () => reject(new Error(`the ${role} process ended`));
      child.once("exit", exited);
      child.once("message", message => {
        child.off("exit", exited);
        resolve(message as Record<string, number>); // sent by reply below
      });
    });
  const { port = 0 } = await answer();
  return {
    port,
    ask(question) {
      const answered = answer();
      child.send(question);
      return answered;
    },
    stop: () => child.kill(),
  };
}

const reply = (message: Record<string, number>) => process.send?.(message);

/** Takes everything; counts requests, bytes and, of remote writes, samples. */
async function sink(): Promise<void> {
  const counts = { requests: 0, bytes: 0, samples: 0 };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      counts.requests++;
      counts.bytes += body.length;
      if (request.url?.includes("/api/v1/write")) counts.samples += countSeries(uncompress(body));
      response
        .writeHead(request.url?.startsWith("/v1/") ? 200 : 204, { "content-type": "application/x-protobuf" })
        .end();
    });
  });
  await listen(server, () => ({ ...counts }));
}

/** Fields number 1 of a WriteRequest: each is a series with one sample. */
function countSeries(body: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < body.length; count++) {
    if (body[at++] !== 0x0a) return count;
    let length = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = body[at++] as number; // a well-formed request
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte > 0x7f);
    at += length;
  }
  return count;
}

/** A page of series; empty until it is switched on, with other values each time. */
async function pages({ series = 10_000 }: { series?: number }): Promise<void> {
  const bodies = Array.from({ length: 4 }, (_, turn) => gzipSync(metricsPage(series, turn)));
  let on = false;
  let turn = 0;
  const server = http.createServer((request, response) => {
    const body = on ? (bodies[turn++ % bodies.length] as Buffer) : gzipSync("\n"); // index below length
    response
      .writeHead(200, { "content-type": "text/plain; version=0.0.4", "content-encoding": "gzip" })
      .end(request.method === "HEAD" ? undefined : body);
  });
  await listen(server, () => {
    on = true;
    return { size: metricsPage(series, 0).length };
  });
}

interface LoadOptions {
  readonly url: string;
  readonly connections: number;
}

/** Posts one after the other on each connection for as long as it is asked to; answers with what was taken. */
function load(role: "traces" | "logs", { url, connections }: LoadOptions): void {
  const plain = Array.from({ length: 6 }, (_, seed) =>
    role === "traces" ? traceRequest(seed, 1000) : logPush(seed, 2000),
  );
  const bodies = role === "traces" ? plain.map(body => gzipSync(body)) : plain;
  const items = role === "traces" ? 1000 : 2000;
  const headers: http.OutgoingHttpHeaders =
    role === "traces"
      ? { "content-type": "application/x-protobuf", "content-encoding": "gzip" }
      : { "content-type": "application/json" };
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const post = (body: Buffer) =>
    new Promise<number>((resolve, reject) => {
      const request = http.request(
        url,
        { method: "POST", agent, headers: { ...headers, "content-length": body.length } },
        response => {
          response.resume();
          response.on("end", () => resolve(response.statusCode ?? 0));
        },
      );
      request.on("error", reject);
      request.end(body);
    });
  process.on("message", async (message: { seconds?: number; large?: boolean }) => {
    const until = performance.now() + (message.seconds ?? 1) * 1000;
    const counts = { requests: 0, refused: 0, bytes: 0, items: 0 };
    let next = 0;
    const worker = async () => {
      while (performance.now() < until) {
        const i = next++ % bodies.length;
        const status = await post(bodies[i] as Buffer).catch(() => 0); // index below length
        if (status < 200 || status > 299) counts.refused++;
        else {
          counts.requests++;
          counts.bytes += (plain[i] as Buffer).length; // index below length
          counts.items += items;
        }
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
    reply(counts);
  });
  reply({ port: 0 });
}

async function listen(server: http.Server, answer: () => Record<string, number>): Promise<void> {
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  process.on("message", () => reply(answer()));
  reply({ port: (server.address() as { port: number }).port }); // listening on TCP
}

if (process.argv[1] === import.meta.filename) {
  const [role, options] = [process.argv[2] as Role, JSON.parse(process.argv[3] ?? "{}")]; // started by startPeer
  process.on("disconnect", () => process.exit());
  if (role === "sink") await sink();
  else if (role === "pages") await pages(options);
  else load(role, options);
}
