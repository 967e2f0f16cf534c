/** For tests: a server that notes what it gets and answers as it is told. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface BackendRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface BackendAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Listens until the test is over. Nothing is answered where `answer` gives nothing. */
export async function startBackend(
  answer: (request: BackendRequest, number: number) => BackendAnswer | undefined = () => ({}),
): Promise<{ readonly got: readonly BackendRequest[]; readonly address: string; readonly url: string }> {
  const got: BackendRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", chunk => chunks.push(chunk));
    request.on("end", () => {
      const received = {
        method: request.method,
        path: request.url,
        headers: request.headers,
        body: Buffer.concat(chunks),
      };
      got.push(received);
      const given = answer(received, got.length - 1);
      if (given) response.writeHead(given.status ?? 200, given.headers).end(given.body);
    });
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`; // listening on TCP
  return { got, address, url: `http://${address}` };
}

/** One answer after the other, the last one again and again. */
export const inTurn =
  (...answers: readonly (BackendAnswer | number)[]) =>
  (_: BackendRequest, number: number): BackendAnswer => {
    const answer = answers[Math.min(number, answers.length - 1)] ?? {};
    return typeof answer === "number" ? { status: answer } : answer;
  };
