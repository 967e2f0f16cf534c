/** The command line, as it is typed. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runCli, temporaryFolder, writeConfig } from "./support/process.ts";
import { startSink } from "./support/sink.ts";

const untidy = 'loki.write "out" {\nendpoint {\n   url="http://127.0.0.1:1/loki/api/v1/push"\n}}\n';
const tidy = 'loki.write "out" {\n\tendpoint {\n\t\turl = "http://127.0.0.1:1/loki/api/v1/push"\n\t}\n}\n';
const broken = 'loki.write "out" {\n  endpoint {\n    url = \n  }\n}\n';

test("fmt prints standard input in the canonical format", async () => {
  expect(await runCli(["fmt"], { input: untidy })).toEqual({ code: 0, stdout: tidy, stderr: "" });
  expect(await runCli(["fmt", "-"], { input: tidy })).toEqual({ code: 0, stdout: tidy, stderr: "" });
});

test("fmt prints a file, leaves it alone, and writes it with -w", async () => {
  const file = writeConfig(untidy);
  expect(await runCli(["fmt", file])).toEqual({ code: 0, stdout: tidy, stderr: "" });
  expect(readFileSync(file, "utf8")).toBe(untidy);
  expect(await runCli(["fmt", "-w", file])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(readFileSync(file, "utf8")).toBe(tidy);
});

test("fmt -t says by its exit code whether files are formatted, and names those that are not", async () => {
  const [good, bad] = [writeConfig(tidy), writeConfig(untidy)];
  expect(await runCli(["fmt", "-t", good])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await runCli(["fmt", "--test", good, bad])).toEqual({
    code: 1,
    stdout: "",
    stderr: `Error: file ${bad} is not formatted correctly\n`,
  });
  expect(readFileSync(bad, "utf8")).toBe(untidy);
});

test("fmt takes every file below a folder; one that is broken does not keep the others from it", async () => {
  const folder = temporaryFolder();
  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const files = [write("a.alloy", untidy), write("deep/er/b.alloy", untidy)];
  const others = [
    write("deep/notes.txt", untidy),
    write(".git/c.alloy", untidy),
    write("node_modules/d.alloy", untidy),
  ];
  const wrong = write("deep/broken.alloy", broken);
  expect(await runCli(["fmt", "-w", folder])).toEqual({
    code: 1,
    stdout: "",
    stderr: `${wrong}:4:3: expected expression, got }\nError: encountered errors during formatting\n`,
  });
  expect(files.map(file => readFileSync(file, "utf8"))).toEqual([tidy, tidy]);
  expect(others.map(file => readFileSync(file, "utf8"))).toEqual([untidy, untidy, untidy]);
  expect(readFileSync(wrong, "utf8")).toBe(broken);
});

test("fmt refuses what does not parse, with the place, and does not write", async () => {
  const file = writeConfig(broken);
  expect(await runCli(["fmt", "-w", file])).toEqual({
    code: 1,
    stdout: "",
    stderr: `${file}:4:3: expected expression, got }\nError: encountered errors during formatting\n`,
  });
  expect(readFileSync(file, "utf8")).toBe(broken);
  expect(await runCli(["fmt"], { input: broken })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^<stdin>:4:3: /),
  });
});

test("validate is silent about a configuration that is right", async () => {
  expect(await runCli(["validate", writeConfig(tidy)])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await runCli(["validate", "--json", writeConfig(tidy)])).toEqual({
    code: 0,
    stdout: '{\n  "version": 1,\n  "diagnostics": []\n}\n',
    stderr: "",
  });
});

test("validate says everything that is wrong, each with its place and an excerpt", async () => {
  const file = writeConfig('loki.write "out" {\n  endpoint {\n    urls = "x"\n  }\n}\n\nloki.wriet "out" {}\n');
  const { code, stdout, stderr } = await runCli(["validate", file]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(
    `Error: ${file}:3:5: unrecognized attribute name "urls"\n\n2 |   endpoint {\n3 |     urls = "x"\n  |     ^^^^`,
  );
  expect(stderr).toContain(`Error: ${file}:7:1: `);
  expect(stderr).toMatch(/\nError: validation failed\n$/);
});

test("validate --json says it for editors", async () => {
  const file = writeConfig(
    'loki.write "out" {\n  endpoint {\n    url  = "http://127.0.0.1:1"\n    urls = "x"\n  }\n}\n',
  );
  const { code, stdout, stderr } = await runCli(["validate", "--json", file]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    diagnostics: [
      {
        file,
        line: 4,
        column: 5,
        range: { start: { line: 3, character: 4 }, end: { line: 3, character: 14 } },
        severity: "error",
        message: 'unrecognized attribute name "urls"',
        hint: 'did you mean "url"?',
      },
    ],
  });
});

interface Found {
  readonly diagnostics: readonly { readonly file: string; readonly line: number; readonly message: string }[];
}

const messagesOf = (stdout: string): string[] =>
  (JSON.parse(stdout) as Found).diagnostics.map(
    ({ file, line, message }) => `${path.basename(file)}:${line}: ${message}`,
  );

test("validate --json says of a half-written file what is wrong in its other blocks, too", async () => {
  const text = 'loki.process "p" {\n  forward_to = [\n\nloki.write "out" {\n  endpoint {\n    urls = "x"\n  }\n}\n';
  const { code, stdout } = await runCli(["validate", "--json", "-"], { input: text });
  expect(code).toBe(1);
  expect(messagesOf(stdout)).toEqual([
    "<stdin>:4: expected ], got EOF",
    '<stdin>:6: unrecognized attribute name "urls"',
    '<stdin>:5: missing required attribute "url"',
  ]);
});

test("validate takes a file of a folder as an editor has it, not as it was saved", async () => {
  const folder = temporaryFolder();
  const [writer, sender] = [path.join(folder, "writer.alloy"), path.join(folder, "sender.alloy")];
  writeFileSync(writer, tidy);
  writeFileSync(sender, 'loki.process "p" { nonsense');
  const sends = (to: string) => `loki.process "p" {\n  forward_to = [loki.write.${to}.receiver]\n}\n`;
  const check =
    (...args: string[]) =>
    (input: string) =>
      runCli(["validate", "--json", ...args], { input });
  const inFolder = check(folder, "--stdin-filename", sender);
  expect(await inFolder(sends("out"))).toMatchObject({ code: 0, stderr: "" });
  expect(messagesOf((await inFolder(sends("none"))).stdout)).toEqual([
    'sender.alloy:2: component "loki.write.none.receiver" does not exist or is out of scope',
  ]);
  const { stdout } = await check("--stdin-filename", sender)(sends("out"));
  expect(messagesOf(stdout)).toEqual([
    'sender.alloy:2: component "loki.write.out.receiver" does not exist or is out of scope',
  ]);
});

test("validate reads a folder as one configuration", async () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, "parts"));
  writeFileSync(path.join(folder, "parts/b.alloy"), tidy);
  writeFileSync(
    path.join(folder, "parts/a.alloy"),
    'loki.process "a" {\n  forward_to = [loki.write.out.receiver]\n}\n',
  );
  writeFileSync(path.join(folder, "parts/notes.txt"), "not a configuration");
  expect(await runCli(["validate", path.join(folder, "parts")])).toEqual({ code: 0, stdout: "", stderr: "" });
});

const example = `
loki.source.api "in" {
  http {
    listen_port = 3100
  }
  forward_to = [loki.write.out.receiver]
}
loki.source.cloudwatch_logs "in" {
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint {
    url = sys.env("SINK_URL")
  }
}
otelcol.receiver.otlp "in" {
  http {}
  output {
    traces  = [otelcol.exporter.otlphttp.out.input]
    logs    = [otelcol.exporter.otlphttp.out.input]
    metrics = [otelcol.exporter.otlphttp.out.input]
  }
}
otelcol.exporter.otlphttp "out" {
  client {
    endpoint = sys.env("SINK_URL")
  }
}
prometheus.scrape "self" {
  targets         = [{ "__address__" = "127.0.0.1:1" }]
  scrape_interval = "30s"
  forward_to      = [prometheus.remote_write.out.receiver]
}
prometheus.remote_write "out" {
  endpoint {
    url = sys.env("SINK_URL")
  }
}
`;
const withSink = (url: string) =>
  writeConfig(
    example
      .replaceAll('sys.env("SINK_URL")', JSON.stringify(`${url}/loki/api/v1/push`))
      .replace(/endpoint = ".*"/, `endpoint = "${url}"`),
  );

test("graph shows components, what calls them, and where their data goes", async () => {
  const { code, stdout, stderr } = await runCli(["graph", withSink("http://127.0.0.1:1")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const blocks = stdout.trimEnd().split(/\n(?=\S)/);
  expect(blocks.sort()).toEqual([
    "loki.source.api.in\n  called by HTTP on 0.0.0.0:3100: /loki/api/v1/push, /api/v1/push, /loki/api/v1/raw, /api/v1/raw, /ready\n  called by queue or topic with loki\n  refers to loki.write.out",
    "loki.source.cloudwatch_logs.in\n  called by log-subscription or queue or topic or stream or firehose with cloudwatch_logs\n  refers to loki.write.out",
    "loki.write.out",
    "otelcol.exporter.otlphttp.out",
    "otelcol.receiver.otlp.in\n  called by HTTP on 0.0.0.0:4318: /v1/traces, /v1/metrics, /v1/logs\n  called by queue or topic with otlp\n  refers to otelcol.exporter.otlphttp.out",
    "prometheus.remote_write.out",
    "prometheus.scrape.self\n  called by a schedule, every 30 s\n  refers to prometheus.remote_write.out",
  ]);
});

test("graph --json shows the same for tools", async () => {
  const { code, stdout } = await runCli(["graph", "--json", withSink("http://127.0.0.1:1")]);
  expect(code).toBe(0);
  const { components, edges } = JSON.parse(stdout) as {
    components: { id: string; triggers: { kind: string }[] }[];
    edges: { from: string; to: string }[];
  };
  expect(Object.fromEntries(components.map(({ id, triggers }) => [id, triggers.map(({ kind }) => kind)]))).toEqual({
    "loki.source.api.in": ["http", "records"],
    "loki.source.cloudwatch_logs.in": ["records"],
    "loki.write.out": [],
    "otelcol.exporter.otlphttp.out": [],
    "otelcol.receiver.otlp.in": ["http", "records"],
    "prometheus.remote_write.out": [],
    "prometheus.scrape.self": ["schedule"],
  });
  expect(edges.map(({ from, to }) => `${from} -> ${to}`).sort()).toEqual([
    "loki.source.api.in -> loki.write.out",
    "loki.source.cloudwatch_logs.in -> loki.write.out",
    "otelcol.receiver.otlp.in -> otelcol.exporter.otlphttp.out",
    "prometheus.scrape.self -> prometheus.remote_write.out",
  ]);
});

test.for([
  { format: "svg", has: /^<svg [\s\S]*>prometheus\.scrape<[\s\S]*<\/svg>\n$/ },
  { format: "mermaid", has: /^flowchart LR\n[\s\S]*"loki\.write<br\/><b>out<\/b>"[\s\S]* -->\|logs\| / },
  {
    format: "dot",
    has: /^digraph amalgam \{\n[\s\S]*"prometheus\.scrape\.self" -> "prometheus\.remote_write\.out" \[label="metrics"\]\n\}\n$/,
  },
])("graph draws as $format", async ({ format, has }) => {
  const { code, stdout, stderr } = await runCli(["graph", `--format=${format}`, withSink("http://127.0.0.1:1")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(has);
});

test("graph refuses what does not load", async () => {
  const file = writeConfig(broken);
  const { code, stdout, stderr } = await runCli(["graph", "--json", file]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`Error: ${file}:4:3: expected expression, got }`);
});

const names = (...ids: string[]) => ({ batchItemFailures: ids.map(itemIdentifier => ({ itemIdentifier })) });
const message = "2e1424d4-f796-459a-8184-9c92662b6da";

/** What is answered, and how much arrives: requests of OTLP, entries of Loki. */
test.for([
  {
    event: "function-url-otlp-traces",
    answer: { statusCode: 200, body: '{"partialSuccess":{}}' },
    arrives: { traces: 1 },
  },
  {
    event: "function-url-otlp-metrics-gzip",
    answer: { statusCode: 200, isBase64Encoded: true },
    arrives: { metrics: 1 },
  },
  { event: "function-url-loki-push-snappy", answer: { statusCode: 204 }, arrives: { entries: 3 } },
  { event: "function-url-unknown-path", answer: { statusCode: 404 }, arrives: {} },
  { event: "alb-loki-push", answer: { statusCode: 204, statusDescription: "204 No Content" }, arrives: { entries: 3 } },
  { event: "cloudwatch-logs", answer: null, arrives: { entries: 3 } },
  { event: "sqs-otlp-protobuf", answer: names(), arrives: { traces: 1, logs: 1, metrics: 1 } },
  { event: "sqs-fifo", answer: names(`${message}1`, `${message}2`), arrives: { entries: 6 } },
  { event: "malformed/function-url-truncated-gzip", answer: { statusCode: 400 }, arrives: {} },
  { event: "malformed/sqs-bad-base64", answer: names(`${message}0`), arrives: {} },
])("invoke takes $event", async ({ event, answer, arrives }) => {
  const sink = await startSink();
  const { code, stdout, stderr } = await runCli(["invoke", withSink(sink.url), `events/${event}.json`]);
  expect(code, stderr).toBe(0);
  if (answer) expect(JSON.parse(stdout)).toMatchObject(answer);
  else expect(stdout).toBe("null\n");
  const { traces, logs, metrics, entries } = sink;
  const none = { traces: 0, logs: 0, metrics: 0, entries: 0 };
  expect({ traces: traces.length, logs: logs.length, metrics: metrics.length, entries: entries.length }).toEqual({
    ...none,
    ...arrives,
  });
});

test("invoke fails as the function would, with the reason", async () => {
  const config = withSink("http://127.0.0.1:1");
  const { code, stdout, stderr } = await runCli(["invoke", config, "events/malformed/unknown.json"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /^Error: the invocation failed: event should be a request, records, logs or a schedule, got /m,
  );
});

const missing = "Error: missing.alloy: no such file or directory\n";
const noFiles = "Error: FOLDER should have a file that ends with .alloy, got none\n";

/** CONFIG is a file that is right, FOLDER one without configurations, DANGLING one with a link that leads nowhere. */
test.for([
  { it: "a configuration that is not there", args: ["validate", "missing.alloy"], says: missing },
  { it: "a file to format that is not there", args: ["fmt", "missing.alloy"], says: missing },
  { it: "a folder without configurations", args: ["fmt", "FOLDER"], says: noFiles },
  {
    it: "a file in a folder that can't be read",
    args: ["validate", "DANGLING"],
    says: "Error: DANGLING/gone.alloy: no such file or directory\n",
  },
  {
    it: "one to format",
    args: ["fmt", "-t", "DANGLING"],
    says: "Error: DANGLING/gone.alloy: no such file or directory\n",
  },
  {
    it: "nothing to validate",
    args: ["validate"],
    says: "Error: validate needs a configuration, or --stdin-filename\n",
  },
  {
    it: "writing and testing at once",
    args: ["fmt", "-w", "-t", "CONFIG"],
    says: "Error: cannot use -w/--write and -t/--test at the same time\n",
  },
  { it: "writing standard input", args: ["fmt", "-w"], says: "Error: cannot use -w with standard input\n" },
  {
    it: "an event that is not there",
    args: ["invoke", "CONFIG", "missing.json"],
    says: "Error: missing.json: no such file or directory\n",
  },
  {
    it: "an event that is not JSON",
    args: ["invoke", "CONFIG", "CONFIG"],
    says: /^Error: CONFIG should be JSON, but .*\n$/,
  },
  {
    it: "an address without a port",
    args: ["run", "CONFIG", "--server.http.listen-addr", "localhost"],
    says: /should be HOST:PORT, got localhost\n$/,
  },
  {
    it: "a format that there is not",
    args: ["graph", "--format=png", "CONFIG"],
    says: /Allowed choices are text, json, svg, mermaid, dot\.\n$/,
  },
  {
    it: "two formats",
    args: ["graph", "--format=dot", "--json", "CONFIG"],
    says: "error: option '--json' cannot be used with option '--format <format>'\n",
  },
  {
    it: "a level of stability that there is not",
    args: ["validate", "CONFIG", "--stability.level", "bold"],
    says: /Allowed choices are experimental, public-preview, generally-available\.\n$/,
  },
])("$it is told in a line", async ({ args, says }) => {
  const places = { CONFIG: writeConfig(tidy), FOLDER: temporaryFolder(), DANGLING: temporaryFolder() };
  symlinkSync("nowhere", path.join(places.DANGLING, "gone.alloy"));
  const filled = args.map(arg =>
    Object.entries(places).reduce((text, [name, place]) => text.replace(name, place), arg),
  );
  const { code, stdout, stderr } = await runCli(filled);
  const told = Object.entries(places).reduce((text, [name, place]) => text.replaceAll(place, name), stderr);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(told).toMatch(says);
  if (typeof says === "string") expect(told).toBe(says);
  expect(told.trimEnd().split("\n")).toHaveLength(1);
});

test("each command has an example and its exit codes in its help", async () => {
  for (const command of ["run", "fmt", "validate", "graph", "invoke", "bundle"]) {
    const { code, stdout } = await runCli([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`\\nExample:\\n  \\$ amalgam ${command} .+\\n\\nExit codes: 0 .+, 1 .+\\.\\n$`));
  }
});

test("an unknown command is told from the known ones", async () => {
  expect(await runCli(["rnu", "config.alloy"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "error: unknown command 'rnu'\n(Did you mean run?)\n",
  });
  const { code, stdout } = await runCli(["--help"]);
  expect(code).toBe(0);
  expect([...stdout.matchAll(/^ {2}(\w+)\b/gm)].map(([, command]) => command)).toEqual(
    expect.arrayContaining(["run", "fmt", "validate", "graph", "invoke"]),
  );
});
