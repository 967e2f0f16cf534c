/**
 * Every backend with every answer: each record is at the backend, in the dead letters or with the trigger, and nowhere twice. The table
 * says for each answer what becomes of the records; the cells are made of it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Handler } from "../../functions/aws/handler.ts";
import { memoryDeadLetters } from "../../lib/pipeline/delivery/dead-letters.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { balanced, balanceOf } from "./support/account.ts";
import {
  answersRaw,
  type Behaviour,
  closes,
  type FaultyBackend,
  good,
  hangs,
  refuses,
  speaksOtherwise,
  startFaultyBackend,
} from "./support/backend.ts";
import { loadTestFunction } from "./support/function.ts";
import { bodyFor, sqsEvent, urlEvent } from "./support/messages.ts";
import { idsOfLetter } from "./support/wire.ts";

interface Writer {
  readonly it: string;
  readonly wire: "loki" | "remote_write_v1" | "remote_write_v2" | "otlp_traces";
  /** A component named `out`; waits are short, and a request has the time that it is given. */
  readonly config: (url: string, timeout: string) => string;
  /** Where a client pushes to, if something here takes pushes. */
  readonly path?: string;
  /** Messages of an invocation meet in one request. */
  readonly merges: boolean;
}

const remoteWrite = (message: string) => (url: string, timeout: string) =>
  `
prometheus.remote_write "out" {
  endpoint {
    url              = "${url}/api/v1/write"
    remote_timeout   = "${timeout}"
    protobuf_message = "${message}"
    queue_config {
      min_backoff = "1ms"
      max_backoff = "2ms"
    }
  }
}
test.samples "in" { forward_to = [prometheus.remote_write.out.receiver] }`;

const otlphttp = (queue: string) => (url: string, timeout: string) =>
  `
otelcol.exporter.otlphttp "out" {
  client {
    endpoint = "${url}"
    timeout  = "${timeout}"
  }
  ${queue}
  retry_on_failure {
    initial_interval = "1ms"
    max_interval     = "2ms"
  }
}
otelcol.receiver.otlp "in" {
  http { }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}`;

const loki = (url: string, timeout: string) => `
loki.write "out" {
  endpoint {
    url                 = "${url}/loki/api/v1/push"
    remote_timeout      = "${timeout}"
    min_backoff_period  = "1ms"
    max_backoff_period  = "2ms"
    max_backoff_retries = 0
  }
}
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}`;

const writers: readonly Writer[] = [
  { it: "loki.write", wire: "loki", config: loki, path: "/loki/api/v1/push", merges: true },
  {
    it: "prometheus.remote_write, version 1",
    wire: "remote_write_v1",
    config: remoteWrite("prometheus.WriteRequest"),
    merges: true,
  },
  {
    it: "prometheus.remote_write, version 2",
    wire: "remote_write_v2",
    config: remoteWrite("io.prometheus.write.v2.Request"),
    merges: true,
  },
  {
    it: "otelcol.exporter.otlphttp",
    wire: "otlp_traces",
    config: otlphttp(""),
    path: "/v1/traces",
    merges: false,
  },
  {
    it: "otelcol.exporter.otlphttp with batches",
    wire: "otlp_traces",
    config: otlphttp("sending_queue {\n batch { }\n }"),
    path: "/v1/traces",
    merges: true,
  },
];

/** What an answer means for the records of its request. */
type Fate = "taken" | "refused" | "later";

interface Answer {
  readonly it: string;
  readonly behaviour: Behaviour;
  readonly fate: Fate;
  /** Of OTLP, whose specification names what may be tried again. */
  readonly otlp?: Fate;
  /** Fewer records in a request pass. */
  readonly splits?: "until one is left" | "until two are left";
  /** It asks for more time than there is, so that one attempt is all. */
  readonly tooLong?: boolean;
  /** Milliseconds of a request. @default more than a test has */
  readonly timeoutMs?: number;
}

const random = Buffer.from([0x08, 0xff, 0xff, 0x00, 0x82, 0x12, 0xfe, 0x0a, 0x80, 0xc3]);
const protobuf = { "content-type": "application/x-protobuf" };
const headers = (length: number) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;

const answers: readonly Answer[] = [
  { it: "200", behaviour: good, fate: "taken" },
  ...[400, 401, 403, 404, 409, 422].map(
    (status): Answer => ({ it: String(status), behaviour: refuses(status), fate: "refused" }),
  ),
  { it: "413 to any request", behaviour: refuses(413), fate: "refused", splits: "until one is left" },
  { it: "413 to more than two records", behaviour: refuses(413), fate: "taken", splits: "until two are left" },
  { it: "429", behaviour: refuses(429), fate: "later" },
  { it: "429 with Retry-After", behaviour: refuses(429, { "retry-after": "7200" }), fate: "later", tooLong: true },
  { it: "500", behaviour: refuses(500), fate: "later", otlp: "refused" },
  { it: "502", behaviour: refuses(502), fate: "later" },
  { it: "503", behaviour: refuses(503), fate: "later" },
  { it: "503 with Retry-After", behaviour: refuses(503, { "retry-after": "7200" }), fate: "later", tooLong: true },
  { it: "504", behaviour: refuses(504), fate: "later" },
  { it: "a connection that closes", behaviour: closes(false), fate: "later" },
  { it: "a connection that closes when the records are taken", behaviour: closes(true), fate: "later" },
  { it: "nothing at all", behaviour: hangs, fate: "later", timeoutMs: 20 },
  { it: "what is no HTTP", behaviour: speaksOtherwise("220 mail.example.com ESMTP\r\n"), fate: "later" },
  {
    it: "HTTP of another version and a status that is none",
    behaviour: speaksOtherwise("HTTP/9.9 abc\r\n\r\n"),
    fate: "later",
  },
  { it: "200 with a body of garbage", behaviour: { ...refuses(200, protobuf, random), takes: true }, fate: "taken" },
  { it: "400 with a body of garbage", behaviour: refuses(400, protobuf, random), fate: "refused" },
  { it: "503 with a body of garbage", behaviour: refuses(503, protobuf, random), fate: "later" },
  { it: "200 with less of a body than it says", behaviour: answersRaw(`${headers(100)}short`), fate: "later" },
  { it: "200 with more of a body than it says", behaviour: answersRaw(`${headers(2)}long body`), fate: "taken" },
];

/** Five messages, the second of three records. */
const messages = (wire: Writer["wire"]) =>
  ["a", "b", "c", "d", "e"].map(name => {
    const ids = name === "b" ? ["b1", "b2", "b3"] : [name];
    return { id: `message-${name}`, ids, body: bodyFor(wire, ids) };
  });

let backend: FaultyBackend;
const open: Pipeline[] = [];

beforeAll(async () => {
  backend = await startFaultyBackend();
});
afterAll(async () => {
  await Promise.all(open.map(pipeline => pipeline.close()));
  await backend.close();
});

/** An hour goes by when the backend has misbehaved a few times: what is to be tried again has no time left, however slow the machine is. */
class ForcedClock {
  #hours = 0;
  readonly now = () => Date.now() + this.#hours * 3_600_000;
  skip(): void {
    this.#hours++;
  }
}

async function functionFor(writer: Writer, answer: Answer, keepsLetters: boolean) {
  const clock = new ForcedClock();
  const letters = memoryDeadLetters();
  const timeout = answer.timeoutMs === undefined ? "1m" : `${answer.timeoutMs}ms`;
  const { handler, pipeline } = await loadTestFunction(writer.config(backend.url, timeout), {
    clock: clock.now,
    ...(keepsLetters && { deadLetters: letters }),
  });
  open.push(pipeline);
  return { handler, clock, dead: () => letters.letters.flatMap(letter => idsOfLetter(letter)) };
}

/** Invokes with a batch of a queue and gives the ids of the messages that go back. */
async function invoke(handler: Handler, batch: ReturnType<typeof messages>): Promise<string[]> {
  const answer = (await handler(sqsEvent(batch), { getRemainingTimeInMillis: () => 60_000 })) as {
    readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
  }; // what the adapter of queues gives
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

/** The backend behaves so to each request; an hour goes by with the third that it does not take. */
function behaveSo({ behaviour, splits }: Answer, clock: ForcedClock): void {
  backend.reset(({ number, ids }) => {
    if (splits === "until two are left" && ids.length <= 2) return good;
    if (number === 2 && !splits) clock.skip();
    return behaviour;
  });
}

const fateOf = ({ wire }: Writer, { fate, otlp }: Answer): Fate => (wire === "otlp_traces" && otlp) || fate;

const [kept, notKept] = ["dead letters are kept", "nobody keeps dead letters"];

const cells = writers.flatMap(writer =>
  answers.flatMap(answer =>
    [true, false].map(keepsLetters => ({
      cell: `${writer.it}: ${answer.it}, ${keepsLetters ? kept : notKept}`,
      writer,
      answer,
      keepsLetters,
    })),
  ),
);

/** An answer that did not come through may have been one of success. */
const isUncertain = ({ behaviour: { takes }, fate }: Answer) => takes && fate === "later";

describe("a backend that answers so to every request", () => {
  test.for(cells)("$cell", async ({ writer, answer, keepsLetters }) => {
    const { handler, clock, dead } = await functionFor(writer, answer, keepsLetters);
    behaveSo(answer, clock);
    const batch = messages(writer.wire);
    const sent = batch.flatMap(({ ids }) => ids);
    const back = new Set(await invoke(handler, batch));
    const returned = batch.filter(({ id }) => back.has(id)).flatMap(({ ids }) => ids);
    const { stored } = backend;

    const mayRepeat = () => isUncertain(answer);
    expect(balanceOf({ sent, stored, dead: dead(), returned, mayRepeat })).toEqual(balanced);
    expect({ dead: dead().sort(), returned }).toEqual(placesOf(fateOf(writer, answer), sent, keepsLetters));
    if (answer.tooLong) expect(backend.requests.length, "requests").toBe(writer.merges ? 1 : batch.length);
  });
});

/** Where records are that are not at the backend. */
function placesOf(fate: Fate, ids: readonly string[], keepsLetters: boolean) {
  if (fate === "taken") return { dead: [], returned: [] };
  return fate === "refused" && keepsLetters ? { dead: [...ids].sort(), returned: [] } : { dead: [], returned: ids };
}

describe("a backend that answers so once, and then well", () => {
  const once = cells.filter(
    ({ answer, keepsLetters }) =>
      answer.splits !== "until two are left" && (answer.timeoutMs === undefined || keepsLetters),
  );
  test.for(once)("$cell", async ({ writer, answer, keepsLetters }) => {
    const inTime = answer.timeoutMs === undefined ? answer : { ...answer, timeoutMs: 500 };
    const { handler, dead } = await functionFor(writer, inTime, keepsLetters);
    backend.reset(({ number }) => (number === 0 ? answer.behaviour : good));
    const batch = messages(writer.wire);
    const sent = batch.flatMap(({ ids }) => ids);
    const back = new Set(await invoke(handler, batch));
    const returned = batch.filter(({ id }) => back.has(id)).flatMap(({ ids }) => ids);
    const { stored, requests } = backend;

    const mayRepeat = (id: string) => isUncertain(answer) && requests[0]?.includes(id) === true;
    expect(balanceOf({ sent, stored, dead: dead(), returned, mayRepeat })).toEqual(balanced);
    const first = requests[0] ?? [];
    const fate = fateOf(writer, answer);
    const isThrough = fate === "later" ? !answer.tooLong : answer.splits && first.length > 1;
    expect({ dead: dead().sort(), returned }).toEqual(placesOf(isThrough ? "taken" : fate, first, keepsLetters));
  });
});

describe("a client that pushes is answered so that it knows what it still has", () => {
  const statuses = { taken: [200, 204], refused: [400], later: [503, 429] };
  test.for(cells.filter(({ writer }) => writer.path !== undefined && !writer.it.includes("batches")))(
    "$cell",
    async ({ writer, answer, keepsLetters }) => {
      const { handler, clock, dead } = await functionFor(writer, answer, keepsLetters);
      behaveSo(answer, clock);
      const sent = ["a", "b", "c"];
      const event = urlEvent(writer.path ?? "", bodyFor(writer.wire, sent));
      const { statusCode, headers = {} } = (await handler(event, { getRemainingTimeInMillis: () => 60_000 })) as {
        readonly statusCode: number;
        readonly headers?: Readonly<Record<string, string>>;
      }; // what the adapter of URLs gives
      const returned = statusCode < 300 ? [] : sent;
      const { stored } = backend;

      const mayRepeat = () => isUncertain(answer);
      expect(balanceOf({ sent, stored, dead: dead(), returned, mayRepeat })).toEqual(balanced);
      const fate = fateOf(writer, answer);
      expect(statuses[fate === "refused" && keepsLetters ? "taken" : fate]).toContain(statusCode);
      if (fate === "later") expect(Number(headers["retry-after"])).toBeGreaterThanOrEqual(answer.tooLong ? 7200 : 1);
    },
  );
});

describe("what is refused where the dead letters can't be stored goes back", () => {
  const stores = [
    { it: "answers 503", put: () => Promise.reject(new Error("PutObject was refused, got status 503")) },
    { it: "throws", put: () => { throw new TypeError("x is not a function"); } }, // biome-ignore format: a table
  ];
  test.for(
    writers.flatMap(writer => stores.map(store => ({ cell: `${writer.it}: a store that ${store.it}`, writer, store }))),
  )(
    // biome-ignore format: a table
    "$cell",
    async ({ writer, store: { put } }) => {
      const { handler, pipeline } = await loadTestFunction(writer.config(backend.url, "1m"), { deadLetters: { put } });
      open.push(pipeline);
      backend.reset(() => refuses(400));
      const batch = messages(writer.wire);
      expect(await invoke(handler, batch)).toEqual(batch.map(({ id }) => id));
    },
  );
});

describe("a poison record among good ones", () => {
  test.for(
    writers.flatMap(writer =>
      [true, false].map(keepsLetters => ({
        cell: `${writer.it}, ${keepsLetters ? kept : notKept}`,
        writer,
        keepsLetters,
      })),
    ),
  )(
    // biome-ignore format: a table
    "$cell",
    async ({ writer, keepsLetters }) => {
      const { handler, dead } = await functionFor(writer, { it: "", behaviour: good, fate: "taken" }, keepsLetters);
      backend.reset(({ ids }) => (ids.includes("c") ? refuses(400) : good));
      const batch = messages(writer.wire);
      const sent = batch.flatMap(({ ids }) => ids);
      const back = new Set(await invoke(handler, batch));
      const returned = batch.filter(({ id }) => back.has(id)).flatMap(({ ids }) => ids);
      expect(balanceOf({ sent, stored: backend.stored, dead: dead(), returned })).toEqual(balanced);
      // what shares its request shares its fate, as in Alloy; without batches that is nobody
      expect({ dead: dead().sort(), returned }).toEqual(
        placesOf("refused", writer.merges ? sent : ["c"], keepsLetters),
      );
    },
  );
});
