/** Scrapes targets on time and gives their samples on, with the synthetic series and staleness markers of Prometheus. */
import { performance } from "node:perf_hooks";
import { decompress } from "../../delivery/compress.ts";
import { messageOf, TooLargeError } from "../../delivery/errors.ts";
import type { HttpClient } from "../../delivery/http.ts";
import { block, type Infer, object, optional, refused, required } from "../../eval/schema.ts";
import { bool, bytes, duration, int, late, list, map, number, oneOf, string, target } from "../../eval/types.ts";
import { type Consumer, defineComponent, type Host, internalAddress, type Problem } from "../../graph/component.ts";
import { fanOut } from "../../graph/gate.ts";
import type { Invocation } from "../../graph/invocation.ts";
import { metrics } from "../../graph/kinds.ts";
import { receiver } from "../../graph/receiver.ts";
import type { Trigger } from "../../graph/trigger.ts";
import { parseExposition, SeriesCache } from "../../telemetry/prometheus/exposition.ts";
import type { MetricBatch } from "../../telemetry/prometheus/model.ts";
import { clientProblems, httpClientFields, makeClient } from "../http-client.ts";
import { PageReader, type PageResult, type Raw, staleMarker } from "./scrape/page.ts";
import { acceptHeader, defaultProtocols, negotiated, protocolProblems, protocols } from "./scrape/protocols.ts";
import { reportSamples } from "./scrape/report.ts";
import { inShard, measured, RoundCost, shardsFor } from "./scrape/shards.ts";
import { StalenessState } from "./scrape/staleness.ts";
import { type ScrapeTarget, scrapeTargets } from "./scrape/targets.ts";

const protocol = late(oneOf("scrape protocol", protocols));

const args = object({
  targets: required(list(target), "What to scrape."),
  forward_to: required(list(receiver(metrics)), "Where to send samples."),
  job_name: optional(string, undefined, "The `job` label of targets that have none; the component's id where unset."),
  honor_labels: optional(bool, false, "Labels of the page win over those of the target."),
  honor_timestamps: optional(bool, true, "Times of the page win over the time of the scrape."),
  track_timestamps_staleness: optional(bool, false, "Marks series stale also if the page gave their time."),
  params: optional(map(list(string)), {}, "Query parameters."),
  scrape_classic_histograms: optional(bool, false, "Keeps the classic series of native histograms."),
  scrape_native_histograms: optional(bool, false, "Takes native histograms."),
  scrape_failure_log_file: refused(
    string,
    "can't be used: failed scrapes are in the process' own log",
    "File for failed scrapes.",
  ),
  scrape_interval: optional(duration, "1m", "Time between two scrapes of a target."),
  scrape_timeout: optional(duration, "10s", "Time for one scrape."),
  scrape_protocols: optional(list(protocol), defaultProtocols, "Formats to ask for, the most wanted first."),
  metrics_path: optional(string, "/metrics", "Path of pages."),
  scheme: optional(string, "http", "`http` or `https`."),
  body_size_limit: optional(bytes, 0, "Largest page, decompressed; 0 is without limit."),
  sample_limit: optional(int, 0, "Most samples of a page; 0 is without limit."),
  target_limit: optional(int, 0, "Most targets; 0 is without limit."),
  label_limit: optional(int, 0, "Most labels of a sample; 0 is without limit."),
  label_name_length_limit: optional(int, 0, "Longest label name; 0 is without limit."),
  label_value_length_limit: optional(int, 0, "Longest label value; 0 is without limit."),
  ...httpClientFields,
  extra_metrics: optional(bool, false, "Adds series about the scrape's limits and size."),
  enable_protobuf_negotiation: optional(bool, false, "Asks for protobuf first. Use `scrape_protocols`."),
  metric_name_validation_scheme: optional(
    late(oneOf("metric name validation scheme", ["legacy", "utf8"])),
    "legacy",
    "Which names are valid.",
  ),
  metric_name_escaping_scheme: optional(
    late(oneOf("metric name escaping scheme", ["allow-utf-8", "underscores", "dots", "values", ""])),
    undefined,
    "How targets shall write names that are not valid.",
  ),
  scrape_fallback_protocol: optional(
    protocol,
    "PrometheusText0.0.4",
    "Format of pages whose content type says nothing.",
  ),
  convert_classic_histograms_to_nhcb: optional(
    bool,
    false,
    "Makes native histograms with custom buckets of classic ones.",
  ),
  enable_compression: optional(bool, true, "Asks for compressed pages."),
  native_histogram_bucket_limit: refused(int, "is not supported yet", "Most buckets of a native histogram."),
  native_histogram_min_bucket_factor: refused(number, "is not supported yet", "Least growth between buckets."),
  honor_metadata: optional(bool, false, "Gives type, help and unit on."),
  enable_type_and_unit_labels: optional(bool, false, "Adds `__type__` and `__unit__` labels."),
  start_timestamp_zero_ingestion: refused(bool, "is not supported yet", "Adds zeros at start times."),
  clustering: block(
    object({ enabled: required(bool, "Accepted; there is one process, which scrapes all targets.") }),
    "Sharing targets among processes.",
  ),
});
type Args = Infer<typeof args>;

export const prometheusScrape = defineComponent({
  name: "prometheus.scrape",
  summary:
    "Scrapes targets on time and gives their samples on, with the synthetic series and staleness markers of Prometheus.",
  stability: "generally-available",
  inFunctions:
    "A schedule calls the function once an interval; one that is shorter than a minute, or no whole minutes, is looped inside of one invocation a minute. What was scraped before is kept in the state store, so that vanished series are marked stale.",
  args,
  *check(args): Iterable<Problem> {
    if (args.scrape_timeout > args.scrape_interval) {
      yield {
        path: ["scrape_timeout"],
        message: `scrape_timeout (${args.scrape_timeout / 1000}s) should not be greater than scrape_interval (${args.scrape_interval / 1000}s)`,
      };
    }
    yield* protocolProblems(args);
    yield* clientProblems(args, []);
  },
  build(given, host) {
    const args = negotiated(given);
    const next = fanOut(args.forward_to);
    const client = makeClient(args, host);
    const targets = scrapeTargets(args.targets, { ...args, job: args.job_name || host.id }, message =>
      host.log.warn(message, { component: host.id }),
    );
    const tooMany =
      args.target_limit > 0 && targets.length > args.target_limit
        ? `target_limit exceeded (number of targets: ${targets.length}, limit: ${args.target_limit})`
        : undefined;
    const before = (host.memory.get("scrapers") ?? new Map()) as ReadonlyMap<string, Scraper>; // set by `schedules`
    const scrapers = targets.map(each => new Scraper(each, args, client, host, tooMany, before.get(each.key)));
    const gone = [...before.values()].filter(({ target }) => !targets.some(({ key }) => key === target.key));
    return {
      triggers: [...schedules(scrapers, next, host), ...farewells(gone, next)],
      needs: { state: true },
      close: async () => client.close(),
    };
  },
});

/** One schedule for all targets of the same interval. */
function schedules(scrapers: readonly Scraper[], next: Consumer<MetricBatch>, host: Host): Trigger[] {
  const groups = Map.groupBy(scrapers, ({ target }) => target.intervalMs);
  const memory = new Map(scrapers.map(scraper => [scraper.target.key, scraper]));
  return [...groups].map(([everyMs, all]) => ({
    kind: "schedule",
    everyMs,
    ...(host.mode === "function" && {
      shards: async () =>
        shardsFor({ targets: all.length, msPerTarget: await costOf(everyMs, host).read(), intervalMs: everyMs }),
    }),
    async run(invocation) {
      host.memory.set("scrapers", memory);
      const { shard } = invocation;
      const group = shard ? all.filter(({ target }) => inShard(target.key, shard)) : all;
      const scrape = () =>
        Promise.allSettled(group.map(async scraper => next.consume(await scraper.scrape(invocation), invocation)));
      const outcomes = await (host.mode === "function"
        ? measured(costOf(everyMs, host), group.length, invocation, scrape)
        : scrape());
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === "rejected")
          host.log.error("samples were not delivered", {
            component: host.id,
            target: group[i]?.target.url,
            error: messageOf(outcome.reason),
          });
      }
      const failed = outcomes.find(outcome => outcome.status === "rejected");
      if (failed) throw failed.reason;
    },
  }));
}

const costOf = (everyMs: number, { state, id }: Host): RoundCost => new RoundCost(state, id, `cost/${everyMs}`);

/** Marks the series of targets stale that the component had until its arguments changed; once, a while after their last scrape. */
function farewells(gone: readonly Scraper[], next: Consumer<MetricBatch>): Trigger[] {
  if (!gone.length) return [];
  const left = new Set(gone);
  return [
    {
      kind: "schedule",
      everyMs: Math.min(...gone.map(({ target }) => target.intervalMs)),
      async run(invocation) {
        for (const scraper of left) {
          await next.consume(scraper.end(invocation.now), invocation);
          left.delete(scraper);
        }
      },
    },
  ];
}

/** Bytes that a page may have where no limit is set. */
const defaultMaxBytes = 512 * 1024 * 1024;

interface Fetched {
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** Scrapes one target, again and again. */
class Scraper {
  readonly target: ScrapeTarget;
  readonly #args: Args;
  readonly #client: HttpClient;
  readonly #host: Host;
  readonly #refusal: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #cache = new SeriesCache<Raw>();
  readonly #reader: PageReader;
  #before: Scraper | undefined;
  readonly #staleness: StalenessState;
  readonly #report: (values: Parameters<ReturnType<typeof reportSamples>>[0], now: number) => MetricBatch;

  /** `before` scraped the same target until the component's arguments changed. */
  constructor(
    target: ScrapeTarget,
    args: Args,
    client: HttpClient,
    host: Host,
    refusal: string | undefined,
    before?: Scraper,
  ) {
    this.target = target;
    this.#args = args;
    this.#client = client;
    this.#host = host;
    this.#refusal = refusal;
    this.#headers = requestHeaders(args, target);
    this.#reader = new PageReader(target.labels, args);
    this.#before = before;
    this.#staleness = new StalenessState(host, target.key, this.#reader);
    this.#report = reportSamples(target, args);
  }

  /** The samples of one scrape. Never fails: a scrape that does is samples, too. */
  async scrape({ now }: Invocation): Promise<MetricBatch> {
    await this.#staleness.load();
    if (this.#before) this.#reader.restore(this.#before.#reader.tracked);
    this.#before = undefined;
    const begin = performance.now();
    let size = 0;
    let error: string | undefined;
    let result: Omit<PageResult, "error"> = { samples: [], scraped: 0, added: 0, seriesAdded: 0 };
    try {
      const { body, contentType } = await this.#fetch();
      size = body.length;
      const page = parseExposition(body, { ...this.#args, contentType }, this.#cache);
      if (page.warning !== undefined)
        this.#host.log.debug(page.warning, { component: this.#host.id, target: this.target.url });
      ({ error, ...result } = this.#reader.read(page, now));
    } catch (cause) {
      error = messageOf(cause);
      if (cause instanceof TooLargeError) size = -1;
      result = { ...result, samples: this.#reader.fail(now) };
    }
    if (error !== undefined)
      this.#host.log.warn("scrape failed", { component: this.#host.id, target: this.target.url, error });
    await this.#staleness.save();
    const { samples, scraped, added, seriesAdded } = result;
    const report = this.#report(
      { up: error === undefined, seconds: (performance.now() - begin) / 1000, scraped, added, seriesAdded, size },
      now,
    );
    for (const each of report) samples.push(each);
    return samples;
  }

  /** Marks all series of the target stale: it is not scraped any more. */
  end(now: number): MetricBatch {
    const report = this.#report({ up: false, seconds: 0, scraped: 0, added: 0, seriesAdded: 0, size: 0 }, now);
    return [...this.#reader.fail(now), ...report.map(({ labels }) => staleMarker(labels, now))];
  }

  async #fetch(): Promise<Fetched> {
    if (this.#refusal !== undefined) throw new Error(this.#refusal);
    const { address, path, url, timeoutMs } = this.target;
    if (address === internalAddress) {
      const page = this.#host.internalPages.get(path);
      if (!page) throw new Error(`nothing in this process serves ${path}`);
      return { body: Buffer.from(page()), contentType: "text/plain; version=0.0.4" };
    }
    const { body_size_limit } = this.#args;
    // a page of just the limit is too large, as in Prometheus
    const maxBytes = body_size_limit > 0 ? body_size_limit - 1 : defaultMaxBytes;
    const { status, headers, body, truncated } = await this.#client.request({
      url,
      headers: this.#headers,
      timeoutMs,
      maxBytes,
      overflow: "truncate",
    });
    if (status !== 200) throw new Error(`server returned HTTP status ${status}`);
    if (truncated) throw new TooLargeError(maxBytes);
    const plain = headers["content-encoding"] === "gzip" ? decompress(body, "gzip", { maxBytes }) : body;
    return { body: plain, contentType: headers["content-type"] ?? "" };
  }
}

function requestHeaders(args: Args, { timeoutMs }: ScrapeTarget): Readonly<Record<string, string>> {
  return {
    accept: acceptHeader(args),
    "accept-encoding": args.enable_compression ? "gzip" : "identity",
    "x-prometheus-scrape-timeout-seconds": String(timeoutMs / 1000),
  };
}
