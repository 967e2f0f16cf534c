/** A bundled function whose configuration is in S3: changed, broken, gone; its last good one is in DynamoDB. Every line is counted. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { configurationPermissions } from "../../functions/aws/configuration/permissions.ts";
import { bundle } from "../../functions/bundle.ts";
import { type Emulator, startEmulator } from "../../lib/pipeline/state/testing.ts";
import { labelValue } from "../../lib/pipeline/telemetry/labels.ts";
import { decodePushProtobuf } from "../../lib/pipeline/telemetry/loki/push.ts";
import { uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { startCollectorServer } from "../e2e/support/collector-server.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "../e2e/support/moto.ts";
import { recorded } from "./events.ts";
import { type RunningFunction, startFunction } from "./runtime-api.ts";
import { type Sink, startSink } from "./sink.ts";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-remote-"));
const place = "s3://shop-config/logs/main.alloy";
const object = "/shop-config/logs/main.alloy";

/** A configuration by the label that it adds. */
const config = (version: string) => `
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  external_labels = { version = "${version}" }
  endpoint { url = sys.env("SINK") + "/loki/api/v1/push" }
}
`;

let sink: Sink;
let emulator: Emulator;
/** A function with all components, and one without the writer. */
let [taskRoot, small] = ["", ""];

beforeAll(async () => {
  [sink, emulator] = await Promise.all([startSink(), startEmulator()]);
  taskRoot = path.join(folder, "all");
  small = path.join(folder, "small");
  await bundle({ remote: true, outdir: taskRoot, target: "aws", stability: "experimental" });
  await bundle({ remote: true, outdir: small, target: "aws", components: ["loki.source.*"] });
}, 60_000);
afterAll(async () => {
  await Promise.all([sink.close(), emulator.stop()]);
  rmSync(folder, { recursive: true });
});

const pushed = recorded("function-url-loki-push");

/** A push of one line. */
const push = (line: string) => ({
  ...pushed,
  body: JSON.stringify({ streams: [{ stream: { app: "shop" }, values: [["1768471200000000000", line]] }] }),
  isBase64Encoded: false,
});

/** Lines that arrived since the last call, with the version of the configuration that they came through. */
const arrived = (): string[] =>
  sink
    .take()
    .flatMap(({ body }) => decodePushProtobuf(uncompressBlock(body, 1 << 20)))
    .flatMap(({ labels, entries }) => entries.map(({ line }) => `${line} by ${labelValue(labels, "version")}`));

async function started(env: Readonly<Record<string, string>>, root = taskRoot): Promise<RunningFunction> {
  const running = await startFunction({
    taskRoot: root,
    env: { SINK: sink.url, AWS_REGION: region, AMALGAM_CONFIG: place, AMALGAM_CONFIG_REFRESH: "0s", ...env },
  });
  onTestFinished(() => running.stop());
  return running;
}

/** Messages and fields of log lines that are warnings or errors. */
const complaints = (running: RunningFunction): readonly Readonly<Record<string, unknown>>[] =>
  running
    .log()
    .split("\n")
    .filter(line => /"level":"(warn|error)"/.test(line))
    .map(line => JSON.parse(line) as Record<string, unknown>);

describe.runIf(motoIsInstalled)("a configuration in S3", () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
    await moto.put("/shop-config", `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`); // biome-ignore format: one document
  }, 60_000);
  afterAll(() => moto.stop());

  /** What a user may do who may read the configuration of a place, and keep state. */
  async function reader(name: string, text: string): Promise<Readonly<Record<string, string>>> {
    const { accessKeyId, secretAccessKey } = await moto.addUser(name, ["sts:GetCallerIdentity"]);
    const Statement = configurationPermissions(text).map(({ actions, resource }) => ({
      Effect: "Allow",
      Action: actions,
      Resource: resource.replace("${AWS::Partition}", "aws"),
    }));
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await moto.form("iam", { Action: "PutUserPolicy", UserName: name, PolicyName: "configuration", PolicyDocument });
    const { table, endpoint } = await emulator.table();
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_S3: moto.url,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AMALGAM_STATE: `dynamodb:${table}`,
    };
  }

  test("is followed, and what is bad or gone leaves the last good one: every line arrives once", async () => {
    const env = await reader("walker", place);
    const others = await reader("folders", "s3://shop-config/parts/");
    const noState = { ...env, AMALGAM_STATE: "memory" };
    await moto.guard();
    await moto.put(object, config("one"));
    const running = await started(env);
    const all: string[] = [];
    const send = async (to: RunningFunction, line: string) => {
      all.push(line);
      expect((await to.invoke(push(line))).result).toMatchObject({ statusCode: 204 });
    };
    await send(running, "a");
    await send(running, "b");
    expect(arrived()).toEqual(["a by one", "b by one"]);

    await moto.put(object, config("two"));
    await send(running, "c");
    expect(arrived()).toEqual(["c by two"]);
    expect(complaints(running)).toEqual([]);

    await moto.put(object, config("bad").replace("endpoint {", "endpont {"));
    await send(running, "d");
    expect(arrived()).toEqual(["d by two"]);
    expect(complaints(running)).toEqual([
      expect.objectContaining({
        level: "error",
        message: "the configuration was refused",
        configuration: place,
        error: expect.stringContaining(`${place}:8:3: unrecognized block name "endpont"`),
      }),
    ]);
    expect(running.log()).toContain('"StaleInvocations":1');

    const cold = await started(env);
    await send(cold, "e");
    expect(arrived()).toEqual(["e by two"]);
    expect(complaints(cold)).toContainEqual(
      expect.objectContaining({ level: "warn", message: "the last good configuration runs", configuration: place }),
    );
    const failed = await (await started(noState)).invoke(push("not taken"));
    expect(failed.error?.errorMessage).toMatch(
      /^the configuration does not load\n.*main\.alloy does not load\nError: .*:8:3: unrecognized block name "endpont"[\s\S]*there is no last good one/,
    );

    await moto.put(object, config("three"));
    for (const each of [running, cold]) await send(each, `f${each.pid}`);
    expect(arrived()).toEqual([`f${running.pid} by three`, `f${cold.pid} by three`]);

    const missing = await (await started(env, small)).invoke(push("not taken"));
    expect(missing.error?.errorMessage).toContain(
      `${place}:6:1: component "loki.write" is not in this bundle: make it again with amalgam bundle --remote --components, and this name or a pattern for it`,
    );
    const forbidden = await (await started({ ...others, AMALGAM_STATE: "memory" })).invoke(push("not taken"));
    expect(forbidden.error?.errorMessage).toContain(
      `${place} could not be read: GetObject was refused, got status 403`,
    );
    const [source, writer] = config("folder").split("loki.write ") as [string, string]; // it names it once so
    await moto.put("/shop-config/parts/b.alloy", source);
    await moto.put("/shop-config/parts/a.alloy", `loki.write ${writer}`);
    await moto.put("/shop-config/parts/readme.md", "not read");
    await moto.put("/shop-config/parts/deeper/c.alloy", "not read");
    const ofFolder = await started({ ...others, AMALGAM_CONFIG: "s3://shop-config/parts/" });
    await send(ofFolder, "g");
    await moto.put("/shop-config/parts/a.alloy", `loki.write ${writer.replace("folder", "folder two")}`);
    await send(ofFolder, "h");
    expect(arrived()).toEqual(["g by folder", "h by folder two"]);

    await moto.stop();
    await send(running, "i");
    const dark = await started(env);
    await send(dark, "j");
    expect(arrived()).toEqual(["i by three", "j by three"]);
    expect(complaints(dark).map(({ message }) => message)).toEqual([
      "the configuration could not be read",
      "the last good configuration runs",
      "the configuration could not be read",
    ]);
    expect((await (await started(noState)).invoke(push("not taken"))).error?.errorMessage).toContain("ECONNREFUSED");
    expect(new Set(all).size).toBe(11);
  }, 120_000);
});

describe("a configuration of a server", () => {
  test("is in the bundle as an address, and imports modules when it runs", async () => {
    const module = `
      declare "labels" {
        argument "to" { }
        loki.relabel "all" {
          forward_to = argument.to.value
          rule {
            target_label = "version"
            replacement  = "imported"
          }
        }
        export "receiver" { value = loki.relabel.all.receiver }
      }`;
    const server = createServer(({ url }, response) => {
      if (url === "/labels.alloy") return response.end(module);
      return response.end(`
        import.http "shop" { url = "http://" + sys.env("CONFIG_HOST") + "/labels.alloy" }
        shop.labels "all" { to = [loki.write.out.receiver] }
        ${config("own")
          .replace("[loki.write.out.receiver]", "[shop.labels.all.receiver]")
          .replace(/external_labels.*/, "")}`);
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const outdir = path.join(folder, "address");
    vi.stubEnv("CONFIG_HOST", host);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { components, leftOut } = await bundle({
      config: `http://${host}/main.alloy`,
      outdir,
      target: "aws",
      components: ["loki.relabel"],
    });
    expect(components).toEqual(["loki.relabel", "loki.source.api", "loki.write"]);
    expect(leftOut).toContain("loki.echo");
    const running = await started({ AMALGAM_CONFIG: "", CONFIG_HOST: host }, outdir);
    expect(await running.invoke(push("a"))).toMatchObject({ result: { statusCode: 204 } });
    expect(arrived()).toEqual(["a by imported"]);
  }, 60_000);

  test("that remotecfg names runs beside that of the bundle", async () => {
    const server = await startCollectorServer('otelcol.receiver.otlp "a" {\nhttp { }\noutput { }\n}');
    const outdir = path.join(folder, "remotecfg");
    mkdirSync(outdir);
    const file = path.join(outdir, "main.alloy");
    writeFileSync(file, `remotecfg {\nurl = sys.env("SERVER")\n}\n${config("own")}`);
    await bundle({ config: file, outdir, target: "aws" });
    const env = { AMALGAM_CONFIG: "", SERVER: server.url };
    const running = await started(env, outdir);
    expect(await running.invoke(push("a"))).toMatchObject({ result: { statusCode: 204 } });
    expect(arrived()).toEqual(["a by own"]);
    expect(server.calls.map(({ method, request }) => `${method} ${request["id"]}`)).toEqual([
      `RegisterCollector amalgam.${region}`,
      `GetConfig amalgam.${region}`,
      `GetConfig amalgam.${region}`,
    ]);
    await server.close();
    const { error } = await (await started(env, outdir)).invoke(push("not taken"));
    expect(error?.errorMessage).toMatch(/^the configuration of remotecfg does not load\n.*ECONNREFUSED/);
  }, 60_000);

  test("is told to a bundle for a single configuration as what needs another one", async () => {
    const outdir = path.join(folder, "single");
    mkdirSync(outdir);
    const file = path.join(outdir, "main.alloy");
    writeFileSync(file, config("own"));
    await bundle({ config: file, outdir, target: "aws" });
    const message = "a configuration from elsewhere needs a bundle for any configuration: make it with amalgam bundle --remote"; // biome-ignore format: one sentence
    const { error } = await (await started({}, outdir)).invoke(push("not taken"));
    expect(error?.errorMessage).toBe(message);
  }, 60_000);

  test("may be a path in a bundle for any configuration", async () => {
    const file = path.join(folder, "path.alloy");
    writeFileSync(file, config("path"));
    const running = await started({ AMALGAM_CONFIG: file });
    expect(await running.invoke(push("a"))).toMatchObject({ result: { statusCode: 204 } });
    expect(arrived()).toEqual(["a by path"]);
    const { error } = await (await started({ AMALGAM_CONFIG: "" })).invoke(push("not taken"));
    expect(error?.errorMessage).toBe(
      "AMALGAM_CONFIG should say where the configuration is, as a path, s3://BUCKET/KEY or https://HOST/PATH: got nothing, and the bundle has none",
    );
  });

  test("may use all parts of the language and of components", async () => {
    const file = path.join(folder, "parts.alloy");
    writeFileSync(path.join(folder, "plain.txt"), "text");
    writeFileSync(
      file,
      `
      http { }
      tracing {
        sampling_fraction = 1
        write_to          = [otelcol.processor.batch.traces.input]
      }
      otelcol.processor.batch "traces" {
        output { }
      }
      otelcol.processor.filter "spans" {
        traces { span = [\`attributes["a"] == "b"\`] }
        output { }
      }
      declare "lines" {
        argument "to" { }
        loki.process "all" {
          forward_to = argument.to.value
          stage.json { expressions = { a = "b.c[0]" } }
          stage.logfmt { mapping = { level = "" } }
          stage.regex { expression = "(?P<code>[0-9]{3})" }
          stage.template {
            source   = "version"
            template = "{{ .Entry | len }} {{ ToUpper \\"parts\\" }}"
          }
          stage.labels { values = { version = "" } }
          stage.limit {
            rate  = 1
            burst = 100
          }
          stage.drop { longer_than = "1KB" }
        }
        export "receiver" { value = loki.process.all.receiver }
      }
      lines "all" { to = [loki.write.out.receiver] }
      foreach "items" {
        collection = array.concat([1], [1 + 1])
        var        = "item"
        template {
          loki.echo "e" { }
        }
      }
      local.file "plain" { filename = "plain.txt" }
      loki.source.api "in" {
        http { }
        forward_to = [lines.all.receiver]
      }
      loki.write "out" {
        external_labels = {
          a = string.format("%s-%d", string.trim(local.file.plain.content, "t"), 1),
          b = encoding.from_yaml("b: [1, two]")["b"][1],
          c = encoding.from_json("{\\"c\\": \\"json\\"}")["c"],
          d = json_path("{\\"d\\": \\"path\\"}", ".d")[0],
          e = coalesce("", "else"),
          f = constants.os,
        }
        endpoint { url = sys.env("SINK") + "/loki/api/v1/push" }
      }`,
    );
    const running = await started({ AMALGAM_CONFIG: file });
    expect(await running.invoke(push("a"))).toMatchObject({ result: { statusCode: 204 } });
    expect(arrived()).toEqual(["a by 1 PARTS"]);
  });
});
