import { expect, test } from "vitest";
import { Coalescer, type CoalescerOptions } from "./coalesce.ts";
import { DeliveryError, type FailureKind } from "./errors.ts";

type Part = string;
type Options = Partial<CoalescerOptions<Part, string>>;

const failure = (kind: FailureKind, message: string = kind) => new DeliveryError(message, { kind });

/** A coalescer that notes what it sends: `key:part+part`. Parts weigh their length. */
function start(
  options: Options = {},
  fails: (parts: readonly Part[], key: string) => Error | undefined = () => undefined,
) {
  const sent: string[] = [];
  const coalescer = new Coalescer<Part, string>({
    flush: "drain",
    maxBytes: 100,
    send: async (key, parts) => {
      sent.push(`${key}:${parts.join("+")}`);
      await Promise.resolve();
      const error = fails(parts, key);
      if (error) throw error;
    },
    ...options,
  });
  const add = (key: string, part: Part) => coalescer.add(key, part, part.length, "invocation");
  return { coalescer, sent, add };
}

/** What became of each part: `ok`, or the message of its error. */
async function outcomes(promises: readonly Promise<void>[]): Promise<string[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map(result => (result.status === "fulfilled" ? "ok" : (result.reason as Error).message));
}

const has = (parts: readonly Part[], part: Part) => parts.includes(part);

test.for<{
  it: string;
  options?: Options;
  fails?: (parts: readonly Part[], key: string) => Error | undefined;
  parts: string[];
  sent: string[];
  out: string[];
}>([
  {
    it: "puts what is pending into one request",
    parts: ["t:a", "t:b", "t:c"],
    sent: ["t:a+b+c"],
    out: ["ok", "ok", "ok"],
  },
  { it: "keeps keys apart", parts: ["t:a", "u:b", "t:c"], sent: ["t:a+c", "u:b"], out: ["ok", "ok", "ok"] },
  {
    it: "cuts by bytes",
    options: { maxBytes: 4 },
    parts: ["t:aa", "t:bb", "t:cc"],
    sent: ["t:aa+bb", "t:cc"],
    out: ["ok", "ok", "ok"],
  },
  {
    it: "cuts before the part that doesn't fit",
    options: { maxBytes: 5 },
    parts: ["t:aaa", "t:bbb", "t:c"],
    sent: ["t:aaa", "t:bbb+c"],
    out: ["ok", "ok", "ok"],
  },
  {
    it: "cuts by count",
    options: { maxItems: 2 },
    parts: ["t:a", "t:b", "t:c"],
    sent: ["t:a+b", "t:c"],
    out: ["ok", "ok", "ok"],
  },
  {
    it: "sends a part that is larger than a request by itself",
    options: { maxBytes: 2 },
    parts: ["t:a", "t:long", "t:b"],
    sent: ["t:a", "t:long", "t:b"],
    out: ["ok", "ok", "ok"],
  },
  {
    it: "fails all parts of a request that is to be retried",
    options: { maxItems: 2 },
    fails: parts => (has(parts, "b") ? failure("retry") : undefined),
    parts: ["t:a", "t:b", "t:c"],
    sent: ["t:a+b", "t:c"],
    out: ["retry", "retry", "ok"],
  },
  {
    it: "does not let one key's failure touch another",
    fails: (_, key) => (key === "t" ? failure("retry") : undefined),
    parts: ["t:a", "u:b"],
    sent: ["t:a", "u:b"],
    out: ["retry", "ok"],
  },
  {
    it: "rejects all parts of a request that is refused, without asking again",
    fails: () => failure("reject"),
    parts: ["t:a", "t:b"],
    sent: ["t:a+b"],
    out: ["reject", "reject"],
  },
  {
    it: "halves a request that is too large, in order",
    fails: parts => (parts.length > 1 ? failure("split") : undefined),
    parts: ["t:a", "t:b", "t:c"],
    sent: ["t:a+b+c", "t:a+b", "t:a", "t:b", "t:c"],
    out: ["ok", "ok", "ok"],
  },
  {
    it: "goes on with the other half when one fails",
    fails: parts => (parts.length > 1 ? failure("split") : has(parts, "a") ? failure("retry") : undefined),
    parts: ["t:a", "t:b"],
    sent: ["t:a+b", "t:a", "t:b"],
    out: ["retry", "ok"],
  },
  {
    it: "refuses a single part that is too large",
    fails: parts => (has(parts, "b") ? failure("split", "too large") : undefined),
    parts: ["t:a", "t:b"],
    sent: ["t:a+b", "t:a", "t:b"],
    out: ["ok", "too large"],
  },
  {
    it: "cuts a single part that is too large",
    options: { splitPart: part => [...part] },
    fails: parts => (parts.join("").length > 1 ? failure("split") : undefined),
    parts: ["t:xyz"],
    sent: ["t:xyz", "t:x+y", "t:x", "t:y", "t:z"],
    out: ["ok"],
  },
  {
    it: "fails a cut part when a piece fails",
    options: { splitPart: part => [...part] },
    fails: parts => (parts.join("").length > 1 ? failure("split") : has(parts, "x") ? failure("retry") : undefined),
    parts: ["t:xy", "t:z"],
    sent: ["t:xy+z", "t:xy", "t:x", "t:y", "t:z"],
    out: ["retry", "ok"],
  },
  {
    it: "refuses a part that can't be cut",
    options: { splitPart: () => undefined },
    fails: () => failure("split", "too large"),
    parts: ["t:a"],
    sent: ["t:a"],
    out: ["too large"],
  },
  {
    it: "passes on what is no delivery error",
    fails: () => new TypeError("a bug"),
    parts: ["t:a", "t:b"],
    sent: ["t:a+b"],
    out: ["a bug", "a bug"],
  },
])("$it", async ({ options, fails, parts, sent: expected, out }) => {
  const { coalescer, sent, add } = start(options, fails);
  const promises = parts.map(part => add(part.slice(0, 1), part.slice(2)));
  const all = outcomes(promises);
  await coalescer.drain();
  expect([...sent].sort()).toEqual([...expected].sort());
  expect(sent.filter(request => request.startsWith("t"))).toEqual(expected.filter(request => request.startsWith("t")));
  expect(await all).toEqual(out);
  expect(coalescer.pending).toBe(0);
});

test("refused parts that a dead-letter store took count as delivered", async () => {
  const letters: unknown[] = [];
  const onReject: Options["onReject"] = async (key, parts, error, context) => {
    letters.push([key, parts, error.message, error.kind, context]);
  };
  const { coalescer, add } = start({ onReject }, parts =>
    has(parts, "big") ? failure("split", "too large") : undefined,
  );
  const all = outcomes([add("t", "a"), add("t", "big")]);
  await coalescer.drain();
  expect(await all).toEqual(["ok", "ok"]);
  expect(letters).toEqual([["t", ["big"], "too large", "reject", "invocation"]]);
});

test("refused parts go back when the dead-letter store fails", async () => {
  const onReject = async () => {
    throw new Error("disk full");
  };
  const { coalescer, add } = start({ onReject }, () => failure("reject", "push refused"));
  const promise = add("t", "a").catch((error: unknown) => error);
  await coalescer.drain();
  expect(await promise).toMatchObject({
    kind: "retry",
    retryable: true,
    message: "push refused; storing it as a dead letter failed: disk full",
  });
});

test("draining: nothing is sent before drain but full requests", async () => {
  const { coalescer, sent, add } = start({ maxItems: 2 });
  const promises = [add("t", "a"), add("t", "b"), add("t", "c")];
  await promises[0];
  await new Promise(resolve => setImmediate(resolve));
  expect(sent).toEqual(["t:a+b"]);
  expect(coalescer.pending).toBe(1);
  await coalescer.drain();
  expect(sent).toEqual(["t:a+b", "t:c"]);
  expect(await outcomes(promises)).toEqual(["ok", "ok", "ok"]);
});

test("draining includes what is added while it runs, and waits again afterwards", async () => {
  const { coalescer, sent, add } = start();
  let late: Promise<void> | undefined;
  const first = add("t", "a").then(() => {
    late = add("t", "b");
  });
  await coalescer.drain();
  await first;
  await coalescer.drain();
  await late;
  const waiting = add("t", "c");
  await new Promise(resolve => setImmediate(resolve));
  expect(sent).toEqual(["t:a", "t:b"]);
  await coalescer.drain();
  await waiting;
  expect(sent).toEqual(["t:a", "t:b", "t:c"]);
});

test("draining nothing resolves at once", async () => {
  const { coalescer, sent } = start();
  await coalescer.drain();
  expect(sent).toEqual([]);
});

/** A coalescer whose requests end when the test says so. */
function startHeld(options: Options) {
  const sent: string[] = [];
  const held: (() => void)[] = [];
  const send = (key: string, parts: readonly Part[]) =>
    new Promise<void>(resolve => {
      sent.push(`${key}:${parts.join("+")}`);
      held.push(resolve);
    });
  return { ...start({ flush: "idle", ...options, send }), sent, release: () => held.shift()?.() };
}

const turn = () => new Promise(resolve => setImmediate(resolve));

test("idle: a lone part is sent on the next turn, what arrives meanwhile becomes the next request", async () => {
  const { add, sent, release, coalescer } = startHeld({});
  const promises = [add("t", "a"), add("t", "b")];
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual(["t:a+b"]);
  promises.push(add("t", "c"), add("t", "d"), add("u", "e"));
  await turn();
  expect(sent).toEqual(["t:a+b", "u:e"]);
  release();
  release();
  await turn();
  await turn();
  expect(sent).toEqual(["t:a+b", "u:e", "t:c+d"]);
  const drained = coalescer.drain();
  release();
  await drained;
  expect(await outcomes(promises)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
});

test("idle: sends as many requests of a key at the same time as concurrency says", async () => {
  const { add, sent, release, coalescer } = startHeld({ concurrency: 2, maxItems: 1 });
  const promises = ["a", "b", "c"].map(part => add("t", part));
  await turn();
  expect(sent).toEqual(["t:a", "t:b"]);
  release();
  await turn();
  expect(sent).toEqual(["t:a", "t:b", "t:c"]);
  release();
  release();
  await coalescer.drain();
  expect(await outcomes(promises)).toEqual(["ok", "ok", "ok"]);
});

test("a request of several contexts gets the merged one", async () => {
  const contexts: number[] = [];
  const coalescer = new Coalescer<string, number>({
    flush: "drain",
    maxBytes: 10,
    mergeContext: Math.min,
    send: async (_key, _parts, context) => {
      contexts.push(context);
    },
  });
  const promises = [coalescer.add("t", "a", 1, 30), coalescer.add("t", "b", 1, 20), coalescer.add("t", "c", 1, 25)];
  await coalescer.drain();
  await Promise.all(promises);
  expect(contexts).toEqual([20]);
});

test("every part is settled exactly once, whatever the backend does", async () => {
  // A small generator of its own, so that each run is the same.
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 32;
  };
  interface Piece {
    readonly id: number;
    readonly size: number;
  }
  for (const flush of ["drain", "idle"] as const) {
    const arrived = Array<number>(500).fill(0);
    const count = (pieces: readonly Piece[]) => {
      for (const { id, size } of pieces) arrived[id] = (arrived[id] ?? 0) + size;
    };
    const coalescer = new Coalescer<Piece, undefined>({
      flush,
      maxBytes: 64,
      maxItems: 9,
      concurrency: 2,
      splitPart: ({ id, size }) => (size > 2 ? [{ id, size: size / 2 }, { id, size: size / 2 }] : undefined), // biome-ignore format: a pair
      onReject: async (_key, pieces) => count(pieces),
      send: async (_key, pieces) => {
        await turn();
        const dice = random();
        if (dice < 0.2) throw failure("retry");
        if (dice < 0.3) throw failure("reject");
        if (dice < 0.5) throw failure("split");
        count(pieces);
      },
    });
    const promises: Promise<boolean>[] = [];
    for (let id = 0; id < 500; id++) {
      const promise = coalescer.add(`k${id % 7}`, { id, size: 8 }, 8, undefined);
      promises.push(promise.then(() => true, () => false)); // biome-ignore format: a pair
      if (id % 50 === 0) await turn();
    }
    await coalescer.drain();
    expect(coalescer.pending).toBe(0);
    const acknowledged = await Promise.all(promises);
    // Acknowledged is what arrived whole, and once; of the rest a piece is missing.
    expect(acknowledged).toEqual(arrived.map(size => size === 8));
    expect(arrived.every(size => size <= 8)).toBe(true);
    expect(new Set(acknowledged)).toEqual(new Set([true, false]));
  }
});
