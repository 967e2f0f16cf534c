/** Dead letters as somebody has them, looks at them, and sends them again. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { bundle } from "../../functions/bundle.ts";
import { configurationHash, type DeadLetter, type LetterBox } from "../../lib/pipeline/delivery/dead-letters.ts";
import { openCloudLetters } from "../../lib/pipeline/delivery/dead-letters-cloud.ts";
import { folderDeadLetters } from "../../lib/pipeline/delivery/dead-letters-folder.ts";
import { letterPlace } from "../../lib/pipeline/delivery/dead-letters-place.ts";
import { encodePush } from "../../lib/pipeline/telemetry/loki/push.ts";
import { compressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { post } from "./support/client.ts";
import { decodeLokiPush } from "./support/decode.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "./support/moto.ts";
import { freePort } from "./support/ports.ts";
import { exitOf, runCli, startAmalgam, temporaryFolder, writeConfig } from "./support/process.ts";
import { until } from "./support/until.ts";

interface Loki {
  readonly url: string;
  /** Lines of each push that was taken, by its tenant. */
  readonly taken: readonly { readonly tenant: string; readonly lines: readonly string[] }[];
  /** How often each line was taken. */
  counts(): ReadonlyMap<string, number>;
  /** Answers: refuses all pushes with a line that this names, with the status. */
  refuse: (line: string) => number | undefined;
  /** Called before a push is answered. */
  before: () => Promise<void> | void;
}

async function startLoki(): Promise<Loki> {
  const taken: { tenant: string; lines: string[] }[] = [];
  const loki = {
    url: "",
    taken,
    refuse: (_: string): number | undefined => undefined,
    before: (): Promise<void> | void => {},
    counts() {
      const counts = new Map<string, number>();
      for (const line of taken.flatMap(({ lines }) => lines)) counts.set(line, (counts.get(line) ?? 0) + 1);
      return counts;
    },
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const lines = decodeLokiPush(Buffer.concat(chunks)).map(({ line }) => line);
    await loki.before();
    if (response.destroyed) return;
    const status = lines.map(loki.refuse).find(each => each !== undefined);
    if (status === undefined) taken.push({ tenant: String(request.headers["x-scope-orgid"] ?? ""), lines });
    response
      .writeHead(status ?? 204)
      .end(status === undefined ? "" : `refused, got ${lines.find(line => loki.refuse(line))}`);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  loki.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/loki/api/v1/push`; // listens on TCP
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return loki;
}

const writing = (url: string, name = "out"): string =>
  `loki.write "${name}" {\n  endpoint {\n    url                 = "${url}"\n    max_backoff_retries = 1\n  }\n}\n`;

const letterOf = (url: string, line: string, overrides: Partial<DeadLetter> = {}): DeadLetter => ({
  component: "loki.write.out",
  destination: url,
  reason: "push refused, got status 400: no",
  status: 400,
  time: 1_763_737_200_000 + Number(/\d+$/.exec(line)?.[0] ?? 0),
  attempts: 1,
  format: "loki",
  contentType: "application/x-protobuf",
  body: compressBlock(encodePush([['{app="shop"}', [{ timestamp: 1_763_737_200_000_000_000n, line, metadata: [] }]]])),
  metadata: {},
  ...overrides,
});

async function all(box: LetterBox): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const { letter } of box.letters()) if (letter) found.push(letter);
  return found;
}

interface Replay {
  readonly child: ChildProcess;
  readonly exited: ReturnType<typeof exitOf>;
}

function startReplay(args: readonly string[]): Replay {
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, "../../cli/main.ts"), "replay", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.resume();
  child.stderr.resume();
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, exited: exitOf(child) };
}

test("what Loki refuses is kept, shown, and sent again in few requests", async () => {
  const [loki, port] = [await startLoki(), await freePort()];
  const config = writeConfig(`
loki.source.api "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = ${port}
  }
  use_incoming_timestamp = true
  forward_to             = [loki.write.out.receiver]
}
${writing(loki.url)}`);
  const storage = path.join(path.dirname(config), "data");
  const amalgam = await startAmalgam(config, { storage });
  loki.refuse = () => 400;
  for (const line of ["token: bearer abcdef0123456789", "two", "three"]) {
    const body = JSON.stringify({ streams: [{ stream: { app: "shop" }, values: [["1763737200000000000", line]] }] });
    const headers = { "content-type": "application/json", "x-scope-orgid": "t1" };
    await post({ url: `http://127.0.0.1:${port}/loki/api/v1/push`, headers, body });
  }
  const place = ["--storage.path", storage];
  const letters = await until(
    async () => {
      const { stdout } = await runCli(["dead-letters", "list", "--json", ...place]);
      const found = stdout.split("\n").filter(Boolean).map(line => JSON.parse(line)); // biome-ignore format: one chain
      return found.length === 3 ? found : undefined;
    },
    () => `three letters, the log so far:\n${amalgam.log()}`,
  );
  const [{ id, time, configuration }] = letters;
  expect(configuration).toMatch(/^[\da-f]{12}$/);
  expect(letters[0]).toEqual({
    id,
    time,
    component: "loki.write.out",
    destination: loki.url,
    status: 400,
    reason: "push refused, got status 400: refused, got token: bearer (secret)",
    attempts: 1,
    configuration,
    format: "loki",
    contentType: "application/x-protobuf",
    bytes: letters[0].bytes,
    metadata: { key: "t1" },
  });
  const shown = await runCli(["dead-letters", "show", "--body", "--json", id, ...place]);
  expect(JSON.parse(shown.stdout).body).toEqual({
    streams: [{ stream: { app: "shop" }, values: [["1763737200000000000", "token: bearer (secret)"]] }],
  });
  const stats = await runCli(["dead-letters", "stats", "--reason", "GOT T", ...place]);
  const counts = stats.stdout.split("\n").filter(line => /^ *\d/.test(line));
  expect(counts.map(line => line.replace(/[\d.]+ B/, "N B").replace(/ +/g, " "))).toEqual([
    "3 letters, N B",
    "3 N B loki.write.out",
    `3 N B ${loki.url}`,
    "1 N B push refused, got status 400: refused, got three",
    "1 N B push refused, got status 400: refused, got token: bearer (secret)",
    "1 N B push refused, got status 400: refused, got two",
    `3 N B ${time.slice(0, 13).replace("T", " ")}:00`,
  ]);
  const none = await runCli(["dead-letters", "list", "--status", "500", ...place]);
  expect(none).toEqual({
    code: 0,
    stdout: "",
    stderr: `there are no such dead letters in ${path.join(storage, "dead-letters")}\n`,
  });

  loki.refuse = () => undefined;
  const dry = await runCli(["replay", "--dry-run", config, ...place]);
  expect(dry.stdout.split("\n")[0]).toBe(
    `would send ${id} of loki.write.out to ${loki.url}: 1 item, ${letters[0].bytes} B`,
  );
  expect(loki.taken).toEqual([]);
  const sent = await runCli(["replay", config, ...place]);
  expect(sent).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^sent 3 letters with 3 items, \d+ B\n$/),
    stderr: "100% 3 of 3 letters\n",
  });
  expect(loki.taken).toEqual([{ tenant: "t1", lines: ["token: bearer abcdef0123456789", "two", "three"] }]);
  const again = await runCli(["replay", config, ...place]);
  expect(again).toEqual({
    code: 0,
    stdout: "sent 0 letters with 0 items, 0 B\n",
    stderr: `there are no such dead letters in ${path.join(storage, "dead-letters")}\n`,
  });
});

test("a letter that is refused again stays alone, with its new reason", async () => {
  const [loki, folder] = [await startLoki(), temporaryFolder()];
  const box = folderDeadLetters(folder);
  for (const line of ["line 1", "bad 2", "line 3"]) await box.put(letterOf(loki.url, line));
  await box.put(letterOf("http://other/push", "line 4", { component: "loki.write.old" }));
  loki.refuse = line => (line.startsWith("bad") ? 422 : undefined);
  const config = writeConfig(writing(loki.url));
  expect(await runCli(["replay", config, "--from", folder])).toEqual({
    code: 1,
    stdout: expect.stringMatching(/^sent 2 letters with 2 items, \d+ B; 2 letters failed, and stay\n$/),
    stderr: [
      "100% 4 of 4 letters, 2 failed",
      `1 letter failed: loki.write.old should be a writer of ${config}, which has loki.write.out: --to=COMPONENT sends its letters to another`,
      "1 letter failed: push refused, got status 422: refused, got bad 2",
      "",
    ].join("\n"),
  });
  expect([...loki.counts()]).toEqual([["line 1", 1], ["line 3", 1]]); // biome-ignore format: one row
  expect((await all(box)).map(({ attempts, status, reason }) => [attempts, status, reason])).toEqual([
    [2, 422, "push refused, got status 422: refused, got bad 2"],
    [1, 400, "push refused, got status 400: no"],
  ]);
  const to = await runCli([
    "replay",
    config,
    "--from",
    folder,
    "--to",
    "loki.write.out",
    "--component",
    "*.old",
    "--keep",
  ]);
  expect([to.code, [...loki.counts()].at(-1)]).toEqual([0, ["line 4", 1]]);
  const list = await runCli(["dead-letters", "list", "--from", folder, "--component", "*.old"]);
  expect(list.stdout).toContain("(replayed) push refused");
  expect(await all(box)).toHaveLength(2);
});

test("a backend that takes nothing ends the replay, and all letters stay", async () => {
  const [loki, folder] = [await startLoki(), temporaryFolder()];
  const box = folderDeadLetters(folder);
  for (let i = 0; i < 150; i++) await box.put(letterOf(loki.url, `line ${i}`));
  loki.refuse = () => 503;
  const { code, stderr } = await runCli(["replay", writeConfig(writing(loki.url)), "--from", folder]);
  expect([code, stderr.split("\n").at(-2)]).toEqual([
    1,
    "Error: not all letters were tried: no backend takes anything now",
  ]);
  expect((await all(box)).filter(({ attempts }) => attempts === 2)).toHaveLength(100);
});

test("kill -9 in the middle, again and again: nothing is lost, and nothing is sent twice that was marked", async () => {
  const [loki, folder] = [await startLoki(), temporaryFolder()];
  const box = folderDeadLetters(folder);
  const lines = Array.from({ length: 300 }, (_, i) => `line ${i}`);
  // requests of their own, so that there is a middle
  for (const [i, line] of lines.entries())
    await box.put(letterOf(loki.url, line, { metadata: { key: `tenant-${i % 20}` } }));
  const config = writeConfig(writing(loki.url));
  /** Lines whose letters were marked or gone at a kill, with how often they had come: no more come. */
  const settled = new Map<string, number>();
  for (const killAt of [3, 17, 25]) {
    let pushes = 0;
    const { child, exited } = startReplay([config, "--from", folder]);
    loki.before = () => {
      if (++pushes === killAt) child.kill("SIGKILL");
    };
    expect((await exited).signal).toBe("SIGKILL");
    const marked = new Set((await box.marks()).flatMap(({ ids }) => ids));
    const left = new Set<string>();
    for await (const { id, letter } of box.letters()) if (letter && !marked.has(id)) left.add(lineIn(letter));
    const counts = loki.counts();
    for (const line of lines) if (!left.has(line) && !settled.has(line)) settled.set(line, counts.get(line) ?? 0);
  }
  expect(settled.size).toBeGreaterThan(0);
  expect((await runCli(["replay", config, "--from", folder])).code).toBe(0);
  expect([await all(box), await box.marks()]).toEqual([[], []]);
  const counts = loki.counts();
  expect([...counts.keys()].sort()).toEqual([...lines].sort());
  expect([...settled].filter(([line, count]) => count === 0 || counts.get(line) !== count)).toEqual([]);
});

const lineIn = ({ body }: DeadLetter): string => decodeLokiPush(Buffer.from(body))[0]?.line ?? "";

test("what was marked and not yet deleted is deleted, and not sent", async () => {
  const [loki, folder] = [await startLoki(), temporaryFolder()];
  const box = folderDeadLetters(folder);
  for (const line of ["line 1", "line 2"]) await box.put(letterOf(loki.url, line));
  await box.mark("sent", (await box.list()).slice(0, 1));
  const config = writeConfig(writing(loki.url));
  const dry = await runCli(["replay", config, "--from", folder, "--dry-run"]);
  expect(dry.stdout).toMatch(/^would send .* 1 item, .*\nwould send 1 letter with .*; 1 letter was replayed before/);
  expect(await all(box)).toHaveLength(2);
  await runCli(["replay", config, "--from", folder]);
  expect([...loki.counts()]).toEqual([["line 2", 1]]);
  expect([await all(box), await box.marks()]).toEqual([[], []]);
});

test("Ctrl-C waits for what is under way, and leaves the rest", async () => {
  const [loki, folder] = [await startLoki(), temporaryFolder()];
  const box = folderDeadLetters(folder);
  for (let i = 0; i < 120; i++) await box.put(letterOf(loki.url, `line ${i}`));
  const { child, exited } = startReplay([writeConfig(writing(loki.url)), "--from", folder]);
  let told = "";
  child.stderr?.on("data", chunk => {
    told += String(chunk);
  });
  loki.before = async () => {
    child.kill("SIGINT");
    await until(() => told.includes("stopping when what is under way is answered"), () => `it is told, got ${told}`); // biome-ignore format: one row
  };
  expect((await exited).code).toBe(1);
  expect(told).toContain("Error: not all letters were tried: it was interrupted");
  expect(loki.counts().size).toBe(100);
  expect((await all(box)).map(lineIn)).toEqual(Array.from({ length: 20 }, (_, i) => `line ${100 + i}`));
});

describe.skipIf(!motoIsInstalled)("in AWS", () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
    Object.assign(process.env, { AWS_ENDPOINT_URL: moto.url, AWS_REGION: region });
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
  }, 60_000);
  afterAll(() => moto?.stop());

  test.for([
    { it: "a bucket", from: async () => `s3://${await newBucket()}/shop` },
    { it: "a queue with a bucket", from: async () => `sqs:${await newQueue()},s3://${await newBucket()}/large` },
  ])("letters of $it are looked at and sent again", async ({ from }) => {
    const [loki, place] = [await startLoki(), await from()];
    const config = writeConfig(writing(loki.url));
    const storage = ["--storage.path", temporaryFolder(), "--from", place];
    const box = openCloudLetters(letterPlace(place) as NonNullable<ReturnType<typeof letterPlace>>); // it is one
    for (const line of ["line 1", "bad 2", "line 3"]) await box.put(letterOf(loki.url, line));
    if (place.includes(",")) await box.put(letterOf(loki.url, "line 4", { body: largeBody() }));
    const stats = await runCli(["dead-letters", "stats", "--json", ...storage]);
    const count = place.includes(",") ? 4 : 3;
    expect(JSON.parse(stats.stdout)).toMatchObject({
      letters: count,
      by: { component: [{ component: "loki.write.out", letters: count }] },
    });
    loki.refuse = line => (line.startsWith("bad") ? 400 : undefined);
    expect((await runCli(["replay", config, ...storage])).code).toBe(1);
    expect([...loki.counts().values()]).toEqual(Array(count - 1).fill(1));
    expect((await all(box)).map(({ attempts }) => attempts)).toEqual([2]);
    await box.close();
    loki.refuse = () => undefined;
    expect((await runCli(["replay", config, "--keep", ...storage])).code).toBe(0);
    const { stdout } = await runCli(["replay", config, ...storage]);
    expect(stdout).toBe(
      "sent 0 letters with 0 items, 0 B; 1 letter was replayed before: --again sends kept ones again\n",
    );
    expect([...loki.counts().values()]).toEqual(Array(count).fill(1));
  });

  test("a function's letters are in the bucket that its environment names, and sent again from there", async () => {
    const [loki, bucket] = [await startLoki(), await newBucket()];
    const config = writeConfig(`
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
${writing(loki.url)}`);
    const { file } = await bundle({ config, outdir: path.join(temporaryFolder(), "function"), target: "aws" });
    process.env["AMALGAM_DEAD_LETTERS"] = `s3://${bucket}/shop`;
    onTestFinished(() => void delete process.env["AMALGAM_DEAD_LETTERS"]);
    const { handler } = (await import(file)) as { handler: (event: unknown, context: unknown) => Promise<unknown> }; // as entries have it
    loki.refuse = () => 400;
    const answer = await handler(
      {
        version: "2.0",
        rawPath: "/loki/api/v1/push",
        rawQueryString: "",
        headers: { "content-type": "application/json" },
        requestContext: { http: { method: "POST", path: "/loki/api/v1/push" } },
        isBase64Encoded: false,
        body: JSON.stringify({ streams: [{ stream: { app: "shop" }, values: [["1763737200000000000", "line 1"]] }] }),
      },
      { awsRequestId: "1", getRemainingTimeInMillis: () => 20_000 },
    );
    expect(answer).toMatchObject({ statusCode: 204 }); // whoever sent it needs not come again
    const from = ["--from", `s3://${bucket}/shop`];
    const { stdout } = await runCli(["dead-letters", "list", "--json", ...from]);
    const configuration = configurationHash([readFileSync(config, "utf8")]);
    expect(JSON.parse(stdout)).toMatchObject({ component: "loki.write.out", status: 400, configuration });
    loki.refuse = () => undefined;
    expect((await runCli(["replay", config, ...from])).code).toBe(0);
    expect([...loki.counts()]).toEqual([["line 1", 1]]);
  });

  /** Of random bytes, which nothing makes smaller. */
  const largeBody = () => {
    const line = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString("base64");
    const entry = { timestamp: 1n, line: Array.from({ length: 16 }, (_, i) => line.slice(i)).join(""), metadata: [] };
    return compressBlock(encodePush([['{app="shop"}', [entry]]]));
  };

  let count = 0;
  async function newBucket(): Promise<string> {
    const name = `replay-${count++}`;
    const place = `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
    await moto.put(`/${name}`, place);
    return name;
  }
  async function newQueue(): Promise<string> {
    const answer = await moto.json("sqs", "AmazonSQS.CreateQueue", { QueueName: `replay-${count++}` });
    return (answer as { readonly QueueUrl: string }).QueueUrl; // its documented form
  }
});
