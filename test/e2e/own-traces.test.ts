/** The process' own traces go through its pipeline to a backend, as `tracing.write_to` says. */
import { expect, test } from "vitest";
import { freePort } from "./support/ports.ts";
import { startAmalgam, writeConfig } from "./support/process.ts";
import { startSink } from "./support/sink.ts";
import { until } from "./support/until.ts";

test("requests and scrapes are spans, and the last ones are sent before the end", async () => {
  const sink = await startSink();
  const port = await freePort();
  const config = writeConfig(`
    tracing {
      sampling_fraction = 1
      write_to          = [otelcol.exporter.otlphttp.out.input]
    }
    otelcol.exporter.otlphttp "out" {
      client {
        endpoint = "${sink.url}"
      }
    }
    loki.source.api "in" {
      http {
        listen_address = "127.0.0.1"
        listen_port    = ${port}
      }
      forward_to = []
    }
    prometheus.scrape "self" {
      targets         = [{ __address__ = "127.0.0.1:9" }]
      forward_to      = []
      scrape_interval = "1s"
      scrape_timeout  = "500ms"
    }
  `);
  const amalgam = await startAmalgam(config);
  const answer = await fetch(`http://127.0.0.1:${port}/loki/api/v1/raw`, { method: "POST", body: "line" });
  expect(answer.status).toBe(204);
  amalgam.signal("SIGTERM");
  await amalgam.exited;
  await until(() => sink.traces.length > 0, "the spans have arrived");
  const text = JSON.stringify(sink.traces);
  expect(text).toContain('"POST /loki/api/v1/raw"');
  expect(text).toContain('"prometheus.scrape.self"');
});
