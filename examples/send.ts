/**
 * Sends the telemetry of a small web shop to a collector on this machine: traces, logs and metrics over OTLP with the
 * OpenTelemetry SDK, and log lines over Loki's push API.
 *
 *   npm run send              once
 *   npm run send -- --loop    until Ctrl-C
 *
 * The addresses are OpenTelemetry's usual OTEL_EXPORTER_OTLP_ENDPOINT, and LOKI_URL.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { lokiLines, pushToLoki } from "./shop/loki.ts";
import { Shop } from "./shop/otlp.ts";

const endpoint = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "http://127.0.0.1:4318";
const lokiUrl = process.env["LOKI_URL"] ?? "http://127.0.0.1:3100";
const loop = process.argv.includes("--loop");

/** Prints what was sent, or why it was not; says whether it was. */
async function attempt(what: string, send: () => Promise<string>): Promise<boolean> {
  try {
    console.log(`  ✓ ${what.padEnd(14)} ${await send()}`);
    return true;
  } catch (error) {
    console.log(`  ✗ ${what.padEnd(14)} ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

async function round(shop: Shop): Promise<boolean> {
  const visits = shop.visit(8);
  const lines = lokiLines(Date.now());
  const sent = [
    await attempt(
      "OTLP traces",
      async () => `${await shop.sendTraces()} spans of ${visits} visits to ${endpoint}/v1/traces`,
    ),
    await attempt("OTLP logs", async () => `${await shop.sendLogs()} records to ${endpoint}/v1/logs`),
    await attempt("OTLP metrics", async () => `${await shop.sendMetrics()} points to ${endpoint}/v1/metrics`),
    await attempt("Loki push", async () => `${await pushToLoki(lokiUrl, lines)} lines to ${lokiUrl}/loki/api/v1/push`),
  ];
  return sent.every(Boolean);
}

const shop = new Shop(endpoint);
console.log("Sending the telemetry of a small web shop\n");
let fine = await round(shop);
while (loop) {
  await sleep(2000);
  console.log("");
  fine = await round(shop);
}
await shop.close();
console.log(
  fine
    ? `
Where to look next
  http://127.0.0.1:12345/     the graph, counters, and the last items at each component
  the terminal of npm start   what came out, as text
  examples/quickstart.alloy   the pipeline; change it, then press Reload on the page`
    : `
Not everything was taken. Is the collector running? Start it with npm start in another terminal; it says there what went wrong.`,
);
process.exitCode = fine ? 0 : 1;
