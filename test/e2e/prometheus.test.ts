/** From an application that uses prom-client to a real Prometheus, which is asked what it has. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import client from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { startAmalgam, writeConfig } from "./support/process.ts";
import { type Prometheus, prometheusIsInstalled, startPrometheus } from "./support/prometheus.ts";
import { until } from "./support/until.ts";

if (!prometheusIsInstalled)
  console.warn(
    "prometheus is not installed (Debian: apt-get install prometheus): the tests with a real one are skipped",
  );

interface Target {
  readonly address: string;
  readonly requests: client.Counter<"path" | "status">;
  /** Ends it at once, as a crash does. */
  stop(): void;
}

/** An application that counts its requests. */
async function startTarget(): Promise<Target> {
  const registry = new client.Registry();
  const registers = [registry];
  const requests = new client.Counter({
    name: "shop_requests_total",
    help: "Requests.",
    labelNames: ["path", "status"] as const,
    registers,
  });
  requests.inc({ path: "/cart", status: "200" }, 3);
  requests.inc({ path: "/cart", status: "500" }, 1);
  const temperature = new client.Gauge({
    name: "shop_temperature_celsius",
    help: 'Of "the" shop.\nIn the middle.',
    registers,
  });
  temperature.set(-3.25);
  const odd = new client.Gauge({
    name: "shop_odd",
    help: "Values that are no numbers.",
    labelNames: ["of"] as const,
    registers,
  });
  odd.set({ of: 'a "quoted"\\path\nin lines' }, Number.POSITIVE_INFINITY);
  odd.set({ of: "ünïcödé" }, Number.NaN);
  const duration = new client.Histogram({
    name: "shop_request_seconds",
    help: "Time.",
    buckets: [0.1, 1, 10],
    registers,
  });
  for (const seconds of [0.05, 0.5, 0.7, 5, 50]) duration.observe(seconds);
  const size = new client.Summary({ name: "shop_response_bytes", help: "Size.", percentiles: [0.5, 1], registers });
  for (const bytes of [10, 20, 30]) size.observe(bytes);
  new client.Gauge({ name: "shop_debug_threads", help: "Not for everybody.", registers }).set(7);
  const server = createServer(async (request, response) => {
    if (request.url !== "/metrics") return response.writeHead(404).end();
    return response.writeHead(200, { "content-type": registry.contentType }).end(await registry.metrics());
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests, stop }; // listens on TCP
}

const configuration = (targets: string, writeUrl: string): string => `
  prometheus.scrape "shop" {
    targets         = ${targets}
    job_name        = "shop"
    scrape_interval = "1s"
    scrape_timeout  = "1s"
    forward_to      = [prometheus.relabel.shop.receiver]
  }
  prometheus.relabel "shop" {
    rule {
      source_labels = ["__name__"]
      regex         = "shop_debug_.*"
      action        = "drop"
    }
    rule {
      source_labels = ["path"]
      regex         = "/(.+)"
      target_label  = "page"
    }
    rule {
      regex  = "path"
      action = "labeldrop"
    }
    rule {
      target_label = "instance"
      replacement  = "shop-1"
    }
    forward_to = [prometheus.remote_write.out.receiver]
  }
  prometheus.remote_write "out" {
    external_labels = { region = "eu" }
    endpoint {
      url = "${writeUrl}"
    }
  }
`;

const targetsOf = ({ address }: Target): string => `[{ "__address__" = "${address}", "team" = "web" }]`;
const labels = (more = "") => `{instance="shop-1", job="shop"${more}, region="eu", team="web"}`;

/** Every series that it has, without what differs each time: durations. */
async function everything(prometheus: Prometheus): Promise<Readonly<Record<string, string>>> {
  return prometheus.query('{__name__=~".+", __name__!~"scrape_duration_seconds"}');
}

test.skipIf(!prometheusIsInstalled)(
  "Prometheus has what prom-client shows, value by value, with labels rewritten",
  async () => {
    const prometheus = await startPrometheus();
    const target = await startTarget();
    await startAmalgam(writeConfig(configuration(targetsOf(target), prometheus.writeUrl)));
    await until(async () => Object.keys(await prometheus.query("up")).length > 0, "Prometheus has the first scrape");
    expect(await everything(prometheus)).toEqual({
      [`scrape_samples_post_metric_relabeling${labels()}`]: "16",
      [`scrape_samples_scraped${labels()}`]: "16",
      [`scrape_series_added${labels()}`]: expect.stringMatching(/^(16|0)$/),
      [`shop_odd${'{instance="shop-1", job="shop", of="a \\"quoted\\"\\\\path\\nin lines", region="eu", team="web"}'}`]:
        "+Inf",
      [`shop_odd${'{instance="shop-1", job="shop", of="ünïcödé", region="eu", team="web"}'}`]: "NaN",
      ...Object.fromEntries(
        Object.entries({ "0.1": "1", "1.0": "3", "10.0": "4", "+Inf": "5" }).map(([le, value]) => [
          `shop_request_seconds_bucket${`{instance="shop-1", job="shop", le="${le}", region="eu", team="web"}`}`,
          value,
        ]),
      ),
      [`shop_request_seconds_count${labels()}`]: "5",
      [`shop_request_seconds_sum${labels()}`]: "56.25",
      [`shop_requests_total${'{instance="shop-1", job="shop", page="cart", region="eu", status="200", team="web"}'}`]:
        "3",
      [`shop_requests_total${'{instance="shop-1", job="shop", page="cart", region="eu", status="500", team="web"}'}`]:
        "1",
      [`shop_response_bytes${'{instance="shop-1", job="shop", quantile="0.5", region="eu", team="web"}'}`]: "20",
      [`shop_response_bytes${'{instance="shop-1", job="shop", quantile="1.0", region="eu", team="web"}'}`]: "30",
      [`shop_response_bytes_count${labels()}`]: "3",
      [`shop_response_bytes_sum${labels()}`]: "60",
      [`shop_temperature_celsius${labels()}`]: "-3.25",
      [`up${labels()}`]: "1",
    });
    target.requests.inc({ path: "/cart", status: "200" }, 39);
    await until(async () => {
      const [value] = Object.values(await prometheus.query('shop_requests_total{status="200"}'));
      return value === "42";
    }, "a later scrape has the new value");
  },
);

test.skipIf(!prometheusIsInstalled)("when the target is gone its series end at once, and up is 0", async () => {
  const prometheus = await startPrometheus();
  const target = await startTarget();
  await startAmalgam(writeConfig(configuration(targetsOf(target), prometheus.writeUrl)));
  await until(async () => Object.values(await prometheus.query("up"))[0] === "1", "the target is up");
  expect(Object.keys(await prometheus.query("shop_temperature_celsius"))).toHaveLength(1);
  target.stop();
  await until(async () => Object.values(await prometheus.query("up"))[0] === "0", "the target is down");
  expect(await prometheus.query('{__name__=~"shop_.+"}')).toEqual({});
  expect(await prometheus.query("scrape_samples_scraped")).toEqual({ [`scrape_samples_scraped${labels()}`]: "0" });
});

test.skipIf(!prometheusIsInstalled)(
  "a series that the target does not show any more ends, the others go on",
  async () => {
    const prometheus = await startPrometheus();
    const target = await startTarget();
    await startAmalgam(writeConfig(configuration(targetsOf(target), prometheus.writeUrl)));
    const statuses = async () =>
      Object.keys(await prometheus.query("shop_requests_total")).map(series => /status="(\d+)"/.exec(series)?.[1]);
    await until(async () => (await statuses()).length === 2, "both series are there");
    target.requests.remove({ path: "/cart", status: "500" });
    await until(async () => (await statuses()).length < 2, "one of them ended");
    expect(await statuses()).toEqual(["200"]);
  },
);
