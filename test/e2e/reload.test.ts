/** The configuration changes while data goes through, and the process ends with nothing left behind. */
import { rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import path from "node:path";
import { expect, test } from "vitest";
import { type Batch, post, startLoad } from "./support/client.ts";
import { freePort, listens } from "./support/ports.ts";
import { type Amalgam, startAmalgam, temporaryFolder, writeConfig } from "./support/process.ts";
import { type Sink, startSink } from "./support/sink.ts";
import { until } from "./support/until.ts";

const json = { "content-type": "application/json" };

/** Entries come out with the label `version`. */
const configuration = (sink: Sink, port: number, version: string): string => `
loki.source.api "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = ${port}
  }
  forward_to = [loki.process.main.receiver]
}

loki.process "main" {
  stage.static_labels {
    values = { version = "${version}" }
  }
  forward_to = [loki.write.out.receiver]
}

loki.write "out" {
  endpoint {
    url = "${sink.url}/loki/api/v1/push"
  }
}
`;

const push = (line: string): string =>
  JSON.stringify({ streams: [{ stream: { job: "load" }, values: [[`${Date.now()}000000`, line]] }] });

interface Setup {
  readonly sink: Sink;
  readonly amalgam: Amalgam;
  readonly config: string;
  readonly port: number;
  readonly url: string;
  readonly batchOf: (n: number) => Batch;
  /** Puts another version in place of the file. */
  write(version: string): void;
}

async function start(): Promise<Setup> {
  const sink = await startSink();
  const port = await freePort();
  const config = writeConfig(configuration(sink, port, "1"));
  const amalgam = await startAmalgam(config);
  const url = `http://127.0.0.1:${port}/loki/api/v1/push`;
  return {
    sink,
    amalgam,
    config,
    port,
    url,
    batchOf: n => ({ ids: [`line ${n}`], post: { url, headers: json, body: push(`line ${n}`) } }),
    write: version => writeFileSync(config, configuration(sink, port, version)),
  };
}

const versionsOf = ({ entries }: Sink): (string | undefined)[] => [
  ...new Set(entries.map(({ labels }) => /version="(\w+)"/.exec(labels)?.[1])),
];

test.for([
  { it: "does not parse", text: 'loki.write "out" {\n  endpoint {\n}\n', place: "4:1", says: "expected }, got EOF" },
  {
    it: "names what is not there",
    text: 'loki.process "a" {\n  forward_to = [loki.write.none.receiver]\n}\n',
    place: "2:17",
    says: 'component "loki.write.none.receiver" does not exist',
  },
  {
    it: "has a wrong type",
    text: 'loki.write "out" {\n  max_streams = "many"\n}\n',
    place: "2:17",
    says: '"many" should be number, got string',
  },
])("a configuration that $it is refused with its place, and the old one goes on", async ({ text, place, says }) => {
  const { sink, amalgam, config, url, write } = await start();
  writeFileSync(config, text);
  const refused = await post({ url: `${amalgam.admin}/-/reload`, body: "" });
  expect(refused.status).toBe(400);
  expect(refused.text).toContain(`${config}:${place}: `);
  expect(refused.text).toContain(says);
  expect((await post({ url, headers: json, body: push("still") })).status).toBe(204);
  expect(sink.entries).toEqual([{ labels: '{job="load", version="1"}', line: "still" }]);
  expect(await (await fetch(`${amalgam.admin}/-/ready`)).text()).toBe("Amalgam is ready.\n");
  write("2");
  expect((await post({ url: `${amalgam.admin}/-/reload`, body: "" })).status).toBe(200);
  expect((await post({ url, headers: json, body: push("again") })).status).toBe(204);
  expect(sink.entries.at(-1)).toEqual({ labels: '{job="load", version="2"}', line: "again" });
});

test("new configurations take over under load, and no request is refused", async () => {
  const { sink, amalgam, batchOf, write } = await start();
  const load = startLoad(batchOf, 8);
  const arrived = (version: string) => until(() => versionsOf(sink).includes(version), `version ${version} is at work`);
  for (const version of ["1", "2", "3", "4", "5"]) {
    if (version !== "1") {
      write(version);
      if (version === "3") amalgam.signal("SIGHUP");
      else expect((await post({ url: `${amalgam.admin}/-/reload`, body: "" })).status).toBe(200);
    }
    await Promise.race([arrived(version), load.done.then(() => arrived(version))]);
    const before = sink.entries.length;
    await until(() => sink.entries.length >= before + 100, `100 more lines with version ${version}`);
  }
  await load.finish();
  expect({ refused: load.refused, broken: load.broken, versions: versionsOf(sink) }).toEqual({
    refused: 0,
    broken: 0,
    versions: ["1", "2", "3", "4", "5"],
  });
  expect(sink.entries.map(({ line }) => line).sort()).toEqual([...load.acknowledged].sort());
  expect([...load.acknowledged].sort()).toEqual([...load.sent].sort());
});

test("a configuration with another address listens there, and no longer at the old one", async () => {
  const { sink, amalgam, config, port: before } = await start();
  const port = await freePort();
  writeFileSync(config, configuration(sink, port, "2"));
  expect((await post({ url: `${amalgam.admin}/-/reload`, body: "" })).status).toBe(200);
  expect(
    (await post({ url: `http://127.0.0.1:${port}/loki/api/v1/push`, headers: json, body: push("there") })).status,
  ).toBe(204);
  await until(async () => !(await listens(before)), "the old address is closed");
  expect(sink.entries).toEqual([{ labels: '{job="load", version="2"}', line: "there" }]);
});

// shorter than the time for which connections are kept, which must not hold up the end
test(
  "SIGTERM: what is under way is delivered and answered, nothing new is taken, and the exit code is 0",
  { timeout: 45_000 },
  async () => {
    const { sink, amalgam, url, port } = await start();
    const agent = new Agent({ keepAlive: true });
    sink.hold(true);
    const answers = ["one", "two", "three"].map(line => post({ url, headers: json, body: push(line) }, agent));
    const received = /received_items_total{component_id="loki.process.main"} 3\n/;
    await until(
      async () => received.test(await (await fetch(`${amalgam.admin}/metrics`)).text()),
      "they are under way",
    );
    amalgam.signal("SIGTERM");
    await until(async () => !(await listens(port)), "nobody listens any more");
    sink.hold(false);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([204, 204, 204]);
    expect(await amalgam.exited).toEqual({ code: 0, signal: null });
    expect(sink.entries.map(({ line }) => line).sort()).toEqual(["one", "three", "two"]);
    agent.destroy();
  },
);

test(
  "SIGTERM under load: every line that was answered well is delivered, and the exit code is 0",
  { timeout: 45_000 },
  async () => {
    const { sink, amalgam, batchOf } = await start();
    const load = startLoad(batchOf, 8);
    await until(() => sink.entries.length > 200, "lines arrive");
    amalgam.signal("SIGTERM");
    expect(await amalgam.exited).toEqual({ code: 0, signal: null });
    const stored = new Set(sink.entries.map(({ line }) => line));
    expect(load.acknowledged.filter(line => !stored.has(line))).toEqual([]);
    expect(amalgam.log()).not.toMatch(/level=error/);
  },
);

test("the process tells whether it is ready and healthy, and counts", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "watched");
  writeFileSync(file, "content");
  const sink = await startSink();
  const port = await freePort();
  const config = writeConfig(
    `${configuration(sink, port, "1")}\nlocal.file "watched" {\n  filename = "${file}"\n}\n`,
    folder,
  );
  const amalgam = await startAmalgam(config);
  const get = async (place: string) => {
    const response = await fetch(amalgam.admin + place);
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  const plain = "text/plain; charset=utf-8";
  expect(await get("/-/ready")).toEqual({ status: 200, type: plain, text: "Amalgam is ready.\n" });
  expect(await get("/-/healthy")).toEqual({ status: 200, type: plain, text: "All Amalgam components are healthy.\n" });
  const url = `http://127.0.0.1:${port}/loki/api/v1/push`;
  for (const line of ["one", "two"]) await post({ url, headers: json, body: push(line) });
  const metrics = await get("/metrics");
  expect(metrics).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
  expect(metrics.text).toContain('amalgam_component_received_items_total{component_id="loki.process.main"} 2\n');
  expect(metrics.text).toContain(
    `amalgam_writer_sent_items_total{component_id="loki.write.out",destination="${sink.url}/loki/api/v1/push"} 2\n`,
  );
  rmSync(file);
  const ill = await until(async () => {
    const answer = await get("/-/healthy");
    return answer.status !== 200 && answer;
  }, "the process notices that the file is gone");
  expect(ill).toEqual({ status: 500, type: plain, text: "unhealthy components: local.file.watched\n" });
  writeFileSync(file, "content");
  await until(async () => (await get("/-/healthy")).status === 200, "the process notices that the file is back");
});
