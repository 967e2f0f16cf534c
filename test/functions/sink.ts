/** A real backend on this machine that keeps what it gets. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Sink {
  readonly url: string;
  /** Requests since the last call. */
  take(): Received[];
  /** Answers this status until it is told otherwise. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback address. */
export async function startSink(): Promise<Sink> {
  const received: Received[] = [];
  let reply: { status: number; headers: Readonly<Record<string, string>> } = { status: 200, headers: {} };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    received.push({ path: request.url ?? "/", headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(reply.status, reply.headers).end();
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    take: () => received.splice(0),
    answer: (status, headers = {}) => {
      reply = { status, headers };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
