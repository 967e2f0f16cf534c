/** Commands that look at a configuration take it from where a function would read it. */
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type BackendAnswer, type BackendRequest, startBackend } from "../../lib/pipeline/components/testing.ts";
import { runCli, temporaryFolder, writeConfig } from "./support/process.ts";

const text = 'loki.source.api "in" {\n  http { }\n  forward_to = [loki.echo.out.receiver]\n}\nloki.echo "out" { }\n';
const event = path.resolve(import.meta.dirname, "../../events/cloudwatch-logs.json");
const experimental = "--stability.level=experimental";

beforeEach(() => {
  vi.stubEnv("AMALGAM_CONFIG_TOKEN", "of-the-shell");
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "SOMEBODY");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
});
afterEach(() => vi.unstubAllEnvs());

/** A server that gives this at any path, with a bucket whose only object is the same. */
async function startElsewhere(answer: BackendAnswer | ((request: BackendRequest) => BackendAnswer) = { body: text }) {
  const { url, got } = await startBackend(request => (typeof answer === "function" ? answer(request) : answer));
  vi.stubEnv("AWS_ENDPOINT_URL_S3", url);
  return { http: `${url}/main.alloy?signature=hidden`, s3: "s3://shop/main.alloy", url, got };
}

describe.for(["http", "s3"] as const)("a configuration at %s", kind => {
  test("is read with the credentials of the shell", async () => {
    const elsewhere = await startElsewhere();
    expect(await runCli(["validate", elsewhere[kind], experimental])).toEqual({ code: 0, stdout: "", stderr: "" });
    const [request] = elsewhere.got;
    expect([elsewhere.got.length, request?.path, request?.headers.authorization]).toEqual([
      1,
      kind === "http" ? "/main.alloy?signature=hidden" : "/shop/main.alloy",
      kind === "http" ? "Bearer of-the-shell" : expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=SOMEBODY\//),
    ]);
  });

  test("shows its graph, in which functions follow it", async () => {
    const elsewhere = await startElsewhere();
    const { code, stdout, stderr } = await runCli(["graph", "--json", elsewhere[kind], experimental]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { components, followed } = JSON.parse(stdout);
    expect(components.map(({ id }: { id: string }) => id)).toEqual(["loki.echo.out", "loki.source.api.in"]);
    expect(followed).toEqual(
      kind === "http"
        ? { from: [`${elsewhere.url}/main.alloy`], permissions: [] }
        : {
            from: ["s3://shop/main.alloy"],
            permissions: [
              {
                actions: ["s3:GetObject"],
                resource: "arn:${AWS::Partition}:s3:::shop/main.alloy",
                reason: "the configuration is read from s3://shop/main.alloy",
              },
            ],
          },
    );
  });

  test("costs what its functions cost, with the table in which the last good one is kept", async () => {
    const elsewhere = await startElsewhere();
    const { code, stdout, stderr } = await runCli(["cost", "--gb-per-day=1", elsewhere[kind], experimental]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^A month costs \$/);
  });

  test("takes an event", async () => {
    const source = 'loki.source.cloudwatch_logs "in" { forward_to = [loki.echo.out.receiver] }\nloki.echo "out" { }\n';
    const elsewhere = await startElsewhere({ body: source });
    const { code, stdout, stderr } = await runCli(["invoke", elsewhere[kind], event, experimental]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^timestamp=1768471200000000000 .*START RequestId.*\nnull\n$/s);
  });
});

test.for(["validate", "graph", "cost", "invoke"])("%s says what is wrong in it, by its address", async command => {
  const { s3 } = await startElsewhere({ body: "loki.echo {" });
  const more = { cost: ["--gb-per-day=1"], invoke: [event] }[command] ?? [];
  const { code, stdout, stderr } = await runCli([command, s3, ...more, experimental]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^\n?Error: s3:\/\/shop\/main\.alloy:1:12: expected }, got EOF\n/);
});

test("the same is said of one that is not there, whoever reads it, and no secret", async () => {
  const { http, url } = await startElsewhere({ status: 404 });
  const commands = [
    ["validate", http],
    ["graph", http],
    ["cost", "--gb-per-day=1", http],
    ["invoke", http, event],
    ["bundle", http, "--out", path.join(temporaryFolder(), "out")],
  ];
  const said = await Promise.all(commands.map(args => runCli(args)));
  const expected = { code: 1, stdout: "", stderr: `Error: ${url}/main.alloy could not be read: got status 404\n` };
  expect(said).toEqual(commands.map(() => expected));
});

test("a token that the server does not take is told of", async () => {
  const { http, url } = await startElsewhere(({ headers }) =>
    headers.authorization === "Bearer right" ? { body: text } : { status: 401 },
  );
  const { code, stderr } = await runCli(["validate", http, experimental]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `Error: ${url}/main.alloy could not be read: got status 401\n`,
  });
  vi.stubEnv("AMALGAM_CONFIG_TOKEN", "right");
  expect(await runCli(["validate", http, experimental])).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("validate takes a file of it as an editor has it", async () => {
  const { s3 } = await startElsewhere();
  const input = 'loki.relabel "r" { forward_to = [loki.echo.out.receiver] }';
  const { code, stdout, stderr } = await runCli(
    ["validate", "--json", "--stdin-filename", "more.alloy", s3, experimental],
    { input },
  );
  expect({ code, diagnostics: JSON.parse(stdout).diagnostics, stderr }).toEqual({
    code: 0,
    diagnostics: [],
    stderr: "",
  });
});

test.for([
  { address: "s3://shop/main.alloy", name: "s3://shop/main.alloy" },
  { address: "https://config.example.com/main.alloy?token=hidden", name: "https://config.example.com/main.alloy" },
])("run takes none, and says what does: $name", async ({ address, name }) => {
  expect(await runCli(["run", address])).toEqual({
    code: 1,
    stdout: "",
    stderr: `Error: run should have a file or a folder, got ${name}: a file with a remotecfg block has a server send the configuration; a file with import.http (with import.string and remote.s3 for a bucket) takes components of its declare blocks; both see what changes\n`,
  });
});

test("what it says of a bucket is so", async () => {
  const module = 'declare "out" {\n  export "receiver" { value = loki.echo.e.receiver }\n  loki.echo "e" { }\n}\n';
  const { s3, url } = await startElsewhere({ body: module });
  const client = `endpoint = "${url}"\nuse_path_style = true\nregion = "eu-central-1"\nkey = "K"\nsecret = "s"`;
  const bucket = `remote.s3 "shop" {\npath = "${s3}"\nclient {\n${client}\n}\n}\nimport.string "shop" { content = remote.s3.shop.content }`;
  const source = 'loki.source.cloudwatch_logs "in" { forward_to = [shop.out.a.receiver] }';
  const file = writeConfig(`${bucket}\nshop.out "a" { }\n${source}\n`);
  const { code, stdout } = await runCli(["invoke", file, event, experimental]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^timestamp=.*START RequestId/) });
});
