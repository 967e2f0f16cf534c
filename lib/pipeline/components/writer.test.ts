import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { memoryDeadLetters } from "../delivery/dead-letters.ts";
import { DeliveryError } from "../delivery/errors.ts";
import { type HandOver, handOverTime, type Lane, laneOf } from "../delivery/hand-over.ts";
import { createHttpClient } from "../delivery/http.ts";
import type { Host } from "../graph/component.ts";
import { Flow } from "../graph/flow.ts";
import { MetricsRegistry } from "../graph/metrics.ts";
import { testHost, testInvocation, testLog } from "../graph/testing.ts";
import { inTurn, startBackend } from "./testing.ts";
import { createWriter, type WriterOptions, withoutCredentials } from "./writer.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A backend that answers with one status after the other, and notes tenants and texts. */
async function backend(...statuses: number[]) {
  const bodies: string[] = [];
  const { url } = await startBackend((request, number) => {
    bodies.push(`${request.headers["x-tenant"] ?? ""}:${request.body}`);
    const { status = 200 } = inTurn(...statuses)(request, number);
    return { status, body: status >= 400 ? "because" : "", ...(status === 429 && { headers: { "retry-after": "1" } }) };
  });
  return { bodies, url };
}

/** A writer of texts, which are joined by a plus. */
function writerOf(url: string, host: Partial<Host> = {}, options: Partial<WriterOptions<string>> = {}) {
  const deadLetters = memoryDeadLetters();
  const metrics = new MetricsRegistry();
  const log = testLog();
  const writer = createWriter<string>(
    testHost({ id: "test.write.out", deadLetters, metrics, log, clock: Date.now, ...host }),
    {
      destination: "http://backend/",
      format: "loki",
      backend: "loki",
      policy: { minMs: 1, maxMs: 5 },
      client: createHttpClient(),
      timeoutMs: 1000,
      maxBytes: 10,
      encode: (tenant, parts) => ({
        url,
        headers: { "content-type": "text/plain", "x-tenant": tenant },
        body: Buffer.from(parts.join("+")),
        items: parts.length,
      }),
      split: part => (part.length > 1 ? [part.slice(0, part.length >> 1), part.slice(part.length >> 1)] : undefined),
      ...options,
    },
  );
  cleanups.push(() => writer.close());
  const counters = () =>
    Object.fromEntries(
      [...metrics.expose().matchAll(/amalgam_writer_((?:sent|retried|dead|handed_over)_\w+)_total\{.*\} (\d+)/g)].map(
        ([, name = "", n]) => [name, Number(n)],
      ),
    );
  return {
    writer,
    deadLetters,
    log,
    counters,
    add: (part: string, tenant = "", deadlineMs = 5000) =>
      writer.add(tenant, part, part.length, testInvocation({ deadline: Date.now() + deadlineMs })),
  };
}

const reasonOf = (work: Promise<void>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof Error ? error.message : error),
  );

describe("in a local process", () => {
  test("parts that are added together go together, tenants apart", async () => {
    const { bodies, url } = await backend(204);
    const { add, counters } = writerOf(url);
    await Promise.all([add("a"), add("b"), add("c", "t")]);
    expect(bodies.toSorted()).toEqual([":a+b", "t:c"]);
    expect(counters()).toEqual({ dead_items: 0, handed_over_items: 0, retried_items: 0, sent_bytes: 4, sent_items: 3 });
  });

  test("a failure that passes is tried again, and told", async () => {
    const { bodies, url } = await backend(500, 204);
    const { add, counters, log } = writerOf(url);
    await add("a");
    expect(bodies).toEqual([":a", ":a"]);
    expect(counters()).toEqual({ dead_items: 0, handed_over_items: 0, retried_items: 1, sent_bytes: 1, sent_items: 1 });
    expect(log.lines).toEqual([
      'warn delivery failed, trying again {"component":"test.write.out","destination":"http://backend/","error":"push refused, got status 500: because","waitMs":1}',
    ]);
  });

  test("requests are counted by status, with those that got no answer, and timed", async () => {
    const { url } = await backend(503, 204);
    const metrics = new MetricsRegistry();
    const { add } = writerOf(url, { metrics });
    await add("a");
    const nobody = createServer().listen(0, "127.0.0.1");
    await once(nobody, "listening");
    const { port } = nobody.address() as AddressInfo; // listens on TCP
    await new Promise(resolve => nobody.close(resolve));
    const gone = writerOf(`http://127.0.0.1:${port}`, { metrics }, { policy: { minMs: 1, maxMs: 1, maxRetries: 0 } });
    await expect(gone.add("a")).rejects.toMatchObject({ kind: "retry" });
    const lines = metrics.expose().split("\n");
    const labels = 'component_id="test.write.out",destination="http://backend/"';
    expect(lines.filter(line => /^amalgam_writer_requests_total|duration_seconds_count/.test(line))).toEqual([
      `amalgam_writer_request_duration_seconds_count{${labels}} 3`,
      `amalgam_writer_requests_total{${labels},status="503"} 1`,
      `amalgam_writer_requests_total{${labels},status="204"} 1`,
      `amalgam_writer_requests_total{${labels},status="none"} 1`,
    ]);
  });

  test("a dead letter says how often it was sent", async () => {
    const { url } = await backend(503, 500, 400);
    const { add, deadLetters } = writerOf(url);
    await add("a");
    const large = writerOf((await backend(413)).url, {}, { split: () => undefined });
    await large.add("a");
    expect([...deadLetters.letters, ...large.deadLetters.letters].map(({ attempts }) => attempts)).toEqual([3, 1]);
  });

  test("what the backend will never take becomes a dead letter, and counts as delivered", async () => {
    const { bodies, url } = await backend(400);
    const { add, counters, deadLetters, log } = writerOf(url);
    await add("a", "t");
    expect(bodies).toEqual(["t:a"]);
    expect(deadLetters.letters).toEqual([
      {
        component: "test.write.out",
        destination: "http://backend/",
        reason: "push refused, got status 400: because",
        status: 400,
        attempts: 1,
        format: "loki",
        time: expect.any(Number),
        contentType: "text/plain",
        body: new Uint8Array([97]),
        metadata: { key: "t" },
      },
    ]);
    expect(counters()).toEqual({ dead_items: 1, handed_over_items: 0, retried_items: 0, sent_bytes: 0, sent_items: 0 });
    expect(log.lines).toEqual([
      'error backend refused data for good, it is in the dead letters {"component":"test.write.out","destination":"http://backend/","error":"push refused, got status 400: because","items":1}',
    ]);
  });

  test("what is too large is halved, part by part and then within a part, until it fits or can't be cut", async () => {
    const { bodies, url } = await backend(413, 413, 413, 413, 413, 204);
    const { add, deadLetters } = writerOf(url);
    await Promise.all([add("ab"), add("c")]);
    expect(bodies).toEqual([":ab+c", ":ab", ":a", ":b", ":c"]);
    expect(deadLetters.letters.map(({ body, reason }) => [Buffer.from(body).toString(), reason])).toEqual([
      ["a", "push refused, got status 413: because"],
      ["b", "push refused, got status 413: because"],
      ["c", "push refused, got status 413: because"],
    ]);
  });

  test("without dead letters a refusal goes back to who sent it", async () => {
    const { url } = await backend(400);
    const { add } = writerOf(url, { deadLetters: undefined });
    await expect(add("a")).rejects.toMatchObject({ kind: "reject", status: 400, retryable: false });
  });

  test("with dead letters that fail the data goes back, to come again", async () => {
    const { url } = await backend(400);
    const broken = { ...memoryDeadLetters(), put: () => Promise.reject(new Error("disk is full")) };
    const { add } = writerOf(url, { deadLetters: broken });
    await expect(add("a")).rejects.toMatchObject({
      kind: "retry",
      message: "push refused, got status 400: because; storing it as a dead letter failed: disk is full",
    });
  });

  test("at the deadline the data goes back, with the time after which to come again", async () => {
    const { url } = await backend(429);
    const { add } = writerOf(url);
    await expect(add("a", "", 300)).rejects.toMatchObject({ kind: "retry", status: 429, retryAfterMs: 1000 });
  });

  test("a 429 is final where it is not to be tried again", async () => {
    const { url } = await backend(429);
    const { add, deadLetters } = writerOf(url, {}, { retryOn429: false });
    await add("a");
    expect(deadLetters.letters).toHaveLength(1);
  });

  test("the earliest deadline of a request holds for all its parts", async () => {
    const { url } = await backend(429);
    const { add } = writerOf(url);
    const [early, late] = await Promise.all([reasonOf(add("a", "", 300)), reasonOf(add("b", "", 60_000))]);
    expect([early, late]).toEqual(["push refused, got status 429: because", "push refused, got status 429: because"]);
  });

  test("what can't be encoded fails by its kind", async () => {
    const { url } = await backend(204);
    const encode = () => {
      throw new DeliveryError("line 1 should have a timestamp", { kind: "reject" });
    };
    const { add } = writerOf(url, { deadLetters: undefined }, { encode });
    expect(await reasonOf(add("a"))).toBe("line 1 should have a timestamp");
  });

  test("nothing to send is delivered", async () => {
    const { bodies, url } = await backend(204);
    const { add, counters } = writerOf(url, {}, { encode: () => undefined });
    await add("a");
    expect([bodies, counters()]).toEqual([
      [],
      { dead_items: 0, handed_over_items: 0, retried_items: 0, sent_bytes: 0, sent_items: 0 },
    ]);
  });

  test("an answer is read", async () => {
    const { url } = await backend(200);
    const answers: unknown[] = [];
    const { add } = writerOf(
      url,
      {},
      { onAnswer: (body, headers) => answers.push([body.length, typeof headers["date"]]) },
    );
    await add("a");
    expect(answers).toEqual([[0, "string"]]);
  });
});

describe("in a function", () => {
  test("nothing is sent before the flow opens, then all at once", async () => {
    const { bodies, url } = await backend(204);
    const flow = new Flow(false);
    const { add } = writerOf(url, { mode: "function", flow });
    const added = [add("a"), add("b"), add("c")];
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(bodies).toEqual([]);
    flow.set(true);
    await Promise.all(added);
    expect(bodies).toEqual([":a+b+c"]);
  });

  test("full requests are sent before that", async () => {
    const { bodies, url } = await backend(204);
    const flow = new Flow(false);
    const { add } = writerOf(url, { mode: "function", flow });
    const first = [add("aaaaaa"), add("bbbb")];
    const last = add("c");
    await Promise.all(first);
    expect(bodies).toEqual([":aaaaaa+bbbb"]);
    flow.set(true);
    await last;
    expect(bodies).toEqual([":aaaaaa+bbbb", ":c"]);
  });

  test("what comes while the flow is open is sent at once", async () => {
    const { bodies, url } = await backend(204);
    const { add } = writerOf(url, { mode: "function", flow: new Flow(true) });
    await add("a");
    await add("b");
    expect(bodies).toEqual([":a", ":b"]);
  });

  test("after the flow has closed parts wait again", async () => {
    const { bodies, url } = await backend(204);
    const flow = new Flow(true);
    const { add } = writerOf(url, { mode: "function", flow });
    await add("a");
    flow.set(false);
    const added = [add("b"), add("c")];
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(bodies).toEqual([":a"]);
    flow.set(true);
    await Promise.all(added);
    expect(bodies).toEqual([":a", ":b+c"]);
  });

  test("a writer that is closed hears no more of the flow", async () => {
    const { bodies, url } = await backend(204);
    const flow = new Flow(false);
    const { add, writer } = writerOf(url, { mode: "function", flow });
    void add("a");
    writer.close();
    flow.set(true);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(bodies).toEqual([]);
  });
});

test.for([
  { url: "https://user:pass@host:1/path?token=x", out: "https://host:1/path" },
  { url: "http://host/", out: "http://host/" },
])("$url is shown as $out", ({ url, out }) => {
  expect(withoutCredentials(url)).toBe(out);
});

describe("a hand-over", () => {
  /** Takes letters with their lanes; lanes that wait are those of the set. */
  const handOverOf = (waiting: readonly string[] = [], problem?: string) => {
    const taken: { text: string; lane: Lane; reason: string; attempts: number | undefined }[] = [];
    const handOver: HandOver = {
      afterMs: 300,
      async put({ body, reason, attempts }, lane) {
        if (problem !== undefined) throw new Error(problem);
        taken.push({ text: Buffer.from(body).toString(), lane, reason, attempts });
      },
      waits: async lane => waiting.includes(lane),
    };
    return { handOver, taken };
  };
  const lane = (key = "") => laneOf("test.write.out", "http://backend/", key);
  const once: Partial<WriterOptions<string>> = { policy: { minMs: 1, maxMs: 5, maxRetries: 0 } };

  test("takes what the backend does not take, which counts as delivered then", async () => {
    const { bodies, url } = await backend(503);
    const { handOver, taken } = handOverOf();
    const { add, counters, deadLetters, log } = writerOf(url, { handOver }, once);
    await add("a", "t");
    expect([bodies, taken]).toEqual([
      ["t:a"],
      [
        {
          text: "a",
          lane: { lane: lane("t"), ordered: false },
          reason: "push refused, got status 503: because",
          attempts: 1,
        },
      ],
    ]);
    expect(counters()).toEqual({
      dead_items: 0,
      handed_over_items: 1,
      retried_items: 0,
      sent_bytes: 0,
      sent_items: 0,
    });
    expect([await deadLetters.list(), log.lines]).toEqual([
      [],
      [
        'warn backend does not take data now, it waits to be delivered {"component":"test.write.out","destination":"http://backend/","error":"push refused, got status 503: because","items":1}',
      ],
    ]);
  });

  test("comes after some time, long before the deadline", async () => {
    const { bodies, url } = await backend(503);
    const { handOver, taken } = handOverOf();
    const { add } = writerOf(url, { handOver });
    await add("a", "", 3_600_000);
    expect([bodies.length > 1, taken.length]).toEqual([true, 1]);
  });

  test("has a third of the time that is left where that is little", () => {
    expect([
      handOverTime(1000, 31_000, 5000),
      handOverTime(1000, 4000, 5000),
      handOverTime(1000, 10_000, 30_000),
    ]).toEqual([6000, 3000, 7000]);
  });

  test("takes the rest at once while the backend is down, and nothing more when it is up", async () => {
    const { bodies, url } = await backend(503, 204);
    const { handOver, taken } = handOverOf();
    let now = Date.now();
    const { add } = writerOf(url, { handOver, clock: () => now }, once);
    await add("a");
    await add("b");
    now += 1000;
    await add("c");
    await add("d");
    expect([bodies, taken.map(({ text }) => text)]).toEqual([
      [":a", ":c", ":d"],
      ["a", "b"],
    ]);
  });

  test("that fails, too, leaves the data with the trigger", async () => {
    const { url } = await backend(503);
    const { handOver } = handOverOf([], "the queue is full");
    const { add, counters } = writerOf(url, { handOver }, once);
    expect(await reasonOf(add("a"))).toBe(
      "push refused, got status 503: because; handing it over failed: the queue is full",
    );
    expect(counters()).toMatchObject({ handed_over_items: 0, sent_items: 0 });
  });

  test("does not take what it gave out, nor anything of a sender that is gone", async () => {
    const { url } = await backend(503);
    const { handOver, taken } = handOverOf();
    const { writer } = writerOf(url, { handOver }, once);
    const gone = AbortSignal.abort();
    for (const invocation of [{ handedOver: true }, { signal: gone, id: "other" }]) {
      const given = testInvocation({ deadline: Date.now() + 5000, ...invocation });
      expect(await reasonOf(writer.add("", "a", 1, given))).toBe("push refused, got status 503: because");
    }
    expect(taken).toEqual([]);
  });

  test("gives out what comes after a failure only in another invocation", async () => {
    const { bodies, url } = await backend(503, 204);
    const { handOver } = handOverOf();
    const { writer } = writerOf(url, { handOver }, once);
    const send = (text: string, id: string) =>
      reasonOf(writer.add("", text, 1, testInvocation({ deadline: Date.now() + 5000, handedOver: true, id })));
    const failed = "push refused, got status 503: because";
    expect([await send("a", "first"), await send("b", "first"), await send("a", "second")]).toEqual([
      failed,
      failed,
      "done",
    ]);
    expect(bodies).toEqual([":a", ":a"]);
  });

  test("of a backend that needs an order takes what would overtake what waits", async () => {
    const { bodies, url } = await backend(204);
    const { handOver, taken } = handOverOf([lane("slow")]);
    const { add } = writerOf(url, { handOver }, { ...once, ordered: true });
    await Promise.all([add("a", "slow"), add("b", "quick")]);
    expect([bodies, taken.map(({ text, lane: { ordered }, reason }) => [text, ordered, reason])]).toEqual([
      ["quick:b"],
      [["a", true, "data that came before waits to be delivered"]],
    ]);
  });

  test("that does not know whether something waits holds nothing up", async () => {
    const { bodies, url } = await backend(204);
    const waits = () => Promise.reject(new Error("throttled"));
    const { add, log } = writerOf(url, { handOver: { ...handOverOf().handOver, waits } }, { ...once, ordered: true });
    await add("a");
    expect([bodies, log.lines]).toEqual([
      [":a"],
      [
        'warn whether older data waits is not known, so it may be overtaken {"component":"test.write.out","error":"throttled"}',
      ],
    ]);
  });

  test("takes what the backend refuses for good only as a dead letter", async () => {
    const { url } = await backend(400);
    const { handOver, taken } = handOverOf();
    const { add, deadLetters } = writerOf(url, { handOver });
    await add("a");
    expect([(await deadLetters.list()).length, taken]).toEqual([1, []]);
  });
});
