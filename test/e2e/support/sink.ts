/** A backend in the test itself: keeps what it gets, decoded. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { decodeLokiPush, decodeOtlp, type Entry, type OtlpRequest } from "./decode.ts";

export interface Sink {
  readonly url: string;
  readonly requests: readonly { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  readonly entries: readonly Entry[];
  readonly traces: readonly OtlpRequest[];
  readonly logs: readonly OtlpRequest[];
  readonly metrics: readonly OtlpRequest[];
  /** Holds answers back, which keeps the data under way, or lets them go. */
  hold(held: boolean): void;
  /** Requests whose answers are held back. */
  readonly waiting: number;
}

/** Listens on a free port until the test is over; takes Loki pushes and OTLP, and nothing else. */
export async function startSink(): Promise<Sink> {
  const sink = {
    url: "",
    requests: [] as { url: string; headers: IncomingHttpHeaders }[],
    entries: [] as Entry[],
    traces: [] as OtlpRequest[],
    logs: [] as OtlpRequest[],
    metrics: [] as OtlpRequest[],
    waiting: 0,
    hold: (held: boolean) => {
      if (held) gate ??= Promise.withResolvers<void>();
      else {
        gate?.resolve();
        gate = undefined;
      }
    },
  };
  let gate: PromiseWithResolvers<void> | undefined;
  const server = createServer(async (request, response) => {
    const { url = "", headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    sink.waiting++;
    await gate?.promise;
    sink.waiting--;
    sink.requests.push({ url, headers });
    const body = Buffer.concat(chunks);
    if (url === "/loki/api/v1/push") sink.entries.push(...decodeLokiPush(body));
    else if (url === "/v1/traces") sink.traces.push(decodeOtlp("traces", headers, body));
    else if (url === "/v1/logs") sink.logs.push(decodeOtlp("logs", headers, body));
    else if (url === "/v1/metrics") sink.metrics.push(decodeOtlp("metrics", headers, body));
    else return response.writeHead(404).end();
    return response.writeHead(url.startsWith("/v1/") ? 200 : 204).end();
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  sink.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return sink;
}
