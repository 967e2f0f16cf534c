/** The time of an invocation ends while records are under way, and the same records are brought more than once. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { memoryDeadLetters } from "../../lib/pipeline/delivery/dead-letters.ts";
import { balanced, balanceOf } from "./support/account.ts";
import { type FaultyBackend, good, hangs, startFaultyBackend } from "./support/backend.ts";
import { loadTestFunction } from "./support/function.ts";
import { bodyFor, sqsEvent, urlEvent } from "./support/messages.ts";
import { idsOfLetter, type Wire } from "./support/wire.ts";

const config = (url: string) => `
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint { url = "${url}/loki/api/v1/push" }
}
otelcol.receiver.otlp "in" {
  http { }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" {
  client { endpoint = "${url}" }
}`;

let backend: FaultyBackend;
beforeAll(async () => {
  backend = await startFaultyBackend();
});
afterAll(() => backend.close());

async function start() {
  const letters = memoryDeadLetters();
  const { handler, pipeline } = await loadTestFunction(config(backend.url), { deadLetters: letters });
  onTestFinished(() => pipeline.close());
  return { handler, dead: () => letters.letters.flatMap(letter => idsOfLetter(letter)) };
}

const messages = (wire: Wire, names: readonly string[]) =>
  names.map(name => ({ id: `message-${name}`, ids: [`${name}1`, `${name}2`], body: bodyFor(wire, [`${name}1`, `${name}2`]) })); // biome-ignore format: one message

interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

describe("the time ends while the backend", () => {
  /** Keeps records and says nothing, so that they may be there although they go back. */
  const keeps = { ...hangs, takes: true };
  test.for(
    (["loki", "otlp_traces"] as const).flatMap(wire => [
      { it: `does not answer to one request of ${wire}`, wire, slow: hangs },
      { it: `has taken one request of ${wire}, and does not say so`, wire, slow: keeps },
    ]),
  )("$it", async ({ wire, slow }) => {
    const { handler, dead } = await start();
    backend.reset(({ ids }) => (ids.includes("b1") ? slow : good));
    const batch = messages(wire, ["a", "b", "c"]);
    const answer = await handler(sqsEvent(batch), { getRemainingTimeInMillis: () => 700 });
    const back = (answer as BatchAnswer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier); // of a queue
    const returned = batch.filter(({ id }) => back.includes(id)).flatMap(({ ids }) => ids);
    const sent = batch.flatMap(({ ids }) => ids);
    // a machine may be too slow for the others, too: then they go back although they are there
    const mayRepeat = (id: string) => returned.includes(id) && backend.requests.flat().includes(id);
    expect(balanceOf({ sent, stored: backend.stored, dead: dead(), returned, mayRepeat })).toEqual(balanced);
    expect(back).toContain("message-b");
    expect(dead()).toEqual([]);

    // and when the trigger brings them again, the backend is well
    backend.reset(() => good);
    const again = batch.filter(({ id }) => back.includes(id));
    expect(await handler(sqsEvent(again, { received: 2 }), {})).toEqual({ batchItemFailures: [] });
    expect([...backend.stored.keys()]).toEqual(again.flatMap(({ ids }) => ids));
  });

  test("does not answer a client's push: the client is told to come again", async () => {
    const { handler } = await start();
    backend.reset(() => hangs);
    const event = urlEvent("/loki/api/v1/push", bodyFor("loki", ["a"]));
    expect(await handler(event, { getRemainingTimeInMillis: () => 300 })).toMatchObject({ statusCode: 503 });
  });

  test("is not even asked, where there is no time at all", async () => {
    const { handler } = await start();
    backend.reset(() => good);
    const batch = messages("loki", ["a", "b"]);
    const answer = await handler(sqsEvent(batch), { getRemainingTimeInMillis: () => 0 });
    expect(answer).toEqual({ batchItemFailures: batch.map(({ id }) => ({ itemIdentifier: id })) });
    expect(backend.requests).toEqual([]);
  });
});

describe("records that are brought again", () => {
  test.for(["loki", "otlp_traces"] as const)(
    "in %s are there as often as they came, each time the same",
    async wire => {
      const { handler } = await start();
      backend.reset(() => good);
      const [one, two] = messages(wire, ["a", "b"]);
      if (!one || !two) throw new Error("there should be two messages");
      for (const batch of [[one, two], [one], [one, one]]) expect(await handler(sqsEvent(batch), {})).toEqual({ batchItemFailures: [] }); // biome-ignore format: one call
      expect(Object.fromEntries(backend.stored)).toEqual({ a1: 4, a2: 4, b1: 1, b2: 1 });
    },
  );
});
