/** The program of `startBackend`: appends the names of spans and the bodies of log lines to a file, and only then answers. */
import { openSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { decodeLokiPush, decodeOtlp } from "./decode.ts";

const [port, file] = process.argv.slice(2);
const output = openSync(file as string, "a"); // given by startBackend

const server = createServer(async (request, response) => {
  const ids = idsOf(request, await bodyOf(request));
  writeSync(output, ids.map(id => `${id}\n`).join(""));
  response.writeHead(request.url?.startsWith("/v1/") ? 200 : 204).end();
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("listening\n"));

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function idsOf({ url = "", headers }: IncomingMessage, body: Buffer): string[] {
  if (url === "/loki/api/v1/push") return decodeLokiPush(body).map(({ line }) => line);
  const { resource_spans = [] } = decodeOtlp("traces", headers, body);
  return resource_spans.flatMap(({ scope_spans = [] }) =>
    scope_spans.flatMap(({ spans = [] }) => spans.map(({ name }) => name)),
  );
}
