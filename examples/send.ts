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

/** One line about what was sent, or why it was not. */
async function attempt(what: string, send: () => Promise<string>): Promise<{ fine: boolean; line: string }> {
  const name = what.padEnd(14);
  try {
    return { fine: true, line: `  ✓ ${name} ${await send()}` };
  } catch (error) {
    return { fine: false, line: `  ✗ ${name} ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** All at the same time; the lines are printed in their order. */
async function round(shop: Shop): Promise<boolean> {
  const visits = shop.visit(8);
  const lines = lokiLines(Date.now());
  const attempts = await Promise.all([
    attempt("OTLP traces", async () => `${await shop.sendTraces()} spans of ${visits} visits to ${endpoint}/v1/traces`),
    attempt("OTLP logs", async () => `${await shop.sendLogs()} records to ${endpoint}/v1/logs`),
    attempt("OTLP metrics", async () => `${await shop.sendMetrics()} points to ${endpoint}/v1/metrics`),
    attempt("Loki push", async () => `${await pushToLoki(lokiUrl, lines)} lines to ${lokiUrl}/loki/api/v1/push`),
  ]);
  for (const { line } of attempts) console.log(line);
  return attempts.every(({ fine }) => fine);
}

const next = `
Where to look next
  http://127.0.0.1:12345/     the graph, counters, and the last items at each component
  the terminal of npm start   what came out, as text
  examples/quickstart.alloy   the pipeline; change it, then press Reload on the page`;
const trouble = `
Not everything was taken. Is the collector running? If not, start it with npm start in another terminal; if so, its log says why.`;

const shop = new Shop(endpoint);
console.log("Sending the telemetry of a small web shop\n");
const fine = await round(shop);
console.log(fine ? next : trouble);
while (loop) {
  await sleep(2000);
  console.log("");
  await round(shop);
}
if (fine) await shop.close();
process.exit(fine ? 0 : 1); // what could not be sent is not tried again
