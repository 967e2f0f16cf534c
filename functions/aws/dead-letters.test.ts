import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import type { DeadLetter } from "../../lib/pipeline/delivery/dead-letters.ts";
import { functionLetters } from "./dead-letters.ts";

const letter: DeadLetter = {
  component: "loki.write.out",
  destination: "http://loki/push",
  reason: "push refused, got status 400: no",
  time: Date.UTC(2026, 10, 21, 14),
  contentType: "application/x-protobuf",
  body: new Uint8Array(2000),
  metadata: {},
};

test.for([
  { it: "nothing is set", text: undefined },
  { it: "it is empty", text: "" },
])("data goes back to its trigger where $it", ({ text }) => {
  expect(functionLetters("0473ef2dc0d3", text)).toEqual({});
});

test.for(["letters", "s3:/letters", "sqs:letters", "sqs:https://sqs.eu-central-1.amazonaws.com/1/letters.fifo"])(
  "%s is refused at the start",
  text => {
    expect(() => functionLetters("0473ef2dc0d3", text)).toThrow(
      `AMALGAM_DEAD_LETTERS should be s3://BUCKET/PREFIX, sqs:QUEUE_URL (of a standard queue) or sqs:QUEUE_URL,s3://BUCKET/PREFIX, got "${text}"`,
    );
  },
);

test("a letter is put with the credentials of the function, and names the configuration", async () => {
  const puts: { place: string; signed: string; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const signed = /Credential=([^,]*)/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    puts.push({ place: `${request.method} ${request.url}`, signed, body: Buffer.concat(chunks) });
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  vi.stubEnv("AWS_ENDPOINT_URL_S3", `http://127.0.0.1:${(server.address() as AddressInfo).port}`); // listens on TCP
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  await functionLetters(["a", "b"], "s3://letters/shop").deadLetters?.put(letter);
  const [{ place, signed, body } = { place: "", signed: "", body: Buffer.alloc(0) }] = puts;
  expect(place).toMatch(/^PUT \/letters\/shop\/2026\/11\/21\/14\/01795269600000-[\da-f-]{36}\.letter$/);
  expect(signed).toMatch(/^id\/\d{8}\/eu-central-1\/s3\/aws4_request$/);
  const [header = ""] = gunzipSync(body).toString("latin1").split("\n");
  const { body: _, ...rest } = letter;
  expect(JSON.parse(header)).toEqual({ ...rest, configuration: "0473ef2dc0d3" });
});
