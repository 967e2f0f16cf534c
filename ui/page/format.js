// Numbers, times and names as a reader wants them.
import { h } from "./dom.js";

/** `1,204`, `58.3k`, `1.2M`. */
export function count(n) {
  if (n === undefined || n === null) return "";
  if (n < 10_000) return n.toLocaleString("en");
  if (n < 1e6) return `${trim(n / 1e3)}k`;
  return n < 1e9 ? `${trim(n / 1e6)}M` : `${trim(n / 1e9)}G`;
}

/** `0.5/s`, `12/s`. */
export function rate(n) {
  if (!n) return "";
  return `${n < 10 ? trim(n) : count(Math.round(n))}/s`;
}

const trim = n => String(Number(n.toPrecision(3)));

/** `just now`, `12 s ago`, `3 min ago`. */
export function ago(then, now) {
  const seconds = Math.round((now - then) / 1000);
  return seconds < 2 ? "just now" : `${span(seconds)} ago`;
}

/** `12 s`, `3 min`, `2 h`, `4 d`. */
export function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** The time of day, to the second. */
export const clock = then => new Date(then).toLocaleTimeString(undefined, { hour12: false });

/** Where a component's page is. */
export const linkTo = id => `/component/${id.split("/").map(encodeURIComponent).join("/")}`;

/** Where a trigger listens, as a client writes it. */
export const urlOf = ({ host, port }) =>
  `http://${host === "" || host === "0.0.0.0" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host}:${port}`;

/** What calls a component, in words. */
export function triggerText(trigger) {
  switch (trigger.kind) {
    case "http":
      return `HTTP ${trigger.host || "0.0.0.0"}:${trigger.port}`;
    case "schedule":
      return `every ${span(trigger.everySeconds)}`;
    default:
      return `${trigger.sources.join(" or ")} (${trigger.format})`;
  }
}

/** A name that lines may end in, after its dots. */
export const breakable = name => name.split(".").map((part, i) => [i > 0 && [".", h("wbr")], part]);
