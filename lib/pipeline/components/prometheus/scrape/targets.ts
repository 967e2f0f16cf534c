/** From the labels of targets to what is scraped: where, how often, and under which labels. */
import type { Target } from "../../../eval/value.ts";
import { type Labels, labelsFromMap } from "../../../telemetry/labels.ts";

export interface ScrapeTarget {
  readonly url: string;
  /** `__address__`, for targets within this process. */
  readonly address: string;
  readonly path: string;
  /** What every sample gets. */
  readonly labels: Labels;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Tells targets apart, also in the state: URL, times and labels. */
  readonly key: string;
}

export interface TargetDefaults {
  readonly job: string;
  readonly scheme: string;
  readonly metrics_path: string;
  readonly params: ReadonlyMap<string, readonly string[]>;
  readonly scrape_interval: number;
  readonly scrape_timeout: number;
}

/** The targets that can be scraped, equal ones once; `problem` hears of the others. */
export function scrapeTargets(
  targets: readonly Target[],
  defaults: TargetDefaults,
  problem: (message: string) => void,
): ScrapeTarget[] {
  const found = new Map<string, ScrapeTarget>();
  for (const target of targets) {
    const scraped = scrapeTarget(target.labels, defaults);
    if (typeof scraped === "string") problem(scraped);
    else found.set(scraped.key, scraped);
  }
  return [...found.values()];
}

function scrapeTarget(given: ReadonlyMap<string, string>, defaults: TargetDefaults): ScrapeTarget | string {
  const labels = new Map([
    ["job", defaults.job],
    ["__scheme__", defaults.scheme],
    ["__metrics_path__", defaults.metrics_path],
  ]);
  for (const [name, value] of given) if (value !== "") labels.set(name, value);
  const address = labels.get("__address__");
  if (address === undefined) return "target should have an __address__ label, got none";
  if (address.includes("/")) return `__address__ of a target should be a host, got ${JSON.stringify(address)}`;
  const intervalMs = durationOf(labels.get("__scrape_interval__"), defaults.scrape_interval);
  const timeoutMs = durationOf(labels.get("__scrape_timeout__"), defaults.scrape_timeout);
  if (!(intervalMs > 0 && timeoutMs > 0))
    return `scrape interval and timeout of target ${address} should be durations above 0, such as 1m30s`;
  if (timeoutMs > intervalMs) return `scrape timeout of target ${address} should not be longer than its interval`;
  const path = pathOf(labels.get("__metrics_path__") ?? "");
  const query = queryOf(defaults.params, labels);
  const url = `${labels.get("__scheme__")}://${address}${path}${query && `?${query}`}`;
  if (!labels.has("instance")) labels.set("instance", address);
  for (const name of [...labels.keys()]) if (name.startsWith("__")) labels.delete(name);
  const final = labelsFromMap(labels);
  const key = JSON.stringify([url, intervalMs, timeoutMs, ...final]);
  return { url, address, path, labels: final, intervalMs, timeoutMs, key };
}

/** Milliseconds of the units of Prometheus' durations, each of which may occur once, the longest first. */
const durationUnits = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1];
const durationPattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Milliseconds, from Prometheus' spelling, which is not Go's; NaN for what is no duration. */
function durationOf(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const parts = durationPattern.exec(text);
  return parts ? durationUnits.reduce((sum, unit, i) => sum + unit * Number(parts[i + 1] ?? 0), 0) : Number.NaN;
}

/** With a slash in front, escaped as Go does it: a question mark would begin the query. */
function pathOf(path: string): string {
  const absolute = path === "" || path.startsWith("/") ? path : `/${path}`;
  return escapeBytes(absolute, /[\w\-.~$&+,/:;=@]/);
}

/** Percent escapes of all bytes of a text that are not to be kept. */
const escapeBytes = (text: string, kept: RegExp): string =>
  Array.from(Buffer.from(text), byte => {
    const character = String.fromCharCode(byte);
    return byte < 0x80 && kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");

const escapeQuery = (text: string): string => escapeBytes(text, /[\w\-.~ ]/).replaceAll(" ", "+");

/** Parameters sorted by name; a `__param_x` label replaces the first value of `x`. */
function queryOf(params: ReadonlyMap<string, readonly string[]>, labels: ReadonlyMap<string, string>): string {
  const all = new Map([...params].map(([name, values]) => [name, [...values]]));
  for (const [label, value] of labels) {
    if (!label.startsWith("__param_")) continue;
    const name = label.slice("__param_".length);
    const values = all.get(name) ?? [];
    values[0] = value;
    all.set(name, values);
  }
  return [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, values]) => values.map(value => `${escapeQuery(name)}=${escapeQuery(value)}`))
    .join("&");
}
