/** What the benchmarks send: made up from a seed, with the variety of real telemetry, so that compression and caches have no easy game. */
import { randomBytes } from "node:crypto";
import { messages } from "../conformance/support/sink.ts";

/** mulberry32: the same numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const routes = [
  "/health",
  "/api/users/{id}",
  "/api/orders",
  "/api/orders/{id}/items",
  "/login",
  "/search",
  "/cart",
  "/checkout",
];
const services = ["frontend", "checkout", "payment", "inventory", "shipping"];

/** An OTLP export request of about 500 bytes a span. */
export function traceRequest(seed: number, spans: number): Buffer {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T; // index below length
  const type = messages.lookupType("Traces");
  const text = (key: string, value: string) => ({ key, value: { string_value: value } });
  const int = (key: string, value: number) => ({ key, value: { int_value: value } });
  const perTrace = 8;
  let trace = { id: randomBytes(16), parent: Buffer.alloc(0), start: 0n, left: 0 };
  /** The next span of a trace: a trace has some spans, one below the other, close in time. */
  const span = () => {
    if (trace.left-- === 0)
      trace = {
        id: randomBytes(16),
        parent: Buffer.alloc(0),
        start: 1_760_000_000_000_000_000n + BigInt(Math.floor(next() * 1e12)),
        left: perTrace - 1,
      };
    const id = randomBytes(8);
    const start = trace.start + BigInt(Math.floor(next() * 1e7));
    const parent = trace.parent;
    trace.parent = id;
    return {
      trace_id: trace.id,
      span_id: id,
      ...(parent.length > 0 && { parent_span_id: parent }),
      name: `${pick(["GET", "POST", "PUT"])} ${pick(routes)}`,
      kind: 1 + Math.floor(next() * 5),
      start_time_unix_nano: start.toString(),
      end_time_unix_nano: (start + BigInt(Math.floor(next() * 1e7))).toString(),
      attributes: [
        text("http.route", pick(routes)),
        text("http.request.method", pick(["GET", "POST", "PUT"])),
        int("http.response.status_code", pick([200, 201, 204, 400, 404, 500])),
        text("url.scheme", "https"),
        text("server.address", pick(["shop.example.com", "api.example.com"])),
        text("url.path", `/api/v1/resources/${Math.floor(next() * 1e6)}`),
        text(
          "user_agent.original",
          pick([
            "Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) Safari/605.1.15",
            "okhttp/4.12.0",
          ]),
        ),
        text("http.request.header.authorization", `Bearer token-${Math.floor(next() * 50)}`),
        text("network.protocol.version", "1.1"),
        int("enduser.id", Math.floor(next() * 1e5)),
        text("client.address", `10.0.${Math.floor(next() * 4)}.${Math.floor(next() * 256)}`),
      ],
      events:
        next() < 0.2
          ? [
              {
                time_unix_nano: start.toString(),
                name: "exception",
                attributes: [text("exception.type", "IOException")],
              },
            ]
          : [],
      status: next() < 0.1 ? { code: 2, message: "failed" } : {},
    };
  };
  const perScope = Math.ceil(spans / services.length);
  const message = {
    resource_spans: services.map(service => ({
      resource: {
        attributes: [
          text("service.name", service),
          text("host.name", `node-${Math.floor(next() * 50)}`),
          text("service.version", "1.4.2"),
        ],
      },
      scope_spans: [
        { scope: { name: "io.opentelemetry.http", version: "2.1.0" }, spans: Array.from({ length: perScope }, span) },
      ],
    })),
  };
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

/** A Loki push of JSON lines. */
export function logPush(seed: number, lines: number): Buffer {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T; // index below length
  const now = BigInt(Date.now()) * 1_000_000n;
  const line = (i: number) =>
    JSON.stringify({
      ts: new Date(Number(now / 1_000_000n) + i).toISOString(),
      level: pick(["info", "info", "info", "warn", "error", "debug"]),
      msg: `handled request ${Math.floor(next() * 1e6)}`,
      http: {
        method: pick(["GET", "POST"]),
        path: pick(["/healthz", "/metrics", ...routes]),
        status: pick([200, 200, 404, 500]),
        ms: Math.round(next() * 1e5) / 100,
      },
      user: { id: `u${Math.floor(next() * 1e5)}`, email: `user${Math.floor(next() * 1e5)}@example.com` },
      trace_id: Math.floor(next() * 2 ** 52)
        .toString(16)
        .padStart(32, "0"),
    });
  const streams = services.map((app, s) => ({
    stream: { app, namespace: "shop", pod: `${app}-${seed}` },
    values: Array.from({ length: Math.ceil(lines / services.length) }, (_, i) => [
      String(now + BigInt(i * 1000 + s)),
      line(i),
    ]),
  }));
  return Buffer.from(JSON.stringify({ streams }));
}

/** A page in the text format; values move on with `turn`, series stay. */
export function metricsPage(series: number, turn: number): string {
  const lines: string[] = [];
  const families = Math.ceil(series / 100);
  for (let family = 0; family < families; family++) {
    const name = family % 20 === 0 ? `go_family_${family}` : `http_server_requests_${family}_total`;
    lines.push(`# HELP ${name} Requests of family ${family}.`, `# TYPE ${name} counter`);
    for (let i = 0; i < 100 && family * 100 + i < series; i++) {
      const labels = `handler="/api/v1/resource/${i % 25}",method="${i % 2 ? "GET" : "POST"}",status="${200 + (i % 5) * 50}",zone="eu-west-${i % 3}",shard="${i}"`;
      lines.push(`${name}{${labels}} ${(i * 1000 + turn * 7 + family) / 4}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
