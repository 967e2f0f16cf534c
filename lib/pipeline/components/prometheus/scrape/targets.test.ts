import { expect, test } from "vitest";
import { Target } from "../../../eval/value.ts";
import { labelsToMap } from "../../../telemetry/labels.ts";
import { type ScrapeTarget, scrapeTargets, type TargetDefaults } from "./targets.ts";

const defaults: TargetDefaults = {
  job: "prometheus.scrape.s",
  scheme: "http",
  metrics_path: "/metrics",
  params: new Map(),
  scrape_interval: 60_000,
  scrape_timeout: 10_000,
};

type Row = Record<string, string>;

function scraped(targets: readonly Row[], overrides: Partial<TargetDefaults> = {}) {
  const problems: string[] = [];
  const found = scrapeTargets(
    targets.map(labels => new Target(new Map(Object.entries(labels)))),
    { ...defaults, ...overrides },
    message => problems.push(message),
  );
  return { found, problems };
}

const shown = ({ url, labels, intervalMs, timeoutMs }: ScrapeTarget) => ({
  url,
  labels: Object.fromEntries(labelsToMap(labels)),
  ms: [intervalMs, timeoutMs],
});

test.for<{ it: string; target: Row; defaults?: Partial<TargetDefaults>; url?: string; labels?: Row; ms?: number[] }>([
  { it: "an address is all it needs", target: {} },
  { it: "its own job and instance win", target: { job: "j", instance: "i" }, labels: { job: "j", instance: "i" } },
  { it: "empty labels are none", target: { job: "", x: "" } },
  { it: "labels with two underscores stay behind", target: { __meta_x: "1", __tmp: "2", y: "3" }, labels: { y: "3" } },
  {
    it: "labels tell scheme and path",
    target: { __scheme__: "https", __metrics_path__: "/p/q" },
    url: "https://h:1/p/q",
  },
  { it: "a path gets a slash in front", target: { __metrics_path__: "m" }, url: "http://h:1/m" },
  { it: "an empty path of the configuration is none", target: {}, defaults: { metrics_path: "" }, url: "http://h:1" },
  {
    it: "a path is escaped as Go does it",
    target: { __metrics_path__: "/a b?c#d%20é(x)*[~-_.$&+,:;=@]" },
    url: "http://h:1/a%20b%3Fc%23d%2520%C3%A9%28x%29%2A%5B~-_.$&+,:;=@%5D",
  },
  {
    it: "parameters are sorted by name and escaped as Go does it",
    target: {},
    defaults: { params: new Map([["z", ["1", "2"]], ["a b", ["ü*~'/"]]]) }, // biome-ignore format: one value
    url: "http://h:1/metrics?a+b=%C3%BC%2A~%27%2F&z=1&z=2",
  },
  {
    it: "a label replaces the first value of a parameter, or adds it",
    target: { __param_m: "x", __param_n: "y" },
    defaults: { params: new Map([["m", ["1", "2"]]]) },
    url: "http://h:1/metrics?m=x&m=2&n=y",
  },
  {
    it: "labels tell interval and timeout",
    target: { __scrape_interval__: "1m30s", __scrape_timeout__: "500ms" },
    ms: [90_000, 500],
  },
  { it: "durations have days, as Prometheus' do", target: { __scrape_interval__: "1d" }, ms: [86_400_000, 10_000] },
])("$it", ({ target, defaults: overrides, url = "http://h:1/metrics", labels = {}, ms = [60_000, 10_000] }) => {
  const { found, problems } = scraped([{ __address__: "h:1", ...target }], overrides);
  expect({ found: found.map(shown), problems }).toEqual({
    found: [{ url, labels: { instance: "h:1", job: "prometheus.scrape.s", ...labels }, ms }],
    problems: [],
  });
});

test.for<{ it: string; target: Row; problem: string }>([
  { it: "no address", target: { __address__: "" }, problem: "target should have an __address__ label, got none" },
  {
    it: "an address with a path",
    target: { __address__: "h:1/x" },
    problem: '__address__ of a target should be a host, got "h:1/x"',
  },
  {
    it: "a timeout above the interval",
    target: { __scrape_interval__: "5s" },
    problem: "scrape timeout of target h:1 should not be longer than its interval",
  },
  {
    it: "an interval of nothing",
    target: { __scrape_interval__: "0s" },
    problem: "scrape interval and timeout of target h:1 should be durations above 0, such as 1m30s",
  },
  {
    it: "an interval that only Go understands",
    target: { __scrape_interval__: "1.5m" },
    problem: "scrape interval and timeout of target h:1 should be durations above 0, such as 1m30s",
  },
  {
    it: "units in the wrong order",
    target: { __scrape_interval__: "30s1m" },
    problem: "scrape interval and timeout of target h:1 should be durations above 0, such as 1m30s",
  },
])("a target with $it is left out, the others are scraped", ({ target, problem }) => {
  const { found, problems } = scraped([{ __address__: "h:1", ...target }, { __address__: "other:1" }]);
  expect({ urls: found.map(({ url }) => url), problems }).toEqual({
    urls: ["http://other:1/metrics"],
    problems: [problem],
  });
});

test("equal targets are one, targets that differ by a label are two", () => {
  const { found } = scraped([
    { __address__: "h:1" },
    { __address__: "h:1", __meta_x: "y" },
    { __address__: "h:1", x: "y" },
  ]);
  expect(found.map(({ labels }) => labelsToMap(labels).get("x"))).toEqual([undefined, "y"]);
});
