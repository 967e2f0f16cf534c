import { expect, test } from "vitest";

// Scripts of the page have no types; these are what they say of themselves.
interface Format {
  count(n: number | undefined): string;
  rate(n: number | undefined): string;
  ago(then: number, now: number): string;
  linkTo(id: string): string;
  urlOf(trigger: { host: string; port: number }): string;
}
const page = new URL("./page/format.js", import.meta.url).href;
const { count, rate, ago, linkTo, urlOf } = (await import(page)) as Format; // as above

test.for([
  { it: "nothing", of: count(undefined), text: "" },
  { it: "a small count", of: count(9999), text: "9,999" },
  { it: "thousands", of: count(58_312), text: "58.3k" },
  { it: "millions", of: count(1_200_000), text: "1.2M" },
  { it: "billions", of: count(3_456_000_000), text: "3.46G" },
  { it: "no rate", of: rate(0), text: "" },
  { it: "a slow rate", of: rate(0.4999), text: "0.5/s" },
  { it: "a fast rate", of: rate(12_345.6), text: "12.3k/s" },
  { it: "now", of: ago(1000, 2400), text: "just now" },
  { it: "seconds", of: ago(0, 12_000), text: "12 s ago" },
  { it: "minutes", of: ago(0, 185_000), text: "3 min ago" },
  { it: "hours", of: ago(0, 7_300_000), text: "2 h ago" },
  { it: "days", of: ago(0, 4 * 86_400_000), text: "4 d ago" },
  { it: "a clock that went back", of: ago(5000, 0), text: "just now" },
  { it: "a component's page", of: linkTo("declare.x/loki.write.a b"), text: "/component/declare.x/loki.write.a%20b" },
  { it: "all addresses", of: urlOf({ host: "0.0.0.0", port: 80 }), text: "http://127.0.0.1:80" },
  { it: "an IPv6 address", of: urlOf({ host: "::1", port: 80 }), text: "http://[::1]:80" },
])("$it: $text", ({ of, text }) => {
  expect(of).toBe(text);
});
