import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const amalgam = (...args: string[]) =>
  spawnSync(process.execPath, [path.join(import.meta.dirname, "main.ts"), ...args], { encoding: "utf8" });

test("bundle writes a function, its archive, its plan and a module of Terraform, and says what is in it", () => {
  const out = path.join(folder, "out");
  const { stdout, stderr, status } = amalgam("bundle", "examples/quickstart.alloy", "--target", "aws", "--out", out);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(readdirSync(out).sort()).toEqual(["function.zip", "index.mjs", "later.cjs", "resources.json", "terraform"]);
  const [file, size, ...lines] = stdout.trimEnd().split("\n");
  expect(file).toBe(`${path.join(out, "index.mjs")} (handler: index.handler)`);
  expect(size).toMatch(/^\d+ KiB, \d+ KiB compressed in .+function\.zip$/);
  expect(lines).toContainEqual(expect.stringMatching(/^ +\d+\.\d KiB {2}loki\.process$/));
  expect(lines.filter(line => !line.includes(" KiB "))).toEqual([
    "function http: otelcol.receiver.otlp.apps, loki.source.api.push take requests",
    "function queue: otelcol.receiver.otlp.apps, loki.source.api.push take messages of a queue",
    "function schedule: prometheus.scrape.amalgam works on a clock",
  ]);
  const archive = unzipSync(readFileSync(path.join(out, "function.zip")));
  expect(Object.keys(archive).sort()).toEqual(["index.mjs", "later.cjs"]);
  expect(Buffer.from(archive["index.mjs"] ?? []).equals(readFileSync(path.join(out, "index.mjs")))).toBe(true);
});

test("bundle gives the same bytes again, elsewhere", () => {
  const config = path.join(folder, "same.alloy");
  writeFileSync(
    config,
    'loki.source.api "a" { \n http { } \n forward_to = [] \n }\nlocal.file "f" { filename = "f.txt" }',
  );
  writeFileSync(path.join(folder, "f.txt"), "text");
  const [one, other] = ["one", "other"].map(name => {
    const out = path.join(folder, name);
    const { stderr, status } = amalgam("bundle", config, "--out", out, "--files", "f.txt");
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return ["function.zip", "resources.json"].map(file => readFileSync(path.join(out, file)).toString("base64"));
  });
  expect(one).toEqual(other);
  expect(Object.keys(unzipSync(readFileSync(path.join(folder, "one", "function.zip"))))).toContain("f.txt");
});

test("bundle writes the subscriber of log groups where something takes them, the same bytes each time", () => {
  const config = path.join(folder, "logs.alloy");
  writeFileSync(config, 'loki.source.cloudwatch_logs "a" { forward_to = [] }');
  const [one, other] = ["logs", "other logs"].map(name => {
    const out = path.join(folder, name);
    const { stdout, stderr, status } = amalgam("bundle", config, "--out", out);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout).toMatch(/^\d+ KiB compressed in .+subscriber\.zip, which subscribes log groups by tags and names$/m);
    return readFileSync(path.join(out, "subscriber.zip"));
  }) as [Buffer, Buffer]; // as many as names
  expect(one.equals(other)).toBe(true);
  const files = unzipSync(one);
  expect(Object.keys(files)).toEqual(["index.mjs"]);
  expect(Buffer.from(files["index.mjs"] ?? []).toString()).toMatch(/export\{\w+ as handler\};\s*$/);
});

test("bundle says why it can't", () => {
  const { stderr, status } = amalgam("bundle", "missing.alloy", "--out", folder);
  expect({ stderr, status }).toEqual({
    stderr: "Error: missing.alloy: no such file or directory\n",
    status: 1,
  });
});

test("bundle says which variables of the shell are missing", () => {
  const { stderr, status } = amalgam(
    "bundle",
    "examples/cloudwatch-to-loki.alloy",
    "--out",
    path.join(folder, "unset"),
  );
  expect(status).toBe(1);
  expect(stderr).toContain(
    "sys.env reads the variables of this shell here: give LOKI_URL the value that the functions will have, or one like it",
  );
});

test("bundle makes a function for any configuration, and says what such a one may name", () => {
  const out = path.join(folder, "remote");
  const { stdout, stderr, status } = amalgam("bundle", "--remote", "--components", "loki.write, *.echo", "--out", out);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(readdirSync(out).sort()).toEqual(["function.zip", "index.mjs", "later.cjs"]);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .filter(line => !line.includes(" KiB"))
      .slice(1),
  ).toEqual([
    "configuration: where AMALGAM_CONFIG says, a path, s3://BUCKET/KEY or https://HOST/PATH",
    "components: loki.echo, loki.write, prometheus.echo",
    "note: AMALGAM_STATE says where the last good configuration is kept, which a cold start runs while the newest can't be read or is bad",
    "note: there is no plan of resources, since no configuration was named: what calls the function follows from that",
  ]);
});

test.for([
  {
    it: "an address without TLS",
    args: ["http://config.example.com/main.alloy?token=hidden"],
    message:
      "the configuration should begin with https://, got http://config.example.com/main.alloy: without TLS anyone on the way may change where the data goes, so http:// is for 127.0.0.1 and localhost only",
  },
  {
    it: "a pattern of no component",
    args: ["--remote", "--components", "loki.*,loky.*"],
    message: '--components should name components, as loki.* or loki.write, got "loky.*"',
  },
  { it: "nothing", args: [], message: "a bundle without --remote should have a configuration, got none" },
])("bundle refuses $it", ({ args, message }) => {
  const { stderr, status } = amalgam("bundle", ...args, "--out", path.join(folder, "none"));
  expect({ stderr, status }).toEqual({ stderr: `Error: ${message}\n`, status: 1 });
});
