/** Configurations of a real server and of a server of `remotecfg`, in a function's handler. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { blockDefinitions } from "../../../lib/pipeline/components/index.ts";
import { MetricsRegistry } from "../../../lib/pipeline/graph/metrics.ts";
import { type TestLog, testLog, testTime } from "../../../lib/pipeline/graph/testing.ts";
import { MemoryStore } from "../../../lib/pipeline/state/memory.ts";
import { parseFile } from "../../../lib/pipeline/syntax/parser.ts";
import { startCollectorServer } from "../../../test/e2e/support/collector-server.ts";
import { recorded } from "../../../test/functions/events.ts";
import { createHandler, type Handler } from "../handler.ts";
import { loadFiles } from "../load-files.ts";
import { startFromElsewhere } from "./elsewhere.ts";

let state = new MemoryStore();
let log = testLog();
let now = testTime;
beforeEach(() => {
  state = new MemoryStore();
  log = testLog();
  now = testTime;
});

interface StartOptions {
  readonly place?: string;
  /** The configuration in the bundle. */
  readonly text?: string;
  readonly leftOut?: readonly string[];
}

/** A start as a bundle does it, with a log that is kept and a clock that stands. */
async function start({
  place,
  text,
  leftOut = [],
}: StartOptions): Promise<{ handler: Handler; metrics: MetricsRegistry }> {
  const metrics = new MetricsRegistry();
  const settings = {
    definitions: [...blockDefinitions.values()].filter(({ name }) => !leftOut.includes(name)),
    stability: "generally-available",
    directory: "/",
    log: { ...log, configure: () => {} },
    metrics,
    around: (_: unknown, more: object) => ({ state, ...more }),
  } as const;
  const bundled = { leftOut, ...(text !== undefined && { nodes: text }) };
  const handler = await startFromElsewhere(bundled, {
    place,
    first: more => loadFiles([parseFile({ name: "a.alloy", text: text ?? "" }).file], settings, more),
    settings,
    handlerOf: pipeline => createHandler(pipeline),
    state,
    clock: () => now,
  });
  return { handler, metrics };
}

const push = recorded("function-url-loki-push");
const statusOf = async (handler: Handler, event: unknown = push) =>
  ((await handler(event)) as { readonly statusCode: number }).statusCode; // as gateways have it

/** Takes pushes. */
const api = (name: string) =>
  `
loki.source.api "${name}" {
  http { }
  forward_to = []
}
`;

const errors = ({ lines }: TestLog) => lines.filter(line => /^(error|warn)/.test(line));
const counted = (metrics: MetricsRegistry) =>
  Object.fromEntries(
    [...metrics.families()]
      .filter(({ name }) => /configuration|stale/.test(name))
      .flatMap(
        ({ name, series }) => [...series].map(({ value }) => [name, (value as { readonly value: number }).value]), // all are counters
      ),
  );

interface ConfigServer {
  readonly url: string;
  text: string;
  status: number;
  readonly requests: IncomingHttpHeaders[];
}

async function startServer(text: string, answer?: (response: ServerResponse) => void): Promise<ConfigServer> {
  const server: ConfigServer = { url: "", text, status: 200, requests: [] };
  const http = createServer(({ headers }, response) => {
    server.requests.push(headers);
    if (answer) return answer(response);
    const etag = JSON.stringify(server.text);
    if (server.status === 200 && headers["if-none-match"] === etag) return response.writeHead(304).end();
    return response.writeHead(server.status, { etag }).end(server.text);
  });
  await new Promise<void>(resolve => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo; // listens on TCP
  return Object.assign(server, { url: `http://127.0.0.1:${port}/a.alloy` });
}

describe("a server of files", () => {
  test("is asked at the start with the token, and again by age only, with what it said last", async () => {
    vi.stubEnv("AMALGAM_CONFIG_TOKEN", "hidden");
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await startServer(api("a"));
    const { handler, metrics } = await start({ place: server.url });
    expect(await statusOf(handler)).toBe(204);
    now += 299_999;
    await statusOf(handler);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(["Bearer hidden"]);
    now += 1;
    await statusOf(handler);
    await statusOf(handler);
    expect(server.requests.map(({ "if-none-match": known }) => known)).toEqual([
      undefined,
      JSON.stringify(server.text),
    ]);
    expect({ log: errors(log), counted: counted(metrics) }).toEqual({ log: [], counted: {} });
    expect(log.lines.join()).not.toContain("hidden");
  });

  test("that is down or says nonsense leaves the one that runs, is asked again after a minute, and is counted", async () => {
    const server = await startServer('loki.echo "a" { }');
    const { handler, metrics } = await start({ place: server.url });
    expect(await statusOf(handler)).toBe(404);
    server.status = 503;
    now += 300_000;
    expect(await statusOf(handler)).toBe(404);
    server.status = 200;
    server.text = "nonsense {";
    now += 60_000;
    expect(await statusOf(handler)).toBe(404);
    expect(errors(log)).toEqual([
      `error the configuration could not be read {"configuration":"${server.url}","runs":"062a883af49b","error":"got status 503"}`,
      `error the configuration was refused {"configuration":"${server.url}","runs":"062a883af49b","error":"${server.url}:1:11: expected }, got EOF"}`,
    ]);
    server.text = 'loki.echo "b" { }';
    now += 59_999;
    await statusOf(handler);
    expect(server.requests.length).toBe(3);
    now += 1;
    await statusOf(handler);
    expect(counted(metrics)).toEqual({
      amalgam_function_configuration_changes_total: 1,
      amalgam_function_configuration_refusals_total: 1,
      amalgam_function_configuration_unread_total: 1,
      amalgam_function_stale_invocations_total: 3,
    });
  });

  test("that hangs takes a part of an invocation's time, which then runs what there is", async () => {
    let hangs = false;
    const server = await startServer('loki.echo "a" { }', response => {
      if (!hangs) response.writeHead(200).end(server.text);
    });
    const { handler } = await start({ place: server.url });
    hangs = true;
    now += 300_000;
    expect(await handler(push, { getRemainingTimeInMillis: () => 4000 })).toMatchObject({ statusCode: 404 });
    expect(errors(log)).toEqual([
      `error the configuration could not be read {"configuration":"${server.url}","runs":"062a883af49b","error":"${server.url}: no answer within 1000 ms"}`,
    ]);
  });

  test("is enough for a start, also where the state store fails; what is good is kept later", async () => {
    const server = await startServer('loki.echo "a" { }');
    vi.spyOn(state, "get").mockRejectedValueOnce(new Error("no table"));
    const { handler } = await start({ place: server.url });
    expect(await statusOf(handler)).toBe(404);
    expect(errors(log)).toEqual([
      `warn a cold start without the configuration's server would fail, since the state store could not be read {"configuration":"${server.url}","runs":"062a883af49b","error":"no table"}`,
    ]);
    expect(await state.list("amalgam.configuration")).toEqual([]);
    now += 300_000;
    await statusOf(handler);
    expect((await state.list("amalgam.configuration")).length).toBe(1);
  });

  test.for([
    {
      it: "a status",
      answer: (response: ServerResponse) => response.writeHead(403).end(),
      message: "got status 403, and AMALGAM_CONFIG_TOKEN is not set",
    },
    {
      it: "a circle",
      answer: (response: ServerResponse) => response.writeHead(302, { location: "/a.alloy" }).end(),
      message: "stopped after 10 redirects",
    },
  ])("$it at the start fails it where there is no last good one", async ({ answer, message }) => {
    const server = await startServer("", response => void answer(response));
    await expect(start({ place: server.url })).rejects.toThrow(message);
  });

  test("with several mistakes has them all told, and components that were left out by their right name", async () => {
    const server = await startServer('loki.echo "a" { }\nloki.ecko "b" { }\nloki.write "c" { }');
    const text = await start({ place: server.url, leftOut: ["loki.echo"] }).catch((error: Error) => error.message);
    expect(text).toContain(`${server.url}:1:1: component "loki.echo" is not in this bundle`);
    expect(text).toContain(`${server.url}:2:1: cannot find the definition of component name "loki.ecko"`);
  });

  test("a change takes over when all that is under way has arrived", async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const paths: string[] = [];
    const backend = createServer(async (request, response) => {
      request.resume();
      const path = request.url ?? "";
      if (path === "/one") {
        reached.resolve();
        await gate.promise;
      }
      paths.push(path);
      response.writeHead(204).end();
    });
    await new Promise<void>(resolve => backend.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      backend.closeAllConnections();
      backend.close();
    });
    const to = (path: string) => `
      loki.source.api "in" {
        http { }
        forward_to = [loki.write.out.receiver]
      }
      loki.write "out" {
        endpoint { url = "http://127.0.0.1:${(backend.address() as AddressInfo).port}${path}" }
      }`;
    const server = await startServer(to("/one"), response => response.writeHead(200).end(server.text));
    const { handler } = await start({ place: server.url });
    const old = statusOf(handler);
    await reached.promise;
    server.text = to("/two");
    now += 300_000;
    expect(await statusOf(handler)).toBe(204);
    expect(paths).toEqual(["/two"]);
    gate.resolve();
    expect(await old).toBe(204);
    expect(paths).toEqual(["/two", "/one"]);
    expect(errors(log)).toEqual([]);
  });

  test.for([
    { text: "never", message: 'AMALGAM_CONFIG_REFRESH should be a duration, as 30s or 5m, got "never"' },
    { text: "-1s", message: 'AMALGAM_CONFIG_REFRESH should be a duration, as 30s or 5m, got "-1s"' },
  ])("AMALGAM_CONFIG_REFRESH=$text is refused", async ({ text, message }) => {
    vi.stubEnv("AMALGAM_CONFIG_REFRESH", text);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(start({ place: "http://127.0.0.1/a" })).rejects.toThrow(message);
  });
});

test("a bundle without a configuration wants to know where one is", async () => {
  await expect(start({})).rejects.toThrow(
    "AMALGAM_CONFIG should say where the configuration is, as a path, s3://BUCKET/KEY or https://HOST/PATH: got nothing, and the bundle has none",
  );
});

describe("remotecfg", () => {
  const asking = (url: string) => `remotecfg {\nurl = "${url}"\nid = "shop"\n}\n${api("own")}`;
  const otlp = `
    otelcol.receiver.otlp "sent" {
      http { }
      output { traces = [otelcol.processor.batch.sent.input] }
    }
    otelcol.processor.batch "sent" {
      output { }
    }`;
  const traces = recorded("function-url-otlp-traces");

  test("runs what the server sends beside the own, and asks again by age", async () => {
    const server = await startCollectorServer(otlp);
    const { handler } = await start({ text: asking(server.url) });
    expect(server.calls.map(({ method }) => method)).toEqual(["RegisterCollector", "GetConfig", "GetConfig"]);
    expect([await statusOf(handler), await statusOf(handler, traces)]).toEqual([204, 200]);
    expect(server.calls.length).toBe(3);
    server.content = 'loki.echo "nothing" { }';
    now = Date.now() + 61_000; // its own clock is the machine's
    expect([await statusOf(handler), await statusOf(handler, traces)]).toEqual([204, 404]);
    expect(errors(log)).toEqual([]);
  });

  test("refuses what is bad, tells the server why, and runs the last good one at the next start", async () => {
    const server = await startCollectorServer(otlp);
    const { handler, metrics } = await start({ text: asking(server.url) });
    server.content = 'loki.echo "a" {\nb = 1\n}';
    now = Date.now() + 61_000;
    expect([await statusOf(handler), await statusOf(handler, traces)]).toEqual([204, 200]);
    const reason = 'remotecfg:2:1: unrecognized attribute name "b"';
    const told = server.calls.map(({ request }) => request["remoteConfigStatus"]);
    expect(told).toContainEqual({
      status: "RemoteConfigStatuses_FAILED",
      errorMessage: reason,
    });
    expect(counted(metrics)).toEqual({
      amalgam_function_configuration_refusals_total: 1,
      amalgam_function_stale_invocations_total: 2,
    });
    const again = await start({ text: asking(server.url) });
    expect(await statusOf(again.handler, traces)).toBe(200);
    await server.close();
    const dark = await start({ text: asking(server.url) });
    expect(await statusOf(dark.handler, traces)).toBe(200);
  });

  test("of which there is no good one fails the start with the reason", async () => {
    const server = await startCollectorServer(api("sent"));
    await expect(start({ text: asking(server.url) })).rejects.toThrow(
      `the configuration of remotecfg does not load\n${server.url}: remotecfg:2:1: remotecfg/loki.source.api.sent answers /loki/api/v1/push, but so does loki.source.api.own: a function has one address, so that paths must differ; `,
    );
    server.down = true;
    await expect(start({ text: asking(server.url) })).rejects.toThrow(/unavailable: no database.*\n\n.*AMALGAM_STATE/);
  });

  test("without an id is the function", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "shop");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await startCollectorServer("");
    await start({ text: asking(server.url).replace('id = "shop"', "") });
    expect(server.calls[0]?.request["id"]).toBe("shop.eu-central-1");
  });

  test("comes and goes with a configuration that is followed", async () => {
    const sent = await startCollectorServer(otlp);
    const server = await startServer("", response => response.writeHead(200).end(server.text));
    server.text = asking(sent.url);
    const { handler } = await start({ place: server.url });
    expect(await statusOf(handler, traces)).toBe(200);
    server.text = api("own");
    now += 300_000;
    expect([await statusOf(handler), await statusOf(handler, traces)]).toEqual([204, 404]);
    expect(sent.calls.at(-1)?.method).toBe("UnregisterCollector");
    server.text = asking(sent.url);
    now += 300_000;
    expect(await statusOf(handler, traces)).toBe(200);
  });
});
