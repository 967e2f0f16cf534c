/** Which formats targets are asked for, and how. */
import type { Problem } from "../../../graph/component.ts";

export const protocols = [
  "OpenMetricsText0.0.1",
  "OpenMetricsText1.0.0",
  "PrometheusProto",
  "PrometheusText0.0.4",
  "PrometheusText1.0.0",
] as const;
export type Protocol = (typeof protocols)[number];

export const defaultProtocols: readonly Protocol[] = [
  "OpenMetricsText1.0.0",
  "OpenMetricsText0.0.1",
  "PrometheusText1.0.0",
  "PrometheusText0.0.4",
];

export interface ProtocolArgs {
  readonly scrape_protocols: readonly Protocol[];
  readonly scrape_native_histograms: boolean;
  readonly enable_protobuf_negotiation: boolean;
  readonly metric_name_validation_scheme: "legacy" | "utf8";
  readonly metric_name_escaping_scheme: "allow-utf-8" | "underscores" | "dots" | "values" | "" | undefined;
}

/** Native histograms come in protobuf only, which is put in front where the configuration names no protocols. */
export function negotiated<Args extends ProtocolArgs>(args: Args): Args {
  const native = args.scrape_native_histograms || args.enable_protobuf_negotiation;
  if (!native) return args;
  const scrape_protocols: readonly Protocol[] = isDefault(args)
    ? ["PrometheusProto", ...defaultProtocols]
    : args.scrape_protocols;
  return { ...args, scrape_native_histograms: true, scrape_protocols };
}

const isDefault = ({ scrape_protocols: given }: ProtocolArgs): boolean =>
  given.length === defaultProtocols.length && given.every((each, i) => each === defaultProtocols[i]);

/** What Alloy refuses, in its words. */
export function* protocolProblems(args: ProtocolArgs): Iterable<Problem> {
  if (args.enable_protobuf_negotiation && !isDefault(args)) {
    const message = "both enable_protobuf_negotiation and scrape_protocols are set, only one can be set at a time";
    yield { path: ["enable_protobuf_negotiation"], message };
    return;
  }
  const { scrape_protocols: wanted, scrape_native_histograms: native } = negotiated(args);
  if (native && !wanted.includes("PrometheusProto")) {
    const message = "scrape_native_histograms is set to true, but PrometheusProto is not in scrape_protocols";
    yield { path: ["scrape_native_histograms"], message };
  }
  const again = wanted.find((each, i) => wanted.indexOf(each) < i);
  if (again !== undefined) {
    const message = `duplicate scrape protocol "${again}": make sure the scrape protocols provided are unique`;
    yield { path: ["scrape_protocols", wanted.lastIndexOf(again)], message };
  }
  if (args.metric_name_escaping_scheme === "allow-utf-8" && args.metric_name_validation_scheme !== "utf8") {
    const message =
      "metric_name_escaping_scheme cannot be set to 'allow-utf-8' while metric_name_validation_scheme is not set to 'utf8'";
    yield { path: ["metric_name_escaping_scheme"], message };
  }
}

const mediaTypes: Readonly<Record<Protocol, string>> = {
  PrometheusProto: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
  "PrometheusText0.0.4": "text/plain;version=0.0.4",
  "PrometheusText1.0.0": "text/plain;version=1.0.0",
  "OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1",
  "OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0",
};

/** As Prometheus asks: the preference falls by a tenth from protocol to protocol, and only versions 1.0.0 know of escaping. */
export function acceptHeader(args: ProtocolArgs): string {
  const escaping =
    args.metric_name_escaping_scheme || (args.metric_name_validation_scheme === "utf8" ? "allow-utf-8" : "underscores");
  const accepted = args.scrape_protocols.map(
    (name, i) => `${mediaTypes[name]}${name.endsWith("1.0.0") ? `;escaping=${escaping}` : ""};q=0.${6 - i}`,
  );
  return [...accepted, `*/*;q=0.${6 - accepted.length}`].join(",");
}
