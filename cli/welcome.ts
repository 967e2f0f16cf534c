/** What to do next, in two lines, for somebody who has just started Amalgam. */
import type { Pipeline } from "../lib/pipeline/graph/pipeline.ts";
import type { HttpTrigger } from "../lib/pipeline/graph/trigger.ts";

/** Where the page is, and where to send something; `sender` is the command that does it. */
export function welcome(page: string, triggers: Pipeline["triggers"], sender: string | undefined): string {
  const doors = triggers.flatMap(({ trigger }) => (trigger.kind === "http" ? doorsOf(trigger) : []));
  const send = [...(sender === undefined ? [] : [`\`${sender}\` in another terminal`]), ...doors];
  return [
    `Open  ${page}  to see the components, their health, and the last items at each`,
    ...(send.length ? [`Send  ${send.join(", or ")}`] : []),
    "",
  ].join("\n");
}

function doorsOf({ host, port, routes, tls }: HttpTrigger): string[] {
  const base = `${tls ? "https" : "http"}://${nameOf(host)}:${port}`;
  const paths = new Set(routes.map(({ path }) => path));
  if (["/v1/traces", "/v1/logs", "/v1/metrics"].some(path => paths.has(path))) return [`OTLP to ${base}`];
  const push = "/loki/api/v1/push";
  return paths.has(push) ? [`log lines to ${base}${push}`] : [];
}

const nameOf = (host: string): string =>
  host === "" || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
